"""Kappas against published and hand-computed values."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtbenchx_tasks.stats.agreement import raw_agreement
from mtbenchx_tasks.stats.kappa import cohen_kappa, fleiss_kappa

# Fleiss 1971 with ratings removed: notes/human_eval.md section 2
ROWS = """
    00010 02001 00300 00001 00000 20300 00301 20310 10020 00003 00010 10010 01100 10020 02031 00501 20011 20000 00010
    00202 00001 01040 01001 10000 10021 03010 20000 01010 00200 00001
"""
MISSING = [[int(count) for count in row] for row in ROWS.split()]
# Fleiss (1971): 30 patients, 6 psychiatrists, 5 diagnoses
FULL = """
    00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 00501 30012 51000 02040
    10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006
"""
TEXTBOOK = [  # 10 items, 14 raters, 5 categories
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip
TABLES = st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), max_size=6)


def test_fleiss_with_missing_ratings() -> None:
    found = fleiss_kappa(MISSING)
    assert (found.n, found.dropped) == (22, 8)
    assert found.kappa == pytest.approx(0.298298, abs=5e-7)
    assert (found.observed, found.expected) == (pytest.approx(0.44848, abs=5e-6), pytest.approx(0.21403, abs=5e-6))
    assert found.se0 == pytest.approx(0.073291, abs=5e-7)
    assert found.p == pytest.approx(4.7e-5, abs=5e-7)
    assert found.p_method == "normal"
    assert found.raters == (2, 77 / 22, 6)


def test_fleiss_of_the_published_tables() -> None:
    # Computed apart from this code, from the tables of the literature.
    found = fleiss_kappa([[int(count) for count in row] for row in FULL.split()])
    assert (found.kappa, found.z) == (pytest.approx(0.430245, abs=5e-7), pytest.approx(17.652, abs=5e-4))
    found = fleiss_kappa(TEXTBOOK)
    assert (found.kappa, found.z) == (pytest.approx(0.209931, abs=5e-7), pytest.approx(12.374, abs=5e-4))


def test_fleiss_is_that_of_statsmodels() -> None:
    from statsmodels.stats.inter_rater import fleiss_kappa as theirs

    random = np.random.default_rng(7)
    for _ in range(200):
        n, raters, classes = random.integers(20, 60), random.integers(2, 7), random.integers(2, 6)
        table = random.multinomial(raters, random.dirichlet(np.ones(classes)), n)
        ours = fleiss_kappa(table.tolist()).kappa
        if ours is not None:
            assert ours == pytest.approx(theirs(table), abs=1e-12)


def test_fleiss_by_hand() -> None:
    # P_i = 1, 1/3, 1; Pa = 7/9; p = (5/9, 4/9), Pe = 41/81; kappa = (63 - 41) / (81 - 41)
    found = fleiss_kappa([[3, 0], [2, 1], [0, 3]])
    assert found.kappa == pytest.approx(22 / 40)
    assert (found.n, found.raters) == (3, (3, 3.0, 3))


def test_few_items_get_a_permutation_p() -> None:
    # labels a a b b over two items of two places: of 6 arrangements aa|bb and bb|aa agree as well
    found = fleiss_kappa([[2, 0], [0, 2]])
    assert (found.kappa, found.p_method) == (pytest.approx(1.0), "permutation")
    assert found.p == pytest.approx(1 / 3, abs=0.02)


@pytest.mark.parametrize(
    ("table", "n", "dropped"),
    [([], 0, 0), ([[1, 0], [0, 0]], 0, 2), ([[3, 0], [2, 0], [1, 0]], 2, 1)],
)
def test_fleiss_of_too_little_is_none_with_n(table: list[list[int]], n: int, dropped: int) -> None:
    found = fleiss_kappa(table)
    assert (found.kappa, found.z, found.p, found.n, found.dropped) == (None, None, None, n, dropped)


@settings(deadline=None)
@given(TABLES)
def test_fleiss_stays_in_range(table: list[list[int]]) -> None:
    found = fleiss_kappa(table)
    assert found.n + found.dropped == len(table)
    if found.kappa is not None:
        assert found.kappa <= 1 + 1e-9
        assert found.p is not None
        assert 0 < found.p <= 1


@settings(deadline=None)
@given(TABLES, st.permutations(range(4)), st.randoms(use_true_random=False))
def test_relabelling_items_and_categories_changes_no_kappa(
    table: list[list[int]], order: Sequence[int], random: object
) -> None:
    renamed = [[row[place] for place in order] for row in random.sample(table, len(table))]  # type: ignore[attr-defined]
    here, there = fleiss_kappa(table), fleiss_kappa(renamed)
    assert (here.kappa is None, here.n) == (there.kappa is None, there.n)
    assert (there.kappa or 0, there.z or 0) == (pytest.approx(here.kappa or 0), pytest.approx(here.z or 0))
    assert raw_agreement(renamed).micro == pytest.approx(raw_agreement(table).micro)


def test_the_null_is_rejected_as_often_as_it_should() -> None:
    # 400 tables of 66 items, raters 2 to 5, four classes, no agreement beyond chance: 3 to 7 % at .05
    random = np.random.default_rng(3)
    tables = [random.multinomial(random.integers(2, 6, 66), [0.4, 0.3, 0.2, 0.1]).tolist() for _ in range(400)]
    p = [found.p for found in map(fleiss_kappa, tables) if found.p is not None]
    assert 0.03 <= np.mean([value < 0.05 for value in p]) <= 0.07


def test_cohen_by_hand() -> None:
    # 40 agree on x, 20 on y, 15 x-y, 25 y-x: Po = .6; a has 55 x, b has 65; Pe = .55 * .65 + .45 * .35 = .515
    a, b = "x" * 40 + "y" * 20 + "x" * 15 + "y" * 25, "x" * 40 + "y" * 20 + "y" * 15 + "x" * 25
    found = cohen_kappa(a, b)
    assert (found.observed, found.expected) == (pytest.approx(0.6), pytest.approx(0.515))
    assert found.kappa == pytest.approx(0.085 / 0.485)
    # two by two, 1969's se0: sqrt(Pe + Pe^2 - sum p q (p + q)) / ((1 - Pe) sqrt(100)); sum = .3575 * 1.2 + .1575 * .8
    se0 = (0.515 + 0.515**2 - 0.3575 * 1.2 - 0.1575 * 0.8) ** 0.5 / 0.485 / 10
    assert found.z == pytest.approx(0.085 / 0.485 / se0)
    assert (found.n, found.raters, found.p_method) == (100, (2, 2.0, 2), "normal")


def test_quadratic_weights_by_hand() -> None:
    # ratings 1 2 3 against 1 2 2: 1 - (mean squared difference) / (that of all pairings)
    # observed 1/3; pairings of {1, 2, 3} and {1, 2, 2}: (0 + 1 + 1 + 1 + 0 + 0 + 4 + 1 + 1) / 9 = 1
    assert cohen_kappa([1, 2, 3], [1, 2, 2], "quadratic").kappa == pytest.approx(1 - (1 / 3) / 1)


def test_missing_labels_are_dropped_and_counted() -> None:
    found = cohen_kappa(["a", None, "b", "a"], ["a", "a", "b", None])
    assert (found.n, found.dropped, found.kappa) == (2, 2, pytest.approx(1.0))


@pytest.mark.parametrize("labels", [[], ["a"], ["a"] * 30, [None, None]])
def test_cohen_of_one_category_is_none(labels: list[str | None]) -> None:
    found = cohen_kappa(labels, labels)
    assert (found.kappa, found.p) == (None, None)
    assert found.n + found.dropped == len(labels)


@pytest.mark.parametrize("n", [5, 30])
def test_a_rater_who_never_varies_agrees_by_chance(n: int) -> None:
    found = cohen_kappa(["a"] * n, [*["b"] * (n - 1), "a"])
    assert found.kappa == pytest.approx(0.0)
    assert (found.z, found.p) == (None, 1.0)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 10), st.integers(1, 10)), max_size=30))
def test_cohen_is_symmetric(pairs: list[tuple[int, int]]) -> None:
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    for weights in (None, "quadratic"):
        here, there = cohen_kappa(a, b, weights), cohen_kappa(b, a, weights)  # type: ignore[arg-type]
        assert here.kappa == pytest.approx(there.kappa)
        assert here.kappa is None or -1 - 1e-9 <= here.kappa <= 1 + 1e-9

"""Raw agreement, and ratings of the same answers."""

import pytest

from mtbenchx_tasks.stats.agreement import (
    AnswerId,
    pearson,
    rating_agreement,
    raw_agreement,
    spearman,
)
from mtbenchx_tasks.stats.kappa import fleiss_kappa
from tests.mtbenchx_tasks.stats.test_kappa import MISSING


def ratings(*values: float | None, model: str = "m") -> dict[AnswerId, float | None]:
    """Two turns a question."""
    return {AnswerId(model, "de", 81 + i // 2, 1 + i % 2): value for i, value in enumerate(values)}


def test_macro_agreement_is_fleiss_observed() -> None:
    found = raw_agreement(MISSING)
    assert found.macro == pytest.approx(fleiss_kappa(MISSING).observed)
    assert (found.n_items, found.n_items_dropped) == (22, 8)


def test_raw_agreement_by_hand() -> None:
    # three alike: 3 of 3 pairs; 1 + 1: 0 of 1; one vote: no pair
    found = raw_agreement([[3, 0], [1, 1], [1, 0]])
    assert (found.micro, found.macro) == (3 / 4, 1 / 2)
    assert (found.n_items, found.n_pairs, found.n_items_dropped) == (2, 4, 1)
    assert raw_agreement([]).micro is raw_agreement([]).macro is None


def test_ratings_by_hand() -> None:
    # pairs (8, 9) (6, 6) (2, 4) (5, -): shifts 1, 0, 2; question means .5 and 2
    found = rating_agreement(ratings(8, 6, 2, 5), ratings(9, 6, 4, None, 7))
    assert (found.n, found.missing, found.shift) == (3, 2, 1.0)
    # one of two questions is drawn: 81 with .5, or 82 with 2
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == (0.5, 2.0)
    assert found.within_1 == pytest.approx(2 / 3)
    assert found.spearman == pytest.approx(1.0)
    # deviations of 8 6 2: 8/3 2/3 -10/3, of 9 6 4: 8/3 -1/3 -7/3; sums of products 132/9, 168/9, 114/9
    assert found.pearson == pytest.approx(132 / (168 * 114) ** 0.5)
    # squared differences 1 + 0 + 4, / 3; of all nine pairings (1+4+16+9+0+4+49+16+4) / 9 = 103/9
    assert found.kappa.kappa == pytest.approx(1 - (5 / 3) / (103 / 9))


def test_means_of_runs_are_rounded_for_kappa_only() -> None:
    found = rating_agreement(ratings(7.5, 2), ratings(8, 2.4))
    assert found.kappa.observed == pytest.approx(1.0)
    assert found.shift == pytest.approx(0.45)


def test_equal_ratings_agree() -> None:
    same = ratings(1, 5, 9, 3)
    found = rating_agreement(same, same)
    assert (found.shift, found.within_1) == (0.0, 1.0)
    assert (found.pearson, found.kappa.kappa) == (pytest.approx(1.0), pytest.approx(1.0))


@pytest.mark.parametrize("values", [[], [7], [7, 7], [None, None]])
def test_ratings_that_say_nothing(values: list[float | None]) -> None:
    found = rating_agreement(ratings(*values), ratings(*values))
    assert found.interval is found.pearson is found.spearman is found.kappa.kappa is None
    assert found.n + found.missing == len(values)


def test_answers_of_other_models_are_not_matched() -> None:
    found = rating_agreement(ratings(7, 8), ratings(7, 8, model="other"))
    assert (found.n, found.missing, found.shift) == (0, 4, None)


def test_correlations_by_hand() -> None:
    # x 1 2 3, y 1 2 9: deviations -1 0 1 and -3 -2 5; 8 / sqrt(2 * 38)
    assert pearson([1, 2, 3], [1, 2, 9]) == pytest.approx(8 / 76**0.5)
    assert spearman([1, 2, 3], [1, 2, 9]) == pytest.approx(1.0)
    assert spearman([1, 1, 2], [3, 3, 1]) == pytest.approx(-1.0)
    assert pearson([0.1] * 3, [1, 2, 3]) is spearman([], []) is None

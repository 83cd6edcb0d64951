"""Intervals, the paired test and Holm's correction against numbers computed by hand."""

import time
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtbenchx_tasks.stats.intervals import (
    Interval,
    Share,
    bootstrap_interval,
    holm,
    mean,
    mean_and_sd,
    paired_test,
    pearson,
    ratio,
    spearman,
    wilson,
)

values = st.dictionaries(st.integers(81, 100), st.lists(st.integers(1, 10).map(float), max_size=4), max_size=20)


def per_question(*numbers: float) -> dict[int, list[float]]:
    return {81 + place: [number] for place, number in enumerate(numbers)}


def test_wilson_by_hand() -> None:
    found = wilson(152, 242)  # notes D7: 56.6 to 68.7 %
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(0.566, abs=5e-4), pytest.approx(0.687, abs=5e-4))
    # 0 of 10: high = z^2 / (n + z^2) = 3.8415 / 13.8415
    assert wilson(0, 10) == Interval(0.0, pytest.approx(3.8415 / 13.8415, abs=1e-4))
    assert wilson(0, 0) is None


@settings(deadline=None)
@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_contains_the_share_and_mirrors(counted: tuple[int, int]) -> None:
    count, n = counted
    found, mirrored = wilson(count, n), wilson(n - count, n)
    assert found is not None
    assert mirrored is not None
    assert 0 <= found.low <= count / n <= found.high <= 1
    assert mirrored.low == pytest.approx(1 - found.high)


def test_a_share_counts_items_not_votes_in_its_interval() -> None:
    assert Share(9, 12, 4).interval == wilson(3, 4)
    assert Share(0, 0, 0).value is Share(0, 0, 0).interval is None


def test_bootstrap_of_a_mean_is_near_the_normal_interval() -> None:
    drawn = np.random.default_rng(1).normal(7, 2, 80)
    found = bootstrap_interval(per_question(*drawn.tolist()))
    half = 1.96 * drawn.std() / np.sqrt(80)
    assert found is not None
    assert found.low == pytest.approx(drawn.mean() - half, abs=0.05)
    assert found.high == pytest.approx(drawn.mean() + half, abs=0.05)


def test_bootstrap_of_two_questions_by_hand() -> None:
    # means of two draws from {1, 3}: 1 with 1/4, 2 with 1/2, 3 with 1/4; both tails exceed 2.5 %
    assert bootstrap_interval(per_question(1, 3)) == Interval(1.0, 3.0)


def test_all_values_of_a_question_move_together() -> None:
    single, doubled = per_question(*range(1, 11)), {key: [key - 80.0] * 6 for key in range(81, 91)}
    assert bootstrap_interval(doubled) == bootstrap_interval(single)


def test_questions_weigh_by_their_values() -> None:
    # 81 has three values of 0, 82 one of 4: pooled mean 1 in a mixed draw, 0 or 4 in the others
    means: list[float] = []

    def spy(totals: np.ndarray) -> np.ndarray:
        means.extend(np.unique(mean(totals)).tolist())
        return mean(totals)

    bootstrap_interval({81: [0, 0, 0], 82: [4]}, spy)
    assert means == [0.0, 1.0, 4.0]


def test_a_ratio_leaves_out_draws_without_denominator() -> None:
    # (won, decisive): 81 has no decisive vote; draws with 82 at least once have share 1
    assert bootstrap_interval({81: [(0.0, 0.0)], 82: [(1.0, 1.0)]}, ratio) == Interval(1.0, 1.0)
    assert bootstrap_interval({81: [(0.0, 0.0)], 82: [(0.0, 0.0)]}, ratio) is None


@pytest.mark.parametrize("few", [{}, {81: [7.0, 8.0]}, {81: [7.0], 82: []}])
def test_below_two_questions_there_is_no_interval(few: dict[int, list[float]]) -> None:
    assert bootstrap_interval(few) is None


def test_bootstrap_is_seeded() -> None:
    given_values = per_question(*range(20))
    assert bootstrap_interval(given_values, seed=1) == bootstrap_interval(given_values, seed=1)
    assert bootstrap_interval(given_values, seed=1) != bootstrap_interval(given_values, seed=2)


def test_eighty_questions_take_less_than_a_tenth_of_a_second() -> None:
    given_values = {question: [float(question % 9)] * 8 for question in range(80)}
    bootstrap_interval(given_values)  # numpy is imported
    begun = time.process_time()
    bootstrap_interval(given_values)
    assert time.process_time() - begun < 0.1


def test_paired_test_by_hand() -> None:
    # differences 1, 2, 3: of 8 sign patterns only +++ and --- reach |6|, so p = 2/8; Wilcoxon's W = 6 likewise
    found = paired_test(per_question(2, 4, 6), per_question(1, 2, 3))
    assert (found.n, found.dropped, found.difference) == (3, 0, 2.0)
    assert found.p == pytest.approx(0.25)
    assert found.wilcoxon_p == pytest.approx(0.25)
    assert found.interval is not None
    assert 1 <= found.interval.low <= found.interval.high <= 3


def test_paired_test_of_signs_is_binomial() -> None:
    # ten differences of 1, nine up: |sum| >= 8 has (1 + 10) * 2 of 1024 patterns
    found = paired_test(per_question(*[1] * 9, 0), per_question(*[0] * 9, 1))
    assert found.p == pytest.approx(2 * (comb(10, 0) + comb(10, 1)) / 1024)


def test_wilcoxon_with_ties_and_zeros_by_hand() -> None:
    # 0 1 -1 2: Pratt ranks 1, 2.5, 2.5, 4 and forgets the zero's; T+ = 6.5 of a mean 9 / 2, variance 28.5 / 4;
    # z = 2 / 2.6693 = .7493, two-sided p = .4537
    zeros = per_question(0, 0, 0, 0)
    assert paired_test(per_question(0, 1, -1, 2), zeros).wilcoxon_p == pytest.approx(0.4537, abs=1e-4)
    # 1 -1 2: T+ = 4.5 of a mean 3, variance 13.5 / 4; z = .8165, p = .4142
    assert paired_test(per_question(1, -1, 2), per_question(0, 0, 0)).wilcoxon_p == pytest.approx(0.4142, abs=1e-4)


def test_a_questions_values_are_averaged_first() -> None:
    found = paired_test({81: [1, 3], 82: [5]}, {81: [1], 82: [2, 2, 2]})
    assert found.difference == 2.0  # (2 - 1 + 5 - 2) / 2


def test_questions_on_one_side_only_are_dropped_and_counted() -> None:
    found = paired_test({81: [1.0], 82: [2.0], 83: []}, {82: [1.0], 83: [5.0], 84: [1.0]})
    assert (found.n, found.dropped, found.difference) == (1, 3, 1.0)
    assert found.interval is found.p is found.wilcoxon_p is None


def test_nothing_to_compare() -> None:
    found = paired_test({}, {})
    assert (found.n, found.difference, found.p) == (0, None, None)


def test_no_difference_at_all_is_p_1() -> None:
    # 0.1 + 0.2 is not 0.3 in binary, but it is the same rating
    found = paired_test(per_question(0.1 + 0.2, 5), per_question(0.3, 5))
    assert (found.n, found.difference, found.p, found.wilcoxon_p) == (2, 0.0, 1.0, 1.0)
    assert found.interval == Interval(0.0, 0.0)


@settings(deadline=None)
@given(values, values)
def test_swapping_the_sides_mirrors_the_test(a: dict[int, list[float]], b: dict[int, list[float]]) -> None:
    there, back = paired_test(a, b, draws=99), paired_test(b, a, draws=99)
    assert (back.n, back.dropped) == (there.n, there.dropped)
    assert back.p == pytest.approx(there.p)
    assert back.wilcoxon_p == pytest.approx(there.wilcoxon_p)
    assert all(p is None or 0 < p <= 1 for p in (there.p, there.wilcoxon_p))
    if there.interval and back.interval:
        assert (back.interval.low, back.interval.high) == (
            pytest.approx(-there.interval.high, abs=1e-9),
            pytest.approx(-there.interval.low, abs=1e-9),
        )


@settings(deadline=None)
@given(values, st.integers(1, 1000))
def test_other_question_ids_change_nothing(given_values: dict[int, list[float]], added: int) -> None:
    moved = {key + added: group for key, group in reversed(given_values.items())}
    assert bootstrap_interval(moved, draws=99) == bootstrap_interval(given_values, draws=99)


def test_holm_by_hand() -> None:
    # sorted .01 .02 .03 .04: 4 * .01 = .04, 3 * .02 = .06, 2 * .03 = .06, 1 * .04 -> .06
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.5, None, 0.9]) == [1.0, None, 1.0]  # the test that wasn't made isn't corrected for
    assert holm([None]) == [None]
    assert holm([]) == []


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=10))
def test_holm_lies_between_raw_and_bonferroni(given_p: list[float]) -> None:
    adjusted = [p for p in holm(given_p) if p is not None]
    assert all(raw <= p <= 1 for raw, p in zip(given_p, adjusted, strict=True))
    order = sorted(range(len(given_p)), key=given_p.__getitem__)
    assert [adjusted[place] for place in order] == sorted(adjusted)


def test_mean_and_sd_of_runs() -> None:
    found = mean_and_sd([0.2, None, 0.4, 0.6])
    assert found.mean == pytest.approx(0.4)
    assert found.sd == pytest.approx(0.2)  # squares .04 + 0 + .04, / 2 = .04
    assert (found.n, found.missing) == (3, 1)
    assert mean_and_sd([0.5]).sd is mean_and_sd([]).mean is None


def test_correlations_by_hand() -> None:
    # x 1 2 3, y 1 2 9: deviations -1 0 1 and -3 -2 5; 8 / sqrt(2 * 38)
    assert pearson([1, 2, 3], [1, 2, 9]) == pytest.approx(8 / 76**0.5)
    assert spearman([1, 2, 3], [1, 2, 9]) == pytest.approx(1.0)
    assert spearman([1, 1, 2], [3, 3, 1]) == pytest.approx(-1.0)
    assert pearson([0.1] * 3, [1, 2, 3]) is spearman([], []) is None

"""Intervals and averages over runs against numbers computed by hand."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtbenchx_tasks.stats.intervals import (
    Interval,
    Share,
    bootstrap_interval,
    mean,
    mean_and_sd,
    question_weights,
    ratio,
    strata,
    wilson,
)

values = st.dictionaries(st.integers(81, 100), st.lists(st.integers(1, 10).map(float), max_size=4), max_size=20)


def per_question(*numbers: float) -> dict[int, list[float]]:
    return {81 + place: [number] for place, number in enumerate(numbers)}


def test_wilson_by_hand() -> None:
    found = wilson(152, 242)  # 56.6 to 68.7 %
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


def test_a_share_counts_what_its_outcomes_are_worth_in_its_interval() -> None:
    assert Share(9, 12, 6, 4.0).interval == wilson(3, 4)
    assert Share(0, 0, 0, 0.0).value is Share(0, 0, 0, 0.0).interval is None


def test_bootstrap_of_a_mean_is_near_the_normal_interval() -> None:
    drawn = np.random.default_rng(1).normal(7, 2, 80)
    found = bootstrap_interval(per_question(*drawn.tolist()))
    half = 1.96 * drawn.std() / np.sqrt(80)
    assert found is not None
    assert found.low == pytest.approx(drawn.mean() - half, abs=0.05)
    assert found.high == pytest.approx(drawn.mean() + half, abs=0.05)


def test_bootstrap_of_two_questions_by_hand() -> None:
    # one question is drawn from {1, 3}: 1 or 3, each with 1/2
    assert bootstrap_interval(per_question(1, 3)) == Interval(1.0, 3.0)


def test_all_values_of_a_question_move_together() -> None:
    single, doubled = per_question(*range(1, 11)), {key: [key - 80.0] * 6 for key in range(81, 91)}
    once, six_times = bootstrap_interval(single), bootstrap_interval(doubled)
    assert once is not None
    assert six_times is not None
    assert (six_times.low, six_times.high) == (pytest.approx(once.low), pytest.approx(once.high))


def test_questions_weigh_by_their_values() -> None:
    # 81 has three values of 0, 82 and 83 one of 4: two are drawn, pooled mean 1 in a draw with 81, 0 or 4 in the others
    means: list[float] = []

    def spy(totals: np.ndarray) -> np.ndarray:
        means.extend(np.unique(mean(totals).round(9)).tolist())
        return mean(totals)

    bootstrap_interval({81: [0, 0, 0], 82: [4], 83: [4]}, spy)
    assert means == pytest.approx([0.0, 1.0, 4.0])


def test_a_ratio_leaves_out_draws_without_denominator() -> None:
    # (won, decisive): 81 has no decisive vote; draws with 82 at least once have share 1
    assert bootstrap_interval({81: [(0.0, 0.0)], 82: [(1.0, 1.0)]}, ratio) == Interval(1.0, 1.0)
    assert bootstrap_interval({81: [(0.0, 0.0)], 82: [(0.0, 0.0)]}, ratio) is None


def test_questions_are_drawn_within_their_category() -> None:
    # Two categories of two: one question of each is drawn and weighs two, so that a mean is 2 or 4 and 8 or 10, halved.
    drawn: set[float] = set()

    def spy(totals: np.ndarray) -> np.ndarray:
        drawn.update(mean(totals).tolist())
        return mean(totals)

    categories = {81: "math", 82: "math", 83: "stem", 84: "stem"}
    found = bootstrap_interval(per_question(2, 4, 8, 10), spy, categories=categories)
    assert drawn == {5.0, 6.0, 7.0}
    assert found == Interval(5.0, 7.0)  # each with 1/4, 1/2, 1/4
    apart = bootstrap_interval(per_question(2, 4, 8, 10))
    assert apart is not None
    assert apart.high - apart.low > 5  # all of one category: the means of three drawn from 2 to 10


def test_weights_of_a_category_add_up_to_its_size() -> None:
    weights = question_weights((0, 0, 0, 1, 1), 50, 0)
    assert weights[:, :3].sum(axis=1) == pytest.approx(3)  # two draws that weigh 3/2
    assert weights[:, 3:].sum(axis=1) == pytest.approx(2)
    # The variance of a mean of three: s^2 / 3 with s^2 of n - 1, here of 1, 2, 3: 1 / 3, and not 2 / 9.
    means = question_weights((0, 0, 0), 9999, 0) @ np.array([1.0, 2.0, 3.0]) / 3
    assert means.var() == pytest.approx(1 / 3, rel=0.05)


def test_a_category_of_one_question_joins_others() -> None:
    assert strata(["a", "a", "b", "b"]) == (0, 0, 1, 1)
    assert strata(["a", "a", "b", "c"]) == (0, 0, 1, 1)  # b and c together
    assert strata(["a", "a", "a", "b", "b", "c"]) == (0, 0, 0, 1, 1, 1)  # c alone joins the smallest
    assert strata(["a"]) == (0,)


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


@settings(deadline=None)
@given(values, st.integers(1, 1000))
def test_other_question_ids_change_nothing(given_values: dict[int, list[float]], added: int) -> None:
    moved = {key + added: group for key, group in reversed(given_values.items())}
    assert bootstrap_interval(moved, draws=99) == bootstrap_interval(given_values, draws=99)


def test_mean_and_sd_of_runs() -> None:
    found = mean_and_sd([0.2, None, 0.4, 0.6])
    assert found.mean == pytest.approx(0.4)
    assert found.sd == pytest.approx(0.2)  # squares .04 + 0 + .04, / 2 = .04
    assert (found.n, found.missing) == (3, 1)
    assert mean_and_sd([0.5]).sd is mean_and_sd([]).mean is None

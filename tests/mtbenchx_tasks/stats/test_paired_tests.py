"""Paired tests, their correction and their words, computed by hand."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtbenchx_tasks.report.sections import sections
from mtbenchx_tasks.stats.cells import Resampler, average_over_runs
from mtbenchx_tasks.stats.intervals import Interval
from mtbenchx_tasks.stats.paired_tests import ModelPair, holm, paired, paired_test, sign_flip_p, verdict
from tests.mtbenchx_tasks.stats.test_intervals import per_question, values
from tests.mtbenchx_tasks.studies import rated, section


def test_a_few_answers_judged_twice_are_no_second_run() -> None:
    items = [rated("m", question, 4.0) for question in range(81, 91)]
    (found,) = sections([*items, rated("m", 81, 10.0, run=1)])
    over = average_over_runs(found.answers, found.runs)
    assert (over.mean, over.sd, over.n, over.missing) == (4, None, 1, 1)  # run 1's average would be 10, SD 4.24
    (other,) = sections(
        [*items, rated("m", 81, 10.0, run=1), *(rated("n", question, 5.0) for question in range(81, 91))]
    )
    (pair,) = paired(["m", "n"], Resampler(other, draws=50))
    # A difference of 7 - 5 on question 81 and of -1 on the next: one of ten questions twice says nothing of the judge.
    assert pair.verdict.startswith("can't be told apart (p = ")
    assert pair.verdict.endswith("); from one run it can't be told whether more runs would settle it")


@given(st.lists(st.tuples(st.integers(1, 10), st.integers(1, 10)), min_size=2, max_size=10))
def test_many_pairs_are_tested_as_one_is(ratings: list[tuple[int, int]]) -> None:
    one, other = [float(a) for a, _ in ratings], [float(b) for _, b in ratings]
    found = section({"a": one, "b": other})
    (pair,) = paired(["a", "b"], Resampler(found, draws=1024))
    expected = paired_test({n: [v] for n, v in enumerate(one)}, {n: [v] for n, v in enumerate(other)}, draws=1024)
    assert pair.difference == pytest.approx(expected.difference)
    assert pair.p == pytest.approx(expected.p)  # up to ten questions both enumerate all signs
    assert pair.interval is not None
    assert expected.interval is not None
    assert pair.interval.low == pytest.approx(expected.interval.low)
    assert pair.interval.high == pytest.approx(expected.interval.high)


def test_holm_counts_the_pairs_of_a_language() -> None:
    found = section({"a": [9.0] * 10, "b": [1.0] * 10, "c": [1.0] * 10})
    pairs = {pair.models: pair for pair in paired(["a", "b", "c"], Resampler(found, draws=2000))}
    # All ten differences are 8: of 1024 sign patterns two are as far out, p = 2/1024; Holm: 3 p.
    assert pairs["a", "b"].p == pytest.approx(2 / 1024)
    assert pairs["a", "b"].p_holm == pytest.approx(6 / 1024)
    assert pairs["a", "b"].verdict.startswith("a is better")
    assert (pairs["b", "c"].difference, pairs["b", "c"].verdict) == (0, "no difference")


def test_missing_ratings_leave_the_pair_and_are_no_zero() -> None:
    found = section({"a": [5.0, None, 7.0], "b": [4.0, 1.0, None]})
    (pair,) = paired(["a", "b"], Resampler(found, draws=100))
    assert (pair.questions, pair.difference, pair.p) == (1, 1, None)
    assert "can't be told" in pair.verdict


def words(difference: float, over_questions: float, within: float | None, runs: int) -> str:
    pair = ModelPair("de", ("a", "b"), 80, difference, None, 0.2, 0.2)
    return verdict(pair, over_questions, within, runs, tests=1)


def test_how_many_runs_are_needed() -> None:
    # z = 1.96 for one test. d = 0.2, n = 80: allowed = 80 * (0.2 / 1.96)^2 = 0.833; less 0.4 over questions leaves
    # 0.433 for the judge: 3 / 0.433 = 6.93, so 7 runs; 2 are there.
    assert words(0.2, 0.4, 3.0, 2).endswith("needs about 5 more runs")
    assert words(0.2, 0.4, 3.0, 6).endswith("needs about 1 more run")


def test_where_runs_cannot_help_questions_are_counted() -> None:
    # 2.0 over questions is more than 0.833: questions needed = 2 * (1.96 / 0.2)^2 = 192.07, so 193.
    told = words(0.2, 2.0, 1.0, 3)
    assert told == "can't be told apart (p = 0.2): more runs won't settle it, about 193 questions would"
    assert "can't be told" in words(0.2, 2.0, None, 1)


def test_paired_test_by_hand() -> None:
    # differences 1, 2, 3: of 8 sign patterns only +++ and --- reach |6|, so p = 2/8
    found = paired_test(per_question(2, 4, 6), per_question(1, 2, 3))
    assert (found.n, found.difference) == (3, 2.0)
    assert found.p == pytest.approx(0.25)
    assert found.interval is not None
    assert 1 <= found.interval.low <= found.interval.high <= 3


def test_paired_test_of_signs_is_binomial() -> None:
    # ten differences of 1, nine up: |sum| >= 8 has (1 + 10) * 2 of 1024 patterns
    found = paired_test(per_question(*[1] * 9, 0), per_question(*[0] * 9, 1))
    assert found.p == pytest.approx(2 * (comb(10, 0) + comb(10, 1)) / 1024)


def test_many_signs_are_drawn_and_the_observed_ones_count_among_them() -> None:
    # 20 differences of 1: no other pattern of 2^20 but its mirror is as far out; none of 999 draws is.
    assert sign_flip_p(np.ones((20, 1)), draws=999) == pytest.approx([1 / 1000])
    # Columns share patterns; a question that a column lacks (nan) is in neither its sum nor the others'.
    both = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, np.nan]])
    assert sign_flip_p(both) == pytest.approx([2 / 8, 4 / 8])  # 1 + 2 reach 3 in +++ ++- and their mirrors


def test_a_questions_values_are_averaged_first() -> None:
    found = paired_test({81: [1, 3], 82: [5]}, {81: [1], 82: [2, 2, 2]})
    assert found.difference == 2.0  # (2 - 1 + 5 - 2) / 2


def test_questions_on_one_side_only_are_in_no_test() -> None:
    found = paired_test({81: [1.0], 82: [2.0], 83: []}, {82: [1.0], 83: [5.0], 84: [1.0]})
    assert (found.n, found.difference) == (1, 1.0)
    assert found.interval is found.p is None


def test_nothing_to_compare() -> None:
    found = paired_test({}, {})
    assert (found.n, found.difference, found.p) == (0, None, None)


def test_no_difference_at_all_is_p_1() -> None:
    # 0.1 + 0.2 is not 0.3 in binary, but it is the same rating
    found = paired_test(per_question(0.1 + 0.2, 5), per_question(0.3, 5))
    assert (found.n, found.difference, found.p) == (2, 0.0, 1.0)
    assert found.interval == Interval(0.0, 0.0)


@settings(deadline=None)
@given(values, values)
def test_swapping_the_sides_mirrors_the_test(a: dict[int, list[float]], b: dict[int, list[float]]) -> None:
    there, back = paired_test(a, b, draws=99), paired_test(b, a, draws=99)
    assert back.n == there.n
    assert back.p == pytest.approx(there.p)
    assert there.p is None or 0 < there.p <= 1
    if there.interval and back.interval:
        assert (back.interval.low, back.interval.high) == (
            pytest.approx(-there.interval.high, abs=1e-9),
            pytest.approx(-there.interval.low, abs=1e-9),
        )


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

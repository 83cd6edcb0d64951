"""Means, intervals, paired tests and their words, computed by hand or held against stats/intervals.py."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtbenchx_tasks.report.means import Resampler, average_of, average_over_runs, mean_of
from mtbenchx_tasks.report.paired import Pair, paired, verdict
from mtbenchx_tasks.report.sections import sections
from mtbenchx_tasks.stats.intervals import bootstrap_interval, paired_test
from tests.mtbenchx_tasks.studies import judged, section


def test_avg_is_the_mean_of_category_means_and_score_the_mean_of_answers() -> None:
    found = section({"m": [2, 4, None] + [None] * 7 + [9]})  # writing 2, 4; roleplay 9; eight without a rating
    answers = found.answers
    assert mean_of(answers).value == 5  # (2 + 4 + 9) / 3
    average = average_of(answers)
    assert average.value == 6  # (3 + 9) / 2
    assert (average.scored, average.total) == (3, 11)


def test_nothing_scored_is_no_number() -> None:
    found = section({"m": [None, None]})
    assert average_of(found.answers).value is None
    assert average_of(found.answers).n == "0/2"
    resampler = Resampler(found, draws=50)
    assert resampler.cell_interval("m", "de") is None


def test_deviation_over_runs_is_that_of_each_runs_average() -> None:
    items = [judged("m", 81, rating, run=run) for run, rating in enumerate((4.0, 6.0, None))]
    (found,) = sections(items)
    over = average_over_runs(found.answers, found.runs)
    assert (over.mean, over.n, over.missing) == (5, 2, 1)
    assert over.sd == pytest.approx(math.sqrt(2))  # of 4 and 6


def test_a_few_answers_judged_twice_are_no_second_run() -> None:
    items = [judged("m", question, 4.0) for question in range(81, 91)]
    (found,) = sections([*items, judged("m", 81, 10.0, run=1)])
    over = average_over_runs(found.answers, found.runs)
    assert (over.mean, over.sd, over.n, over.missing) == (4, None, 1, 1)  # run 1's average would be 10, SD 4.24
    (other,) = sections(
        [*items, judged("m", 81, 10.0, run=1), *(judged("n", question, 5.0) for question in range(81, 91))]
    )
    (pair,) = paired(other, ["m", "n"], Resampler(other, draws=50))
    # A difference of 7 - 5 on question 81 and of -1 on the next: one of ten questions twice says nothing of the judge.
    assert pair.verdict == "the difference is noise; one run, whether more would help can't be told"


def test_one_category_s_interval_is_the_bootstrap_of_stats() -> None:
    chance = random.Random(1)
    ratings = [float(chance.randint(1, 10)) for _ in range(10)]
    found = section({"m": ratings})
    expected = bootstrap_interval({81 + n: [rating] for n, rating in enumerate(ratings)})
    assert Resampler(found).cell_interval("m", "de") == expected  # same draws, same seed


@given(st.lists(st.tuples(st.integers(1, 10), st.integers(1, 10)), min_size=2, max_size=10))
def test_paired_tests_are_those_of_stats(ratings: list[tuple[int, int]]) -> None:
    one, other = [float(a) for a, _ in ratings], [float(b) for _, b in ratings]
    found = section({"a": one, "b": other})
    (pair,) = paired(found, ["a", "b"], Resampler(found, draws=1024))
    expected = paired_test({n: [v] for n, v in enumerate(one)}, {n: [v] for n, v in enumerate(other)}, draws=1024)
    assert pair.difference == pytest.approx(expected.difference)
    assert pair.p == pytest.approx(expected.p)  # up to ten questions both enumerate all signs
    assert pair.interval == expected.interval


def test_holm_counts_the_pairs_of_a_language() -> None:
    found = section({"a": [9.0] * 10, "b": [1.0] * 10, "c": [1.0] * 10})
    pairs = {pair.models: pair for pair in paired(found, ["a", "b", "c"], Resampler(found, draws=2000))}
    # All ten differences are 8: of 1024 sign patterns two are as far out, p = 2/1024; Holm: 3 p.
    assert pairs["a", "b"].p == pytest.approx(2 / 1024)
    assert pairs["a", "b"].p_holm == pytest.approx(6 / 1024)
    assert pairs["a", "b"].verdict.startswith("a is better")
    assert (pairs["b", "c"].difference, pairs["b", "c"].verdict) == (0, "no difference")


def test_missing_ratings_leave_the_pair_and_are_no_zero() -> None:
    found = section({"a": [5.0, None, 7.0], "b": [4.0, 1.0, None]})
    (pair,) = paired(found, ["a", "b"], Resampler(found, draws=100))
    assert (pair.questions, pair.difference, pair.p) == (1, 1, None)
    assert "can't be told" in pair.verdict


def words(difference: float, over_questions: float, within: float | None, runs: int) -> str:
    pair = Pair("de", ("a", "b"), 80, difference, None, 0.2, 0.2)
    return verdict(pair, over_questions, within, runs, tests=1)


def test_how_many_runs_are_needed() -> None:
    # z = 1.96 for one test. d = 0.2, n = 80: allowed = 80 * (0.2 / 1.96)^2 = 0.833; less 0.4 over questions leaves
    # 0.433 for the judge: 3 / 0.433 = 6.93, so 7 runs; 2 are there.
    assert words(0.2, 0.4, 3.0, 2).endswith("needs about 5 more runs")
    assert words(0.2, 0.4, 3.0, 6).endswith("needs about 1 more run")


def test_where_runs_cannot_help_questions_are_counted() -> None:
    # 2.0 over questions is more than 0.833: questions needed = 2 * (1.96 / 0.2)^2 = 192.07, so 193.
    assert words(0.2, 2.0, 1.0, 3) == "the difference is noise: more runs won't settle it, about 193 questions would"
    assert "can't be told" in words(0.2, 2.0, None, 1)

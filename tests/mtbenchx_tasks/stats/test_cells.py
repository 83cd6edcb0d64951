"""Means of a table's cells and their intervals, by hand and beside other definitions."""

import math
import random

import pytest

from mtbenchx_tasks.report.sections import sections
from mtbenchx_tasks.stats.cells import Resampler, average_of, average_over_runs, mean_of
from mtbenchx_tasks.stats.intervals import bootstrap_interval
from mtbenchx_tasks.stats.means import standard_error
from tests.mtbenchx_tasks.studies import rated, section


def test_the_standard_error_is_the_spread_of_the_interval_s_draws() -> None:
    chance = random.Random(1)
    ratings = [float(chance.randint(1, 10)) for _ in range(40)]
    found = section({"m": ratings})  # four categories of ten: Avg. is the mean
    items = [(answer.category, [answer.rating or 0.0]) for answer in found.answers]
    error = standard_error(items)
    drawn = Resampler(found).averages("m", "de").std()
    assert error == pytest.approx(drawn, rel=0.03)  # 9,999 draws tell a spread to 0.7 %


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
    assert Resampler(found, draws=50).cell_interval("m", "de") is None


def test_deviation_over_runs_is_that_of_each_runs_average() -> None:
    items = [rated("m", 81, rating, run=run) for run, rating in enumerate((4.0, 6.0, None))]
    (found,) = sections(items)
    over = average_over_runs(found.answers, found.runs)
    assert (over.mean, over.n, over.missing) == (5, 2, 1)
    assert over.sd == pytest.approx(math.sqrt(2))  # of 4 and 6


def test_one_category_s_interval_is_the_bootstrap_of_intervals() -> None:
    chance = random.Random(1)
    ratings = [float(chance.randint(1, 10)) for _ in range(10)]
    found = section({"m": ratings})
    expected = bootstrap_interval({81 + n: [rating] for n, rating in enumerate(ratings)})
    assert Resampler(found).cell_interval("m", "de") == expected  # same draws, same seed


def test_what_lies_between_categories_makes_no_interval_wider() -> None:
    # Ten questions rated 2 in one category, ten rated 9 in another: every draw has ten of each.
    found = section({"m": [2.0] * 10 + [9.0] * 10})
    interval = Resampler(found, draws=99).cell_interval("m", "de")
    assert interval is not None
    assert (interval.low, interval.high) == (pytest.approx(5.5), pytest.approx(5.5))

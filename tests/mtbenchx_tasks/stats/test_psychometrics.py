"""Thresholds of judges whose curve is known."""

import numpy as np
import pytest

from mtbenchx_tasks.stats.psychometrics import threshold


def templates(*rates: float, n: int = 20) -> dict[str, dict[int, list[float]]]:
    """Return n templates a dose, the first share of them right."""
    return {
        f"{dose}-{number}": {dose: [float(number < rate * n)]}
        for dose, rate in enumerate(rates, start=1)
        for number in range(n)
    }


def test_three_of_four_at_the_second_dose_is_the_threshold() -> None:
    found = threshold(templates(1.0, 0.75, 0.5))
    assert found.dose == pytest.approx(2.0, abs=0.1)
    assert found.interval.low < found.dose < found.interval.high


def test_a_judge_that_sees_more_has_a_higher_threshold() -> None:
    assert threshold(templates(1.0, 0.95, 0.7)).dose > threshold(templates(0.9, 0.6, 0.5)).dose


def test_ties_count_half() -> None:
    half = {f"{dose}-{number}": {dose: [0.5]} for dose in (1, 2, 3) for number in range(20)}
    assert threshold(half).words == "doesn't find even the most glaring dose"


def test_outside_the_doses_there_is_no_number() -> None:
    assert threshold(templates(1.0, 1.0, 1.0)).words == "finds even the subtlest dose"
    assert threshold(templates(1.0, 1.0, 1.0)).dose is None
    assert threshold(templates(0.5, 0.5, 0.5)).words == "doesn't find even the most glaring dose"


def test_two_doses_or_few_outcomes_make_no_curve() -> None:
    assert "needs 3 doses" in threshold(templates(1.0, 0.5)).words
    assert "needs 3 doses" in threshold(templates(1.0, 0.75, 0.5, n=4)).words
    assert threshold({}).dose is None


def test_lapses_don_t_move_the_threshold() -> None:
    """A judge that errs now and then at glaring doses, too: threshold 2.5, 4 % lapses, 5 doses."""
    chance = np.random.default_rng(0)
    given = {}
    for number in range(2000):
        dose = number % 4 + 1
        right = 0.5 + 0.46 / (1 + np.exp((dose - 2.5) / 0.5))
        given[str(number)] = {dose: [float(chance.random() < right)]}
    # The curve is 3/4 where 1 / (1 + e^x) = .25 / .46: x = ln(.46 / .25 - 1) = -.174, times .5.
    assert threshold(given).dose == pytest.approx(2.5 - 0.087, abs=0.2)

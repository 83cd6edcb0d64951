"""Simulated exams: what they find, and how often they cry wolf."""

import pytest
from scipy.stats import binom

from mtbenchx_tasks.stats.exam_power import (
    Design,
    simulated,
    smallest_preference,
    smallest_shortfall,
    smallest_slip,
)

EXAM = Design(kinds=8, languages=5, templates=20)


def test_twenty_items_don_t_find_twenty_points() -> None:
    """2,000 exams. It can't be: four misses of this language alone have p = 1/5^4 = .0016, and of some 56 tests Holm's
    first step asks for .0009; five such misses of twenty are seldom."""
    found = simulated(EXAM, slip=0.2, simulations=2000)
    assert 0.15 < found.found < 0.35
    assert found.false_alarms <= 0.05


@pytest.mark.slow
def test_sixty_items_find_twenty_points() -> None:
    """2,000 exams."""
    found = simulated(Design(8, 5, 60), slip=0.2, simulations=2000)
    assert found.found >= 0.8
    assert found.false_alarms <= 0.05


def test_false_alarms_of_a_judge_without_a_slip() -> None:
    """2,000 exams: the standard error of 5 % is half a point."""
    assert simulated(EXAM, simulations=2000).false_alarms <= 0.05


def test_false_alarms_where_templates_differ_in_difficulty() -> None:
    assert simulated(Design(8, 5, 20, accuracy=0.9, spread=1.0), simulations=500, seed=1).false_alarms <= 0.06


def test_smallest_slip_is_less_with_more_items() -> None:
    few, many = (smallest_slip(Design(2, 3, items), simulations=100) for items in (10, 40))
    assert few is not None
    assert many is not None
    assert many < few
    assert smallest_slip(Design(2, 1, 20)) is None


def test_smallest_shortfall_by_hand() -> None:
    # 20 items, one test: at most 11 of 20 have P = .0409 at 75 %; P(X <= 11) is .802 at a share of .48, .777 at .49.
    assert binom.cdf(11, 20, 0.75) < 0.05 < binom.cdf(12, 20, 0.75)
    assert binom.cdf(11, 20, 0.48) >= 0.8 > binom.cdf(11, 20, 0.49)
    assert smallest_shortfall(20, 1) == pytest.approx(0.27)
    assert smallest_shortfall(2, 40) is None


def test_smallest_preference_by_hand() -> None:
    # 6 null pairs: all alike have p = 2/64 < .05, five of six 14/64; p^6 >= .8 first at .97 (.964).
    assert smallest_preference(6, 1) == pytest.approx(0.47)
    assert smallest_preference(4, 1) is None

"""The line of both judges' means, derived by hand."""

import numpy as np
import pytest

from mtbenchx_tasks.stats.equating.line import fit_line, forecast, forecast_difference, line_about
from mtbenchx_tasks.stats.equating.panel import Column, Panel, means
from tests.mtbenchx_tasks.stats.equating.studies import alone, plain_means

X = [2.0, 4.0, 6.0, 8.0]


def test_means_and_noise_by_hand() -> None:
    """Two models, two questions: new (1, 3) and (5, 5), old (2, 2) and (4, 8).

    New: model means 2 and 5, question means 3 and 4, all 3.5; so question 1 of model 1 is 1 - 2 - 3 + 3.5 = -0.5, and
    the others are 0.5, 0.5, -0.5: the sum of squares is 1, over (2 - 1)(2 - 1). Old: means 2 and 6, 3 and 5, all 4:
    2 - 2 - 3 + 4 = 1, -1, -1, 1: 4. Products: -0.5, -0.5, -0.5, -0.5: -2.
    """
    new, old = np.array([[1.0, 3.0], [5.0, 5.0]]), np.array([[2.0, 2.0], [4.0, 8.0]])
    found = means(Panel(("a", "b"), ("a", "b"), (Column(81, 1), Column(82, 1)), new, old))
    assert (found.new.tolist(), found.old.tolist()) == ([2.0, 5.0], [2.0, 6.0])
    noise = found.noise
    assert (float(noise.new), float(noise.both), float(noise.old)) == pytest.approx((1.0, -2.0, 4.0))


def test_only_answers_that_both_rated_count() -> None:
    new, old = np.array([[1.0, 9.0], [5.0, 5.0]]), np.array([[2.0, np.nan], [4.0, 8.0]])
    found = means(Panel(("a", "b"), ("a", "b"), (Column(81, 1), Column(82, 1)), new, old))
    assert (found.new[0], found.questions.tolist()) == (1.0, [1.0, 2.0])


def test_an_exact_line_is_found() -> None:
    """old = 2 + 0.5 new, and nothing else: kept whole, and 5 becomes 4.5."""
    line = fit_line(plain_means(X, [3.0, 4.0, 5.0, 6.0], (0.0, 0.0, 0.0)), alone(4))
    assert (float(line.slope), float(line.kept)) == pytest.approx((0.5, 1.0), abs=1e-3)
    assert float(forecast(line, np.asarray(5.0), 80).value) == pytest.approx(4.5, abs=1e-3)


def test_judges_who_agree_are_on_the_identity() -> None:
    line = fit_line(plain_means(X, X, (1.0, 1.0, 1.0)), alone(4))
    assert float(forecast(line, np.asarray(7.0), 80).value) == pytest.approx(7.0)


def test_the_slope_is_corrected_for_reliability_by_hand() -> None:
    """Each model a family, so M is the centring over a constant, and the sum of M_jj is 3 over it.

    x about 5: -3, -1, 1, 3, squares 20. y = 0, 8, 12, 20 about 10: products 3 * 10 + 2 + 2 + 3 * 10 = 64. Noise per
    question 80 (new) and 0 (both) over 80 questions is 1 and 0: slope 64 / (20 - 3) instead of 64 / 20, reliability
    1 - 3 / 20. Residuals about 3.2: 0.4 and -1.2, twice each, so that the shrinkage is told by `kept`.
    """
    line = fit_line(plain_means(X, [0.0, 8.0, 12.0, 20.0], (80.0, 0.0, 0.0)), alone(4))
    assert float(line.plain_slope) == pytest.approx(3.2)
    assert float(line.reliability) == pytest.approx(0.85)
    assert float((line.slope - 1) / line.kept + 1) == pytest.approx(64 / 17)


def test_shrinkage_by_hand() -> None:
    """W = (level - centre)^2 / its variance + (slope - 1)^2 / its: 1 - 2 / W of the way is kept.

    Four models, each a family; y = x + (1, -1, -1, 1) * d + 1: slope 1, level 6 at centre 5, residuals d. Noise 0:
    variance of a model 4 d^2 / 2, of the level 4 d^2 / 2 / 4 = d^2 / 2: W = 1 / (d^2 / 2); with d = 0.5: 8, so 0.75.
    """
    old = [3.5, 4.5, 6.5, 9.5]
    line = fit_line(plain_means(X, old, (0.0, 0.0, 0.0)), alone(4))
    assert float(line.kept) == pytest.approx(0.75, abs=1e-4)
    assert float(line.level) == pytest.approx(5 + 0.75, abs=1e-4)


def test_the_variance_of_a_forecast_is_that_of_ordinary_regression() -> None:
    """Each model a family, no noise: s^2 (1 + 1 / 4 + (x - 5)^2 / 20), s^2 = 4 * 0.25 / 2 = 0.5, with 2 degrees."""
    line = fit_line(plain_means(X, [3.5, 4.5, 6.5, 9.5], (0.0, 0.0, 0.0)), alone(4))
    found = forecast(line, np.asarray(7.0), 80)
    assert float(found.variance) == pytest.approx(0.5 * (1 + 1 / 4 + 4 / 20), rel=1e-4)
    assert float(found.freedom) == pytest.approx(2.0, rel=1e-3)


def test_siblings_share_what_the_judges_differ_by_on_their_family() -> None:
    """Families two points apart at the same means by the new judge, models as the line has them within each."""
    x = [4.0, 6.0, 4.0, 6.0, 4.0, 6.0]
    old = [3.0, 5.2, 4.9, 7.1, 7.0, 9.0]
    line = fit_line(plain_means(x, old, (0.8, 0.0, 0.8)), np.repeat(np.eye(3), 2, axis=0))
    one = forecast(line, np.asarray(6.0), 80)
    two = forecast_difference(line, np.asarray(6.0), np.asarray(5.5), 80)
    assert float(two.variance) < float(one.variance) / 10
    assert float(two.value) == pytest.approx(float(line.slope) * 0.5)


def test_about_a_given_shape_only_variances_are_estimated() -> None:
    """old - predicted = 1, -1, 1, -1: mean square 1 about 0 (nothing is fitted), less noise 16 / 80 = 0.2."""
    found = plain_means(X, [3.0, 3.0, 7.0, 7.0], (16.0, 8.0, 16.0))
    line = line_about(found, alone(4), np.array(X))
    assert (float(line.slope), float(line.level_variance)) == (1.0, 0.0)
    assert float(line.model_variance) == pytest.approx(1 - 0.2, abs=1e-4)

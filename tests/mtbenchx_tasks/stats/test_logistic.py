"""The logistic regression beneath the ranking and the preference at equal length."""

import math

import numpy as np
import pytest

from mtbenchx_tasks.stats.logistic import fit


def cases(n: int = 400, columns: int = 3, seed: int = 0) -> tuple["np.ndarray", "np.ndarray", "np.ndarray"]:
    random = np.random.default_rng(seed)
    design = random.normal(size=(n, columns))
    won = (random.random(n) < 1 / (1 + np.exp(-design @ np.linspace(-1, 1, columns)))).astype(float)
    return design, won, random.integers(0, 40, n)


def test_one_column_by_hand() -> None:
    # 3 of 4 won: log(3 / 1); the information is 4 * 3/4 * 1/4
    fitted = fit(np.ones((4, 1)), np.array([1.0, 1, 1, 0]))
    assert fitted is not None
    assert fitted.coefficients[0] == pytest.approx(math.log(3))
    assert fitted.inverse[0, 0] == pytest.approx(4 / 3)


def test_firth_of_one_column_by_hand() -> None:
    # For one intercept Jeffreys' prior adds half a win and half a loss: 4 of 4 won is 4.5 against 0.5
    fitted = fit(np.ones((4, 1)), np.ones(4), firth=True)
    assert fitted is not None
    assert fitted.coefficients[0] == pytest.approx(math.log(4.5 / 0.5), abs=1e-6)


def test_without_the_penalty_what_always_wins_has_no_estimate() -> None:
    fitted = fit(np.ones((4, 1)), np.ones(4))
    assert fitted is None or fitted.coefficients[0] > 15


def test_a_weight_is_a_number_of_copies() -> None:
    design, won, _ = cases(60)
    once = fit(np.vstack([design, design[:20]]), np.concatenate([won, won[:20]]), firth=True)
    twice = fit(design, won, np.where(np.arange(60) < 20, 2.0, 1.0), firth=True)
    assert once is not None
    assert twice is not None
    assert twice.coefficients == pytest.approx(once.coefficients, abs=1e-6)


def test_coefficients_and_cluster_robust_errors_are_statsmodels() -> None:
    from statsmodels.discrete.discrete_model import Logit

    design, won, clusters = cases()
    fitted = fit(design, won)
    theirs = Logit(won, design).fit(disp=0, cov_type="cluster", cov_kwds={"groups": clusters})
    assert fitted is not None
    assert fitted.coefficients == pytest.approx(theirs.params, abs=1e-6)
    # statsmodels' factor of a Logit is G / (G - 1) * (n - 1) / (n - k), as ours
    assert np.sqrt(np.diag(fitted.covariance(clusters))) == pytest.approx(theirs.bse, rel=1e-4)


def test_two_clusterings_by_inclusion_and_exclusion() -> None:
    design, won, one = cases()
    other = np.random.default_rng(1).integers(0, 12, len(won))
    fitted = fit(design, won)
    assert fitted is not None
    both = one * 100 + other
    expected = fitted.covariance(one) + fitted.covariance(other) - fitted.covariance(both)
    assert fitted.covariance(one, other) == pytest.approx(expected)  # its eigenvalues are positive here
    assert fitted.covariance(one, one) == pytest.approx(fitted.covariance(one))


def test_one_cluster_has_no_covariance() -> None:
    design, won, _ = cases(40)
    fitted = fit(design, won)
    assert fitted is not None
    assert np.isnan(fitted.covariance(np.zeros(40, dtype=int))).all()

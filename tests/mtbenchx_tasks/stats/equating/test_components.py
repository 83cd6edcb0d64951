"""Variances of families and models, derived by hand and recounted by statsmodels."""

import warnings

import numpy as np
import pytest

from mtbenchx_tasks.stats.equating.components import variance_components

PAIRS = np.repeat(np.eye(3), 2, axis=0)
"""Three families of two models."""


def test_balanced_families_by_hand() -> None:
    """Families (1, 3), (5, 7), (9, 11): means 2, 6, 10.

    Within: each family has (1^2 + 1^2) = 2, over 1 degree: mean square 2. Between: 2 * (4^2 + 0 + 4^2) / 2 = 32.
    REML of balanced data is that of the table: families (32 - 2) / 2 = 15, models 2 less the noise of 0.5: 1.5.
    """
    y = np.array([1.0, 3.0, 5.0, 7.0, 9.0, 11.0])
    found = variance_components(y, np.ones((6, 1)), np.full(6, 0.5), PAIRS)
    assert found.values == pytest.approx([15.0, 1.5], abs=1e-5)


def test_nothing_is_below_zero() -> None:
    """Families that are more alike than their models: (0, 10), (0, 10), (0, 10). The whole is 6 * 25 / 5 = 30."""
    found = variance_components(np.array([0.0, 10.0] * 3), np.ones((6, 1)), np.full(6, 1e-9), PAIRS)
    assert found.values == pytest.approx([0.0, 30.0], abs=1e-4)


def test_families_of_one_model_have_no_variance_of_their_own() -> None:
    """Four models, four families: 1, 2, 3, 4 about 2.5 have (2.25 + 0.25) * 2 / 3 = 5 / 3, less the noise of 0.25."""
    found = variance_components(np.arange(1.0, 5.0), np.ones((4, 1)), np.full(4, 0.25), np.eye(4))
    assert found.values == pytest.approx([0.0, 5 / 3 - 0.25], abs=1e-5)


def test_many_studies_at_once_are_each_alone() -> None:
    chance = np.random.default_rng(1)
    y, x = chance.normal(size=(4, 6)), chance.normal(size=(4, 6))
    design = np.stack([np.ones_like(x), x], -1)
    together = variance_components(y, design, np.full((4, 6), 0.1), PAIRS).values
    alone = [variance_components(y[k], design[k], np.full(6, 0.1), PAIRS).values for k in range(4)]
    assert together == pytest.approx(np.array(alone), abs=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_statsmodels_finds_the_same(seed: int) -> None:
    """Equal noise and the models' variance are together the residual variance of a mixed model by REML."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    chance = np.random.default_rng(seed)
    sizes = [5, 4, 3, 3, 2, 2, 1]
    of = np.repeat(np.arange(len(sizes)), sizes)
    x = chance.uniform(3, 9, len(of))
    y = 1 + 0.8 * x + chance.normal(0, 0.6, len(sizes))[of] + chance.normal(0, 0.3, len(of))
    design = np.stack([np.ones_like(x), x], -1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = MixedLM(y, design, of).fit(reml=True)
    noise = theirs.scale / 3  # whatever part of the residual is known beforehand, the rest is the models'
    found = variance_components(y, design, np.full(len(of), noise), np.eye(len(sizes))[of])
    assert found.values == pytest.approx([theirs.cov_re[0, 0], theirs.scale - noise], rel=2e-3, abs=1e-4)

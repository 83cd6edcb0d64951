"""Many made-up studies with everything known: is the interval honest, and how much worse is it than knowing the line?

Of each study two families of two models are left out and predicted from the others. The oracle knows the true line and
the true variances, and nothing of the families and models left out.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pytest
from scipy.stats import norm, t

from mtbenchx_tasks.stats.equating.line import ScaleLine, fit_line, forecast, forecast_difference
from mtbenchx_tasks.stats.equating.panel import Array, means
from tests.mtbenchx_tasks.stats.equating.studies import COLUMNS, Truth, panels

TRUTHS = (
    Truth(level=1.0, slope=0.8, family=0.2, model=0.1),
    Truth(level=-0.5, slope=1.2, family=0.1, model=0.2),
    Truth(level=0.3, slope=1.0, family=0.2, model=0.15),
    Truth(level=2.0, slope=0.6, family=0.3, model=0.1),
)
SIZES = {"ten pairs": [2] * 10, "twelve of one to three": [1, 2, 3] * 4}
LEFT_OUT = (2, 2)


class Found(NamedTuple):
    covered: Array
    width: Array
    """Over the oracle's."""
    error: Array
    """Over the oracle's standard deviation."""
    concordant: Array
    """Of pairs whose predictions differ by more than two standard errors."""
    siblings: Array
    """Whether the interval of a difference holds it."""


def simulate(studies: int, sizes: Sequence[int], truth: Truth, seed: int) -> Found:
    chance = np.random.default_rng(seed)
    panel = panels(studies, [*sizes, *LEFT_OUT], truth, chance)
    known, found = list(range(sum(sizes))), means(panel)
    anchors = panel.rows(known)
    line = fit_line(means(anchors), anchors.membership)
    new, old = (np.moveaxis(part[:, sum(sizes) :], 1, 0) for part in (found.new, found.old))
    n = float(len(COLUMNS))
    told = forecast(line, new, n)
    half = t.ppf(0.975, told.freedom) * np.sqrt(told.variance)
    ratio = half / (norm.ppf(0.975) * truth.variance**0.5)
    error = (old - told.value) / truth.variance**0.5
    clear = [*_clear_pairs(line, new, told.value, told.variance, old)]
    pair = forecast_difference(line, new[0], new[1], n)
    wide = t.ppf(0.975, pair.freedom) * np.sqrt(pair.variance)
    siblings = np.abs(old[0] - old[1] - pair.value) <= wide
    return Found(np.abs(old - told.value) <= half, ratio, error, np.concatenate(clear), siblings)


def _clear_pairs(line: ScaleLine, new: Array, value: Array, variance: Array, old: Array) -> Iterator[Array]:
    for one, other in combinations(range(len(new)), 2):
        within = one // 2 == other // 2
        own = forecast_difference(line, new[one], new[other], float(len(COLUMNS))).variance
        spread = own if within else variance[one] + variance[other]
        differ = np.abs(value[one] - value[other]) > 2 * np.sqrt(spread)
        yield ((value[one] - value[other]) * (old[one] - old[other]) > 0)[differ]


def judged(found: Sequence[Found]) -> tuple[float, float, float, float, float]:
    """Return coverage, width and error over the oracle's, concordance, coverage of differences."""
    joined = (np.concatenate([part.ravel() for part in parts]) for parts in zip(*found, strict=True))
    covered, width, error, concordant, siblings = joined
    return covered.mean(), width.mean(), np.sqrt((error**2).mean()), concordant.mean(), siblings.mean()


def test_a_few_hundred_studies() -> None:
    """400 forecasts: 95 % has a standard error of 1.1 (2 models a family: less than 400 are independent)."""
    covered, width, error, concordant, siblings = judged([simulate(100, SIZES["ten pairs"], TRUTHS[0], 0)])
    assert 0.91 <= covered <= 0.98
    assert width <= 1.3
    assert error <= 1.2
    assert concordant >= 0.95
    assert siblings >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("sizes", SIZES)
def test_two_thousand_studies(sizes: str) -> None:
    found = [simulate(500, SIZES[sizes], truth, seed) for seed, truth in enumerate(TRUTHS)]
    for one in [found, *([part] for part in found)]:
        covered, width, error, concordant, siblings = judged(one)
        print(f"{covered:.3f} {width:.3f} {error:.3f} {concordant:.3f} {siblings:.3f}")
        assert 0.93 <= covered <= 0.97
        assert width <= 1.3
        assert error <= 1.15
        assert concordant >= 0.95
        assert 0.93 <= siblings <= 0.98

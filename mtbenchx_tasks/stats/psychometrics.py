"""Which dose of a fault does a judge still find: a psychometric curve with lapses, and its 75 % threshold.

A judge that doesn't see a fault guesses: half right. The share right rises from 1/2 with the fault's size to 1 less
the lapses (errors that have nothing to do with size). Doses run from 1, glaring, upwards to subtle, so that the curve
falls with the dose. Formula and source: METHODS.md, "Threshold of a fault".
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtbenchx_tasks.stats.intervals import Interval, percentile_interval

if TYPE_CHECKING:
    from mtbenchx_tasks.stats.intervals import Array

GUESS, CRITERION = 0.5, 0.75
"""What guessing gets right, and what counts as found: half-way."""
LAPSES = (0.0, 0.02, 0.04, 0.06)
"""Shares of lapses that are tried (Wichmann and Hill, 2001, bound them by 0.06)."""
FEWEST_DOSES, FEWEST_ITEMS = 3, 5
"""What a curve needs: doses, and outcomes at each."""
DRAWS = 200


@dataclass(frozen=True)
class Threshold:
    """The dose at which three of four are right."""

    dose: float | None
    """None: it lies outside the doses that were given, or can't be told."""
    interval: Interval | None = None
    """Its 95 % bootstrap interval over templates; an end that reaches beyond the doses stands half a dose beyond."""
    words: str = ""
    """What is known instead of a dose: even the subtlest is found, or not even the most glaring, or why not."""


@functools.cache
def _curves(doses: tuple[float, ...]) -> "tuple[Array, Array]":
    """Return every curve of the grid (columns) at the doses (rows), and the threshold of each."""
    import numpy as np

    low, high = min(doses), max(doses)
    middles = np.linspace(low - 1.5, high + 1.5, int((high - low + 3) / 0.1) + 1)
    spreads = np.geomspace(0.1, 2.0, 6)
    middle, spread, lapse = (part.ravel() for part in np.meshgrid(middles, spreads, LAPSES, indexing="ij"))
    found = 1 / (1 + np.exp(np.clip((np.array(doses) - middle[:, None]) / spread[:, None], -50, 50)))
    curves: Array = np.clip(GUESS + (1 - GUESS - lapse[:, None]) * found, 1e-6, 1 - 1e-6).T  # nobody is quite sure
    height = (CRITERION - GUESS) / (1 - GUESS - lapse)
    thresholds: Array = middle + spread * np.log(1 / height - 1)
    return curves, thresholds


def threshold(by_template: Mapping[str, Mapping[int, Sequence[float]]], seed: int = 0) -> Threshold:
    """Return the dose at which a judge is right three times of four.

    The curve 1/2 + (1/2 - lapses) / (1 + exp((dose - m) / s)) of greatest likelihood, on a grid of m, s and lapses.

    Args:
        by_template: Template -> dose (from 1, glaring) -> outcomes, each 1, 0, or 0.5 for a tie.
        seed: Of the bootstrap over templates.
    """
    import numpy as np

    doses = tuple(sorted({float(dose) for given in by_template.values() for dose, said in given.items() if said}))
    totals = np.array([[_right_and_n(given, dose) for dose in doses] for given in by_template.values()])
    if len(doses) < FEWEST_DOSES or totals[:, :, 1].sum(axis=0).min(initial=FEWEST_ITEMS) < FEWEST_ITEMS:
        return Threshold(None, words=f"needs {FEWEST_DOSES} doses with {FEWEST_ITEMS} outcomes each")
    weights = np.random.default_rng(seed).multinomial(len(totals), np.full(len(totals), 1 / len(totals)), DRAWS)
    drawn = np.tensordot(weights, totals, 1)
    curves, thresholds = _curves(doses)
    best = np.concatenate([_best(totals.sum(axis=0)[None], curves), _best(drawn, curves)])
    value = float(thresholds[best[0]])
    ends = np.clip(thresholds[best[1:]], doses[0] - 0.5, doses[-1] + 0.5)
    if value > doses[-1]:
        return Threshold(None, percentile_interval(ends), "finds even the subtlest dose")
    if value < doses[0]:
        return Threshold(None, percentile_interval(ends), "doesn't find even the most glaring dose")
    return Threshold(round(value, 2), percentile_interval(ends))


def _right_and_n(given: Mapping[int, Sequence[float]], dose: float) -> tuple[float, int]:
    said = given.get(int(dose), ())
    return sum(said), len(said)


def _best(totals: "Array", curves: "Array") -> "Array":
    """Return the number of the likeliest curve for each set (rows) of right ones and their number at each dose."""
    import numpy as np

    right, n = totals[..., 0], totals[..., 1]
    likelihood = right @ np.log(curves) + (n - right) @ np.log(1 - curves)
    best: Array = likelihood.argmax(axis=1)
    return best

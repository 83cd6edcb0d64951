"""Deciding pairs of models as questions come in: how far to ask before it is known who is better.

A comparison is looked at after each part of its questions. O'Brien and Fleming's boundary keeps all looks together at
the level of one, Holm's correction all pairs. METHODS.md, "Sequential comparison".
"""

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Literal

from mtbenchx_tasks.stats.intervals import LEVEL, Interval
from mtbenchx_tasks.stats.paired_tests import holm

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

LOOKS = (0.25, 0.5, 0.75, 1.0)
"""Shares of the questions after which a comparison is looked at."""
EQUIVALENT = 0.05
"""A preference between 45 and 55 % is none of note."""
LARGEST, STEPS, NODES = 9.0, 180, 64
"""Up to which boundary, at how many of them, and at how many nodes the chance of crossing is computed."""
HOPELESS = 0.08
"""Below this chance of being decided by the last look, a pair is asked no further."""
End = Literal["better", "equivalent", "hopeless", "open"]


@dataclass(frozen=True)
class Standing:
    """One pair of models after a look."""

    end: End
    """`better`: one is beyond chance; `equivalent`: the interval lies within 45 to 55 %; `hopeless`: as it goes, the
    remaining questions would hardly decide it; `open`: none of them."""
    questions: int
    """With a value."""
    preference: float
    """For the first model: share of votes, ties as halves; 0.5 without a value."""
    interval: Interval | None
    """Its 95 % interval, which holds at every look together; None below two questions."""
    p: float
    """Repeated p-value after Holm's correction over the pairs: small enough at any look, it is small enough."""


@dataclass(frozen=True)
class Look:
    """One pair's values at one look."""

    share: float
    """Of the questions that have been asked, 0 to 1."""
    values: Sequence[float]
    """Of each question, the preference for the first model: 0 to 1, ties as halves."""


def standings(looks: Mapping[tuple[str, str], Sequence[Look]]) -> dict[tuple[str, str], Standing]:
    """Return where each pair stands after its last look.

    Args:
        looks: Pair of models -> its looks so far, the first one first; a pair that was decided has fewer.
    """
    p_values = holm([min(map(_p, of_pair), default=1.0) for of_pair in looks.values()])
    return {
        pair: _standing(of_pair[-1], 1.0 if p is None else p, len(looks))
        for (pair, of_pair), p in zip(looks.items(), p_values, strict=True)
    }


def _standing(look: Look, p: float, pairs: int) -> Standing:
    preference = fmean(look.values) if look.values else 0.5
    interval = _interval(look)
    within = interval is not None and max(0.5 - interval.low, interval.high - 0.5) <= EQUIVALENT
    known = interval is not None and look.share < 1
    hopeless = known and conditional_power(look, (1 - LEVEL) / pairs) < HOPELESS
    end: End = "better" if p <= 1 - LEVEL else "equivalent" if within else "hopeless" if hopeless else "open"
    return Standing(end, len(look.values), preference, interval, p)


def _p(look: Look) -> float:
    """Return the level at which this look alone would have crossed the boundary."""
    return crossing(abs(_z(look)) * math.sqrt(look.share))


def _z(look: Look) -> float:
    """Return the t statistic of the preference against an even one, as a standard normal quantile."""
    from scipy.stats import norm, t

    n = len(look.values)
    if n < 2:  # noqa: PLR2004
        return 0.0
    spread, gap = stdev(look.values), fmean(look.values) - 0.5
    if spread == 0:
        return math.copysign(LARGEST, gap) if gap else 0.0
    return math.copysign(float(norm.isf(t.sf(abs(gap) / (spread / math.sqrt(n)), n - 1))), gap)


def conditional_power(look: Look, level: float) -> float:
    """Return the chance that the last look decides, if the rest of the questions goes on as the ones so far.

    With z at a share s of the questions the score z sqrt(s) drifts by z / sqrt(s) in all: at the last look it is
    normal about z / sqrt(s) with variance 1 - s (Lan, Simon and Halperin, Sequential Analysis 1, 1982, 207-219).

    Args:
        look: The look.
        level: At which the last look is decided, shared out over the pairs.
    """
    from scipy.stats import norm

    z, rest = abs(_z(look)), 1 - look.share
    if rest <= 0:
        return float(z > boundary(level))
    return float(norm.sf((boundary(level) - z / math.sqrt(look.share)) / math.sqrt(rest)))


def _interval(look: Look) -> Interval | None:
    """Return the repeated interval: mean ± (boundary / sqrt(share), as a t quantile) standard errors."""
    from scipy.stats import norm, t

    n = len(look.values)
    if n < 2:  # noqa: PLR2004
        return None
    z = boundary(1 - LEVEL) / math.sqrt(look.share)
    half = float(t.isf(norm.sf(z), n - 1)) * stdev(look.values) / math.sqrt(n)
    middle = fmean(look.values)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


@functools.lru_cache(maxsize=64)
def boundary(level: float) -> float:
    """Return O'Brien and Fleming's constant: at a share s of the questions |z| > constant / sqrt(s) crosses.

    For one look at 5 % it is 1.960, for the four of LOOKS 2.024 (O'Brien and Fleming, Biometrics 35, 1979, 549-556).

    Args:
        level: The chance of crossing at any look if there is no difference.
    """
    import numpy as np

    constants, chances = _table()
    return float(np.interp(-math.log(level), -np.log(chances), constants))


def crossing(constant: float) -> float:
    """Return the chance that a difference of nothing crosses the boundary with this constant at any look."""
    import numpy as np

    constants, chances = _table()
    return float(np.exp(np.interp(constant, constants, np.log(chances))))


@functools.lru_cache(maxsize=1)
def _table() -> "tuple[Array, Array]":
    """Return constants and their chances: 1 less the mass of a Brownian motion that stays between them at all looks."""
    import numpy as np
    from scipy.stats import norm

    constants = np.linspace(0.0, LARGEST, STEPS + 1)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    chances = np.ones(len(constants))
    for place, constant in enumerate(constants[1:], start=1):
        x, w = nodes * constant, weights * constant
        density, before = norm.pdf(x, scale=math.sqrt(LOOKS[0])), LOOKS[0]
        for share in LOOKS[1:]:
            density = norm.pdf(x[:, None] - x[None, :], scale=math.sqrt(share - before)) @ (w * density)
            before = share
        chances[place] = 1 - float(w @ density)
    floor = 2 * norm.sf(constants)  # where 1 - mass is lost in rounding, the last look alone
    table: Array = np.maximum(chances, floor)
    return constants, table

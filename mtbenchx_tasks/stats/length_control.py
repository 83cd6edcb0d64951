"""Does the longer answer win, and who wins at equal length? METHODS.md, "Length control".

The control is a logistic regression of "the model won" on an intercept and tanh(d / s), where d is the length of its
answer less that of the other's in characters, and s the standard deviation of d. tanh instead of the plain z-score, as
in length-controlled AlpacaEval (Dubois et al. 2024), because lengths have long tails: an answer of ten standard
deviations, usually a loop or a listing, then weighs no more than one of three. d is not centred: its zero is equal
length, so that swapping the models mirrors the result.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtbenchx_tasks.records import Preference
from mtbenchx_tasks.stats.intervals import LEVEL, Interval, Share
from mtbenchx_tasks.stats.logistic import fit
from mtbenchx_tasks.stats.pair_rates import by, decisive, share

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

FEWEST_DECISIVE, FEWEST_QUESTIONS = 20, 10
"""Ten decisive outcomes for each of the two coefficients; below ten clusters their standard errors are too small."""
UNKNOWN = "the answers aren't at hand, so their lengths aren't known"


@dataclass(frozen=True)
class LongerWins:
    """How often the longer answer wins."""

    share: Share
    """Decisive outcomes won by the longer answer, among those with answers of different length."""
    equal: int
    """Decisive outcomes with answers of equal (or unknown) length; left out."""


@dataclass(frozen=True)
class LengthControlled:
    """A model's preference at equal length."""

    preference: float | None
    """Probability that it wins a decisive vote; None if it can't be told."""
    interval: Interval | None
    """Its interval, cluster-robust by question."""
    slope: float | None
    """Its log-odds from much shorter to equal (and from equal to much longer); positive: length helps."""
    n: int
    """Decisive outcomes."""
    questions: int
    """Their questions."""
    reason: str = ""
    """Why there is no preference."""


def longer_wins(preferences: Iterable[Preference]) -> LongerWins:
    """Return the share of decisive preferences that the longer answer won."""
    named = decisive(preferences)
    unequal = [preference for preference in named if _difference(preference, str(preference.winner))]
    longer = share(unequal, lambda preference: _difference(preference, str(preference.winner)) > 0)
    return LongerWins(longer, len(named) - len(unequal))


def _difference(preference: Preference, model: str) -> int:
    """Characters of the model's answer less those of the other's; 0 where they aren't known."""
    lengths = [len(text) if name == model else -len(text) for name, text in preference.answers.items()]
    return sum(lengths) if len(lengths) > 1 else 0


def length_controlled(preferences: Iterable[Preference], model: str) -> LengthControlled:
    """Return the preference for a model at equal length, or the reason why there is none.

    Ties, both bad, inconsistent and failed ones stay out. Several runs or languages of a question are one cluster.
    """
    import numpy as np

    groups = list(by(decisive(preferences), "question_id").values())
    named = [preference for group in groups for preference in group]
    differences = np.array([_difference(preference, model) for preference in named], dtype=np.float64)
    won = np.array([preference.winner == model for preference in named], dtype=np.float64)
    questions = np.array([place for place, group in enumerate(groups) for _ in group], dtype=np.int_)
    n, clusters = len(named), len(np.unique(questions))
    bounded = np.tanh(differences / (differences.std() or 1)) if n else differences
    reason = _why_not(bounded, won, clusters) if any(one.answers for one in named) or not n else UNKNOWN
    if reason:
        return LengthControlled(None, None, None, n, clusters, reason)
    design = np.column_stack([np.ones(n), bounded])
    fitted = fit(design, won)
    if fitted is None:
        return LengthControlled(None, None, None, n, clusters, "the fit doesn't converge")
    intercept, slope = map(float, fitted.coefficients)
    half = _quantile(clusters) * math.sqrt(max(0.0, float(fitted.covariance(questions)[0, 0])))
    interval = Interval(_probability(intercept - half), _probability(intercept + half))
    return LengthControlled(_probability(intercept), interval, slope, n, clusters)


def _why_not(bounded: "Array", won: "Array", clusters: int) -> str:
    if len(won) < FEWEST_DECISIVE:
        return f"{len(won)} decisive outcomes, {FEWEST_DECISIVE} are needed"
    if clusters < FEWEST_QUESTIONS:
        return f"decisive outcomes on {clusters} questions, {FEWEST_QUESTIONS} are needed"
    lost, gained = bounded[won == 0], bounded[won == 1]
    if not len(lost) or not len(gained):
        return "one model won every decisive outcome"
    if bounded.min() == bounded.max():
        return "the length difference is the same everywhere"
    if lost.max() <= gained.min() or gained.max() <= lost.min():
        return "the length difference alone separates wins from losses"
    return ""


def _quantile(clusters: int) -> float:
    from scipy.stats import t

    return float(t.ppf((1 + LEVEL) / 2, clusters - 1))


def _probability(log_odds: float) -> float:
    from scipy.special import expit

    return float(expit(log_odds))

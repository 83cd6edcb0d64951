"""How well a scale predicts families that it hasn't seen."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.stats import t

from mtbenchx_tasks.stats.equating.components import variance_components
from mtbenchx_tasks.stats.equating.line import forecast_difference
from mtbenchx_tasks.stats.equating.panel import Array, Means, Panel, Places
from mtbenchx_tasks.stats.equating.scale import SCORE, RatedModel, Scale, fit_scale, half_width
from mtbenchx_tasks.stats.intervals import LEVEL

CLEARLY = 2.0
"""Standard errors by which two predictions must differ to be told apart."""


@dataclass(frozen=True)
class LeftOut:
    """One anchor, predicted from the other families."""

    quantity: str
    model: str
    family: str
    native: float
    """The new judge's mean."""
    predicted: float
    half: float
    """Half the width of its 95 % interval."""
    variance: float
    """Of its error."""
    old: float
    """The old judge's mean."""

    @property
    def is_covered(self) -> bool:
        """Whether the interval holds what the old judge said."""
        return abs(self.predicted - self.old) <= self.half


@dataclass(frozen=True)
class Check:
    """What came of leaving each family out, for one quantity."""

    quantity: str
    models: int
    families: int
    error: float
    """Root of the mean squared error of the predictions, in points."""
    median: float
    """Median absolute error."""
    raw: float
    """Root of the mean squared difference of the new judge's mean from the old one's: what equating is to beat."""
    covered: int
    """Models whose 95 % interval holds the old judge's mean."""
    covered_families: float
    """Sum over families of the share of their models that are: models of one family miss together."""
    pairs: int
    """Pairs of models whose predictions differ by more than two standard errors."""
    concordant: int
    """Those of them that the old judge puts in the same order."""
    rmsd: float
    """Root of the mean squared distance of a family's mean from what the others predict, in points."""
    r2: float
    """Square of the correlation of both judges' means."""


class DateTerm(NamedTuple):
    """How the old judge's level changed with the time of judging, beyond what the new judge says of the answers."""

    per_year: float
    low: float
    """Of its 95 % interval."""
    high: float

    @property
    def is_told(self) -> bool:
        """Whether the interval excludes 0."""
        return not self.low <= 0 <= self.high


def left_out(panel: Panel) -> list[LeftOut]:
    """Predict every anchor from the other families alone; the shape is chosen anew each time, without its family."""
    return [one for others, own in panel.folds() for one in _of_fold(panel, others, own)]


def _of_fold(panel: Panel, others: Places, own: Places) -> Iterator[LeftOut]:
    scale = fit_scale(panel.rows(others))
    for place in own:
        for name, curve in scale.curves.items():
            new, old = (_candidate(panel, ratings[place]).part(name) for ratings in (panel.new, panel.old))
            if new.ratings:
                told = curve.at(new.mean, new.spread, new.questions)
                model, family = panel.models[place], panel.families[place]
                values = new.mean, float(told.value), half_width(told), float(told.variance), old.mean
                yield LeftOut(name, model, family, *values)


def _candidate(panel: Panel, ratings: Array) -> RatedModel:
    return RatedModel({column: float(x) for column, x in zip(panel.columns, ratings, strict=True) if np.isfinite(x)})


def check(found: Sequence[LeftOut], scale: Scale) -> list[Check]:
    """Return the errors of each quantity.

    Args:
        found: What `left_out` returned.
        scale: Of all anchors.
    """
    names = dict.fromkeys(one.quantity for one in found)
    return [_check(name, [one for one in found if one.quantity == name], scale) for name in names]


def _check(name: str, found: Sequence[LeftOut], scale: Scale) -> Check:
    errors = np.array([one.predicted - one.old for one in found])
    raw = np.array([one.native - one.old for one in found])
    clear = [pair for pair in combinations(found, 2) if _differ_clearly(*pair, scale)]
    families = list(dict.fromkeys(one.family for one in found))
    of = np.array([one.family for one in found])
    shifts = np.array([errors[of == family].mean() for family in of])
    natives, olds = np.array([one.native for one in found]), np.array([one.old for one in found])
    varies = np.ptp(natives) > 0 and np.ptp(olds) > 0
    return Check(
        name,
        len(found),
        len(families),
        _root(errors),
        float(np.median(np.abs(errors))),
        _root(raw),
        sum(one.is_covered for one in found),
        sum(float(np.mean([one.is_covered for one in found if one.family == family])) for family in families),
        len(clear),
        sum((one.predicted - other.predicted) * (one.old - other.old) > 0 for one, other in clear),
        _root(shifts),
        float(np.corrcoef(natives, olds)[0, 1] ** 2) if varies else math.nan,
    )


def _root(errors: Array) -> float:
    return float(np.sqrt((errors**2).mean()))


def _differ_clearly(one: LeftOut, other: LeftOut, scale: Scale) -> bool:
    """Within a family, where its offset cancels, by the siblings' error; else by both errors."""
    variance = one.variance + other.variance
    if one.family == other.family:
        line, natives = scale.curves[one.quantity].line, (np.asarray(one.native), np.asarray(other.native))
        variance = float(forecast_difference(line, *natives, scale.questions[one.quantity]).variance)
    return abs(one.predicted - other.predicted) > CLEARLY * math.sqrt(variance)


def date_term(found: Means, membership: Array, years: Array) -> DateTerm | None:
    """Return how many points a year the old judge's level changed, with families less 3 degrees of freedom.

    It is the third effect, beside level and slope, of the mixed model of `fit_line`. None where the anchors were judged
    at one time, or where the time of one isn't known.

    Args:
        found: The anchors' means.
        membership: Their families, (models, families).
        years: When the old judge rated each; nan where nobody knows.
    """
    if not np.isfinite(years).all() or np.ptp(years) == 0:
        return None
    design = np.stack([np.ones_like(years), found.new, years - years.mean()], -1)
    slope = np.asarray(np.polyfit(found.new, found.old, 1)[0])
    error = found.noise.about(slope)[..., None] / np.maximum(found.questions, 1.0)
    precision = variance_components(found.old, design, error, membership).precision
    inner = np.linalg.pinv(design.T @ precision @ design)
    value = float((inner @ design.T @ precision @ found.old)[2])
    half = float(t.ppf((1 + LEVEL) / 2, max(membership.shape[1] - 3, 1)) * math.sqrt(inner[2, 2]))
    return DateTerm(value, value - half, value + half)


def score_of(checks: Sequence[Check]) -> Check:
    """Return the check of the score."""
    return next(one for one in checks if one.quantity == SCORE)

"""The old judge's scale in one language: a curve for the score, each turn and each category, and what it predicts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import t

from mtbenchx_tasks.records import Estimate
from mtbenchx_tasks.stats.equating.line import Forecast, ScaleLine, fit_line, forecast, forecast_difference, line_about
from mtbenchx_tasks.stats.equating.panel import HIGHEST, Array, Column, Panel, has_spread, means, shares
from mtbenchx_tasks.stats.equating.pooling import pooled_lines
from mtbenchx_tasks.stats.equating.shapes import ChosenShape, Shape, choose, isotonic, predict_left_out, rating_values
from mtbenchx_tasks.stats.intervals import LEVEL
from mtbenchx_tasks.stats.means import standard_error

LOWEST = 1.0
SCORE = "score"
THESE_ANSWERS = "this model's mean on these answers"
OVER_QUESTIONS = "this model's mean over questions like these"
OF_SIBLINGS = "difference of two models of one family on these answers"
FEWEST_FAMILIES = 5
WHOLE = 0.9
"""Share of the anchors' answers that a model must have a rating of."""


def turn_name(turn: int) -> str:
    """Return what results call the mean of one turn."""
    return f"turn_{turn}"


@dataclass(frozen=True)
class Curve:
    """The way from the new judge's mean to the old judge's, of one quantity."""

    shape: Shape
    line: ScaleLine
    """Of the shapes `line` and `identity` the whole curve, of others the variances."""
    new: tuple[float, ...]
    """The anchors' means by the new judge; of `ordinal` the ratings 1 to 10."""
    old: tuple[float, ...]
    """What the curve has there; empty for a line."""
    low: float
    """Least mean by the new judge among the anchors: the curve's range."""
    high: float
    """Their greatest."""

    def at(self, mean: float, spread: Array, questions: float) -> Forecast:
        """Return the old judge's mean where the new one's is `mean`, its ratings spread over 1 to 10 by `spread`."""
        found = forecast(self.line, np.asarray(mean), questions)
        if self.shape == "isotonic":
            return found._replace(value=np.asarray(np.interp(mean, self.new, self.old)))
        if self.shape == "ordinal":
            return found._replace(value=spread @ np.array(self.old) / spread.sum())
        return found


@dataclass(frozen=True)
class RatedModel:
    """One model's ratings by the new judge, in one language."""

    ratings: Mapping[Column, float]
    """Answer -> its rating, the mean of runs and repeats."""

    def part(self, quantity: str) -> "RatedModel":
        """Return the ratings that a quantity is the mean of."""
        return RatedModel({column: value for column, value in self.ratings.items() if _is_of(column, quantity)})

    @cached_property
    def mean(self) -> float:
        """Mean rating; nan of none."""
        return math.fsum(self.ratings.values()) / len(self.ratings) if self.ratings else math.nan

    @cached_property
    def questions(self) -> int:
        """Questions with a rating."""
        return len({column.question_id for column in self.ratings})

    @cached_property
    def error(self) -> float:
        """Standard error of the mean over questions, drawn within their category; nan below two."""
        parts: dict[tuple[int | str, str], list[float]] = {}
        for column, value in self.ratings.items():
            parts.setdefault((column.question_id, column.category), []).append(value)
        found = standard_error([(category, values) for (_, category), values in parts.items()])
        return math.nan if isinstance(found, str) else found

    @cached_property
    def spread(self) -> Array:
        """How many ratings are 1, 2 ... 10, halves rounded up."""
        places = np.clip(np.floor(np.array(list(self.ratings.values())) + 0.5), 1, HIGHEST).astype(int)
        return np.bincount(places, minlength=HIGHEST + 1)[1:].astype(float)

    @property
    def tens(self) -> float:
        """Share of ratings of 10."""
        return sum(value >= HIGHEST for value in self.ratings.values()) / max(len(self.ratings), 1)


def _is_of(column: Column, quantity: str) -> bool:
    return quantity in (SCORE, turn_name(column.turn), column.category)


@dataclass(frozen=True)
class Scale:
    """The curves of one language."""

    curves: Mapping[str, Curve]
    """`score`, `turn_1` ..., and each category."""
    answers: Mapping[str, int]
    """Of each, how many answers an anchor has."""
    questions: Mapping[str, int]
    """Of each, how many questions."""
    choice: ChosenShape
    """How the shape of score and turns was found."""
    families: int
    models: int


def fit_scale(panel: Panel) -> Scale:
    """Fit every curve of one language.

    The shape is chosen by the score; categories have lines with partially pooled slopes. A turn or category in which
    the new judge rates the models alike has no curve.
    """
    choice = choose(panel)
    turns = _with_spread({turn_name(turn): panel.part(turn=turn) for turn in sorted({of.turn for of in panel.columns})})
    names = dict.fromkeys(column.category for column in panel.columns if column.category)
    categories = _with_spread({name: panel.part(category=name) for name in names})
    curves = {name: _curve(part, choice.shape) for name, part in {SCORE: panel, **turns}.items()}
    lines = [fit_line(means(part), panel.membership) for part in categories.values()]
    for (name, part), line in zip(categories.items(), pooled_lines(lines) if lines else [], strict=True):
        curves[name] = _as_curve("line", line, part)
    parts = {SCORE: panel, **turns, **categories}
    answers = {name: len(part.columns) for name, part in parts.items()}
    questions = {name: len({column.question_id for column in part.columns}) for name, part in parts.items()}
    return Scale(curves, answers, questions, choice, panel.membership.shape[1], len(panel.models))


def _with_spread(parts: Mapping[str, Panel]) -> dict[str, Panel]:
    return {name: part for name, part in parts.items() if has_spread(part)}


def _curve(panel: Panel, shape: Shape) -> Curve:
    found = means(panel)
    line = fit_line(found, panel.membership)
    if shape == "line":
        return _as_curve(shape, line, panel)
    left_out = predict_left_out(panel, (shape,))[shape]
    about = line_about(found, panel.membership, left_out, 1.0 if shape == "identity" else line.slope)
    if shape == "isotonic":
        order = np.argsort(found.new, kind="stable")
        at = found.new[order]
        return _as_curve(shape, about, panel, at, isotonic(found.new, found.old, at))
    if shape == "ordinal":
        worth = rating_values(*(amount.sum(0) for amount in shares(panel)))
        return _as_curve(shape, about, panel, np.arange(1.0, HIGHEST + 1), worth)
    return _as_curve(shape, about, panel)


def _as_curve(shape: Shape, line: ScaleLine, panel: Panel, *points: Array) -> Curve:
    new = means(panel).new
    at, values = (tuple(map(float, part)) for part in points) if points else ((), ())
    return Curve(shape, line, at, values, float(new.min()), float(new.max()))


@dataclass(frozen=True)
class Prediction:
    """What the old judge would have said of one quantity of one model; or, in words, why that can't be told."""

    quantity: str
    native: float
    """The new judge's mean."""
    estimate: Estimate | None
    """On these answers."""
    over_questions: Estimate | None = None
    """The same, with the chance of these questions."""
    reason: str = ""
    """Why there is none, or what to know of it."""
    is_bound: bool = False
    """The value is a lower bound: the new judge's scale ends there."""


def predict(scale: Scale, candidate: RatedModel, hash_: str = "") -> list[Prediction]:
    """Return what the old judge would have said of a model, quantity by quantity.

    Args:
        scale: Of the language.
        candidate: The new judge's ratings.
        hash_: Of the equating, which every estimate carries.
    """
    parts = {name: candidate.part(name) for name in scale.curves}
    return [_prediction(scale, name, part, hash_) for name, part in parts.items() if part.ratings]


def _prediction(scale: Scale, name: str, part: RatedModel, hash_: str) -> Prediction:
    curve, of = scale.curves[name], scale.answers[name]
    is_bound = part.tens > 1 / 2
    if len(part.ratings) < WHOLE * of:
        return Prediction(name, part.mean, None, reason=f"only {len(part.ratings)} of {of} answers have a rating")
    if part.mean < curve.low or (part.mean > curve.high and not is_bound):
        side = "below" if part.mean < curve.low else "above"
        reason = f"{part.mean:.2f} is {side} all anchors, which reach from {curve.low:.2f} to {curve.high:.2f}"
        return Prediction(name, part.mean, None, reason=reason)
    found = curve.at(min(part.mean, curve.high), part.spread, part.questions)
    chance = 0.0 if math.isnan(part.error) else float(curve.line.slope) ** 2 * part.error**2
    wider = found._replace(variance=found.variance + chance)
    estimates = [
        estimate(told, about, (part.questions, scale.questions[name]), hash_)
        for told, about in ((found, THESE_ANSWERS), (wider, OVER_QUESTIONS))
    ]
    if is_bound:
        bounds = [Estimate(one.low, one.low, float(HIGHEST), one.estimand, one.n, one.of, hash_) for one in estimates]
        reason = f"{part.tens:.0%} of its ratings are tens, so that only a lower bound is told and no rank"
        return Prediction(name, part.mean, bounds[0], bounds[1], reason, is_bound=True)
    return Prediction(name, part.mean, estimates[0], estimates[1])


def difference(scale: Scale, one: RatedModel, other: RatedModel, hash_: str = "") -> Estimate | None:
    """Return how much higher the old judge would have rated one model than another of its family, on these answers.

    None where the score of either has no prediction. Where the shape isn't a line, its slope is that between both.
    """
    curve = scale.curves[SCORE]
    found = [_prediction(scale, SCORE, part, hash_) for part in (one, other)]
    if any(prediction.estimate is None or prediction.is_bound for prediction in found):
        return None
    questions = min(one.questions, other.questions)
    told = forecast_difference(curve.line, np.asarray(one.mean), np.asarray(other.mean), questions)
    ends = [curve.at(part.mean, part.spread, part.questions).value for part in (one, other)]
    of = scale.questions[SCORE]
    return estimate(told._replace(value=ends[0] - ends[1]), OF_SIBLINGS, (questions, of), hash_, bounded=False)


def estimate(
    found: Forecast, about: str, questions: tuple[int, int], hash_: str = "", *, bounded: bool = True
) -> Estimate:
    """Return a forecast with its 95 % interval, by Student's t; a mean stays within 1 to 10."""
    half = half_width(found)
    ends = [float(found.value) - half, float(found.value), float(found.value) + half]
    low, value, high = (min(max(end, LOWEST), float(HIGHEST)) for end in ends) if bounded else ends
    return Estimate(value, low, high, about, *questions, hash_)


def half_width(found: Forecast) -> float:
    """Return half the width of a forecast's 95 % interval."""
    return float(t.ppf((1 + LEVEL) / 2, found.freedom) * np.sqrt(found.variance))

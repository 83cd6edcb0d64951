"""The scales and panels in equating.json, read: each row of the stated shape, or one sentence what is wrong with it."""

from typing import Annotated, Any, Self

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from hf_datasets.shared.rows import Id, Row, Text, one_of
from mtbenchx_tasks.stats.equating.line import ScaleLine
from mtbenchx_tasks.stats.equating.panel import HIGHEST, Column, Noise, Panel
from mtbenchx_tasks.stats.equating.scale import FEWEST_FAMILIES, LOWEST, SCORE, Curve, Scale
from mtbenchx_tasks.stats.equating.shapes import SHAPES, ChosenShape

LARGEST = 1e6
"""No quantity on a scale of 1 to 10 is larger."""


def _bounded(value: float) -> float:
    if not -LARGEST <= value <= LARGEST:  # nor nan
        raise ValueError(f"must be a number from {-LARGEST:,.0f} to {LARGEST:,.0f}")
    return value


def _not_negative(value: float) -> float:
    if value < 0:
        raise ValueError("must not be negative, since it is a variance")
    return value


def _rating(value: float | None) -> float | None:
    if value is not None and not LOWEST <= value <= HIGHEST:
        raise ValueError(f"must be a rating from {LOWEST:g} to {HIGHEST}, or null")
    return value


Number = Annotated[float, AfterValidator(_bounded)]
Variance = Annotated[Number, AfterValidator(_not_negative)]
Rating = Annotated[Number | None, AfterValidator(_rating)]
Two = Annotated[list[Number], Field(min_length=2, max_length=2)]
Square = Annotated[list[Two], Field(min_length=2, max_length=2)]
Cube = Annotated[list[Square], Field(min_length=2, max_length=2)]
Known = Annotated[str, one_of(*SHAPES)]


class NoiseRow(Row):
    """Variances and covariance of one question's ratings."""

    new: Variance
    both: Number
    old: Variance


class LineRow(Row):
    """See stats.equating.line.ScaleLine."""

    centre: Number
    level: Number
    slope: Number
    plain_slope: Number
    reliability: Number
    kept: Number
    level_variance: Variance
    slope_variance: Variance
    family_variance: Variance
    model_variance: Variance
    noise: NoiseRow
    covariance: Square
    sensitivity: Cube
    families: int
    models: int


class CurveRow(Row):
    """See stats.equating.scale.Curve."""

    shape: Known
    line: LineRow
    new: list[Number]
    old: list[Number]
    low: Number
    high: Number

    @model_validator(mode="after")
    def _points_fit_the_shape(self) -> Self:
        wanted = {"isotonic": max(1, len(self.new)), "ordinal": HIGHEST}.get(self.shape, 0)
        if not len(self.new) == len(self.old) == wanted:
            raise ValueError(f"must have as many points, new and old, as the shape {self.shape} has")
        return self


class ChoiceRow(Row):
    """See stats.equating.shapes.ChosenShape."""

    shape: Known
    loss: dict[str, Number]
    gain: dict[str, Two]


class ScaleRow(Row):
    """See stats.equating.scale.Scale."""

    curves: Annotated[dict[str, CurveRow], Field(min_length=1)]
    answers: dict[str, int]
    questions: dict[str, int]
    choice: ChoiceRow
    families: int
    models: int

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if SCORE not in self.curves or not self.curves.keys() <= self.answers.keys() & self.questions.keys():
            raise ValueError(f"must have a curve {SCORE!r}, and of each curve its answers and questions")
        return self


class ColumnRow(Row):
    """One answer that every anchor gave."""

    question_id: Id
    turn: int
    category: Text = ""


class PanelRow(Row):
    """Both judges' ratings of the anchors, a row a model, null where there is none."""

    models: list[str]
    families: list[str]
    columns: list[ColumnRow]
    new: list[list[Rating]]
    old: list[list[Rating]]

    @model_validator(mode="after")
    def _is_a_table(self) -> Self:
        sizes = {len(self.models), len(self.families), len(self.new), len(self.old)}
        widths = {len(ratings) for ratings in (*self.new, *self.old)}
        if len(sizes) > 1 or widths != {len(self.columns)} or not self.columns:
            raise ValueError("must have a family and two rows of ratings a model, each as long as the columns")
        if len(set(self.families)) < FEWEST_FAMILIES:
            raise ValueError(f"must have models of {FEWEST_FAMILIES} families")
        for model, new, old in zip(self.models, self.new, self.old, strict=True):
            if not any(None not in both for both in zip(new, old, strict=True)):
                raise ValueError(f"must have an answer of {model} that both judges rated")
        return self


def panel_of(row: PanelRow) -> Panel:
    """Return the ratings of one language."""
    columns = tuple(Column(one.question_id, one.turn, one.category) for one in row.columns)
    new, old = (np.array(part, float) for part in (row.new, row.old))
    return Panel(tuple(row.models), tuple(row.families), columns, new, old)


def scale_of(row: ScaleRow) -> Scale:
    """Return the scale of one language."""
    curves = {name: _curve(curve) for name, curve in row.curves.items()}
    gain: Any = {name: tuple(both) for name, both in row.choice.gain.items()}
    loss: Any = row.choice.loss
    shape: Any = row.choice.shape
    return Scale(curves, row.answers, row.questions, ChosenShape(shape, loss, gain), row.families, row.models)


def _curve(row: CurveRow) -> Curve:
    noise = Noise(*(np.asarray(part) for part in (row.line.noise.new, row.line.noise.both, row.line.noise.old)))
    rest = {name: value for name, value in row.line.model_dump().items() if name != "noise"}
    arrays: dict[str, Any] = {
        name: value if isinstance(value, int) else np.asarray(value, float) for name, value in rest.items()
    }
    shape: Any = row.shape
    return Curve(shape, ScaleLine(**arrays, noise=noise), tuple(row.new), tuple(row.old), row.low, row.high)

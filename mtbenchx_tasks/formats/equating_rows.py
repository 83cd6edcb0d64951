"""The scales and panels in equating.json, read: each row of the stated shape, or one sentence what is wrong with it."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from hf_datasets.shared.rows import Id, Row, Text, one_of
from mtbenchx_tasks.stats.equating.line import ScaleLine
from mtbenchx_tasks.stats.equating.panel import Column, Noise, Panel
from mtbenchx_tasks.stats.equating.scale import Curve, Scale
from mtbenchx_tasks.stats.equating.shapes import SHAPES, ChosenShape

Number = Annotated[float, Field(allow_inf_nan=False)]
Two = Annotated[list[Number], Field(min_length=2, max_length=2)]
Square = Annotated[list[Two], Field(min_length=2, max_length=2)]
Cube = Annotated[list[Square], Field(min_length=2, max_length=2)]
Known = Annotated[str, one_of(*SHAPES)]


class NoiseRow(Row):
    """Variances and covariance of one question's ratings."""

    new: Number
    both: Number
    old: Number


class LineRow(Row):
    """See stats.equating.line.Line."""

    centre: Number
    level: Number
    slope: Number
    plain_slope: Number
    reliability: Number
    kept: Number
    level_variance: Number
    slope_variance: Number
    family_variance: Number
    model_variance: Number
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


class ChoiceRow(Row):
    """See stats.equating.shapes.Choice."""

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
    new: list[list[Number | None]]
    old: list[list[Number | None]]


def panel_of(row: PanelRow) -> Panel:
    """Return the ratings; raises ValueError if a row is of another length than the others."""
    columns = tuple(Column(one.question_id, one.turn, one.category) for one in row.columns)
    shape = len(row.models), len(columns)
    new, old = (np.array(part, float).reshape(shape) for part in (row.new, row.old))
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

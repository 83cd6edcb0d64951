"""Which shape carries the old scale: the line, unless another predicts families that it hasn't seen better."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
from scipy.optimize import isotonic_regression

from mtbenchx_tasks.stats.equating.line import fit_line, forecast
from mtbenchx_tasks.stats.equating.panel import HIGHEST, Array, Panel, means, shares

Shape = Literal["line", "identity", "isotonic", "ordinal"]
SHAPES: tuple[Shape, ...] = ("line", "identity", "isotonic", "ordinal")
"""`isotonic`: a curve that never falls, through the models' means; `ordinal`: each rating 1 to 10 has a value of its
own, and a model's mean is the mean of these."""


class ChosenShape(NamedTuple):
    """The shape, and what each lost on families left out."""

    shape: Shape
    loss: Mapping[Shape, float]
    """Mean over families of the mean squared error on their models, in points squared."""
    gain: Mapping[Shape, tuple[float, float]]
    """How much less than the line's the loss is, and the standard error of that over families."""


def isotonic(new: Array, old: Array, at: Array) -> Array:
    """Return the old judge's means at `at`: the isotonic regression through the anchors' means, linear in between.

    Args:
        new: The anchors' means by the new judge, (models).
        old: By the old.
        at: Means by the new judge.
    """
    order = np.argsort(new, kind="stable")
    fitted: Array = np.interp(at, new[order], isotonic_regression(old[order]).x)
    return fitted


def rating_values(counts: Array, sums: Array) -> Array:
    """Return what each rating 1 to 10 of the new judge is worth: the old judge's mean there, never falling.

    Args:
        counts: How often the new judge gave each rating.
        sums: The sum of the old judge's ratings of those answers.
    """
    given = counts > 0
    values = isotonic_regression(sums[given] / counts[given], weights=counts[given]).x
    places = np.arange(1.0, HIGHEST + 1)
    worth: Array = np.interp(places, places[given], values)
    return worth


def predict_left_out(panel: Panel, among: tuple[Shape, ...] = SHAPES) -> dict[Shape, Array]:
    """Return what each shape predicts for every model from the families but its own, (models)."""
    found, counts = means(panel), shares(panel)
    predicted: dict[Shape, Array] = {shape: np.empty_like(found.new) for shape in among}
    for others, own in panel.folds():
        part = found.rows(others)
        membership = panel.rows(others).membership
        membership = membership[:, membership.any(0)]
        for shape in among:
            if shape == "line":
                line = fit_line(part, membership)
                value = forecast(line, found.new[own], found.questions[own]).value
            elif shape == "identity":
                value = found.new[own]
            elif shape == "isotonic":
                value = isotonic(part.new, part.old, found.new[own])
            else:
                worth = rating_values(*(amount[others].sum(0) for amount in counts))
                value = counts[0][own] @ worth / counts[0][own].sum(-1)
            predicted[shape][own] = value
    return predicted


def choose(panel: Panel) -> ChosenShape:
    """Return the line, or a shape that loses less on families that it hasn't seen.

    It is taken if its loss is smaller than the line's by more than one standard error over families; of several the one
    with the least loss. So must the identity, to which the line is shrunk already: with less it is taken by chance.
    """
    found, folds = means(panel), panel.folds()
    errors = {shape: (value - found.old) ** 2 for shape, value in predict_left_out(panel).items()}
    by_family = {shape: np.array([squares[own].mean() for _, own in folds]) for shape, squares in errors.items()}
    gain = {}
    for shape, losses in by_family.items():
        less = by_family["line"] - losses
        gain[shape] = float(less.mean()), float(less.std(ddof=1) / np.sqrt(len(less)))
    loss = {shape: float(losses.mean()) for shape, losses in by_family.items()}
    allowed: list[Shape] = ["line", *(shape for shape, (less, error) in gain.items() if less > error)]
    return ChosenShape(min(allowed, key=lambda shape: loss[shape]), loss, gain)

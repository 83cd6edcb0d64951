"""The anchors: models whose answers both judges rated, and their means."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
HIGHEST = 10
"""Ratings are 1 to 10."""
LEAST_RANGE = 1e-6
"""Means that differ by less are the same."""


class Column(NamedTuple):
    """One answer that every anchor gave."""

    question_id: int | str
    turn: int
    category: str = ""


@dataclass(frozen=True)
class Panel:
    """Two judges' ratings of the same answers."""

    models: tuple[str, ...]
    families: tuple[str, ...]
    """Of each model; models of one family share how far the judges differ on them."""
    columns: tuple[Column, ...]
    """What was answered."""
    new: Array
    """The new judge's ratings, (models, columns); nan where there is none."""
    old: Array
    """The old judge's."""

    @property
    def membership(self) -> Array:
        """1 where a model (row) is of a family (column), else 0."""
        names = list(dict.fromkeys(self.families))
        return np.array([[float(family == name) for name in names] for family in self.families])

    def rows(self, places: Sequence[int] | Places) -> "Panel":
        """Return the panel of some models alone."""
        return replace(
            self,
            models=tuple(self.models[place] for place in places),
            families=tuple(self.families[place] for place in places),
            new=self.new[..., places, :],
            old=self.old[..., places, :],
        )

    def part(self, turn: int | None = None, category: str | None = None) -> "Panel":
        """Return the panel of one turn's or category's answers alone."""
        kept = [
            place
            for place, column in enumerate(self.columns)
            if turn in (None, column.turn) and category in (None, column.category)
        ]
        columns = tuple(self.columns[place] for place in kept)
        return replace(self, columns=columns, new=self.new[..., kept], old=self.old[..., kept])

    def folds(self) -> list[tuple[Places, Places]]:
        """Return for each family the places of the others' models, and of its own."""
        of = np.array(self.families)
        return [(np.flatnonzero(of != name), np.flatnonzero(of == name)) for name in dict.fromkeys(self.families)]


@dataclass(frozen=True)
class Noise:
    """Variance and covariance of a question's ratings about model and question, by both judges; axes in front only."""

    new: Array
    both: Array
    old: Array

    def about(self, slope: Array) -> Array:
        """Return the variance of old - slope * new on one question."""
        return np.maximum(self.old - 2 * slope * self.both + slope**2 * self.new, 1e-6)


@dataclass(frozen=True)
class Means:
    """Every anchor's mean by both judges, over the answers that both rated."""

    new: Array
    """(models)."""
    old: Array
    questions: Array
    """How many questions each is over."""
    noise: Noise
    """Of one question."""

    def rows(self, places: Sequence[int] | Places) -> "Means":
        """Return the means of some models alone; the noise stays that of all."""
        return replace(
            self, new=self.new[..., places], old=self.old[..., places], questions=self.questions[..., places]
        )


def means(panel: Panel) -> Means:
    """Return every model's mean by both judges, and how far single questions scatter about model and question.

    A question is the unit of the noise: its turns move together. Of r_ij, the mean of question i less what it has in
    common with model j's and other models' answers, the (co)variance is the sum of products over N - J - n + 1, for N
    values, J models and n questions.
    """
    both = np.isfinite(panel.new) & np.isfinite(panel.old)
    ids = list(dict.fromkeys(column.question_id for column in panel.columns))
    of = np.array([[float(column.question_id == name) for name in ids] for column in panel.columns])
    counts = both.astype(float) @ of
    sums = [np.where(both, ratings, 0.0) @ of for ratings in (panel.new, panel.old)]
    total = np.maximum(counts.sum(-1), 1.0)
    residuals = [_centred(np.where(counts > 0, part / np.maximum(counts, 1.0), np.nan)) for part in sums]
    rated = (counts > 0).sum(-1)
    free = np.maximum(rated.sum(-1) - counts.shape[-2] - (counts.sum(-2) > 0).sum(-1) + 1, 1)
    new, cross, old = (np.nansum(one * other, axis=(-2, -1)) / free for one, other in _pairs(*residuals))
    mean_new, mean_old = (part.sum(-1) / total for part in sums)
    return Means(mean_new, mean_old, rated.astype(float), Noise(new, cross, old))


def has_spread(panel: Panel) -> bool:
    """Tell whether the new judge's means of the models differ, whichever family is left out."""
    new = means(panel).new
    return all(float(np.ptp(new[others])) > LEAST_RANGE for others, _ in panel.folds())


def _pairs(new: Array, old: Array) -> tuple[tuple[Array, Array], ...]:
    return (new, new), (new, old), (old, old)


def _centred(values: Array) -> Array:
    """Take from each question's mean (models, questions) what its model and its question have in common."""
    there = np.isfinite(values)
    for _ in range(1 if there.all() else 20):  # without gaps once is exact
        for axis in (-1, -2):
            count = np.maximum(there.sum(axis, keepdims=True), 1)
            values = values - np.where(there, values, 0.0).sum(axis, keepdims=True) / count
    return values


def shares(panel: Panel) -> tuple[Array, Array]:
    """Return how often the new judge gave each rating 1 to 10, (models, ratings), and the sum of the old's there."""
    both = np.isfinite(panel.new) & np.isfinite(panel.old)
    levels = np.clip(np.floor(np.where(both, panel.new, 0.0) + 0.5), 1, HIGHEST)
    at = [both & (levels == level) for level in range(1, HIGHEST + 1)]
    counts = np.stack([found.sum(-1) for found in at], -1).astype(float)
    sums = np.stack([np.where(found, panel.old, 0.0).sum(-1) for found in at], -1)
    return counts, sums

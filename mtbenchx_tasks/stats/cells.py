"""Means of a table's cells, and their intervals: all models of a table in the same draws of questions.

Formulas: METHODS.md, "Means of ratings", "Averages over runs" and "Interval over questions".
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from hf_datasets.records import QuestionId
from mtbenchx_tasks.stats.intervals import (
    DRAWS,
    FEWEST_QUESTIONS,
    Averaged,
    Interval,
    category_of_each,
    drawn_totals,
    mean_and_sd,
    ordered_questions,
    percentile_interval,
    question_weights,
    strata,
)
from mtbenchx_tasks.stats.means import category_mean, mean

if TYPE_CHECKING:
    from mtbenchx_tasks.stats.intervals import Array


class RatedAnswer(Protocol):
    """One answer with all its ratings, as far as means need it."""

    @property
    def question_id(self) -> QuestionId: ...  # noqa: D102
    @property
    def category(self) -> str: ...  # noqa: D102

    @property
    def rating(self) -> float | None:
        """What `answer_rating` makes of its runs and repeats, 1 to 10; None without one."""
        ...

    @property
    def runs(self) -> Collection[int]:
        """Numbers of the judge runs that it was in, whether they gave a rating or not."""
        ...

    def of_run(self, run: int) -> float | None:
        """Return the rating of one run; None without one."""
        ...


class RatingTable(Protocol):
    """Ratings that may be compared: the answers of several models in several languages, under the same conditions."""

    @property
    def answers(self) -> Sequence[RatedAnswer]:
        """Every answer."""
        ...

    @property
    def languages(self) -> Sequence[str]:
        """Codes of the languages, in order."""
        ...

    @property
    def runs(self) -> int:
        """How many judge runs there are at most."""
        ...

    def cell(self, model: str, language: str, turn: int | None = None) -> Sequence[RatedAnswer]:
        """Return one model's answers in one language, of one turn or of all; empty if there is none."""
        ...


@dataclass(frozen=True)
class Mean:
    """A mean of ratings."""

    value: float | None
    """On the 10-point scale; None if nothing was scored."""
    scored: int
    """Answers with a rating."""
    total: int
    """All answers."""

    @property
    def n(self) -> str:
        """`78/80`."""
        return f"{self.scored}/{self.total}" if self.total else ""


def mean_of(answers: Sequence[RatedAnswer]) -> Mean:
    """Return the mean over answers (each the mean of its runs): FastChat's score."""
    return _counted(mean((answer.rating,) for answer in answers if answer.rating is not None), answers)


def average_of(answers: Sequence[RatedAnswer]) -> Mean:
    """Return the mean of the category means: the paper's Avg. (Tables 8-10)."""
    rated = ((answer.category, (answer.rating,)) for answer in answers if answer.rating is not None)
    return _counted(category_mean(rated), answers)


def _counted(value: float, answers: Sequence[RatedAnswer]) -> Mean:
    return Mean(_or_none(value), sum(answer.rating is not None for answer in answers), len(answers))


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def average_over_runs(answers: Sequence[RatedAnswer], runs: int) -> Averaged:
    """Return Avg. of each judge run alone, averaged, with its standard deviation.

    A run that did not judge every answer (it was cut, or a file holds a few rows twice) has no average.
    """
    return mean_and_sd(_average_of_run(answers, run) for run in range(runs))


def _average_of_run(answers: Sequence[RatedAnswer], run: int) -> float | None:
    if not all(run in answer.runs for answer in answers):
        return None
    rated = ((answer.category, (value,)) for answer in answers if (value := answer.of_run(run)) is not None)
    return _or_none(category_mean(rated))


@dataclass(frozen=True)
class Resampler:
    """The averages of a table's cells, each in the same draws of questions, so that differences are paired.

    METHODS.md, "Interval over questions": a question moves with all its turns, repeats, runs, models and languages.
    """

    table: RatingTable
    draws: int = DRAWS
    """Number of draws."""
    seed: int = 0
    """Seed of the draws."""

    @cached_property
    def questions(self) -> tuple[QuestionId, ...]:
        """Ids of the table's questions, in order."""
        return ordered_questions(self._categories)

    @cached_property
    def _categories(self) -> dict[QuestionId, str]:
        return category_of_each((answer.question_id, answer.category) for answer in self.table.answers)

    @cached_property
    def weights(self) -> "Array":
        """How much each question (columns) weighs in each draw (rows)."""
        return question_weights(strata([self._categories[key] for key in self.questions]), self.draws, self.seed)

    def averages(self, model: str, language: str, turn: int | None = None) -> "Array":
        """Return a cell's Avg. in each draw; nan where a draw has no rating."""
        key = model, language, turn
        if key not in self._averages_by_cell:
            self._averages_by_cell[key] = self._averages(self.table.cell(model, language, turn))
        return self._averages_by_cell[key]

    @cached_property
    def _averages_by_cell(self) -> "dict[tuple[str, str, int | None], Array]":
        return {}

    def _averages(self, answers: Sequence[RatedAnswer]) -> "Array":
        """A category that a draw lacks is in no mean."""
        import numpy as np

        place = {question: number for number, question in enumerate(self.questions)}
        categories = list(dict.fromkeys(answer.category for answer in answers))
        table = np.zeros((len(self.questions), 2 * len(categories)))
        for answer in answers:
            if answer.rating is not None:
                column = 2 * categories.index(answer.category)
                table[place[answer.question_id], column : column + 2] += (answer.rating, 1)
        totals = drawn_totals(self.weights, table)
        sums, counts = totals[:, ::2], totals[:, 1::2]
        means = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
        present = (counts > 0).sum(axis=1)
        nothing = np.full(self.draws, np.nan)
        averages: Array = np.divide(means.sum(axis=1), present, out=nothing, where=present > 0)
        return averages

    def cell_interval(self, model: str, language: str) -> Interval | None:
        """Return the 95 % interval of a cell's Avg."""
        return self.interval(self.averages(model, language), n_questions(self.table.cell(model, language)))

    def interval(self, statistics: "Array", questions: int) -> Interval | None:
        """Return the percentile interval of a statistic's draws; None below two questions with a rating."""
        return percentile_interval(statistics) if questions >= FEWEST_QUESTIONS else None


def n_questions(answers: Iterable[RatedAnswer]) -> int:
    """Return how many questions have a rating."""
    return len({answer.question_id for answer in answers if answer.rating is not None})

"""From verdicts to metrics: what one question contributes, how contributions become a number, and its error.

A failed judgment is not a number: it is in no mean, and `unscored` counts it. Formulas: METHODS.md, "Means of ratings".
"""

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, variance
from typing import TYPE_CHECKING, Any, Protocol

from hf_datasets.records import Question
from mtbenchx_tasks.records import Verdict
from mtbenchx_tasks.stats.intervals import (
    DRAWS,
    FEWEST_QUESTIONS,
    Averaged,
    Interval,
    QuestionId,
    mean_and_sd,
    ordered_questions,
    percentile_interval,
    question_weights,
    strata,
)

if TYPE_CHECKING:
    from mtbenchx_tasks.stats.intervals import Array

MEANS = ("score", "turn_1", "turn_2")
"""Metrics with a standard error over questions."""


def contributions(
    question: Question,
    verdicts: Sequence[Sequence[Sequence[Verdict]]],
    languages: Sequence[Sequence[str | None]],
    categories: Iterable[str],
) -> dict[str, Any]:
    """Return what one question adds to each metric.

    Args:
        question: The question.
        verdicts: Per turn, per repeat, per run.
        languages: The languages of the answers, per turn, per repeat; None where one can't be told.
        categories: All categories of the evaluation; every question reports every one, so that ranks can be joined.

    Returns:
        Lists of ratings (one per turn that has any: see `answer_rating`) for `score`, `turn_1`, `turn_2` and
        each category, lists of 0 and 1 for `answer_language` and `unscored`, and (category, ratings) pairs for
        `category_mean` and for the `_stderr` that follows each of MEANS, which the harness takes as its error.
    """
    given = [[[verdict.rating for verdict in runs] for runs in repeats] for repeats in verdicts]
    turns = [_present(answer_rating(repeats)) for repeats in given]
    both = [value for values in turns for value in values]
    metrics: dict[str, Any] = {}
    for name, values in zip(MEANS, (both, *turns), strict=True):
        metrics |= {name: values, f"{name}_stderr": (question.category, values)}
    metrics["category_mean"] = (question.category, both)
    metrics |= {category: both if category == question.category else [] for category in categories}
    metrics["answer_language"] = in_the_questions_language(question, languages)
    metrics["unscored"] = [float(answer_rating([runs]) is None) for repeats in given for runs in repeats]
    return metrics


def _present(value: float | None) -> list[float]:
    return [] if value is None else [value]


def answer_rating(repeats: Iterable[Sequence[float | None]]) -> float | None:
    """Return the rating of the answers to one turn: the mean of the valid runs, then of the repeats that have one.

    This is the one definition: the harness, `judge`, the report and the cards take means of these.

    Args:
        repeats: Per repeat, the rating of each run; None where it failed.
    """
    valid = [[value for value in runs if value is not None] for runs in repeats]
    means = [fmean(runs) for runs in valid if runs]
    return fmean(means) if means else None


def in_the_questions_language(question: Question, languages: Sequence[Sequence[str | None]]) -> list[float]:
    """Return 1 for each answer in the question's language and 0 for others.

    Turns that ask for another language stay out, and so do answers whose language can't be told (empty, only code).
    """
    return [
        float(language == question.language)
        for turn, repeats in enumerate(languages, start=1)
        if turn not in question.other_language_turns
        for language in repeats
        if language is not None
    ]


def mean(items: Iterable[Sequence[float]]) -> float:
    """Return the mean over the turns of all questions (FastChat's weighting); nan if there is none."""
    values = [value for item in items for value in item]
    return fmean(values) if values else math.nan


def standard_error(items: Iterable[tuple[str, Sequence[float]]]) -> float | str:
    """Return the standard error of `mean` over questions that are resampled within their category.

    It is what the bootstrap of `stats.intervals.bootstrap_interval` tends to: with e_i = (sum of question i's values)
    - mean * (number of its values), n_h questions in category h and N values in all,

        sqrt(sum over h of n_h / (n_h - 1) * sum over i in h of (e_i - mean of e in h)^2) / N

    METHODS.md, "Standard error of a mean". Turns of one question move together.

    Args:
        items: Per question its category and its values; a question without values stays out.

    Returns:
        The error in points, or "N/A" below two questions.
    """
    valued = [(category, values) for category, values in items if values]
    if len(valued) < FEWEST_QUESTIONS:
        return "N/A"
    centre = mean(values for _, values in valued)
    groups: dict[int, list[float]] = {}
    for stratum, (_, values) in zip(strata([category for category, _ in valued]), valued, strict=True):
        groups.setdefault(stratum, []).append(math.fsum(values) - centre * len(values))
    total = math.fsum(len(errors) * variance(errors) for errors in groups.values())
    return math.sqrt(total) / sum(len(values) for _, values in valued)


def category_mean(items: Iterable[tuple[str, Sequence[float]]]) -> float:
    """Return the mean of the category means (the paper's Avg., Tables 8-10); nan if there is none."""
    by_category: dict[str, list[float]] = {}
    for category, values in items:
        by_category.setdefault(category, []).extend(values)
    means = [fmean(values) for values in by_category.values() if values]
    return fmean(means) if means else math.nan


def aggregations(categories: Iterable[str]) -> dict[str, Callable[..., Any]]:
    """Return how each metric of `contributions` is aggregated, in the order of the table."""
    table: dict[str, Callable[..., Any]] = {}
    for name in MEANS:
        table |= {name: mean, f"{name}_stderr": standard_error}
    return table | {"category_mean": category_mean} | dict.fromkeys([*categories, "answer_language", "unscored"], mean)


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
    return _counted(mean(_present(answer.rating) for answer in answers), answers)


def average_of(answers: Sequence[RatedAnswer]) -> Mean:
    """Return the mean of the category means: the paper's Avg. (Tables 8-10)."""
    return _counted(category_mean((answer.category, _present(answer.rating)) for answer in answers), answers)


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
    return _or_none(category_mean((answer.category, _present(answer.of_run(run))) for answer in answers))


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
        return {answer.question_id: answer.category for answer in self.table.answers}

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
        totals = self.weights @ table
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

"""Means with what they rest on: n scored of n, deviation over runs, and an interval over questions.

All intervals of a section come from the same draws of questions, so that differences between models are paired: a
question moves with all its turns, runs, models and languages (notes D11).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import TYPE_CHECKING

from mtbenchx_tasks.report.sections import Answer, Section
from mtbenchx_tasks.stats.intervals import DRAWS, FEWEST_QUESTIONS, LEVEL, Averaged, Interval, mean_and_sd

if TYPE_CHECKING:
    from mtbenchx_tasks.stats.intervals import Array


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


def mean_of(answers: Iterable[Answer]) -> Mean:
    """Return the mean over answers (each the mean of its runs): FastChat's score."""
    ratings = [answer.rating for answer in answers]
    valid = [rating for rating in ratings if rating is not None]
    return Mean(fmean(valid) if valid else None, len(valid), len(ratings))


def average_of(answers: Sequence[Answer]) -> Mean:
    """Return the mean of the category means: the paper's Avg. (Tables 8-10)."""
    means = [mean_of(group) for group in _by_category(answers).values()]
    valid = [found.value for found in means if found.value is not None]
    return Mean(fmean(valid) if valid else None, sum(m.scored for m in means), sum(m.total for m in means))


def _by_category(answers: Iterable[Answer]) -> dict[str, list[Answer]]:
    groups: dict[str, list[Answer]] = {}
    for answer in answers:
        groups.setdefault(answer.category, []).append(answer)
    return groups


def average_over_runs(answers: Sequence[Answer], runs: int) -> Averaged:
    """Return Avg. of each judge run alone, averaged, with its standard deviation.

    A run that did not judge every answer (it was cut, or a file holds a few rows twice) has no average.
    """
    found: list[float | None] = []
    for run in range(runs):
        if not all(any(item.run == run for item in answer.judged) for answer in answers):
            found.append(None)
            continue
        groups = [[answer.of_run(run) for answer in group] for group in _by_category(answers).values()]
        means = [fmean(valid) for group in groups if (valid := [value for value in group if value is not None])]
        found.append(fmean(means) if means else None)
    return mean_and_sd(found)


@dataclass(frozen=True)
class Resampler:
    """Draws questions with replacement, the same draws for every cell of a section."""

    section: Section
    """Whose questions."""
    draws: int = DRAWS
    """How often."""
    seed: int = 0
    """Of the draws."""

    @cached_property
    def questions(self) -> tuple[int, ...]:
        """Every question of the section, by id."""
        return tuple(sorted({answer.question_id for answer in self.section.answers}))

    @cached_property
    def times(self) -> "Array":
        """How often each question (columns) is in each draw (rows)."""
        import numpy as np

        n = len(self.questions)
        drawn = np.random.default_rng(self.seed).integers(0, n, (self.draws, n)) + np.arange(self.draws)[:, None] * n
        return np.bincount(drawn.ravel(), minlength=self.draws * n).reshape(self.draws, n).astype(np.float64)

    def averages(self, model: str, language: str, turn: int | None = None) -> "Array":
        """Return a cell's Avg. in each draw; nan where a draw has no rating."""
        key = model, language, turn
        if key not in self._known:
            self._known[key] = self._averages(self.section.cell(model, language, turn))
        return self._known[key]

    @cached_property
    def _known(self) -> "dict[tuple[str, str, int | None], Array]":
        return {}

    def _averages(self, answers: Sequence[Answer]) -> "Array":
        """A category that a draw lacks is in no mean."""
        import numpy as np

        place = {question: number for number, question in enumerate(self.questions)}
        categories = list(dict.fromkeys(answer.category for answer in answers))
        table = np.zeros((len(self.questions), 2 * len(categories)))
        for answer in answers:
            if answer.rating is not None:
                column = 2 * categories.index(answer.category)
                table[place[answer.question_id], column : column + 2] += (answer.rating, 1)
        totals = self.times @ table
        sums, counts = totals[:, ::2], totals[:, 1::2]
        means = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
        present = (counts > 0).sum(axis=1)
        nothing = np.full(self.draws, np.nan)
        averages: Array = np.divide(means.sum(axis=1), present, out=nothing, where=present > 0)
        return averages

    def cell_interval(self, model: str, language: str, turn: int | None = None) -> Interval | None:
        """Return the interval of a cell's Avg."""
        answers = self.section.cell(model, language, turn)
        return self.interval(self.averages(model, language, turn), n_questions(answers))

    def interval(self, draws: "Array", questions: int) -> Interval | None:
        """Return the percentile interval of a statistic's draws; None below two questions."""
        import numpy as np

        found = draws[np.isfinite(draws)]
        if questions < FEWEST_QUESTIONS or not len(found):
            return None
        low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return Interval(float(low), float(high))


def n_questions(answers: Iterable[Answer]) -> int:
    """Return how many questions have a rating."""
    return len({answer.question_id for answer in answers if answer.rating is not None})


def show_interval(interval: Interval | None, digits: int = 2, sign: bool = False) -> str:
    """Return `1.20 to 1.84`, or "" without one."""
    if interval is None:
        return ""
    mark = "+" if sign else ""
    return f"{interval.low + 0.0:{mark}.{digits}f} to {interval.high + 0.0:{mark}.{digits}f}"

"""What a judge said of one model's answers in one language, and the task's metrics of it."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import Any

from hf_datasets.records import Question, QuestionId, ordered_categories
from mtbenchx_tasks.formats.benchmark import every_question
from mtbenchx_tasks.records import Rating, Verdict
from mtbenchx_tasks.stats.agreement import AnswerId
from mtbenchx_tasks.stats.intervals import Averaged, mean_and_sd
from mtbenchx_tasks.stats.means import aggregations, answer_rating, contributions

OTHER_VERSION = "another version of the judge"
Spoken = Mapping[AnswerId, str | None]
"""Answer -> its language; None where it can't be told."""


@dataclass(frozen=True)
class Scored:
    """One model's answers in one language, rated by one judge."""

    judge: str
    """The judge's slug."""
    model: str
    """Who answered."""
    language: str
    """Language of the questions."""
    runs: int
    """How often each answer was judged."""
    questions: tuple[Question, ...]
    """The questions that were answered, in order."""
    ratings: tuple[Rating, ...]
    """Of every question, repeat, turn and run in order; one for an empty answer, which isn't judged."""
    languages: Spoken = field(default_factory=dict)
    failed: int = 0
    """Judgments that were not reached or not asked; the next run asks them again."""
    suspicious: tuple[QuestionId, ...] = ()
    """Questions whose answers talk to the judge (see judge/injection.py)."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What results say of it: `version`, `benchmark` (name, language, revision, questions) and `judge` (settings)."""

    @property
    def benchmark(self) -> str:
        """Name of the benchmark."""
        return str(self.about.get("benchmark", {}).get("name", ""))

    @property
    def repeats(self) -> int:
        """How many answers a question has at most."""
        return 1 + max((rating.repeat for rating in self.ratings), default=0)

    @property
    def asked(self) -> tuple[int, int]:
        """Questions that were answered, and that the benchmark has."""
        return len(self.questions), int(self.about.get("benchmark", {}).get("questions", len(self.questions)))

    @property
    def every_category(self) -> Mapping[str, int]:
        """Category -> how many questions the benchmark has in it, as far as that is known; else those at hand."""
        known = every_question(self.benchmark).values()
        return Counter(known or [question.category for question in self.questions])

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that have a rating, which `category_mean` is over."""
        return tuple(name for name in self.every_category if not math.isnan(self.metrics.get(name, math.nan)))

    def in_category(self, name: str) -> tuple[int, int]:
        """Return how many questions of a category were answered, and how many the benchmark has; (0, 0) of none."""
        answered = sum(question.category == name for question in self.questions)
        return answered, self.every_category.get(name, 0)

    @cached_property
    def metrics(self) -> dict[str, float]:
        """The task's metrics; several runs are averaged per answer first."""
        return metrics(self.questions, self.ratings, self.languages)

    @cached_property
    def per_run(self) -> list[dict[str, float]]:
        """The metrics of each run's verdicts alone, without those that no judge decides."""
        answers = self.by_answer.values()
        runs = [[ratings[min(run, len(ratings) - 1)] for ratings in answers] for run in range(self.runs)]
        return [metrics(self.questions, ratings) for ratings in runs]

    def over_runs(self, name: str) -> Averaged:
        """Return a metric's mean and standard deviation over the runs; a run without a value is counted apart."""
        values = (found.get(name, math.nan) for found in self.per_run)
        return mean_and_sd(None if math.isnan(value) else value for value in values)

    @cached_property
    def by_answer(self) -> Mapping[AnswerId, tuple[Rating, ...]]:
        """Each answer with its ratings, run by run."""
        return {answer: tuple(ratings) for answer, ratings in groupby(self.ratings, answer_of)}

    @property
    def rating_of(self) -> dict[AnswerId, float | None]:
        """The rating of each answer, the mean of its valid runs; None if there is none."""
        return {answer: mean_of_runs(ratings) for answer, ratings in self.by_answer.items()}

    @property
    def snapshots(self) -> tuple[str, ...]:
        """The judge's versions that gave ratings, as the endpoint reported them."""
        return tuple(sorted({rating.rater.snapshot for rating in self.ratings} - {""}))

    def by_snapshot(self) -> list["Scored"]:
        """Return one part per version of the judge; what another version said has no rating there."""
        if len(self.snapshots) < 2:  # noqa: PLR2004
            return [self]
        return [
            replace(
                self,
                judge=f"{self.judge} ({snapshot})",
                ratings=tuple(
                    rating
                    if rating.rater.snapshot == snapshot
                    else replace(rating, value=None, reason=OTHER_VERSION, rater=replace(rating.rater, snapshot=""))
                    for rating in self.ratings
                ),
            )
            for snapshot in self.snapshots
        ]

    @property
    def reasons(self) -> Counter[str]:
        """Why judgments are not numbers, and how many."""
        return Counter(rating.reason for rating in self.ratings if rating.value is None)


def categories_of(results: Iterable[Scored]) -> dict[QuestionId, str]:
    """Return the category of each question, within which intervals resample."""
    return {question.question_id: question.category for result in results for question in result.questions}


def answer_of(rating: Rating) -> AnswerId:
    """Return which answer a rating is of."""
    item = rating.item
    return AnswerId(rating.model.name, item.language, item.question_id, item.turn or 0, rating.repeat)


def mean_of_runs(ratings: Iterable[Rating]) -> float | None:
    """Return the mean of one answer's valid runs; None if there is none."""
    return answer_rating([[rating.value for rating in ratings]])


def turns_of(question: Question) -> range:
    """Return the numbers of a question's turns, from 1."""
    return range(1, len(question.turns) + 1)


def metrics(
    questions: Sequence[Question], ratings: Iterable[Rating], languages: Spoken | None = None
) -> dict[str, float]:
    """Return the task's metrics of one model's ratings in one language; nan where nothing was rated.

    Args:
        questions: What was asked.
        ratings: Of any of their turns, repeats and runs.
        languages: Of the answers; None: `answer_language` is nan.
    """
    verdicts: dict[tuple[Any, Any], dict[int, list[Verdict]]] = {}
    for rating in ratings:
        runs = verdicts.setdefault((rating.item.question_id, rating.item.turn), {}).setdefault(rating.repeat, [])
        runs.append(Verdict(rating.value))
    spoken: dict[tuple[QuestionId, int], list[str | None]] = {}
    for answer, language in (languages or {}).items():
        spoken.setdefault((answer.question_id, answer.turn), []).append(language)
    categories = ordered_categories(question.category for question in questions)
    most = max((len(question.turns) for question in questions), default=0)
    parts = [
        contributions(
            question,
            [list(verdicts.get((question.question_id, turn), {}).values()) for turn in turns_of(question)],
            [spoken.get((question.question_id, turn), []) for turn in turns_of(question)],
            categories,
            most,
        )
        for question in questions
    ]
    table = aggregations(categories, most)
    found = {name: aggregate([part[name] for part in parts]) for name, aggregate in table.items()}
    return {name: math.nan if value == "N/A" else float(value) for name, value in found.items()}

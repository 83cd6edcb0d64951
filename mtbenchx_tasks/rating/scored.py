"""What a judge said of one model's answers in one language, and the task's metrics of it."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from hf_datasets.records import CATEGORIES, Question
from mtbenchx_tasks.formats.benchmark import every_question
from mtbenchx_tasks.records import Verdict
from mtbenchx_tasks.stats.agreement import AnswerId
from mtbenchx_tasks.stats.intervals import Averaged, mean_and_sd
from mtbenchx_tasks.stats.means import aggregations, contributions, rating

OTHER_VERSION = "another version of the judge"


@dataclass(frozen=True)
class Rated:
    """One question's answers and what the judge said of them."""

    question: Question
    """What was asked."""
    answers: tuple[str, ...]
    """Per turn."""
    verdicts: tuple[tuple[Verdict, ...], ...]
    """Per turn, per run; one for an empty answer, which isn't judged."""
    languages: tuple[str | None, ...] = ()
    """Of the answers; None where one can't be told."""

    def of_run(self, run: int) -> "Rated":
        """Return the same with the verdicts of one run only."""
        return replace(self, verdicts=tuple((runs[min(run, len(runs) - 1)],) for runs in self.verdicts))

    def of_snapshot(self, snapshot: str) -> "Rated":
        """Return the same with the ratings of one version of the judge only."""
        other = Verdict(None, reason=OTHER_VERSION)
        return replace(
            self,
            verdicts=tuple(
                tuple(verdict if verdict.snapshot == snapshot else other for verdict in runs) for runs in self.verdicts
            ),
        )


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
    rated: tuple[Rated, ...]
    """One per question."""
    failed: int = 0
    """Judgments that were not reached or not asked; the next run asks them again."""
    suspicious: tuple[int, ...] = ()
    """Questions whose answers talk to the judge (see judge/injection.py)."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What results say of it: `version`, `benchmark` (name, language, revision, questions) and `judge` (settings)."""

    @property
    def benchmark(self) -> str:
        """Name of the benchmark."""
        return str(self.about.get("benchmark", {}).get("name", ""))

    @property
    def asked(self) -> tuple[int, int]:
        """Questions that were answered, and that the benchmark has."""
        return len(self.rated), int(self.about.get("benchmark", {}).get("questions", len(self.rated)))

    @property
    def every_category(self) -> Mapping[str, int]:
        """Category -> how many questions the benchmark has in it, as far as that is known; else those at hand."""
        return Counter(every_question(self.benchmark).values()) or Counter(
            item.question.category for item in self.rated
        )

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that have a rating, which `category_mean` is over."""
        return tuple(name for name in self.every_category if not math.isnan(self.metrics.get(name, math.nan)))

    def in_category(self, name: str) -> tuple[int, int]:
        """Return how many questions of a category were answered, and how many the benchmark has; (0, 0) of none."""
        answered = sum(item.question.category == name for item in self.rated)
        return answered, self.every_category.get(name, 0)

    @cached_property
    def metrics(self) -> dict[str, float]:
        """The task's metrics; several runs are averaged per answer first."""
        return metrics(self.rated)

    @cached_property
    def per_run(self) -> list[dict[str, float]]:
        """The metrics of each run's verdicts alone, without those that no judge decides."""
        silent = [replace(item, languages=()) for item in self.rated]
        return [metrics([item.of_run(run) for item in silent]) for run in range(self.runs)]

    def over_runs(self, name: str) -> Averaged:
        """Return a metric's mean and standard deviation over the runs; a run without a value is counted apart."""
        values = (found.get(name, math.nan) for found in self.per_run)
        return mean_and_sd(None if math.isnan(value) else value for value in values)

    @property
    def ratings(self) -> dict[AnswerId, float | None]:
        """The rating of each answer, the mean of its valid runs; None if there is none."""
        return {
            AnswerId(self.model, self.language, item.question.question_id, turn): rating(runs)
            for item in self.rated
            for turn, runs in enumerate(item.verdicts, start=1)
        }

    @property
    def snapshots(self) -> tuple[str, ...]:
        """The judge's versions that gave ratings, as the endpoint reported them."""
        verdicts = (verdict for item in self.rated for runs in item.verdicts for verdict in runs)
        return tuple(sorted({verdict.snapshot for verdict in verdicts if verdict.snapshot}))

    def by_snapshot(self) -> list["Scored"]:
        """Return one part per version of the judge; what another version said has no rating there."""
        if len(self.snapshots) < 2:  # noqa: PLR2004
            return [self]
        return [
            replace(
                self, judge=f"{self.judge} ({snapshot})", rated=tuple(item.of_snapshot(snapshot) for item in self.rated)
            )
            for snapshot in self.snapshots
        ]

    @property
    def reasons(self) -> Counter[str]:
        """Why judgments are not numbers, and how many."""
        verdicts = (verdict for item in self.rated for runs in item.verdicts for verdict in runs)
        return Counter(verdict.reason for verdict in verdicts if verdict.rating is None)


def metrics(rated: Sequence[Rated]) -> dict[str, float]:
    """Return the task's metrics of rated answers; nan where nothing was rated."""
    present = {item.question.category for item in rated}
    categories = [category for category in CATEGORIES if category in present]
    parts = [
        contributions(item.question, [[runs] for runs in item.verdicts], [[one] for one in item.languages], categories)
        for item in rated
    ]
    found = {name: aggregate([part[name] for part in parts]) for name, aggregate in aggregations(categories).items()}
    return {name: math.nan if value == "N/A" else float(value) for name, value in found.items()}

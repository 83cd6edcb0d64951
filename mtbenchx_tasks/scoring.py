"""Scoring answers that exist already: the same judge, ledger and numbers as the harness task, without the harness."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from hf_datasets import mtbench_x
from hf_datasets.errors import UserError
from hf_datasets.records import CATEGORIES, Completion, Question
from mtbenchx_tasks import TASK_VERSION
from mtbenchx_tasks.agreement import AnswerId
from mtbenchx_tasks.candidate import Candidate
from mtbenchx_tasks.dialogue import Conversation, place_of, plain
from mtbenchx_tasks.judge.judge import Judge, judge_for
from mtbenchx_tasks.judge.planning import PlanEngine
from mtbenchx_tasks.judge.run import Engine
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.judge.verdict import Verdict
from mtbenchx_tasks.scores import aggregations, contributions, rating
from mtbenchx_tasks.stats import Averaged, mean_and_sd


@dataclass(frozen=True)
class Rated:
    """One question's answers and what the judge said of them."""

    question: Question
    """What was asked."""
    answers: tuple[str, ...]
    """Per turn."""
    verdicts: tuple[tuple[Verdict, ...], ...]
    """Per turn, per run; one for an empty answer, which isn't judged."""

    def of_run(self, run: int) -> "Rated":
        """Return the same with the verdicts of one run only."""
        return replace(self, verdicts=tuple((runs[min(run, len(runs) - 1)],) for runs in self.verdicts))


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
    snapshots: tuple[str, ...] = ()
    """The judge's versions that the endpoint reported."""
    suspicious: tuple[int, ...] = ()
    """Questions whose answers talk to the judge (see judge/injection.py)."""

    @cached_property
    def metrics(self) -> dict[str, float]:
        """The task's metrics; several runs are averaged per answer first."""
        return metrics(self.rated)

    @cached_property
    def per_run(self) -> list[dict[str, float]]:
        """The metrics of each run's verdicts alone, without those that no judge decides."""
        silent = [replace(item, answers=()) for item in self.rated]
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
    def reasons(self) -> Counter[str]:
        """Why judgments are not numbers, and how many."""
        verdicts = (verdict for item in self.rated for runs in item.verdicts for verdict in runs)
        return Counter(verdict.reason for verdict in verdicts if verdict.rating is None)


def metrics(rated: Sequence[Rated]) -> dict[str, float]:
    """Return the task's metrics of rated answers; nan where nothing was rated."""
    present = {item.question.category for item in rated}
    categories = [category for category in CATEGORIES if category in present]
    parts = [
        contributions(item.question, [[runs] for runs in item.verdicts], [[text] for text in item.answers], categories)
        for item in rated
    ]
    found = {name: aggregate([part[name] for part in parts]) for name, aggregate in aggregations(categories).items()}
    return {name: math.nan if value == "N/A" else float(value) for name, value in found.items()}


@dataclass(frozen=True)
class Scoring:
    """One model's answers in one language, checked and on their way to the judge."""

    judge: Judge
    """Who rates them."""
    benchmark: str
    """`mtbench_x` or `mini`."""
    model: Candidate
    """Who answered."""
    answered: Sequence[tuple[Question, Sequence[str]]]
    """Questions and the answers to both turns."""
    conversations: list[Conversation] = field(default_factory=list)
    """One per question, once submitted."""

    def submit(self) -> "Scoring":
        """Hand all answers to the judge and return at once; if the ledger holds every judgment, nobody is called.

        Raises:
            UserError: Something must be asked and the judge isn't there.
        """
        engine = self.judge.engine
        noted = engine if isinstance(engine, PlanEngine) else PlanEngine(self.judge.ledger, self.judge.settings.model)
        talks = self._talks(noted)
        if noted.missing:  # of a local judge all: its keys are not known before its weights are
            engine.check()
            talks = talks if noted is engine else self._talks(engine)
        self.conversations.extend(talks)
        return self

    def _talks(self, engine: Engine) -> list[Conversation]:
        """Put every answer to an engine."""
        judge = replace(self.judge, engine=engine)
        talks = [Conversation(question, 0, plain, judge=judge, model=self.model) for question, _ in self.answered]
        for talk, (_, texts) in zip(talks, self.answered, strict=True):
            for text in texts:
                talk.take(text)
        return talks

    def scored(self) -> Scored:
        """Wait for the verdicts, write down where they count, and return them."""
        self.judge.engine.finish()
        place = place_of(self.judge, self.benchmark, TASK_VERSION)
        uses = [use for talk in self.conversations for use in talk.uses(place)]
        self.judge.ledger.record(uses)
        rated = tuple(
            Rated(talk.question, tuple(talk.answers), tuple(tuple(runs) for runs in talk.verdicts()))
            for talk in self.conversations
        )
        settings, language = self.judge.settings, self.answered[0][0].language
        said = _completions(self.conversations)
        snapshots = {str(one.details["snapshot"]) for one in said if one and "snapshot" in one.details}
        return Scored(
            settings.slug,
            self.model.name,
            language,
            settings.runs,
            rated,
            failed=sum(completion is None or completion.state == "failed" for completion in said),
            snapshots=tuple(sorted(snapshots)),
            suspicious=tuple(sorted({use.question_id for use in uses if use.suspicious})),
        )


def _completions(conversations: Sequence[Conversation]) -> list[Completion | None]:
    """Return what the judge said to each request; None where it was cancelled."""
    futures = [pending.future for talk in conversations for runs in talk.pending for pending in runs]
    return [None if future.cancelled() else future.result().completion for future in futures]


def prepare(
    answers: Mapping[int, Sequence[str]],
    language: str,
    settings: JudgeSettings,
    benchmark: str,
    model: str,
    *,
    engine: Engine | None = None,
) -> Scoring:
    """Check answers and find their judge; nothing is asked before `submit`.

    Args:
        answers: Question id -> [answer to turn 1, answer to turn 2].
        language: The questions' language.
        settings: The judge's.
        benchmark: `mtbench_x` or `mini`.
        model: Name of who gave the answers.
        engine: Who asks; None: the settings' own.

    Raises:
        UserError: The judge can't be had, there is no answer, a question id is unknown, or a question has not two
            answers.
    """
    questions = {question.question_id: question for question in mtbench_x.questions(benchmark, language)}
    if not answers:
        raise UserError("There are no answers to judge.")
    for identifier, texts in answers.items():
        if identifier not in questions:
            raise UserError(
                f"{benchmark} has no question {identifier}; its ids are {min(questions)} to {max(questions)}."
            )
        if len(texts) != mtbench_x.TURNS:
            raise UserError(f"Question {identifier} needs two answers, one per turn, not {len(texts)}.")
    answered = [(questions[identifier], texts) for identifier, texts in answers.items()]
    return Scoring(judge_for(settings, benchmark, language, engine), benchmark, Candidate(model, None), answered)


def score_answers(
    answers: Mapping[int, Sequence[str]], language: str, judge: Any = None, benchmark: str = "mtbench_x"
) -> dict[str, float]:
    """Have answers judged and return the task's metrics.

    Args:
        answers: Question id -> [answer to turn 1, answer to turn 2].
        language: The questions' language.
        judge: Judge settings as in `--metadata '{"judge": ...}'`: None, a model name or an object.
        benchmark: `mtbench_x` or `mini`.

    Returns:
        `score`, `turn_1`, `turn_2` (each with `_stderr`), `category_mean`, the categories present (1 to 10; nan if
        nothing was scored), `answer_language` and `unscored` (shares).

    Raises:
        UserError: See `prepare` and `Scoring.submit`.
    """
    settings = JudgeSettings.parse(judge)
    return prepare(answers, language, settings, benchmark, "predictions").submit().scored().metrics

"""Scoring answers that exist already: the same judge, ledger and numbers as the harness task, without the harness."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from hf_datasets.benchmark import questions as mtbench_x
from hf_datasets.records import Completion, Question, QuestionId, answers_needed, ids_shown
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks import TASK_VERSION
from mtbenchx_tasks.formats.conditions import conditions_of, sent_by_results
from mtbenchx_tasks.formats.lm_eval import version_text
from mtbenchx_tasks.judge.engines.engine import Engine
from mtbenchx_tasks.judge.engines.plan import PlanEngine
from mtbenchx_tasks.judge.judge import Judge, judge_for
from mtbenchx_tasks.judge.probe import Probe, wait_for
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.rating.candidate import Candidate
from mtbenchx_tasks.rating.conversation import Conversation, place_of, plain
from mtbenchx_tasks.rating.scored import Scored
from mtbenchx_tasks.records import Evidence, Item, Model, Rater, Rating
from mtbenchx_tasks.stats.agreement import AnswerId


@dataclass(frozen=True)
class Scoring:
    """One model's answers in one language, checked and on their way to the judge."""

    judge: Judge
    benchmark: str
    """`mtbench_x` or `mini`."""
    model: Candidate
    """Who answered."""
    answered: Sequence[tuple[Question, int, Sequence[str]]]
    """Questions, the 0-based number of the repeat, and the answers, turn by turn."""
    conversations: list[Conversation] = field(default_factory=list)
    """One per question, once noted."""

    @cached_property
    def noted(self) -> PlanEngine:
        """What would be asked; if the engine only plans, it notes."""
        engine = self.judge.engine
        noted = engine if isinstance(engine, PlanEngine) else PlanEngine(self.judge.ledger, self.judge.settings.model)
        self.conversations.extend(self._talks(noted))
        return noted

    def check(self) -> Probe | None:
        """Begin to see whether the judge can judge; None: nothing must be asked.

        Raises:
            UserError: Something must be asked and the judge isn't there.
        """
        return self.judge.check() if self.noted.missing and self.noted is not self.judge.engine else None

    def submit(self) -> "Scoring":
        """Hand all answers to the judge and return at once; if the ledger holds every judgment, nobody is called."""
        noted, engine = self.noted, self.judge.engine
        if noted.missing and noted is not engine:  # of a local judge all: its keys are not known before its weights are
            for talk in self.conversations:
                talk.resubmit(engine)
        return self

    def _talks(self, engine: Engine) -> list[Conversation]:
        """Put every answer to an engine."""
        judge = replace(self.judge, engine=engine)
        talks = [
            Conversation(question, repeat, plain, judge=judge, model=self.model)
            for question, repeat, _ in self.answered
        ]
        for talk, (_, _, texts) in zip(talks, self.answered, strict=True):
            for text in texts:
                talk.add_answer(text)
        return talks

    def detect_languages(self) -> None:
        """Look at the answers' languages while the judge is busy."""
        for talk in self.conversations:
            talk.languages()

    def scored(self) -> Scored:
        """Wait for the verdicts, write down where they count, and return them."""
        self.judge.engine.finish()
        language = self.answered[0][0].language
        place = place_of(self.judge, self.benchmark, TASK_VERSION, language)
        uses = [use for talk in self.conversations for use in talk.uses(place)]
        self.judge.ledger.record(uses)
        said = _completions(self.conversations)
        about = self._about(language, said)
        return Scored(
            self.judge.settings.slug,
            self.model.name,
            language,
            self.judge.settings.runs,
            tuple(dict.fromkeys(question for question, _, _ in self.answered)),
            tuple(self._ratings(about)),
            {
                AnswerId(self.model.name, language, talk.question.question_id, turn, talk.repeat): spoken
                for talk in self.conversations
                for turn, spoken in enumerate(talk.languages(), start=1)
            },
            failed=sum(completion is None or completion.state == "failed" for completion in said),
            suspicious=tuple(sorted({use.question_id for use in uses if use.suspicious})),
            about=about,
        )

    def _ratings(self, about: Mapping[str, Any]) -> Iterator[Rating]:
        """Yield every rating, question by question, repeat by repeat, turn by turn, run by run."""
        language = self.answered[0][0].language
        settings, slug = about["judge"], self.judge.settings.slug
        task = {
            "benchmark": self.benchmark,
            "revision": about["benchmark"]["revision"],
            "task_version": version_text(TASK_VERSION),
        }
        under = conditions_of(slug, language, task, settings, sent_by_results(settings))
        model = Model(self.model.name, self.model.identity or "")
        for talk in self.conversations:
            question = talk.question
            for turn, (answer, runs) in enumerate(zip(talk.answers, talk.verdicts(), strict=True), start=1):
                item = Item(self.benchmark, language, question.question_id, turn, question.category)
                for run, verdict in enumerate(runs):
                    yield Rating(
                        item,
                        model,
                        Rater(slug, snapshot=verdict.snapshot),
                        under,
                        verdict.rating,
                        verdict.reason,
                        talk.repeat,
                        run,
                        answer,
                        Evidence(verdict.text, verdict.key or ""),
                    )

    def _about(self, language: str, said: Sequence[Completion | None]) -> dict[str, Any]:
        """Return what the harness's results say of the same task and judge."""
        name = self.benchmark
        return {
            "version": TASK_VERSION,
            "benchmark": {
                "name": name,
                "language": language,
                "revision": mtbench_x.revision(name, language),
                "questions": len(mtbench_x.questions(name, language)),
            },
            "judge": self.judge.described([one.details for one in said if one is not None]),
        }


def _completions(conversations: Sequence[Conversation]) -> list[Completion | None]:
    """Return what the judge said to each request; None where it was cancelled."""
    futures = [pending.future for talk in conversations for runs in talk.pending for pending in runs]
    return [None if future.cancelled() else future.result().completion for future in futures]


def prepare(
    repeats: Sequence[Mapping[QuestionId, Sequence[str]]],
    language: str,
    settings: JudgeSettings,
    benchmark: str,
    model: str,
    *,
    engine: Engine | None = None,
) -> Scoring:
    """Check answers and find their judge; nothing is asked before `submit`.

    Args:
        repeats: Per repeat, question id -> its answers, turn by turn; the first has every question.
        language: The questions' language.
        settings: The judge's.
        benchmark: `mtbench_x` or `mini`.
        model: Name of who gave the answers.
        engine: Who asks; None: the settings' own.

    Raises:
        UserError: The judge can't be had, there is no answer, a question id is unknown, or a question has not an
            answer a turn.
    """
    rows = mtbench_x.questions(benchmark, language, settings.reference_set, settings.question_set)
    questions = {question.question_id: question for question in rows}
    if not any(repeats):
        raise UserError("There are no answers to judge.")
    given = [(key, number, texts) for number, answers in enumerate(repeats) for key, texts in answers.items()]
    for identifier, _, texts in given:
        if identifier not in questions:
            raise UserError(f"{benchmark} has no question {identifier}; its ids are {ids_shown(questions)}.")
        if len(texts) != len(questions[identifier].turns):
            raise UserError(f"Question {identifier} needs {answers_needed(questions[identifier])}, not {len(texts)}.")
    order = {identifier: place for place, identifier in enumerate(repeats[0])}
    given.sort(key=lambda one: order[one[0]])
    answered = [(questions[identifier], number, texts) for identifier, number, texts in given]
    return Scoring(judge_for(settings, benchmark, language, engine), benchmark, Candidate(model, None), answered)


def score_answers(
    answers: Mapping[QuestionId, Sequence[str]], language: str, judge: Any = None, benchmark: str = "mtbench_x"
) -> dict[str, float]:
    """Have answers judged and return the task's metrics.

    Args:
        answers: Question id -> [answer to turn 1, answer to turn 2 ...].
        language: The questions' language.
        judge: Judge settings as in `--metadata '{"judge": ...}'`: None, a model name or an object.
        benchmark: `mtbench_x` or `mini`.

    Returns:
        `score`, `turn_1`, `turn_2` (each with `_stderr`), `category_mean`, the categories present (1 to 10; nan if
        nothing was scored), `answer_language` and `unscored` (shares).

    Raises:
        UserError: See `prepare` and `Scoring.check`.
    """
    settings = JudgeSettings.parse(judge)
    scoring = prepare([answers], language, settings, benchmark, "predictions")
    wait_for([scoring.check()])
    scoring.submit().detect_languages()
    return scoring.scored().metrics

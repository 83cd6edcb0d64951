"""Asking a judge the exam: by its own messages, prompts, engines and ledger, so that nothing is paid for twice.

The exam of one form is asked in all languages and modes at once; what it asked is written down beside the judgments,
from which alone it is scored (see reading.py).
"""

import functools
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Literal

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.records import ExamUse, Question, content_hash
from mtbenchx_tasks import __version__
from mtbenchx_tasks.judge.engines.engine import Engine, Judged
from mtbenchx_tasks.judge.engines.factory import EngineFor
from mtbenchx_tasks.judge.engines.plan import Planner
from mtbenchx_tasks.judge.judge import Judge, PairJudge, judge_for, pair_judge_for
from mtbenchx_tasks.judge.probe import Probe, wait_for
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.meta_evaluation.exam.item import ExamItem
from mtbenchx_tasks.meta_evaluation.exam.items import BENCHMARK, exam_items, items_sha256

Mode = Literal["single", "pairwise"]
MODES: tuple[Mode, ...] = ("single", "pairwise")
Side = Literal["better", "faulty"]
SIDES: tuple[Side, Side] = ("better", "faulty")
PROMPT_SET: Literal["native"] = "native"
"""The prompts that need no download."""
VOTES = 3


@dataclass(frozen=True)
class Form:
    """One form of the exam."""

    name: Literal["public", "fresh"] = "public"
    seed: str = ""
    """What a fresh form is drawn from."""

    @property
    def items(self) -> tuple[ExamItem, ...]:
        """All of its items, in every language and of every kind."""
        return _whole(self.name, self.seed)[0]

    @property
    def revision(self) -> str:
        """Hash of all its items: 12 hex digits."""
        return _whole(self.name, self.seed)[1]


@functools.lru_cache(maxsize=8)
def _whole(name: Literal["public", "fresh"], seed: str) -> tuple[tuple[ExamItem, ...], str]:
    items = exam_items(form=name, seed=seed)
    return items, items_sha256(items)[:12]


PUBLIC = Form()


@dataclass(frozen=True)
class ExamPart:
    """What is asked of the exam."""

    languages: Sequence[str] | None = None
    """None: all that it has."""
    kinds: Sequence[str] | None = None
    """None: all."""
    modes: tuple[Mode, ...] = MODES

    def items(self, form: Form) -> tuple[ExamItem, ...]:
        """Return its items in a form.

        Raises:
            UserError: The exam has no such language or kind.
        """
        if self.languages is None and self.kinds is None:
            return form.items
        return exam_items(self.languages, self.kinds, form.name, form.seed)


@dataclass(frozen=True)
class ExamRequest:
    """One request under way."""

    item: ExamItem
    shown: Side
    """Which answer is rated, or shown as A."""
    run: int
    future: Future[Judged]


@dataclass(frozen=True)
class Sitting:
    """A judge in one mode, and one form and language of the exam."""

    judge: Judge | PairJudge
    form: Form
    items: tuple[ExamItem, ...]
    asked: list[ExamRequest] = field(default_factory=list)

    @property
    def mode(self) -> Mode:
        """What the judge does."""
        return "pairwise" if isinstance(self.judge, PairJudge) else "single"

    def requests(self, item: ExamItem) -> Iterator[tuple[Side, ChatRequest]]:
        """Yield what is asked about an item in a first run: each answer's rating, or both orders."""
        question = Question(0, item.item.language, item.item.category, item.turns, item.reference)
        answers = {"better": item.better, "faulty": item.faulty}
        for side, other in (SIDES, SIDES[::-1]):
            if isinstance(self.judge, PairJudge):
                yield side, self.judge.request(question, (answers[side], answers[other]), len(item.turns))
            else:
                yield side, self.judge.request(question, answers[side])

    def submit(self) -> None:
        """Hand every request to the judge, and return at once."""
        for item in self.items:
            for side, first in self.requests(item):
                for run in range(self.judge.settings.runs):
                    future = self.judge.engine.submit(replace(first, run=run))
                    self.asked.append(ExamRequest(item, side, run, future))

    def check(self) -> Probe | None:
        """Begin to see whether the judge can judge; None: nothing must be asked.

        Raises:
            UserError: It can't, which is known already; says what to change.
        """
        keys = (request.key for item in self.items for _, request in self.requests(item))
        return self.judge.check() if any(self.judge.ledger.judgment(key) is None for key in keys) else None

    def record(self, revision: str) -> int:
        """Wait for the judgments, write down where they count, and return how many there are none of."""
        self.judge.engine.finish()
        done = [(asked, asked.future.result()) for asked in self.asked if not asked.future.cancelled()]
        self.judge.ledger.record_exam(
            ExamUse(
                judge=self.judge.settings.slug,
                settings=self.judge.conditions,
                form=self.form.name,
                seed=self.form.seed,
                revision=revision,
                language=asked.item.item.language,
                template=asked.item.template,
                mode=self.mode,
                shown=asked.shown,
                run=asked.run,
                judgment=judged.key,
            )
            for asked, judged in done
        )
        return len(self.asked) - sum(judged.completion.state != "failed" for _, judged in done)


def sittings(settings: JudgeSettings, part: ExamPart, form: Form, engine_for: EngineFor) -> list[Sitting]:
    """Return one sitting per language and mode; nothing is asked.

    The prompts are the bundled ones, unless others are named.

    Raises:
        UserError: The judge can't be had or compare, a prompt isn't there, or the exam has no such language or kind.
    """
    settings = replace(settings, prompt_set=settings.prompt_set or PROMPT_SET)
    by_language: dict[str, list[ExamItem]] = {}
    for item in part.items(form):
        by_language.setdefault(item.item.language, []).append(item)
    return [
        Sitting(_judge(settings, mode, language, engine_for(settings, language)), form, tuple(items))
        for language, items in by_language.items()
        for mode in part.modes
    ]


def _judge(settings: JudgeSettings, mode: Mode, language: str, engine: Engine) -> Judge | PairJudge:
    if mode == "pairwise":
        return pair_judge_for(settings, BENCHMARK, language, VOTES, engine, sets={})
    return judge_for(settings, BENCHMARK, language, engine, sets={})


def ask(settings: JudgeSettings, part: ExamPart, form: Form, engine_for: EngineFor) -> tuple[int, list[str]]:
    """Ask a form of the exam, in all languages together.

    Returns:
        How many requests have no result, and the conditions under which the ledger holds the others.

    Raises:
        UserError: As `sittings`; or the judge can't judge. Raised before anything else is asked.
    """
    with ExitStack() as engines:
        held = sittings(settings, part, form, lambda *place: engines.enter_context(engine_for(*place)))
        wait_for(sitting.check() for sitting in held)
        for sitting in held:
            sitting.submit()
        revision = form.revision
        return sum(sitting.record(revision) for sitting in held), [sitting.judge.conditions for sitting in held]


def note(settings: JudgeSettings, part: ExamPart, form: Form, planner: Planner) -> None:
    """Note what `ask` would ask, for a plan; no key is needed, and nothing is sent."""
    for mode in part.modes:
        for sitting in sittings(settings, replace(part, modes=(mode,)), form, _of_mode(planner, mode)):
            sitting.submit()


def _of_mode(planner: Planner, mode: Mode) -> EngineFor:
    return lambda settings, language: planner.engine_for(settings, language, mode)


def fresh_form(snapshots: Sequence[str]) -> Form:
    """Return the fresh form of a judge: its seed is the hash of its snapshots and of our release, so nobody chooses it.

    Args:
        snapshots: What its endpoint called it in the public form's judgments; where it tells nothing, its name.
    """
    return Form("fresh", content_hash([*sorted(set(snapshots)), __version__]))

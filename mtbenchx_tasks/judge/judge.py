"""The judge as its users see it: give it a question and the answers so far, get verdicts later."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from hf_datasets.benchmark.judge_prompts import has_later_turns, has_prompts
from hf_datasets.benchmark.questions import (
    BENCHMARKS,
    TURNS,
    default_prompt_set,
    question_set_hash,
    questions,
    reference_set_hash,
)
from hf_datasets.benchmark.references import PUBLISHED
from hf_datasets.endpoints.changes import with_role
from hf_datasets.endpoints.client import ChatRequest, Message
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Question, canonical_json
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import without_home
from mtbenchx_tasks.judge.continuation import AUTO, OFF, Way, find_way
from mtbenchx_tasks.judge.engines.engine import Engine
from mtbenchx_tasks.judge.engines.factory import live_engine, transport_of
from mtbenchx_tasks.judge.engines.live import LiveEngine
from mtbenchx_tasks.judge.engines.plan import PlanEngine
from mtbenchx_tasks.judge.messages import PairPrompts, SinglePrompts
from mtbenchx_tasks.judge.one_token import continued
from mtbenchx_tasks.judge.pending import Pending
from mtbenchx_tasks.judge.probe import Probe, begin, tell_ratings, tell_votes, trial
from mtbenchx_tasks.judge.sent import as_sent
from mtbenchx_tasks.judge.settings import JudgeSettings


@dataclass(frozen=True)
class AnyJudge:
    """A judge for one language of one benchmark: what rating one answer and comparing two have in common."""

    settings: JudgeSettings
    """With the prompt set resolved."""
    prompts: SinglePrompts | PairPrompts
    """What it is asked with."""
    engine: Engine
    """Who asks."""
    sets: Mapping[str, str]
    """Which questions and reference answers it sees: names and hashes of both sets, in the whole language."""

    @property
    def ledger(self) -> Ledger:
        """Where judgments are kept."""
        return self.engine.ledger

    def described(self, details: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return who judged and what was sent, as results say it.

        Args:
            details: Of its judgments (see Completion.details).
        """
        return {
            **as_sent(self.settings.public(), details),
            "prompt_set": self.prompts.prompt_set,
            "prompt_set_sha256": self.prompts.sha256,
            **self.sets,
            "ledger": without_home(self.ledger.path),
            "snapshots": sorted({str(one["snapshot"]) for one in details if "snapshot" in one}),
        }

    def _request(self, messages: Sequence[Message], parameters: Mapping[str, Any]) -> ChatRequest:
        """Return a request of the first run, the judge's instructions as the words of `system_role`."""
        settings, role = self.settings, self.settings.system_role
        in_process = settings.backend != "openai"
        if role != "system" and not (in_process and role == "developer"):  # in process there is no developer
            messages = with_role(messages, role)
        return ChatRequest(settings.endpoint, settings.model, tuple(messages), parameters)

    @cached_property
    def conditions(self) -> str:
        """All that a rating or a vote depends on besides question and answers: where it counts in the ledger.

        Canonical JSON. Of the judge's parameters it holds those that a judgment's key holds; what was sent stands with
        each judgment (`details["sent"]`). The published questions are not named, as in ledgers of releases that had no
        others.
        """
        settings, prompts, sets = self.settings, self.prompts, dict(self.sets)
        if settings.question_set == PUBLISHED:
            sets = {name: value for name, value in sets.items() if not name.startswith("question_set")}
        kind = {"votes": prompts.votes} if isinstance(prompts, PairPrompts) else {"rating": settings.rating}
        one_token = {"continuation": settings.continuation} if settings.is_one_token else {}
        return canonical_json(
            {
                "endpoint": settings.endpoint,
                "model": settings.model,
                "parameters": settings.parameters(),
                "system_role": settings.system_role,
                "prompt_set": prompts.prompt_set,
                "prompt_language": prompts.language,
                "prompt_set_sha256": prompts.sha256,
                **sets,
                "parser": settings.parser,
                **kind,
                **one_token,
            }
        )


@dataclass(frozen=True)
class Judge(AnyJudge):
    """A judge of single answers."""

    prompts: SinglePrompts

    def submit(self, question: Question, answers: Sequence[str]) -> list[Pending]:
        """Hand the last of the answers to the judge, once per run; an empty answer is never judged."""
        if not answers[-1].strip():
            return []
        first = self.request(question, answers)
        requests = [replace(first, run=run) for run in range(self.settings.runs)]
        return [Pending(request, self.engine.submit(request), self.settings) for request in requests]

    def check(self) -> Probe:
        """Begin to see whether the judge can judge, by two bundled answers (see probe.py); a repeat asks nothing.

        Raises:
            UserError: It can't, which is known already; says what to change.
        """
        question, answers = trial(self.prompts.language)
        question = self.prompts.fitting(question)
        asked = [self.request(question, [answer]) for answer in answers]
        return begin(self.engine, asked, partial(tell_ratings, self.settings, question.language, asked))

    def request(self, question: Question, answers: Sequence[str]) -> ChatRequest:
        """Return what the judge is asked about the last of the answers in the first run."""
        settings, parameters = self.settings, self.settings.parameters()
        if settings.backend == "local" and settings.rating == "expected":
            parameters["lead_in"] = self.prompts.lead_in(question, len(answers))
        request = self._request(self.prompts.messages(question, answers), parameters)
        if settings.is_one_token:
            request = continued(request, settings.continuation, self.prompts.lead_in(question, len(answers)))
        return request


@dataclass(frozen=True)
class PairJudge(AnyJudge):
    """A judge of two answers at a time."""

    prompts: PairPrompts

    def check(self) -> Probe:
        """Begin to see whether the judge can compare, by two bundled answers in both orders (see probe.py).

        Raises:
            UserError: It can't, which is known already; says what to change.
        """
        question, answers = trial(self.prompts.language)
        question = self.prompts.fitting(question)
        right, wrong = ([answer] for answer in answers)
        asked = [self.request(question, shown, 1) for shown in ((right, wrong), (wrong, right))]
        tell = partial(tell_votes, self.settings, question.language, self.prompts.votes)
        return begin(self.engine, asked, tell)

    def request(self, question: Question, shown: tuple[Sequence[str], Sequence[str]], turn: int) -> ChatRequest:
        """Return what the judge is asked in the first run of one game.

        Args:
            question: What was asked.
            shown: Answers of who is shown as A, and of who is shown as B, up to the turn.
            turn: Which answer is judged, from 1.
        """
        return self._request(self.prompts.messages(question, *shown, turn), self.settings.parameters())


def judge_for(
    settings: JudgeSettings,
    benchmark: str,
    language: str,
    engine: Engine | None = None,
    *,
    sets: Mapping[str, str] | None = None,
) -> Judge:
    """Return the judge of single answers in one language of a benchmark; equal settings share one engine.

    Args:
        settings: The judge's.
        benchmark: Whose questions.
        language: The questions'.
        engine: Who asks; None: the settings' own.
        sets: Which questions and reference answers it sees; None: the benchmark's, as the settings name them.

    Raises:
        UserError: The key is missing, the prompt or reference set has no such language, or the ledger can't be opened.
    """
    engine = engine or live_engine(settings)
    asked = questions(benchmark, language, settings.reference_set, settings.question_set) if sets is None else ()
    settings, turns = _resolved(settings, benchmark, language, asked), _most_turns(asked)
    prompts = SinglePrompts(str(settings.prompt_set), _prompt_language(settings, language), turns)
    prompts.sha256  # noqa: B018  (reads the prompts now, so that a missing file is told before anything is paid)
    prompts.check(asked, begun=_begins_verdicts(settings))
    sets = _sets(settings, benchmark, language) if sets is None else sets
    judge = Judge(settings, prompts, engine, sets)
    if settings.rating == "expected" and settings.backend == "openai" and settings.continuation == AUTO:
        return replace(judge, settings=replace(settings, continuation=_way_of(judge)))
    return judge


def pair_judge_for(
    settings: JudgeSettings,
    benchmark: str,
    language: str,
    votes: int = 3,
    engine: Engine | None = None,
    *,
    sets: Mapping[str, str] | None = None,
) -> PairJudge:
    """Return the judge of pairs of answers; see `judge_for`.

    Args:
        settings: The judge's.
        benchmark: Whose questions.
        language: The questions'.
        votes: 3 (A, B, tie), or 4 with both bad.
        engine: Who asks; None: the settings' own.
        sets: As in `judge_for`.

    Raises:
        UserError: As in `judge_for`; or the settings are for single answers.
    """
    engine = engine or live_engine(settings)
    if settings.rating != "text":
        raise UserError(f"judge.rating {settings.rating!r} is for single answers; to compare, set it to 'text'.")
    asked = questions(benchmark, language, settings.reference_set, settings.question_set) if sets is None else ()
    settings, turns = _resolved(settings, benchmark, language, asked), _most_turns(asked)
    prompts = PairPrompts(str(settings.prompt_set), _prompt_language(settings, language), votes, turns)
    sets = _sets(settings, benchmark, language) if sets is None else sets
    return PairJudge(settings, prompts, engine, sets)


def _way_of(judge: Judge) -> Way:
    """Find out how the judge's endpoint continues a message; a plan knows what the ledger knows."""
    engine = getattr(judge.engine, "inner", judge.engine)
    if not isinstance(engine, LiveEngine | PlanEngine):  # a batch can't take a second request
        return OFF
    question = judge.prompts.fitting(next(one for one in questions("mini", "en") if one.reference))
    request = judge.request(question, question.reference[:1])
    ask = transport_of(judge.settings).complete if isinstance(engine, LiveEngine) else None
    return find_way(request, judge.prompts.lead_in(question, 1), judge.ledger, ask)


def _begins_verdicts(settings: JudgeSettings) -> bool:
    """Tell whether a verdict may be begun in the words of the prompts' own example."""
    begun = settings.backend == "local" or settings.continuation != OFF
    return settings.rating == "expected" and begun


def _most_turns(asked: Iterable[Question]) -> int:
    return max((len(question.turns) for question in asked), default=TURNS)


def _resolved(settings: JudgeSettings, benchmark: str, language: str, asked: Iterable[Question]) -> JudgeSettings:
    """Return settings with a prompt set: the benchmark's own, unless one is named.

    Ours are in English where they aren't in the language of another benchmark.
    """
    if settings.prompt_set is not None:
        return settings
    named = default_prompt_set(benchmark)
    there = has_prompts(named, language) and (_most_turns(asked) <= TURNS or has_later_turns(named, language))
    english = benchmark not in BENCHMARKS and not there
    return replace(settings, prompt_set=named, prompt_language="en" if english else settings.prompt_language)


def _prompt_language(settings: JudgeSettings, language: str) -> str:
    return language if settings.prompt_language == "same" else settings.prompt_language


def _sets(settings: JudgeSettings, benchmark: str, language: str) -> dict[str, str]:
    """Return which questions and reference answers a judge sees, as results say it."""
    return {
        "question_set": settings.question_set,
        "question_set_sha256": question_set_hash(benchmark, language, settings.question_set),
        "reference_set": settings.reference_set,
        "reference_set_sha256": reference_set_hash(benchmark, language, settings.reference_set, settings.question_set),
    }

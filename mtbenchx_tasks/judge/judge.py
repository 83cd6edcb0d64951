"""The judge as its users see it: give it a question and the answers so far, get verdicts later."""

import functools
import logging
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path

from hf_datasets.benchmark.questions import default_prompt_set, question_set_hash, questions, reference_set_hash
from hf_datasets.benchmark.references import PUBLISHED
from hf_datasets.endpoints.changes import with_role
from hf_datasets.endpoints.client import ChatRequest, Message, OpenAIChat, Transport
from hf_datasets.ledger.store import Ledger, open_ledger
from hf_datasets.records import Question, canonical_json
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.answers import EMPTY
from mtbenchx_tasks.judge.continuation import AUTO, OFF, Way, find_way
from mtbenchx_tasks.judge.ends import Closed, notice, refusal
from mtbenchx_tasks.judge.engines.live import Engine, Judged, LiveEngine
from mtbenchx_tasks.judge.engines.lm_eval_model import LmEvalEngine
from mtbenchx_tasks.judge.engines.local import LocalEngine
from mtbenchx_tasks.judge.engines.plan import PlanEngine
from mtbenchx_tasks.judge.messages import PairPrompts, SinglePrompts
from mtbenchx_tasks.judge.one_token import OneTokenTransport, continued
from mtbenchx_tasks.judge.probe import tell_ratings, trial
from mtbenchx_tasks.judge.settings import JudgeSettings, key_is_missing
from mtbenchx_tasks.judge.verdict import verdict
from mtbenchx_tasks.records import Verdict

log = logging.getLogger("lm_eval.mtbenchx")
EMPTY_ANSWER = Verdict(None, reason=EMPTY)


@dataclass(frozen=True)
class Pending:
    """A verdict under way."""

    future: Future[Judged]
    """The engine's."""
    settings: JudgeSettings
    """How to read it."""

    def result(self) -> Verdict:
        """Wait for the judgment and read it; never raises for what the judge did."""
        if self.future.cancelled():
            return Verdict(None, reason="interrupted")
        judged = self.future.result()
        return verdict(judged.completion, self.settings.parser, self.settings.rating, judged.key)


@dataclass(frozen=True)
class Judge:
    """A judge for one language of one benchmark."""

    settings: JudgeSettings
    """With the prompt set resolved."""
    prompts: SinglePrompts
    """What it is asked with."""
    engine: Engine
    """Who asks."""
    ledger: Ledger
    """Where judgments are kept."""
    sets: Mapping[str, str]
    """Which questions and reference answers it sees, see `sets_shown`."""

    def submit(self, question: Question, answers: Sequence[str]) -> list[Pending]:
        """Hand the last of one or two answers to the judge, once per run; an empty answer is never judged."""
        if not answers[-1].strip():
            return []
        settings, request = self.settings, self.request(question, answers)
        return [Pending(self.engine.submit(replace(request, run=run)), settings) for run in range(settings.runs)]

    def check(self) -> None:
        """See that the judge can judge, by two bundled answers (see probe.py); a repeat asks nothing.

        Raises:
            UserError: It can't; says what to change.
        """
        question, answers = trial(self.prompts.language)
        asked = [self.request(question, [answer]) for answer in answers]
        tell_ratings(self.settings, question.language, asked, self.engine.check(asked))

    def request(self, question: Question, answers: Sequence[str]) -> ChatRequest:
        """Return what the judge is asked about the last of one or two answers in the first run."""
        settings = self.settings
        parameters = settings.parameters()
        if settings.backend == "local" and settings.rating == "expected":
            parameters["lead_in"] = self.prompts.lead_in(question, len(answers))
        messages = in_role(settings, self.prompts.messages(question, answers))
        request = ChatRequest(settings.endpoint, settings.model, messages, parameters)
        if settings.is_one_token:
            request = continued(request, settings.continuation, self.prompts.lead_in(question, len(answers)))
        return request

    @property
    def conditions(self) -> str:
        """All that a rating depends on besides question and answers; see `conditions`."""
        return conditions(self.settings, self.prompts, self.sets)


def judge_for(settings: JudgeSettings, benchmark: str, language: str, engine: Engine | None = None) -> Judge:
    """Return the judge of one language of a benchmark; equal settings share one engine.

    Raises:
        UserError: The key is missing, the prompt or reference set has no such language, or the ledger can't be opened.
    """
    check_key(settings, engine)
    settings = resolved(settings, benchmark)
    prompts = SinglePrompts(str(settings.prompt_set), prompt_language(settings, language))
    prompts.sha256  # noqa: B018  (reads the prompts now, so that a missing file is told before anything is paid)
    sets = sets_shown(settings, benchmark, language)
    judge = Judge(settings, prompts, *engine_and_ledger(settings, engine), sets)
    if settings.rating == "expected" and settings.backend == "openai" and settings.continuation == AUTO:
        return replace(judge, settings=replace(settings, continuation=_way_of(judge)))
    return judge


def _way_of(judge: Judge) -> Way:
    """Find out how the judge's endpoint continues a message; a plan knows what the ledger knows."""
    engine = getattr(judge.engine, "inner", judge.engine)
    if not isinstance(engine, LiveEngine | PlanEngine):  # a batch can't take a second request
        return OFF
    question = next(one for one in questions("mini", "en") if one.reference)
    request = judge.request(question, question.reference[:1])
    ask = _transport(judge.settings).complete if isinstance(engine, LiveEngine) else None
    return find_way(request, judge.prompts.lead_in(question, 1), judge.ledger, ask)


def check_key(settings: JudgeSettings, engine: Engine | None = None) -> None:
    """Raise UserError if there is neither an engine nor the key that a new one needs."""
    if engine is None and key_is_missing(settings) and not refusal(settings):
        raise UserError(
            f"The judge {settings.model!r} needs a key: set {settings.api_key_env}; or take a local judge: "
            f'--metadata \'{{"judge": {{"backend": "local", "model": "FOLDER", "rating": "expected"}}}}\'; '
            f"or generate now with --predict_only and judge later with `mtbenchx judge`."
        )


def resolved(settings: JudgeSettings, benchmark: str) -> JudgeSettings:
    """Return settings with a prompt set: the benchmark's own, unless one is named."""
    return replace(settings, prompt_set=settings.prompt_set or default_prompt_set(benchmark))  # type: ignore[arg-type]


def prompt_language(settings: JudgeSettings, language: str) -> str:
    """Return the language of the judge prompts for questions in a language."""
    return language if settings.prompt_language == "same" else settings.prompt_language


def in_role(settings: JudgeSettings, messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return messages with the judge's instructions as the words of `system_role`; in process there is no developer."""
    if settings.system_role == "system" or (settings.backend != "openai" and settings.system_role == "developer"):
        return tuple(messages)
    return tuple(with_role(messages, settings.system_role))


def sets_shown(settings: JudgeSettings, benchmark: str, language: str) -> dict[str, str]:
    """Return which questions and reference answers a judge sees, as results say it: the names and hashes of both sets.

    The hashes are of all questions in the language.
    """
    return {
        "question_set": settings.question_set,
        "question_set_sha256": question_set_hash(benchmark, language, settings.question_set),
        "reference_set": settings.reference_set,
        "reference_set_sha256": reference_set_hash(benchmark, language, settings.reference_set, settings.question_set),
    }


def conditions(settings: JudgeSettings, prompts: SinglePrompts | PairPrompts, sets: Mapping[str, str]) -> str:
    """Return all that a rating or a vote depends on besides question and answers: where it counts in the ledger.

    Args:
        settings: The judge's; of its parameters, those that a judgment's key holds.
        prompts: What the judge is asked with.
        sets: What `sets_shown` returned.

    Returns:
        Canonical JSON. What was sent stands with each judgment (`details["sent"]`). The published questions are not
        named, as in ledgers of releases that had no others.
    """
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


def engine_and_ledger(settings: JudgeSettings, engine: Engine | None = None) -> tuple[Engine, Ledger]:
    """Return who asks and where judgments are kept; an engine that is given is taken as it is.

    Raises:
        LedgerError: The ledger can't be opened.
    """
    ledger = open_ledger(Path(settings.ledger) if settings.ledger else None)
    return engine or _engine(replace(settings, prompt_set=None), os.getpid()), ledger


@functools.cache
def _engine(settings: JudgeSettings, _pid: int) -> Engine:
    ledger = open_ledger(Path(settings.ledger) if settings.ledger else None)
    if settings.backend == "local":
        return LocalEngine(settings, ledger)
    if settings.backend != "openai":
        return LmEvalEngine(settings, ledger)
    return LiveEngine(_transport(settings), settings.model, ledger, settings.concurrency)


def _transport(settings: JudgeSettings) -> Transport:
    if why := refusal(settings):
        return Closed(why)
    if about_to_end := notice(settings):
        log.warning("%s", about_to_end)
    chat = OpenAIChat(settings.base_url, settings.api_key_env, settings.timeout, settings.extra_headers)
    return OneTokenTransport(chat)

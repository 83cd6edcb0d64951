"""One question put to one model: renders the prompts, keeps the answers, hands each to the judge at once."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hf_datasets.benchmark.questions import revision
from hf_datasets.ledger.store import Ledger, LedgerError
from hf_datasets.records import Question, Use, canonical_json, content_hash
from hf_datasets.shared.language_id import detect_language
from hf_datasets.shared.thoughts import opened_thought
from mtbenchx_tasks.judge.answers import NOT_ASKED, Answer, answer_of
from mtbenchx_tasks.judge.engines.engine import Engine
from mtbenchx_tasks.judge.injection import is_suspicious
from mtbenchx_tasks.judge.judge import Judge
from mtbenchx_tasks.judge.messages import prompt_name
from mtbenchx_tasks.judge.pending import Pending
from mtbenchx_tasks.rating.candidate import Candidate, candidate, innermost
from mtbenchx_tasks.records import Verdict

if TYPE_CHECKING:
    from lm_eval.api.model import LM

log = logging.getLogger("lm_eval.mtbenchx")
USER, ASSISTANT = "### Human:", "### Assistant:"
"""Roles where no chat template is applied; generation stops at the next USER."""


@dataclass(frozen=True)
class Place:
    """Where the judgments of one evaluation count: what all its rows of the ledger (Use) share."""

    benchmark: str
    """`mtbench_x` or `mini`."""
    revision: str
    """The benchmark's content."""
    task_version: float
    judge: str
    """The judge's slug."""
    settings: str
    """What else decides a rating."""


def place_of(judge: Judge, benchmark: str, task_version: float, language: str) -> Place:
    """Return where this judge's judgments of a benchmark in a language count."""
    return Place(benchmark, revision(benchmark, language), task_version, judge.settings.slug, judge.conditions)


Render = Callable[[list[dict[str, str]]], Any]


@dataclass
class Conversation:
    """Two turns with one model: what it reads next, what it answered, and the verdicts on that."""

    question: Question
    repeat: int
    """0-based number of this conversation among the repeats of its question."""
    render: Render
    """Messages to prompt: the model's chat template, or `plain`."""
    system: str | None = None
    """The user's --system_instruction."""
    judge: Judge | None = None
    """Who rates the answers; None with --predict_only."""
    answers: list[str] = field(default_factory=list)
    """What the model said so far, without thoughts (see judge/answers.py); empty if there is nothing to judge."""
    missing: list[str] = field(default_factory=list)
    """Per turn why there is nothing to judge; empty if there is something."""
    thoughts: int = 0
    """How many answers began with a thought."""
    pending: list[list[Pending]] = field(default_factory=list)
    """Per turn the verdicts under way; an empty list for an empty answer."""
    model: Candidate = Candidate("", None)  # noqa: RUF009  (frozen)
    """Who answers, once it has spoken."""
    _unkept: tuple[str, str] | None = None
    _early: tuple[str, Answer, list[Pending]] | None = None
    _opened: str = ""
    """The mark by which the last prompt began the model's thought."""
    _languages: list[str | None] = field(default_factory=list)
    _read: list[list[Verdict]] = field(default_factory=list)

    def messages(self) -> list[dict[str, str]]:
        """Return the conversation up to the next user turn."""
        history = [{"role": "system", "content": self.system}] if self.system else []
        for said, answer in zip(self.question.turns, self.answers, strict=False):
            history += [{"role": "user", "content": said}, {"role": "assistant", "content": answer}]
        return [*history, {"role": "user", "content": self.question.turns[len(self.answers)]}]

    def prompt(self) -> Any:
        """Render what the model reads next; what won't be asked isn't put into a template that may refuse it."""
        prompt = (plain if self._is_over else self.render)(self.messages())
        self._opened = opened_thought(prompt) if isinstance(prompt, str) else ""
        return prompt

    @property
    def _is_over(self) -> bool:
        """Whether the first answer is empty: many endpoints and templates refuse a dialogue with an empty turn."""
        return bool(self.answers) and not self.answers[-1].strip()

    def recall(self, lm: "LM", prompt: Any, settings: dict[str, Any]) -> str | None:
        """Look the answer up in the ledger, if the user asked to resume and the model is known to be the same.

        A second question isn't asked after an empty first answer.
        """
        if self._is_over:
            return ""
        identity = candidate(lm).identity if self.judge else None
        if self.judge is None or identity is None:
            return None
        request = {"model": identity, "prompt": str(prompt), "settings": settings, "repeat": self.repeat}
        key = content_hash(request)
        known = self.judge.ledger.answer(key) if self.judge.settings.resume else None
        self._unkept = (key, canonical_json(request)) if known is None else None
        return known

    def on_early_answer(self, lm: "LM", answer: str) -> None:
        """Keep an answer and have it judged while others are still being generated; `on_answer` is what counts."""
        self._early = self._receive(lm, answer)

    def on_answer(self, lm: "LM", answer: str) -> None:
        """Take an answer; it is judged already if it arrived before, and was the same."""
        early, self._early = self._early, None
        _, read, verdicts = early if early and early[0] == answer else self._receive(lm, answer)
        self._append(read, verdicts)

    def _receive(self, lm: "LM", answer: str) -> tuple[str, Answer, list[Pending]]:
        self.model = candidate(lm)
        if self.judge is not None:
            self._keep(self.judge.ledger, answer)
            self.judge.engine.attach_model(lm)
        ends_thoughts = getattr(innermost(lm), "think_end_token", None) is not None
        read = Answer("", NOT_ASKED) if self._is_over else answer_of(answer, "" if ends_thoughts else self._opened)
        return answer, read, self._submit(read)

    def _keep(self, ledger: Ledger, answer: str) -> None:
        """Store the answer for a later `resume`; a full disk must not lose the run."""
        if self._unkept is not None:
            try:
                ledger.store_answers([(*self._unkept, answer)])
            except LedgerError as error:
                log.error("An answer can't be kept for resuming: %s", error)

    def add_answer(self, answer: str) -> None:
        """Append an answer and hand it to the judge."""
        read = answer_of(answer)
        self._append(read, self._submit(read))

    def _submit(self, answer: Answer) -> list[Pending]:
        return self.judge.submit(self.question, [*self.answers, answer.text]) if self.judge is not None else []

    def _append(self, answer: Answer, verdicts: list[Pending]) -> None:
        self.answers.append(answer.text)
        self.missing.append(answer.missing)
        self.thoughts += answer.thought
        self.pending.append(verdicts)

    def resubmit(self, engine: Engine) -> None:
        """Put what was only noted to an engine."""
        self.pending = [[replace(item, future=engine.submit(item.request)) for item in runs] for runs in self.pending]

    def languages(self) -> list[str | None]:
        """Return the languages of the answers so far; each is looked at once, best while the judge is busy."""
        self._languages += [detect_language(answer) for answer in self.answers[len(self._languages) :]]
        return self._languages

    def verdicts(self) -> list[list[Verdict]]:
        """Wait for the verdicts: per turn, per run; each is read once."""
        for runs, missing in list(zip(self.pending, self.missing, strict=True))[len(self._read) :]:
            self._read.append([item.result() for item in runs] or [Verdict(None, reason=missing)])
        return self._read

    def uses(self, place: Place) -> Iterator[Use]:
        """Yield where each verdict of this conversation counts."""
        for turn, (answer, runs) in enumerate(zip(self.answers, self.verdicts(), strict=True), start=1):
            for run, verdict in enumerate(runs):
                yield Use(
                    **vars(place),
                    candidate=self.model.name,
                    identity=self.model.identity or "",
                    language=self.question.language,
                    question_id=self.question.question_id,
                    turn=turn,
                    repeat=self.repeat,
                    run=run,
                    prompt=prompt_name(self.question, turn),
                    suspicious=self._is_suspicious(turn),
                    answer=answer,
                    judgment=verdict.key,
                )

    def _is_suspicious(self, turn: int) -> bool:
        """Tell whether what the judge read at a turn talks to it."""
        if self.judge is None:
            return False
        prompt = self.judge.prompts.prompt(self.question, turn)
        return any(is_suspicious(answer, prompt) for answer in self.answers[:turn])

    def abandon(self) -> None:
        """Stop judging."""
        if self.judge is not None:
            self.judge.engine.stop()


def plain(messages: list[dict[str, str]]) -> str:
    """Render a conversation for a model without a chat template."""
    roles = {"system": "", "user": USER + " ", "assistant": ASSISTANT + " "}
    return "\n".join(roles[message["role"]] + message["content"] for message in messages) + f"\n{ASSISTANT}"

"""The probe: before a run, its judge rates two bundled answers to one mini question, just as it will rate the run's.

The requests are the run's own but for question and answers: same prompts, language, parameters. So whatever would make
every judgment fail (key, URL, model, a parameter, the system role, no logprobs, thoughts that leave no room for the
verdict) is told before anything is generated. The probe is kept in the ledger like any judgment: a repeat asks nothing.
A run has a probe in each of its languages: an engine's first is waited for, the others are in flight together.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hf_datasets.benchmark.languages import find
from hf_datasets.benchmark.questions import LANGUAGES, questions
from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.records import Completion, Question
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines.attempts import cut_off_at
from mtbenchx_tasks.judge.one_token import has_continued
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.judge.verdict import game, verdict
from mtbenchx_tasks.records import Decision

if TYPE_CHECKING:
    from mtbenchx_tasks.judge.engines.engine import Engine, Judged

log = logging.getLogger("lm_eval.mtbenchx")
QUESTION, ANOTHER = 7, 8
"""Mini questions whose references are the right answer to the first and, since they answer another, a wrong one."""
SHOWN = 200
"""Characters of a judge's text in a message."""


@dataclass
class Probe:
    """A probe on its way."""

    engine: "Engine"
    """Who asks."""
    asked: "Sequence[Future[Judged]]"
    """The judgments; nothing if none is asked for."""
    tell: "Callable[[Sequence[Judged]], None]"
    """Says what they show."""
    _is_told: bool = False

    def result(self) -> None:
        """Wait for the judgments and say, once, what they show.

        Raises:
            UserError: The judge can't judge; says what to change.
        """
        if self._is_told:
            return
        try:
            judged = [future.result() for future in self.asked]
        except BaseException:
            self.engine.stop()
            raise
        self._is_told = True
        self.tell(judged)


def begin(engine: "Engine", requests: Sequence[ChatRequest], tell: "Callable[[Sequence[Judged]], None]") -> Probe:
    """Have an engine ask a probe, and return at once; what the judgments show is said here if they are there.

    Raises:
        UserError: The engine can't ask, or see `Probe.result`.
    """
    probe = Probe(engine, engine.check(requests), tell)
    if all(future.done() for future in probe.asked):
        probe.result()
    return probe


def wait_for(probes: Iterable[Probe | None]) -> None:
    """Begin all probes, then wait for each; None is one that isn't needed.

    Raises:
        UserError: See `Probe.result`.
    """
    for probe in list(probes):
        if probe is not None:
            probe.result()


def trial(language: str) -> tuple[Question, tuple[str, str]]:
    """Return a question with a right and a wrong answer to its first turn.

    Args:
        language: The run's; English if the mini benchmark lacks it.
    """
    known = language in LANGUAGES or find("mini", language) is not None
    by_id = {question.question_id: question for question in questions("mini", language if known else "en")}
    return by_id[QUESTION], (by_id[QUESTION].reference[0], by_id[ANOTHER].reference[0])


def tell_ratings(
    settings: JudgeSettings, language: str, asked: Sequence[ChatRequest], judged: "Sequence[Judged]"
) -> None:
    """Say what the probe of single answers shows.

    Args:
        settings: The judge's.
        language: The questions'.
        asked: The requests about the right answer and about the wrong one.
        judged: What it said to them; nothing if it wasn't asked.

    Raises:
        UserError: Neither judgment is of use; says what to change.
    """
    read = [verdict(one.completion, settings.parser, settings.rating, one.key) for one in judged]
    _tell_problems(settings, judged, [one.rating is not None for one in read])
    if settings.is_one_token and not all(map(has_continued, asked, [one.completion for one in judged])):
        raise UserError(
            f"The judge {settings.model!r} doesn't continue the verdict that was begun for it "
            f"(judge.continuation {settings.continuation!r}); set another, or 'off' to have the verdict written."
        )
    right, wrong = [one.rating for one in read] or (None, None)
    if right is not None and wrong is not None and right < wrong:
        log.warning(
            "The judge %s rates a right answer %g and a wrong one %g (%s, question %d of the mini benchmark); "
            "think twice before you believe its ratings.", settings.model, right, wrong, language, QUESTION
        )  # fmt: skip


RIGHT, WRONG = "right answer", "wrong answer"


def tell_votes(settings: JudgeSettings, language: str, votes: int, judged: "Sequence[Judged]") -> None:
    """Say what the probe of a comparison shows: the right answer shown as A, then as B; see `tell_ratings`."""
    orders = (RIGHT, WRONG), (WRONG, RIGHT)
    games = [
        game(one.completion, settings.parser, votes, shown, one.key) for one, shown in zip(judged, orders, strict=False)
    ]
    _tell_problems(settings, judged, [one.decision is not Decision.FAILED for one in games])
    lost = [one for one in games if one.winner == WRONG]
    if lost:
        log.warning(
            "The judge %s prefers a wrong answer to a right one in %d of %d games (%s, question %d of the mini "
            "benchmark); think twice before you believe its votes.",
            settings.model, len(lost), len(games), language, QUESTION
        )  # fmt: skip


def _tell_problems(settings: JudgeSettings, judged: "Sequence[Judged]", useful: Sequence[bool]) -> None:
    """Raise if nothing is of use; warn of what is of none, and of what was only of use with more room."""
    problems = [_problem(settings, one.completion) for one, good in zip(judged, useful, strict=True) if not good]
    if judged and not any(useful):
        raise UserError(problems[0])
    for problem in problems:
        log.warning("%s", problem)
    if any(good and one.completion.details.get("attempts") for one, good in zip(judged, useful, strict=True)):
        log.warning(
            "The judge %s was cut off at max_tokens=%d and is asked again with more room, which is paid twice: raise "
            "judge.max_tokens or lower judge.reasoning_effort.", settings.model, settings.max_tokens
        )  # fmt: skip


def _problem(settings: JudgeSettings, completion: Completion) -> str:
    """Return what is wrong with a judgment, in one sentence."""
    judge = f"The judge {settings.model!r}"
    if completion.details.get("stop"):
        return str(completion.details["stop"])
    if completion.state == "failed":
        return f"{judge} can't be asked: {completion.reason}"
    if why := cut_off_at(completion.details):
        return f"{judge} was asked for a trial and its judgment was {why}."
    if completion.state != "answered":
        why = completion.reason or completion.state
        return f"{judge} gave no judgment in a trial: {why}; take another judge or prompt set."
    if settings.rating == "expected" and not completion.details.keys() & {"logprobs", "ratings"}:
        return f"{judge} returns no logprobs, which judge.rating 'expected' needs; set it to 'text'."
    text = " ".join(completion.text.split())
    return (
        f"{judge} wrote no verdict that can be read in a trial; it ends in {text[-SHOWN:]!r}; "
        f"change the judge, judge.prompt_set or judge.parser."
    )

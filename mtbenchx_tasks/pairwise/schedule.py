"""The plan of a comparison: which answers meet, in which order they are shown, and what the judge is asked.

Each pair of answers is judged in both orders, always. Models stand in the order given and the baseline stands first, so
that wins and losses are those of model_2 against model_1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hf_datasets.benchmark import questions as mtbench_x
from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.records import Question
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.answers import Answers
from mtbenchx_tasks.formats.ledger.pairs import pairs
from mtbenchx_tasks.judge.answers import answer_of
from mtbenchx_tasks.judge.injection import is_suspicious
from mtbenchx_tasks.judge.judge import endpoint_of, in_role
from mtbenchx_tasks.judge.messages import PairPrompts
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.records import OutcomeItem


@dataclass(frozen=True)
class Match:
    """Two answers to be compared in one run."""

    item: OutcomeItem
    """What is compared."""
    prompt: str
    """Name of the judge prompt."""
    suspicious: bool
    """One of the answers talks to the judge (see judge/injection.py)."""
    answers: tuple[str, str]
    """The compared answers of model_1 and model_2."""
    requests: tuple[ChatRequest, ChatRequest] | None
    """model_1 shown as A, model_2 shown as A; None if an answer is empty, which is never judged."""


def plan(
    answers: Sequence[Answers],
    questions: Sequence[Question],
    prompts: PairPrompts,
    settings: JudgeSettings,
    baseline: str | None = None,
) -> list[Match]:
    """Return every match of every pair: by pair, question, turn and run.

    Args:
        answers: Two models' or more.
        questions: The benchmark's.
        prompts: What the judge is asked with.
        settings: The judge's.
        baseline: The model that all others are compared with; None: all pairs.

    Raises:
        UserError: Two models have one name, the baseline is none of them, a question is unknown, one model lacks a
            question that another answered, or a question has not two answers.
    """
    by_id = {question.question_id: question for question in questions}
    texts = {given.model: _checked(given, by_id) for given in answers}
    found = pairs([given.model for given in answers], baseline)
    for one, other in found:
        _check_same_questions(one, other, texts)
    matches = []
    for one, other in found:
        for identifier in sorted(texts[one]):
            question = by_id[identifier]
            place = answers[0].benchmark, question.language, identifier, question.category
            for turn in range(1, mtbench_x.TURNS + 1):
                item = OutcomeItem(*place, turn, run=0, judge=settings.slug, model_1=one, model_2=other)
                both = texts[one][identifier], texts[other][identifier]
                matches += _matches(item, question, both, prompts, settings)
    return matches


def benchmark_of(answers: Sequence[Answers], language: str) -> str:
    """Return the benchmark that all answers are to.

    Raises:
        UserError: They are to two benchmarks, or in another language than asked for.
    """
    for given in answers:
        if given.language not in (None, language):
            raise UserError(f"The answers of {given.model!r} are in {given.language!r}, not {language!r}.")
        if given.benchmark != answers[0].benchmark:
            raise UserError(
                f"{answers[0].model!r} answered {answers[0].benchmark} and {given.model!r} answered "
                f"{given.benchmark}; compare answers to one benchmark."
            )
    return answers[0].benchmark


def _checked(given: Answers, questions: Mapping[int, Question]) -> dict[int, tuple[str, ...]]:
    for identifier, texts in given.texts.items():
        if identifier not in questions:
            raise UserError(
                f"{given.model!r}: {given.benchmark} has no question {identifier}; "
                f"its ids are {min(questions)} to {max(questions)}."
            )
        if len(texts) != mtbench_x.TURNS:
            raise UserError(
                f"{given.model!r}: question {identifier} needs two answers, one per turn, not {len(texts)}."
            )
    return {identifier: tuple(answer_of(text).text for text in texts) for identifier, texts in given.texts.items()}


def _check_same_questions(one: str, other: str, texts: Mapping[str, Mapping[int, object]]) -> None:
    for lacking, having in ((one, other), (other, one)):
        missing = min(texts[having].keys() - texts[lacking].keys(), default=None)
        if missing is not None:
            raise UserError(
                f"{lacking!r} has no answer to question {missing}, which {having!r} answered; "
                f"compare answers to the same questions."
            )


def _matches(
    item: OutcomeItem,
    question: Question,
    texts: tuple[Sequence[str], Sequence[str]],
    prompts: PairPrompts,
    settings: JudgeSettings,
) -> list[Match]:
    """Return one match per run."""
    prompt = prompts.prompt(question, item.turn)
    compared = texts[0][item.turn - 1], texts[1][item.turn - 1]
    runs = [replace(item, run=run) for run in range(settings.runs)]
    if not all(text.strip() for text in compared):
        return [Match(one, prompt.name, False, compared, None) for one in runs]
    suspicious = any(is_suspicious(text, prompt) for texts_of in texts for text in texts_of[: item.turn])
    first, second = (
        game_request(question, shown, item.turn, prompts, settings) for shown in (texts, (texts[1], texts[0]))
    )
    return [
        Match(one, prompt.name, suspicious, compared, (replace(first, run=one.run), replace(second, run=one.run)))
        for one in runs
    ]


def game_request(
    question: Question,
    shown: tuple[Sequence[str], Sequence[str]],
    turn: int,
    prompts: PairPrompts,
    settings: JudgeSettings,
) -> ChatRequest:
    """Return the request of one game's first run.

    Args:
        question: What was asked.
        shown: Answers of who is shown as A, and of who is shown as B, up to the turn.
        turn: 1 or 2.
        prompts: What the judge is asked with.
        settings: The judge's.
    """
    messages = in_role(settings, prompts.messages(question, shown[0], shown[1], turn))
    return ChatRequest(endpoint_of(settings), settings.model, messages, settings.parameters())

"""The plan of a comparison: which answers meet, in which order they are shown, and what the judge is asked.

Each pair of answers is judged in both orders, always. Models stand in the order given and the baseline stands first;
tables show the other's wins against it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.records import Question, QuestionId, answers_needed, id_order, ids_shown
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.answers import Answers
from mtbenchx_tasks.judge.answers import answer_of
from mtbenchx_tasks.judge.injection import is_suspicious
from mtbenchx_tasks.judge.judge import PairJudge
from mtbenchx_tasks.records import Item


@dataclass(frozen=True)
class Match:
    """Two answers to be compared in one run."""

    item: Item
    models: tuple[str, str]
    """Their names; the first is shown as A in the first game."""
    run: int
    """0-based number of the judge's run."""
    prompt: str
    """Name of the judge prompt."""
    suspicious: bool
    """One of the answers talks to the judge (see judge/injection.py)."""
    answers: Mapping[str, str]
    """Model's name -> its answer."""
    requests: tuple[ChatRequest, ChatRequest] | None
    """Both games, in the order of the models shown as A; None if an answer is empty, which is never judged."""


def pairs(models: Sequence[str], baseline: str | None = None) -> list[tuple[str, str]]:
    """Return which models are compared: the baseline with each other one, or all pairs, in the order given.

    Raises:
        UserError: There are not two models, two have one name, or the baseline is none of them.
    """
    twice = next((model for model in models if list(models).count(model) > 1), None)
    if twice is not None:
        raise UserError(f"Two sets of answers are of a model named {twice!r}; give one of them another model_id.")
    if len(models) < 2:  # noqa: PLR2004
        raise UserError("A comparison needs the answers of two models or more; name another file.")
    if baseline is None:
        return list(combinations(models, 2))
    if baseline not in models:
        raise UserError(f"The baseline {baseline!r} is none of the models {', '.join(models)}; name one of them.")
    return [(baseline, model) for model in models if model != baseline]


def plan(
    answers: Sequence[Answers],
    questions: Sequence[Question],
    judge: PairJudge,
    baseline: str | None = None,
) -> list[Match]:
    """Return every match of every pair: by pair, question, turn and run.

    Args:
        answers: Two models' or more.
        questions: The benchmark's.
        judge: Who compares.
        baseline: The model that all others are compared with; None: all pairs.

    Raises:
        UserError: Two models have one name, the baseline is none of them, a question is unknown, one model lacks a
            question that another answered, or a question has not an answer a turn.
    """
    by_id = {question.question_id: question for question in questions}
    texts = {given.model: _checked(given, by_id) for given in answers}
    found = pairs([given.model for given in answers], baseline)
    for one, other in found:
        _check_same_questions(one, other, texts)
    return [
        match
        for one, other in found
        for identifier in sorted(texts[one], key=id_order)
        for turn in range(1, len(by_id[identifier].turns) + 1)
        for match in _matches(
            answers[0].benchmark,
            by_id[identifier],
            turn,
            {one: texts[one][identifier], other: texts[other][identifier]},
            judge,
        )
    ]


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


def _checked(given: Answers, questions: Mapping[QuestionId, Question]) -> dict[QuestionId, tuple[str, ...]]:
    for identifier, texts in given.texts.items():
        if identifier not in questions:
            raise UserError(
                f"{given.model!r}: {given.benchmark} has no question {identifier}; its ids are {ids_shown(questions)}."
            )
        if len(texts) != len(questions[identifier].turns):
            needed = answers_needed(questions[identifier])
            raise UserError(f"{given.model!r}: question {identifier} needs {needed}, not {len(texts)}.")
    return {identifier: tuple(answer_of(text).text for text in texts) for identifier, texts in given.texts.items()}


def _check_same_questions(one: str, other: str, texts: Mapping[str, Mapping[QuestionId, object]]) -> None:
    for lacking, having in ((one, other), (other, one)):
        missing = min(texts[having].keys() - texts[lacking].keys(), key=id_order, default=None)
        if missing is not None:
            raise UserError(
                f"{lacking!r} has no answer to question {missing}, which {having!r} answered; "
                f"compare answers to the same questions."
            )


def _matches(
    benchmark: str, question: Question, turn: int, texts: Mapping[str, Sequence[str]], judge: PairJudge
) -> list[Match]:
    """Return one match per run of two models' answers, turn by turn."""
    item = Item(benchmark, question.language, question.question_id, turn, question.category)
    prompt = judge.prompts.prompt(question, turn)
    one, other = texts
    answers = {model: said[turn - 1] for model, said in texts.items()}
    requests = None
    if all(text.strip() for text in answers.values()):
        orders = (texts[one], texts[other]), (texts[other], texts[one])
        first, second = (judge.request(question, shown, turn) for shown in orders)
        requests = first, second
    suspicious = bool(requests) and any(is_suspicious(text, prompt) for said in texts.values() for text in said[:turn])
    return [
        Match(
            item,
            (one, other),
            run,
            prompt.name,
            suspicious,
            answers,
            requests and (replace(requests[0], run=run), replace(requests[1], run=run)),
        )
        for run in range(judge.settings.runs)
    ]

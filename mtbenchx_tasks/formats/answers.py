"""Answers that were generated before: FastChat's model_answer files and lm_eval's logged samples, read alike.

{"question_id": 81, "model_id": "m", "choices": [{"index": 0, "turns": ["...", "..."]}]}            # model_answer
{"doc": {"question_id": 81, "language": "de", ...}, "resps": [["..."], ["..."]], "filter": "none"}  # samples
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hf_datasets.benchmark.question_faults import QUESTION_SETS
from hf_datasets.benchmark.questions import LANGUAGES, questions
from hf_datasets.records import QuestionId
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import checked, shown
from mtbenchx_tasks.formats.benchmark import MTBENCH_X, NOTHING, Told, benchmark_of, only_language
from mtbenchx_tasks.formats.fastchat.rows import AnswerRow
from mtbenchx_tasks.formats.lm_eval import SampleRow, declared, results_beside

Texts = Mapping[QuestionId, tuple[str, ...]]
"""Question id -> answers, turn by turn."""
Numbered = Sequence[tuple[int, dict[str, Any]]]
Entry = tuple[QuestionId, str, tuple[tuple[str, ...], ...]]
"""Question id, its language ("" where nothing tells it), and the answers to its turns, repeat by repeat."""


@dataclass(frozen=True)
class Answers:
    """One model's answers in one language."""

    model: str
    language: str | None
    """Language of the questions, if the file tells it."""
    benchmark: str
    """`mtbench_x`, `mini` or another's name; "" if nothing tells it."""
    texts: Texts
    """Question id -> answers, turn by turn."""
    further: tuple[Texts, ...] = ()
    """The same of each further repeat that the file declares."""
    asked: Texts = field(default_factory=dict)
    """Question id -> its turns as they were asked, where the file tells them."""

    @property
    def repeats(self) -> tuple[Texts, ...]:
        """Every repeat, the first before the others."""
        return self.texts, *self.further


def first_of(answers: Answers) -> str:
    """Say that only the first of several answers to each question is taken, for who takes no repeats."""
    return f"of {len(answers.repeats)} answers of {answers.model} to each question the first is taken"


def read_answers(file: Path, told: Told = NOTHING) -> Answers:
    """Read a file of one model.

    Raises:
        UserError: As `read_models`, or it holds several models.
    """
    found = read_models(file, told)
    if len(found) > 1:
        names = ", ".join(answers.model for answers in found)
        raise UserError(f"{file} holds answers of several models ({names}); give each model a file of its own.")
    return found[0]


def read_models(file: Path, told: Told = NOTHING) -> list[Answers]:
    """Read a file of either layout; each model in it has answers of its own.

    Args:
        file: FastChat's model_answer, or samples of `lm_eval --log_samples`.
        told: The benchmark, where the file doesn't tell it.

    Raises:
        UserError: It can't be read, is of neither layout, holds a question twice, questions in several languages, or
            something that is no answer; file, line and value are named.
    """
    if file.is_dir():
        raise UserError(f"{file} is a folder; name its files of answers, e.g. {file}/*.jsonl.")
    if not file.is_file():
        raise UserError(f"There is no file {file}.")
    rows = jsonl.numbered(file)
    if not rows:
        raise UserError(f"{file} is empty.")
    first = rows[0][1]
    if "choices" in first:
        return _from_fastchat(file, rows, told)
    if {"doc", "resps"} <= first.keys():
        return [_from_samples(file, rows, told)]
    raise UserError(
        f"{file}: neither FastChat's model_answer (keys question_id, choices, model_id) nor lm_eval's samples "
        f"(doc, resps); found {shown(', '.join(sorted(first)))}."
    )


def check_question_set(answers: Answers, language: str, question_set: str) -> None:
    """See that answers to the published questions aren't taken for answers to the corrected ones, or the reverse.

    Args:
        answers: A model's.
        language: Of the questions.
        question_set: Which questions the answers are to be judged with, `published` or `corrected`.

    Raises:
        UserError: The file holds turns of the other set.
    """
    if not answers.asked or answers.benchmark != MTBENCH_X or language not in LANGUAGES:
        return
    (other,) = {*QUESTION_SETS} - {question_set}
    taken, left = (
        {q.question_id: q.turns for q in questions(MTBENCH_X, language, question_set=name)}
        for name in (question_set, other)
    )
    for number, turns in answers.asked.items():
        if turns == left.get(number) != taken.get(number):
            raise UserError(
                f"{answers.model} answered question {number} of the {other} questions in {language!r}, not of the "
                f"{question_set} ones; set question_set to {other!r}, or generate its answers anew."
            )


def _from_fastchat(file: Path, rows: Numbered, told: Told) -> list[Answers]:
    models: dict[str, list[Entry]] = {}
    for number, row in rows:
        given = checked(AnswerRow, row, f"{file}, line {number}", "a model_answer row")
        repeats = tuple(tuple(choice.turns) for choice in given.choices)
        models.setdefault(given.model_id or file.stem, []).append((*given.question_id, repeats))
    ids = {entry[0] for entries in models.values() for entry in entries}
    benchmark = benchmark_of(file, ids, told.benchmark)
    return [_answers(file, model, entries, benchmark) for model, entries in models.items()]


def _from_samples(file: Path, rows: Numbered, told: Told) -> Answers:
    config, _, model = results_beside(file)
    entries: list[Entry] = []
    asked: dict[QuestionId, tuple[str, ...]] = {}
    for number, row in rows:
        place = f"{file}, line {number}"
        given = checked(SampleRow, row, place, "a sample of a mtbench_x task", "leave the file out")
        repeats = declared(given.resps, config, place, given.doc.n_turns)
        entries.append((given.doc.question_id.question, given.doc.language.lower(), repeats))
        if given.doc.turns:
            asked[given.doc.question_id.question] = tuple(given.doc.turns)
    name = told.benchmark or config.benchmark or None
    numbers = [number for number, _, _ in entries]
    benchmark = benchmark_of(file, numbers, name, {number: turns[0] for number, turns in asked.items()})
    return replace(_answers(file, model, entries, benchmark), asked=asked)


def _answers(file: Path, model: str, entries: Sequence[Entry], benchmark: str) -> Answers:
    """Put one model's answers together, repeat by repeat."""
    languages = sorted({language for _, language, _ in entries} - {""})
    if len(languages) > 1:
        raise UserError(f"{file}: questions in {', '.join(languages)} in one file; give each language a file.")
    if len({question for question, _, _ in entries}) < len(entries):
        raise UserError(f"{file} holds a question of {model!r} more than once; keep one answer per question.")
    most = max(len(repeats) for _, _, repeats in entries)
    texts = [
        {question: repeats[place] for question, _, repeats in entries if place < len(repeats)} for place in range(most)
    ]
    return Answers(
        model, languages[0] if languages else only_language(benchmark), benchmark, texts[0], tuple(texts[1:])
    )

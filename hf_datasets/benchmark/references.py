"""Reference sets: the published GPT-4 answers, and the same with our own where the published ones are wrong.

A correction is one line of edits/references.<language>.jsonl: question, turn, hash of the published answer that it
replaces, what is wrong with that, and our answer. A test computes or runs each. Every language has the same turns, so
that judges of all languages see the same solutions; where the published answer is right, its kind is `parallel`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from hf_datasets.records import Question, QuestionId, content_hash
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import read_records

HERE = Path(__file__).parent
PUBLISHED, CORRECTED = "published", "corrected"
REFERENCE_SETS = (PUBLISHED, CORRECTED)
KINDS = ("wrong", "limited", "wording", "parallel")
"""What is wrong with a published answer: its claim or code; its code beyond some input; only its words; nothing."""
WRONG, LIMITED, WORDING = KINDS[:3]


@dataclass(frozen=True)
class Correction:
    """One turn's reference answer of ours."""

    question_id: int
    """Id of the question."""
    turn: int
    """1 or 2."""
    sha256: str
    """Hash of the published answer."""
    kind: str
    """One of KINDS."""
    reason: str
    """What is wrong with that, in English."""
    text: str
    """Our answer."""
    place: str
    """File and line, for errors."""
    corrected_question: str = ""
    """Our answer to the corrected question, where it is another; see question_faults.py."""


@cache
def corrections(language: str) -> tuple[Correction, ...]:
    """Return our reference answers in one language, in the order of their file.

    Args:
        language: Lower-case language code.

    Raises:
        UserError: There are none in that language, or a line can't be read.
    """
    file = HERE / "edits" / f"references.{language}.jsonl"
    if not file.is_file():
        raise UserError(f"There are no corrected references in {language!r}; set reference_set to {PUBLISHED!r}.")
    return read_corrections(file)


def read_corrections(file: Path) -> tuple[Correction, ...]:
    """Read a file of corrections.

    Raises:
        UserError: The file can't be read, or a line has other fields than a correction; it is named.
    """
    return tuple(read_records(file, Correction, "a correction of a reference"))


def corrected(
    questions: Sequence[Question], found: Sequence[Correction], question_set: str = PUBLISHED
) -> list[Question]:
    """Return questions with corrected references.

    Args:
        questions: With the published references.
        found: The corrections.
        question_set: Of which turns the questions are: `published` or `corrected`.

    Raises:
        UserError: A correction is stale, or corrects what isn't there or is corrected already; its line is named.
    """
    by_id = {question.question_id: question for question in questions}
    answers: dict[QuestionId, dict[int, str]] = {}
    for item in found:
        _check(item, by_id, answers.setdefault(item.question_id, {}))
        other = item.corrected_question if question_set == CORRECTED else ""
        answers[item.question_id][item.turn] = other or item.text
    return [_with(question, answers.get(question.question_id, {})) for question in questions]


def _check(item: Correction, questions: Mapping[QuestionId, Question], earlier: Mapping[int, str]) -> None:
    question = questions.get(item.question_id)
    if question is None or not 1 <= item.turn <= len(question.reference):
        raise UserError(f"{item.place}: question {item.question_id} has no reference for turn {item.turn}.")
    if item.turn in earlier:
        raise UserError(f"{item.place}: question {item.question_id}, turn {item.turn} is corrected twice.")
    published = question.reference[item.turn - 1]
    if text_hash(published) != item.sha256:
        raise UserError(
            f"{item.place}: stale, the published reference of question {item.question_id}, turn {item.turn} is now "
            f"{text_hash(published)[:12]}...; read it, and correct the line or delete it."
        )


def _with(question: Question, answers: Mapping[int, str]) -> Question:
    reference = tuple(answers.get(turn, text) for turn, text in enumerate(question.reference, start=1))
    return replace(question, reference=reference)


def text_hash(text: str) -> str:
    """Return the sha256 (hex) of a text, by which a correction knows the answer that it replaces."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def references_hash(questions: Sequence[Question]) -> str:
    """Return the sha256 (hex) of all references of a set, as it stands in results."""
    return content_hash({str(question.question_id): list(question.reference) for question in questions})

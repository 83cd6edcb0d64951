"""Faults of the published questions: what translation changed, kept as data, and the question set that mends it.

A fault is one line of edits/question_faults.jsonl: language, question, turn, kind, severity, hash of the published
turn, why, and either small replacements (`edits`) or, where nothing of the turn can stay, a turn of ours (`text`).
The published turns themselves aren't repeated.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from hf_datasets.benchmark.references import CORRECTED, PUBLISHED, text_hash
from hf_datasets.records import Question, content_hash
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import Row, checked

QUESTION_SETS = (PUBLISHED, CORRECTED)
FILE = Path(__file__).parent / "edits" / "question_faults.jsonl"
UNTRANSLATED = "untranslated"
KINDS: Mapping[str, str] = {
    "meaning": "a word or phrase means something else",
    "reference": "who acts, or what is asked for, is another",
    "absent_word": "a word to be counted isn't in the text",
    "over_translated": "code, a formula or an idiom was translated that had to stay",
    "over_corrected": "the errors that are to be found were corrected",
    UNTRANSLATED: "a sentence was left in English",
    "adaptation": "the task is trivial in this language",
    "terminology": "the term is another in this language",
    "wording": "wrong or clumsy words, the same task",
    "register": "two forms of address in one turn or dialogue",
    "typo": "spelling, punctuation, numbering",
}
"""Kind of a fault -> what it means."""
MINOR = "minor"
SEVERITIES: Mapping[str, str] = {
    "void": "the task is no longer there",
    "changed": "a faithful answer differs from one to the English turn",
    MINOR: "the same task",
}
"""Severity of a fault -> what it means."""


class Edit(Row):
    """A replacement in a published turn."""

    old: str
    """What is replaced; it occurs once."""
    new: str
    """What stands there instead."""


class Fault(Row):
    """What is wrong with one published turn in one language."""

    language: str
    """Lower-case code."""
    question_id: int
    """Id of the question."""
    turn: int
    """1 or 2."""
    kind: str
    """One of KINDS."""
    severity: str
    """One of SEVERITIES."""
    sha256: str
    """Hash of the published turn."""
    why: str
    """What is wrong, in English."""
    edits: Sequence[Edit] = ()
    """Replacements in the published turn."""
    text: str = ""
    """A turn of ours instead of all of it."""
    place: str = ""
    """File and line, for errors."""

    def corrected(self, published: str) -> str:
        """Return the corrected turn.

        Raises:
            UserError: The published turn isn't the one that was read, or an edit doesn't fit it.
        """
        if text_hash(published) != self.sha256:
            raise UserError(
                f"{self.place}: stale, turn {self.turn} of question {self.question_id} in {self.language!r} is now "
                f"{text_hash(published)[:12]}...; read it, and correct the line or delete it."
            )
        text = self.text or published
        for edit in self.edits:
            if text.count(edit.old) != 1:
                raise UserError(f"{self.place}: {edit.old!r} occurs {text.count(edit.old)} times, not once.")
            text = text.replace(edit.old, edit.new)
        return text


@cache
def question_faults(language: str) -> tuple[Fault, ...]:
    """Return the faults of the published questions in one language, by question and turn; none if nobody read it.

    Args:
        language: Lower-case language code.
    """
    return tuple(fault for fault in read_faults(FILE) if fault.language == language)


def read_faults(file: Path) -> tuple[Fault, ...]:
    """Read a file of faults.

    Raises:
        UserError: The file can't be read, or a line is no fault; it is named.
    """
    found = []
    for number, row in jsonl.numbered(file):
        place = f"{file.name}, line {number}"
        fault = checked(Fault, {**row, "place": place}, place, "a fault of a question")
        if fault.kind not in KINDS or fault.severity not in SEVERITIES or bool(fault.edits) == bool(fault.text):
            raise UserError(f"{place}: a fault has a kind and severity of the lists, and either `edits` or `text`.")
        found.append(fault)
    return tuple(found)


def corrected_questions(questions: Sequence[Question], faults: Iterable[Fault]) -> list[Question]:
    """Return the questions with their faults corrected.

    Args:
        questions: The published ones of one language.
        faults: Its faults.

    Raises:
        UserError: A fault is stale, of a question that isn't there, or of a turn that has one already; its line is
            named.
    """
    by_id = {question.question_id: question for question in questions}
    corrected: set[tuple[int, int]] = set()
    for fault in faults:
        question = by_id.get(fault.question_id)
        if question is None or not 1 <= fault.turn <= len(question.turns):
            raise UserError(f"{fault.place}: there is no turn {fault.turn} of question {fault.question_id}.")
        if (fault.question_id, fault.turn) in corrected:
            raise UserError(f"{fault.place}: turn {fault.turn} of question {fault.question_id} is corrected twice.")
        corrected.add((fault.question_id, fault.turn))
        by_id[fault.question_id] = _mended(question, fault)
    return list(by_id.values())


def _mended(question: Question, fault: Fault) -> Question:
    turns = list(question.turns)
    turns[fault.turn - 1] = fault.corrected(turns[fault.turn - 1])
    exempt = question.other_language_turns
    if fault.kind == UNTRANSLATED:
        exempt = tuple(turn for turn in exempt if turn != fault.turn)
    return replace(question, turns=tuple(turns), other_language_turns=exempt)


def untranslated_turns(language: str, question_id: int) -> tuple[int, ...]:
    """Return the turns of a published question that were left in English."""
    faults = question_faults(language)
    return tuple(f.turn for f in faults if f.kind == UNTRANSLATED and f.question_id == question_id)


def changed_questions(languages: Iterable[str]) -> frozenset[int]:
    """Return the questions whose task translation changed in any of some languages: void or changed, not minor.

    A question counts with both its turns, since the second builds on the first.
    """
    faults = (fault for language in languages for fault in question_faults(language))
    return frozenset(fault.question_id for fault in faults if fault.severity != MINOR)


def questions_hash(questions: Sequence[Question]) -> str:
    """Return the sha256 (hex) of all turns of a question set, as it stands in results."""
    return content_hash({str(question.question_id): list(question.turns) for question in questions})

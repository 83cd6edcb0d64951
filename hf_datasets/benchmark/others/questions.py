"""The questions of somebody's set, with any ids, turns and categories, and the reference answers to them."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from hf_datasets.benchmark.others.files import rows_of
from hf_datasets.records import CATEGORIES, Question, QuestionId, ids_shown
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.language_codes import language_code
from hf_datasets.shared.rows import MOST_TURNS, Asked, Name, Row, Text, ToldId, Turn, checked, shown

GENERAL = "general"
"""The category of questions that tell none."""
GUIDED = ("math", "reasoning", "coding")
"""Of MT-Bench's categories those whose judge sees a reference answer."""
METRICS = frozenset({"score", "category_mean", "answer_language", "unscored", "alias"})
"""What lm_eval's results call something else, so that no category can be called so."""
ERROR_OF = "_stderr"
"""Ends what lm_eval's results call the error of a metric."""
UNTOLD = "no category told"
"""What tables call the category of a question that isn't known."""


def _filled_turn(value: str) -> str:
    if not any(sign.isprintable() and not sign.isspace() for sign in value):  # invisible signs are no question
        raise ValueError("must be a text that isn't empty")
    return value


def _category(value: Any) -> Any:
    if isinstance(value, str):  # what looks the same is the same
        value = unicodedata.normalize("NFC", value.strip(" "))
    return GENERAL if value is None or value == "" else value


def _none(value: Any) -> Any:
    return [] if value is None else value


def _of_a_conversation(turns: list[str]) -> list[str]:
    if len(turns) > MOST_TURNS:
        raise ValueError(f"must be at most {MOST_TURNS} turns")
    return turns


def _free(value: str) -> str:
    if value in METRICS or value.startswith("turn_") or value.endswith(ERROR_OF) or value == UNTOLD:
        raise ValueError("must not be called as a metric is")
    if "," in value:
        raise ValueError("must hold no comma, at which lm_eval's tables and --categories end a name")
    return value


class SetRow(Row):
    """A row of questions: {"question_id": 1, "category": "writing", "turns": ["...", "..."]}."""

    question_id: Asked
    turns: Annotated[
        list[Annotated[str, AfterValidator(_filled_turn)]], Field(min_length=1), AfterValidator(_of_a_conversation)
    ]
    category: Annotated[Name, AfterValidator(_free), BeforeValidator(_category)] = GENERAL
    language: Text = ""
    other_language_turns: Annotated[list[Turn], BeforeValidator(_none)] = Field(default_factory=list)


class _Choice(Row):
    turns: list[Text]


class _Answers(Row):
    question_id: Asked
    choices: Annotated[list[_Choice], Field(min_length=1)]


class _References(Row):
    question_id: Asked
    reference: list[Text]


References = Mapping[QuestionId, tuple[str, ...]]


@dataclass
class Remarks:
    """What a reader of the set must know, in the order of finding."""

    lines: list[str] = field(default_factory=list)

    def add(self, ids: Collection[QuestionId], text: str) -> None:
        """Note something of some questions; nothing of none."""
        if ids:
            self.lines.append(f"{len(ids)} {text} (questions {ids_shown(ids)})")


def read_questions(file: Path, language: str, categories: Sequence[str] = ()) -> list[Question]:
    """Read the questions of a set.

    Args:
        file: JSON Lines, a JSON array, or Parquet.
        language: Code of their language; what rows tell must agree.
        categories: Only these, in this order; empty: all, in the order of the file.

    Raises:
        UserError: A row is of another shape or language, an id stands twice, or a category isn't there; file, line and
            value are named.
    """
    found: dict[QuestionId, tuple[str, Question]] = {}
    for place, row in rows_of(file):
        read = checked(SetRow, row, place, "a question")
        number = own_id(read.question_id, language, place, row.get("question_id"))
        told = language_code(read.language) if read.language else language
        if told != language:
            raise UserError(
                f"{place}: a question in {shown(read.language)}, not {language!r}; give each language a file."
            )
        if number in found:
            raise UserError(f"{place}: question {number} stands in {found[number][0]}, too; give it another id.")
        turns, exempt = tuple(read.turns), tuple(sorted(set(read.other_language_turns)))
        if exempt and exempt[-1] > len(turns):
            raise UserError(f"{place}: other_language_turns names turn {exempt[-1]} of {len(turns)}; correct it.")
        found[number] = place, Question(number, language, read.category, turns, other_language_turns=exempt)
    if not found:
        raise UserError(f"{file} holds no questions; name a file of rows with question_id and turns.")
    return _of_categories([question for _, question in found.values()], file, categories)


def own_id(told: ToldId, language: str, place: str, written: object) -> QuestionId:
    """Return the id without the language behind it, which must be the set's.

    Raises:
        UserError: It is another one.
    """
    if told.language and language_code(told.language) != language:
        raise UserError(
            f"{place}: question_id {shown(written)} tells the language {shown(told.language)}, not {language!r}; give "
            "each language a file, or write an id that doesn't end so."
        )
    return told.question


def _of_categories(questions: list[Question], file: Path, categories: Sequence[str]) -> list[Question]:
    present = list(dict.fromkeys(question.category for question in questions))
    for name in categories:
        if name not in present:
            raise UserError(f"{file} has no category {name!r}; it has {', '.join(present)}.")
    if not categories:
        return questions
    kept = [question for question in questions if question.category in categories]
    return sorted(kept, key=lambda question: categories.index(question.category))


def read_references(files: Sequence[Path], language: str) -> dict[QuestionId, tuple[str, ...]]:
    """Read reference answers: FastChat's answer rows, or rows with `reference`.

    Raises:
        UserError: A row is of another shape, or two files answer one question.
    """
    found: dict[QuestionId, tuple[str, ...]] = {}
    places: dict[QuestionId, str] = {}
    for file in files:
        for place, row in rows_of(file):
            if "choices" not in row and not row.get("reference"):
                continue  # a file of questions, of which some have a reference
            number, texts = _reference(row, place, language)
            if number in found:
                raise UserError(
                    f"{place}: question {number} has a reference answer in {places[number]}, too; name one file by "
                    "--references."
                )
            found[number], places[number] = texts, place
    if files and not found:
        raise UserError(
            f"{files[0]} holds no reference answers (rows with `choices`, or with `reference`); name others by "
            "--references, or move it away."
        )
    return found


def _reference(row: Mapping[str, Any], place: str, language: str) -> tuple[QuestionId, tuple[str, ...]]:
    if "choices" in row:
        answers = checked(_Answers, row, place, "a reference answer")
        said, texts = answers.question_id, answers.choices[0].turns
    else:
        given = checked(_References, row, place, "a reference answer")
        said, texts = given.question_id, given.reference
    return own_id(said, language, place, row.get("question_id")), tuple(texts)


def is_guided(category: str, named: Collection[str] | None) -> bool:
    """Tell whether judges see reference answers in a category.

    Args:
        category: The question's.
        named: Which the user wants; None: FastChat's rule, by which they see none in five of MT-Bench's categories.
    """
    return category in named if named is not None else category in GUIDED or category not in CATEGORIES


def with_references(
    questions: Sequence[Question], references: References, remarks: Remarks, named: Collection[str] | None = None
) -> list[Question]:
    """Return the questions with the reference answers that a judge will see; what is surplus or lacks is noted.

    Args:
        questions: Of a set.
        references: Question id -> reference answers, turn by turn.
        remarks: Where it is noted.
        named: See `is_guided`.
    """
    by_id = {question.question_id: question for question in questions}
    remarks.add(references.keys() - by_id.keys(), "reference answers are to questions that the set doesn't have")
    known = {number: texts for number, texts in references.items() if number in by_id}
    shown = {number: texts for number, texts in known.items() if is_guided(by_id[number].category, named)}
    remarks.add(
        known.keys() - shown.keys(),
        "reference answers are left out, since MT-Bench's judges see none in these categories "
        "(--reference-categories names others)",
    )
    kept = {number: texts[: len(by_id[number].turns)] for number, texts in shown.items()}
    remarks.add(
        [number for number in shown if len(shown[number]) > len(kept[number])], "have more references than turns"
    )
    part = [number for number, texts in kept.items() if _guided_turns(texts) < len(by_id[number].turns)]
    remarks.add(part, "have a reference answer to some turns only; the judge sees none from the first without one on")
    return [_with(question, kept.get(question.question_id, ())) for question in questions]


def _guided_turns(texts: Sequence[str]) -> int:
    """Return how many turns from the first have a reference answer."""
    return next((at for at, text in enumerate(texts) if not text.strip()), len(texts))


def _with(question: Question, texts: tuple[str, ...]) -> Question:

    return replace(question, reference=texts[: _guided_turns(texts)])

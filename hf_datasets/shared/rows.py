"""The entrance for rows of others: a row has the stated shape, or one sentence says what is wrong with it.

A format states its rows as a class, and `checked` returns one or raises:

    class Answered(Row):
        question_id: Id
        choices: list[Choice]

    row = checked(Answered, {"question_id": 81.0, "choices": [...]}, "answers.jsonl, line 3", "a model_answer row")
    row.question_id   # 81
"""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import GenericAlias
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
    create_model,
)

from hf_datasets.records import QuestionId, plain_id
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.language_codes import is_code

LONGEST = 60
"""Characters of a wrong value that an error shows."""
LARGEST = 2**53
"""Whole numbers above it aren't told apart by every program that writes JSON."""
LONGEST_NAME = 500
MOST_TURNS = 100
"""More turns has no conversation."""
BENCHMARK_ROW = "a row of a benchmark"
"""What a question or a judge prompt should be, in words."""


class Row(BaseModel):
    """One row of a foreign file; keys that it doesn't state are passed over, and no value is turned into another."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)


R = TypeVar("R", bound=Row)
Record = TypeVar("Record")


def checked(kind: type[R], row: Any, place: str, what: str, remedy: str = "correct the row or leave it out") -> R:
    """Return a row of the stated shape.

    Args:
        kind: The shape.
        row: What the file holds.
        place: The file and line, e.g. `answers.jsonl, line 3`.
        what: What the row should be, e.g. `a model_answer row`.
        remedy: What a user can do.

    Raises:
        UserError: It is of another shape; place, key and value are named.
    """
    try:
        return kind.model_validate(row)
    except ValidationError as error:
        raise UserError(f"{place}: not {what} ({_fault(error)}); {remedy}.") from error


def record(kind: Callable[..., Record], row: Mapping[str, Any], place: str, what: str) -> Record:
    """Return a row as one of our data classes of numbers, texts and tuples of these; null is a key that is missing.

    Args:
        kind: The data class; keys that it doesn't have are passed over.
        row: What the file holds; lists stand for tuples.
        place: The file and line.
        what: What the row should be, e.g. `a row of a benchmark`.

    Raises:
        UserError: As `checked`.
    """
    values = {name: value for name, value in row.items() if value is not None}
    return kind(**dict(checked(_shape(kind), values, place, what)))


def read_records(file: Path, kind: Callable[..., Record], what: str) -> list[Record]:
    """Read a JSON Lines file as data classes that have a field `place`, which gets file and line.

    Raises:
        UserError: The file can't be read, or a line is of another shape.
    """
    places = ((f"{file}, line {number}", row) for number, row in jsonl.numbered(file))
    return [record(kind, {**row, "place": place}, place, what) for place, row in places]


@functools.cache
def _shape(kind: Any) -> type[Row]:
    hints = get_type_hints(kind, include_extras=True)
    columns: dict[str, Any] = {field.name: (_strict(hints[field.name]), _default(field)) for field in fields(kind)}
    return create_model(kind.__name__, __base__=Row, **columns)


def _default(field: Any) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return ... if field.default is MISSING else field.default


def _strict(hint: Any) -> Any:
    if get_origin(hint) is tuple:
        items = GenericAlias(tuple, (_strict(get_args(hint)[0]), ...))
        return Annotated[items, Strict(False)]  # lists are welcome, but each item must be what it should
    if is_dataclass(hint):
        kind: Any = hint
        return Annotated[_shape(kind), AfterValidator(lambda row: kind(**dict(row)))]
    if hint == QuestionId:
        return Id
    return Annotated[int, BeforeValidator(whole), Field(ge=-LARGEST, le=LARGEST)] if hint is int else hint


def _fault(error: ValidationError) -> str:
    """Return the first fault in words: key, what it must be, and what it is."""
    found = error.errors(include_url=False, include_context=True)[0]
    key = _path(found["loc"])
    if found["type"] == "missing":
        return f"the key {key} is missing"
    if found["type"] == "value_error":
        of = ", not " + shown(found["input"]) if not isinstance(found["input"], Mapping) else ""
        return f"{key or 'it'} {found['ctx']['error']}{of}"
    if found["type"] == "too_short":
        kind = "an object" if isinstance(found["input"], Mapping) else "a list"
        return f"{key} must be {kind} that isn't empty, not {shown(found['input'])}"
    return f"{key or 'it'} must be {_KINDS.get(found['type'], found['msg'])}, not {shown(found['input'])}"


_KINDS = {
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "greater_than_equal": "a whole number from -2^53 to 2^53",
    "less_than_equal": "a whole number from -2^53 to 2^53",
    "mapping_type": "an object",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "bool_type": "true or false",
    "float_type": "a number",
    "int_type": "a whole number",
}


def _path(parts: Sequence[int | str]) -> str:
    """Return `choices[0].turns[1]`."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return path.removeprefix(".")


def shown(value: object, longest: int = LONGEST) -> str:
    """Return a value on one line, cut after so many characters."""
    text = repr(value) if not isinstance(value, int) or abs(value) <= LARGEST else "a very large number"
    text = " ".join(text.split()).encode("utf-8", "replace").decode()
    return text if len(text) <= longest else f"{text[:longest]}..."


# values --------------------------------------------------------------------------------------------------------------


def whole(value: Any) -> Any:
    """Return 81 for 81.0, as a table with gaps has it; anything else as it is."""
    return int(value) if isinstance(value, float) and math.isfinite(value) and value.is_integer() else value


def _id(value: Any) -> QuestionId:
    value = plain_id(whole(value))
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST
    if is_number or (isinstance(value, str) and _is_name(value)):
        return value  # type: ignore[no-any-return]
    raise ValueError("must be a whole number from 0 or a short text")


def _turn(value: Any) -> int:
    value = whole(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_TURNS:
        raise ValueError(f"must be a whole number from 1 to {MOST_TURNS}")
    return value


def _is_name(value: str) -> bool:
    return bool(value.strip()) and len(value) <= LONGEST_NAME and value.isprintable()


def _name(value: str) -> str:
    if not _is_name(value):
        raise ValueError("must be a name on one line")
    return value


def _text(value: Any) -> Any:
    return "" if value is None else value


class ToldId(NamedTuple):
    """A question's id, and the language that upstream writes behind it."""

    question: QuestionId
    """A number, or a text that is none."""
    language: str
    """Of `81_DE`: de; "" where the id tells none."""


def _told_id(value: Any) -> ToldId:
    return ToldId(*split_id(_id(value)))


def one_of(*names: str) -> AfterValidator:
    """Return the validator of a text that is one of some words."""

    def check(value: str) -> str:
        if value not in names:
            raise ValueError(f"must be one of {', '.join(names)}")
        return value

    return AfterValidator(check)


def _filled(value: str) -> str:
    if not value:
        raise ValueError("must be a text that isn't empty")
    return value


Filled = Annotated[str, AfterValidator(_filled)]
"""A text that isn't empty."""
Id = Annotated[Any, BeforeValidator(_id)]
"""A question's id: int or str; 81.0 and the text 81 are 81."""
Asked = Annotated[Any, BeforeValidator(_told_id)]
"""A question's id with the language that may stand behind it (81, 81_DE, q-7), as ToldId."""
Turn = Annotated[Any, BeforeValidator(_turn)]
"""From 1 to MOST_TURNS."""
Name = Annotated[str, AfterValidator(_name)]
"""Of a model, judge or person: printable, on one line."""
Text = Annotated[str, BeforeValidator(_text)]
"""Any text; null is empty."""


def split_id(value: QuestionId) -> tuple[QuestionId, str]:
    """Return id and language of a question as upstream writes them: `81_DE` is (81, "de"), 81 is (81, "").

    What stands behind a number is part of the id unless it is a language's code: `7_b` is ("7_b", "").
    """
    text, mark, language = str(value).partition("_")
    number = plain_id(text)
    if not isinstance(number, int) or (mark and not is_code(language)):
        return value, ""
    return number, language.lower()


def finite(value: Any) -> float | None:
    """Return a finite number, or None for all else (bool, nan, text that is no number).

    lm_eval logs numbers inside responses as text, which are read as well.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object as it is, and an empty one for all else."""
    return value if isinstance(value, Mapping) else {}

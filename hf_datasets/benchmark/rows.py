"""Rows of questions and judge prompts out of files of others: of the record's types, or one sentence says what isn't.

{"question_id": 81, "language": "pt", "category": "math", "turns": ["...", "..."], "reference": ["...", "..."]}
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar, get_args, get_type_hints

from hf_datasets.records import JudgePrompt, Question
from hf_datasets.shared.errors import UserError

Record = TypeVar("Record", Question, JudgePrompt)
LARGEST = 2**63 - 1
_WORDS = {int: "a whole number", str: "a text"}


def checked(record: type[Record], row: Mapping[str, Any], place: str) -> Record:
    """Return a row as a record; keys that the record doesn't have are passed over.

    Args:
        record: Question or JudgePrompt.
        row: What the file holds.
        place: What an error calls it, e.g. `q.jsonl, line 3`.

    Raises:
        UserError: A key is missing, or its value is of another type.
    """
    hints = get_type_hints(record)
    values = {}
    for field in fields(record):
        if row.get(field.name) is not None:
            values[field.name] = _value(row[field.name], hints[field.name], f"{place}: `{field.name}`")
        elif field.default is MISSING and field.default_factory is MISSING:
            raise UserError(f"{place}: `{field.name}` is missing; it is no row of a benchmark, or correct it.")
    return record(**values)


def _value(value: Any, kind: Any, where: str) -> Any:
    if kind in _WORDS:
        fits = isinstance(value, kind) and not isinstance(value, bool) and (kind is str or abs(value) <= LARGEST)
        if not fits:
            raise UserError(f"{where} is {_shown(value)}, not {_WORDS[kind]}; correct it.")
        return value
    if not isinstance(value, list | tuple):
        raise UserError(f"{where} is {_shown(value)}, not a list; correct it.")
    return tuple(_value(item, get_args(kind)[0], f"{where}[{at}]") for at, item in enumerate(value))


def _shown(value: Any) -> str:
    """Return a value on one line, cut where it is long."""
    text = ascii(value) if not isinstance(value, int) or abs(value) <= LARGEST else "a very large number"
    return text if len(text) <= 60 else f"{text[:60]}..."  # noqa: PLR2004

"""The records that the numbers of a card or a report come from, in one JSON file beside it (`mtbenchx verify`).

What was said under the same conditions names them by their place in a list; each answer has its hash beside it:

    {"layout": 1, "release": "0.5.0", "kind": "card", ...,
     "conditions": [{"judge": "gpt-4", "rule": {"parser": "last", "rating": "text"}, ...}],
     "ratings": [{"conditions": 0, "item": {"language": "de", "question_id": 81, "turn": 1, ...}, "value": 7.0,
                  "answer": "...", "answer_sha256": "...", "evidence": {"text": "... [[7]]", ...}, ...}]}
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from hf_datasets.records import canonical_json
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import shown
from mtbenchx_tasks.formats.differences import Difference, same, value_text
from mtbenchx_tasks.formats.lm_eval import load_json
from mtbenchx_tasks.judge.verdict import parse_fastchat, parse_last
from mtbenchx_tasks.records import Conditions, Preference, Rating

RECORDS = "mtbench_x_records.json"
LAYOUT = 1
PROOF = "This proves that they agree, not where they come from: whoever writes the records can write the numbers."
"""What a check of numbers against their own records can say."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Verification:
    """What recomputing the numbers of a card or a report found."""

    differences: tuple[Difference, ...]
    """In order: within the records first, then file by file."""
    numbers: str
    """What was recomputed, in words."""
    release: str
    """Of the package that wrote them."""
    unproven: tuple[str, ...] = ()
    """What couldn't be recomputed and why, in words."""


def write_records(kind: str, release: str, content: Mapping[str, Any]) -> bytes:
    """Return the file.

    Args:
        kind: `card` or `report`.
        release: Of this package.
        content: What JSON has, from `plain`, `packed_ratings` and `packed_preferences`.
    """
    rows = {"layout": LAYOUT, "release": release, "kind": kind, **content}
    return (json.dumps(rows, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n").encode(
        "utf-8", "replace"
    )


def read_records(folder: Path, kind: str) -> Row:
    """Read the file of a folder.

    Raises:
        UserError: It isn't there, can't be read, is of another kind or of a later layout.
    """
    file = folder / RECORDS
    if not file.is_file():
        raise UserError(
            f"There is no {file}, so no number can be recomputed; make the card or the report again by this release."
        )
    content = load_json(file)
    if content.get("layout") != LAYOUT:
        raise UserError(f"{file}: its layout is {shown(content.get('layout'))}, not {LAYOUT}; upgrade mtbench-x.")
    if content.get("kind") != kind:
        raise UserError(f"{file} holds records of a {shown(content.get('kind'))}, not of a {kind}; put its own there.")
    return content


def digest(content: bytes) -> str:
    """Return the sha256 (hex) of a file, which stands in what it belongs to."""
    return hashlib.sha256(content).hexdigest()


def plain(kind: Any, value: Any) -> Any:
    """Return what JSON has for our records; what is no finite number is the text `nan`, `inf` or `-inf`."""
    return _finite(TypeAdapter(kind).dump_python(value, mode="json"))


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list) else value


def restored(kind: Any, content: Any, place: str) -> Any:
    """Return our records of what `plain` returned.

    Raises:
        UserError: It has another shape; the place is named.
    """
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(f"{place}: {where or 'it'} is not what this release wrote ({first['msg']}).") from error


# ratings and preferences ----------------------------------------------------------------------------------------------


def packed_ratings(ratings: Sequence[Rating]) -> Row:
    """Return `conditions` and `ratings`, each answer with its hash."""
    rows: list[Row] = plain(tuple[Rating, ...], tuple(ratings))
    for row in rows:
        row["answer_sha256"] = None if row["answer"] is None else _sha256(row["answer"])
    return {"conditions": _taken_out(rows), "ratings": rows}


def packed_preferences(preferences: Sequence[Preference]) -> Row:
    """Return `preference_conditions` and `preferences`, each answer with its hash."""
    rows: list[Row] = plain(tuple[Preference, ...], tuple(preferences))
    for row in rows:
        row["models"] = sorted(row["models"], key=canonical_json)  # a set has another order in each process
        row["answers_sha256"] = {name: _sha256(text) for name, text in row["answers"].items()}
    return {"preference_conditions": _taken_out(rows), "preferences": rows}


def _sha256(text: str) -> str:
    return digest(text.encode("utf-8", "replace"))


def _taken_out(rows: Sequence[Row]) -> list[Any]:
    """Replace each row's conditions by their place in the list that is returned; names keep their order."""
    places: dict[str, int] = {}
    for row in rows:
        row["conditions"] = places.setdefault(json.dumps(row["conditions"]), len(places))
    return [json.loads(text) for text in places]


def ratings_of(content: Row, place: str) -> tuple[Rating, ...]:
    """Return the ratings of what `packed_ratings` returned; raises UserError if it has another shape."""
    rows = _put_back(content, "ratings", "conditions", place)
    found: tuple[Rating, ...] = restored(tuple[Rating, ...], rows, f"{place}, ratings")
    return found


def preferences_of(content: Row, place: str) -> tuple[Preference, ...]:
    """Return the preferences of what `packed_preferences` returned; raises UserError if it has another shape."""
    rows = _put_back(content, "preferences", "preference_conditions", place)
    found: tuple[Preference, ...] = restored(tuple[Preference, ...], rows, f"{place}, preferences")
    return found


def _put_back(content: Row, name: str, conditions: str, place: str) -> list[Any]:
    under = restored(tuple[Conditions, ...], content.get(conditions), f"{place}, {conditions}")
    rows = restored(list[Row], content.get(name), f"{place}, {name}")
    try:
        return [{**row, "conditions": under[row["conditions"]]} for row in rows]
    except (LookupError, TypeError) as error:
        raise UserError(f"{place}, {name}: a row names conditions that aren't in {conditions!r}.") from error


# what a row alone tells -----------------------------------------------------------------------------------------------


def answers_changed(content: Row, file: str) -> Iterator[Difference]:
    """Yield the answers that aren't those whose hashes stand beside them."""
    for row in content["ratings"]:
        answer = row.get("answer")
        told, found = row.get("answer_sha256"), None if answer is None else _sha256(str(answer))
        if told != found:
            yield Difference(file, f"sha256 of the answer to {_where(row)}", value_text(told), value_text(found))
    for row in content.get("preferences", ()):
        told, hashes = row.get("answers_sha256"), {name: _sha256(str(text)) for name, text in row["answers"].items()}
        if told != hashes:
            yield Difference(file, f"sha256 of the answers to {_where(row)}", value_text(told), value_text(hashes))


def _where(row: Row) -> str:
    item = row["item"]
    who = row.get("model", {}).get("name") or " and ".join(one["name"] for one in row.get("models", ()))
    turn = f", turn {item['turn']}" if item["turn"] else ""
    return f"question {item['question_id']}{turn} in {item['language']} by {who}, run {row['run']}"


def ratings_misread(ratings: Sequence[Rating], file: str) -> Iterator[Difference]:
    """Yield the ratings that aren't what their parser reads in the judge's words, where it reads any."""
    for rating in ratings:
        rule, said = rating.conditions.rule, rating.evidence.text
        if rule.get("rating") != "text" or rating.value is None or not said:
            continue
        read, _ = parse_fastchat(said) if rule.get("parser") == "fastchat" else parse_last(said)
        if read is not None and not same(float(rating.value), float(read)):
            item = rating.item
            place = f"question {item.question_id}, turn {item.turn} in {item.language} by {rating.model.name}"
            yield Difference(file, f"rating of {place}, run {rating.run}", value_text(rating.value), value_text(read))

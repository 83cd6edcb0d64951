"""JSON and JSON Lines of others: what can't be taken is told in one sentence that names the file and the line.

A line is `{"question_id": 81, "turns": ["...", "..."]}`: one object, UTF-8.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hf_datasets.records import storable
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import replacing_file

DEEPEST = 100
"""Lists and objects within each other; what is nested deeper is no row of anybody's."""
LONGEST_ROW = 64 * 2**20
"""Bytes of one row; what is longer is a file without line ends, and is never whole in memory."""
TOO_LONG = f"longer than {LONGEST_ROW >> 20} MB; write one row a line, or leave this one out"
LONGEST_TEXT = 2**30
"""Bytes of a file that is read as one text."""


def read(file: Path) -> list[dict[str, Any]]:
    """Read a JSON Lines file; blank lines are skipped, a byte order mark is accepted.

    Raises:
        UserError: The file can't be read, or a line isn't a JSON object or longer than LONGEST_ROW.
    """
    return [row for _, row in numbered(file)]


def numbered(file: Path) -> list[tuple[int, dict[str, Any]]]:
    """Read a JSON Lines file as `read` does, each row with its line number from 1 (blank lines count)."""
    try:
        with file.open("rb") as stream:
            return list(numbered_rows(stream, str(file)))
    except OSError as error:
        raise UserError(f"{file} can't be read ({error.strerror or error}).") from error


def numbered_rows(stream: Any, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number from 1, row) of an open JSON Lines file, unpacked or not.

    Args:
        stream: Its bytes, by `readline`.
        name: What an error calls it.

    Raises:
        UserError: A line isn't UTF-8, isn't a JSON object, or is longer than LONGEST_ROW.
    """
    offset = 0
    for number, data in enumerate(iter(lambda: stream.readline(LONGEST_ROW + 1), b""), start=1):
        if len(data) > LONGEST_ROW:
            raise UserError(f"{name}, line {number}: not usable JSON ({TOO_LONG}).")
        try:
            line = data.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise UserError(f"{name}, line {number}: not UTF-8 at byte {offset + error.start}.") from error
        offset += len(data)
        if line.strip():
            yield number, _row(line, f"{name}, line {number}")


def text_of(file: Path) -> str:
    """Return a file's text (UTF-8, without a byte order mark).

    Raises:
        UserError: It can't be read, or is larger than LONGEST_TEXT.
    """
    try:
        if file.stat().st_size > LONGEST_TEXT:
            raise UserError(f"{file} is larger than {LONGEST_TEXT >> 20} MB; name smaller files, or write JSON Lines.")
        return file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UserError(f"{file} can't be read as UTF-8 text ({reason}).") from error


def parse(lines: Iterable[str], name: str) -> Iterator[dict[str, Any]]:
    """Parse lines; `name` is what an error calls them."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _row(line, f"{name}, line {number}")


def _row(line: str, place: str) -> dict[str, Any]:
    row = loads(line, place)
    if not isinstance(row, dict):
        raise UserError(f"{place}: expected a JSON object, found {type(row).__name__}.")
    return row


def loads(text: str, place: str) -> Any:
    """Parse JSON; halves of surrogate pairs, which UTF-8 doesn't have, become U+FFFD.

    Args:
        text: The JSON text.
        place: What an error calls it, e.g. `answers.jsonl, line 3`.

    Raises:
        UserError: It is no JSON, is nested more than DEEPEST levels deep, or holds a number of thousands of digits.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        raise UserError(f"{place}: not JSON ({error.msg} at {where}).") from error
    except RecursionError as error:
        raise UserError(f"{place}: not usable JSON (nested too deeply); leave it out.") from error
    except ValueError as error:  # the interpreter's limit on the digits of an integer
        raise UserError(f"{place}: not usable JSON (a number has too many digits); correct or leave it out.") from error
    if text.count("[") + text.count("{") > DEEPEST and _depth(value) > DEEPEST:
        raise UserError(f"{place}: not usable JSON (nested more than {DEEPEST} levels deep); leave it out.")
    return _whole(value) if "\\ud" in text.lower() else value


def _depth(value: Any) -> int:
    """Return how many levels of lists and objects there are, counting no further than one beyond DEEPEST."""
    level, depth = [value], 0
    while level and depth <= DEEPEST:
        inner = [item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list)]
        level = [item for items in inner for item in items]
        depth += bool(inner)
        if not inner:
            break
    return depth


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return {storable(name): _whole(item) for name, item in value.items()} if isinstance(value, dict) else value


def write(file: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows, one a line, UTF-8 with LF, as a whole or not at all.

    Raises:
        UserError: The file can't be written.
    """
    with replacing_file(file) as opened:
        for row in rows:
            opened.write(json.dumps(row, ensure_ascii=False) + "\n")

"""JSON Lines, with errors that name the file and the line."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import replacing_file


def read(file: Path) -> list[dict[str, Any]]:
    """Read a JSON Lines file; blank lines are skipped, a byte order mark is accepted.

    Raises:
        UserError: The file can't be read, or a line isn't a JSON object.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} can't be read as UTF-8 text ({error}).") from error
    return list(parse(text.split("\n"), str(file)))


def parse(lines: Iterable[str], name: str) -> Iterator[dict[str, Any]]:
    """Parse lines; `name` is what an error calls them."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UserError(f"{name}, line {number}: not JSON ({error.msg} at column {error.colno}).") from error
        if not isinstance(row, dict):
            raise UserError(f"{name}, line {number}: expected a JSON object, found {type(row).__name__}.")
        yield row


def write(file: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows, one a line, UTF-8 with LF, as a whole or not at all.

    Raises:
        UserError: The file can't be written.
    """
    with replacing_file(file) as opened:
        for row in rows:
            opened.write(json.dumps(row, ensure_ascii=False) + "\n")

"""Plain JSONL files that people write beside the data: post-edits, marks, labels. Every fault names file and line."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError

SHORTEST_HASH = 12
"""Digits of a sha256 that name a text well enough."""


@dataclass(frozen=True)
class Line:
    """One line of an overlay."""

    where: str
    """File and line, for messages."""
    values: Mapping[str, Any]
    """What it says."""

    def text(self, key: str, allowed: Sequence[str] = ()) -> str:
        """Return a string that must be there.

        Raises:
            UserError: It isn't, or isn't one of those allowed.
        """
        value = self.values.get(key)
        if not isinstance(value, str) or not value:
            raise UserError(f"{self.where}: {key!r} must be a text, not {json.dumps(value, ensure_ascii=False)[:60]}.")
        if allowed and value not in allowed:
            raise UserError(f"{self.where}: {key!r} must be one of {', '.join(allowed)}, not {value!r}.")
        return value


def read_lines(file: Path) -> list[Line]:
    """Read an overlay; blank lines are skipped.

    Raises:
        UserError: It can't be read, or a line isn't a JSON object.
    """
    return [Line(f"{file}, line {number}", values) for number, values in jsonl.numbered(file)]


def fingerprint(texts: str | Iterable[str]) -> str:
    """Return the sha256 (hex) of a text, or of several joined by blank lines, in UTF-8."""
    whole = texts if isinstance(texts, str) else "\n\n".join(texts)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def is_hash_of(digits: str, found: str) -> bool:
    """Tell whether digits that a person wrote name a sha256: all of it, or at least SHORTEST_HASH of its first."""
    return len(digits) >= SHORTEST_HASH and found.startswith(digits.lower())

"""Where two accounts of the same thing part: what a file tells, and what its records give."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from hf_datasets.shared.rows import shown

MISSING = "nothing"
"""What is told or found where there is no such place."""
LONGEST = 160
"""Characters of a value that a sentence shows."""
PRECISION = 1e-9
"""Relative difference up to which two machines' sums are one number."""


@dataclass(frozen=True)
class Difference:
    """One value that its records don't give."""

    file: str
    place: str
    """Where in the file: a line, a key, a rating."""
    told: str
    """What stands there."""
    recomputed: str
    """What the records give."""

    @property
    def sentence(self) -> str:
        """All of it in one sentence."""
        return f"{self.file}, {self.place}: it says {self.told}, its records give {self.recomputed}."


def value_text(value: Any) -> str:
    """Return a value for a sentence, on one line and cut where it is long; MISSING stands as it is."""
    return MISSING if value is MISSING else shown(value, LONGEST)


def same(told: Any, found: Any, *, summed: bool = False) -> bool:
    """Tell whether two values are one; sums of numbers up to PRECISION, in which machines differ."""
    if summed and isinstance(told, float) and isinstance(found, float):
        return math.isclose(told, found, rel_tol=PRECISION, abs_tol=PRECISION)
    return type(told) is type(found) and bool(told == found)


def in_lines(file: str, told: str, found: str) -> Iterator[Difference]:
    """Yield the lines in which a text differs from what the records give, from 1."""
    if told == found:
        return
    lines = zip_longest(told.split("\n"), found.split("\n"))
    for number, (one, other) in enumerate(lines, start=1):
        if one != other:
            yield Difference(file, f"line {number}", *_apart(one, other))


def _apart(told: str | None, found: str | None) -> tuple[str, str]:
    """Return two lines from shortly before the place where they part."""
    if told is None or found is None:
        return _line(told), _line(found)
    part = next((n for n, (a, b) in enumerate(zip(told, found, strict=False)) if a != b), min(len(told), len(found)))
    start = max(0, part - LONGEST // 4)
    return _line(told, start), _line(found, start)


def _line(text: str | None, start: int = 0) -> str:
    """Return a line from a place on, cut where it is long; its spaces stay, since lines may differ in them."""
    if text is None:
        return MISSING
    end = start + LONGEST
    return repr("…" * (start > 0) + text[start:end] + "…" * (len(text) > end))


def in_values(file: str, told: Any, found: Any, place: str = "", *, summed: bool = False) -> Iterator[Difference]:
    """Yield the places in which what JSON or YAML holds differs from what the records give.

    Args:
        file: The file's name.
        told: What it holds.
        found: What the records give.
        place: Where both stand, e.g. `model-index[0].results`.
        summed: Whether the numbers are sums, which machines compute alike up to PRECISION only.
    """
    if isinstance(told, Mapping) and isinstance(found, Mapping):
        for key in dict.fromkeys([*told, *found]):
            inner = f"{place}.{key}" if place else str(key)
            yield from in_values(file, told.get(key, MISSING), found.get(key, MISSING), inner, summed=summed)
    elif _is_list(told) and _is_list(found):
        for number, (one, other) in enumerate(zip_longest(told, found, fillvalue=MISSING)):
            yield from in_values(file, one, other, f"{place}[{number}]", summed=summed)
    elif not same(told, found, summed=summed):
        yield Difference(file, place or "the whole", value_text(told), value_text(found))


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)

"""Files as others may hand them over: a good one, damaged by chance. The same seed gives the same files."""

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        7,
        -1,
        1.5,
        1e308,
        float("nan"),
        10**30,
        "",
        "x",
        "None",
        "\ud800",
        "a\0b",
        "../../x",
        "[[5]]",
        "\u2028",
    ),
    *([], [[]], [None], ["a", 1], {}, {"a": None}, {"text": None}, [{"type": "image", "text": None}], "é" * 300),
    *({"role": 1, "content": []}, [{"role": "user"}], [{"turns": 7}], {"[]": []}),
)
DEEP, LONG_NUMBER = "[" * 20_000, "9" * 5_000
"""Nesting that overflows the parser's stack, and more digits than Python reads."""


def damaged_rows(rows: list[dict[str, Any]], random: Random) -> list[dict[str, Any]]:
    """Put something odd in one place of some rows, or take a key away."""
    found = copy.deepcopy(rows)
    for _ in range(random.choice((1, 1, 2))):
        places = list(_places(found))
        holder, key = random.choice(places)
        if random.random() < 0.2 and isinstance(holder, dict):
            del holder[key]
        else:
            holder[key] = copy.deepcopy(random.choice(ODD))
    return found


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def damaged_text(text: bytes, random: Random) -> bytes:
    """Cut, double, or put something odd into the bytes of a file."""
    at = random.randrange(len(text) + 1)
    odd = random.choice(
        (b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"{", b"}", b"[", b'"', b":", b"\n", b"\r", b"- ", b"!!python/name:os",
         b"&a *a", DEEP.encode(), LONG_NUMBER.encode(), b'{"a":' * 20_000, b"&#0;", b"<row ", b"PAR1", b"\x1f\x8b")
    )  # fmt: skip
    return random.choice((text[:at], text[:at] + odd + text[at:], odd + text, text[:at] + text[at // 2 :]))


def lines(rows: list[dict[str, Any]]) -> bytes:
    """JSON Lines, with numbers that JSON doesn't have where there are some."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode("utf-8", "surrogatepass")


def damaged_lines(rows: list[dict[str, Any]], random: Random) -> bytes:
    """JSON Lines, odd in a value or in a byte."""
    if random.random() < 0.75:
        return lines(damaged_rows(rows, random))
    return damaged_text(lines(rows), random)

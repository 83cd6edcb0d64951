"""What the cards of all datasets share: tables, lists of files per config, size classes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LONGEST = 200
"""Characters of a name that a card shows."""
_MARKUP = re.compile(r"[<>&`*\[\]()|\\!#~]|(?<!\w)_|_(?!\w)")
SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
"""The Hub's classes: below that many rows, that word."""


def table(header: Sequence[str], body: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *body]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def plain(value: object) -> str:
    """Return a name of others as Markdown that shows just it: on one line, no markup, no links, no HTML."""
    text = "".join(sign if sign.isprintable() else " " for sign in " ".join(str(value).split()))[:LONGEST]
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", text)


def code(value: object) -> str:
    """Return a name of others as a Markdown code span that nothing in it ends."""
    text = "".join(sign if sign.isprintable() else " " for sign in " ".join(str(value).split()))[:LONGEST]
    return f"`{text.replace('`', chr(39)).replace('|', '/')}`"


def config_entry(name: str, files: Mapping[str, Sequence[str]], *, default: bool = False) -> dict[str, Any]:
    """Return a config as the front matter lists it.

    Args:
        name: The config.
        files: Split -> paths in the folder.
        default: Whether `load_dataset` takes it unasked.
    """
    data_files = [{"split": split, "path": list(paths)} for split, paths in files.items()]
    return {"config_name": name, **({"default": True} if default else {}), "data_files": data_files}


def size_category(rows: int) -> str:
    """Return the Hub's word for a number of rows."""
    return next((word for limit, word in SIZES if rows < limit), "n>10M")

"""How an answer looks: its length, lists, headings, bold print and code. METHODS.md, "Style control"."""

import re
from collections.abc import Sequence

from hf_datasets.shared.code_fences import FENCE, without_code

STYLE = ("length", "list items", "headings", "bold", "code")
"""What is counted: characters, items of lists, headings, bold passages, lines of fenced code."""
_LIST_ITEM = re.compile(r"^[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+\S", re.MULTILINE)
_HEADING = re.compile(r"^[ ]{0,3}#{1,6}[ \t]+\S", re.MULTILINE)
_BOLD = re.compile(r"\*\*(?=\S)[^*\n]+?(?<=\S)\*\*|__(?=\S)[^_\n]+?(?<=\S)__")


def style_of(text: str) -> tuple[int, ...]:
    """Return how often each of STYLE stands in an answer; what stands in fenced code counts as code alone."""
    prose = without_code(text)
    code = sum(len(block[3].splitlines()) for block in FENCE.finditer(text))
    return (len(text), *(len(mark.findall(prose)) for mark in (_LIST_ITEM, _HEADING, _BOLD)), code)


def difference(one: Sequence[int], other: Sequence[int]) -> tuple[float, ...]:
    """Return (a - b) / (a + b) of each count, from -1 to 1; 0 where both are 0."""
    return tuple((a - b) / (a + b) if a + b else 0.0 for a, b in zip(one, other, strict=True))

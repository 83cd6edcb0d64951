"""What may be wrong with a translation, seen without reading it: for people to look at, never a verdict."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hf_datasets.shared.language_id import detect_language
from hf_datasets.shared.scripts import latin_length, n_words
from hf_datasets.translate.protect.code_lines import split_blocks
from hf_datasets.translate.protect.comments import CODE, code_parts
from hf_datasets.translate.protect.spans import find_spans

UNTRANSLATED, CODE_CHANGED, PLACEHOLDER_LOST = "untranslated", "code_changed", "placeholder_lost"
LENGTH_RATIO, LANGUAGE, NUMBER_CHANGED = "length_ratio", "language", "number_changed"
FLAGS = (UNTRANSLATED, CODE_CHANGED, PLACEHOLDER_LOST, LENGTH_RATIO, LANGUAGE, NUMBER_CHANGED)
SHORTEST, LONGEST = 0.5, 2.0
"""Usual ratio of a translation's length to its source's, in characters of prose as Latin script would have them."""
ENOUGH_TO_MEASURE = 40
"""Characters of prose below which a ratio says nothing."""
FEW_WORDS = 4
"""A text of fewer words may be the same in both languages (a name, a formula)."""
_NUMBER = re.compile(r"\d{1,3}(?:[ \u00a0\u202f.,'’]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?")
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class Flag:
    """Something to look at."""

    name: str
    """One of FLAGS."""
    detail: str
    """What was seen."""


def flags(source: str, translation: str, source_language: str, language: str) -> tuple[Flag, ...]:
    """Return what may be wrong with a translation.

    Args:
        source: The text.
        translation: What became of it.
        source_language: Lower-case code of the source.
        language: Lower-case code of the target.
    """
    return tuple(Flag(name, detail) for name, detail in _seen(source, translation, source_language, language))


def numbers(text: str) -> list[frozenset[float]]:
    """Return the numbers of a text in order, each as all it may mean: `1,200` is 1200 or 1.2."""
    return [_values(match[0]) for match in _NUMBER.finditer(text)]


@dataclass(frozen=True)
class Anatomy:
    """A text taken apart."""

    prose: str
    """What is neither code nor protected."""
    code: tuple[str, ...]
    """Its code, block by block, without comments and with single spaces."""
    protected: Counter[str]
    """Its protected stretches (protect/spans.py) and how often each occurs."""


def anatomy(text: str) -> Anatomy:
    """Take a text apart into prose, code and protected stretches."""
    prose, code, protected = [], [], Counter[str]()
    for block in split_blocks(text):
        if block.code:
            if block.text.strip(" \t\n`~"):
                kept = "".join(part for kind, part in code_parts(block.text, block.language) if kind == CODE)
                code.append(" ".join(kept.split()))
            continue
        end = 0
        for start, stop in find_spans(block.text):
            prose.append(block.text[end:start])
            span = block.text[start:stop]
            protected[span] += not span.strip().replace(" ", "").isalnum()
            end = stop
        prose.append(block.text[end:])
    return Anatomy(" ".join(prose), tuple(code), protected)


def _seen(source: str, translation: str, source_language: str, language: str) -> Iterator[tuple[str, str]]:
    before, after = anatomy(source), anatomy(translation)
    prose, said = before.prose, after.prose
    same = prose.split() == said.split()
    words = len(_WORD.findall(prose)) if prose.isascii() else n_words(prose)
    if same and words >= FEW_WORDS:
        yield UNTRANSLATED, "the text is the source's"
    if before.code != after.code:
        yield CODE_CHANGED, "code differs outside of comments"
    if lost := before.protected - after.protected:
        yield PLACEHOLDER_LOST, ", ".join(sorted(lost))[:120]
    if len(prose.strip()) >= ENOUGH_TO_MEASURE:
        ratio = latin_length(said.strip()) / latin_length(prose.strip())
        if not SHORTEST <= ratio <= LONGEST:
            yield LENGTH_RATIO, f"{ratio:.2f}"
    spoken = detect_language(said)
    is_a_name = same and words < FEW_WORDS
    if spoken not in (None, language) and not is_a_name and detect_language(prose) in (None, source_language):
        yield LANGUAGE, f"reads as {spoken}"
    changed = _unmatched(numbers(prose), numbers(said))
    if changed:
        yield NUMBER_CHANGED, changed


def _values(token: str) -> frozenset[float]:
    """All that a written number may mean: its separators may group thousands or begin decimals."""
    plain = re.sub(r"[ \u00a0\u202f'’]", "", token)
    separators = [sign for sign in plain if sign in ".,"]
    if not separators:
        return frozenset({float(plain)})
    readings = set()
    head, _, tail = plain.rpartition(separators[-1])
    if separators.count(separators[-1]) == 1:
        readings.add(float(re.sub(r"[.,]", "", head) + "." + tail))
    if all(len(group) == 3 for group in re.split(r"[.,]", plain)[1:]):  # noqa: PLR2004  (thousands)
        readings.add(float(re.sub(r"[.,]", "", plain)))
    return frozenset(readings)


def _unmatched(before: Sequence[frozenset[float]], after: Sequence[frozenset[float]]) -> str:
    left = list(after)
    lost = []
    for number in before:
        match = next((other for other in left if number & other), None)
        if match is None:
            lost.append(number)
        else:
            left.remove(match)
    parts = [f"lost {_shown(lost)}" if lost else "", f"new {_shown(left)}" if left else ""]
    return ", ".join(part for part in parts if part)


def _shown(found: Sequence[frozenset[float]]) -> str:
    return " ".join(f"{max(number, default=0):g}" for number in found[:5])

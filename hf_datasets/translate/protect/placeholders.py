"""What an engine gets to see of a text, and how its answer becomes a text again.

A text is cut into what is kept and what is translated. What is translated goes out as a fragment of XML: `&`, `<` and
`>` escaped, and each stretch that must not change wrapped in `<x i="0">...</x>` (empty where it is long). An answer in
which a placeholder is lost, doubled or has more in it is refused, never repaired by guessing.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hf_datasets.shared.errors import UserError
from hf_datasets.translate.protect.code_lines import split_blocks
from hf_datasets.translate.protect.comments import CODE, COMMENT, STRING, code_parts
from hf_datasets.translate.protect.spans import find_spans

TAG = "x"
"""The element around what must not change; DeepL is told to ignore it."""
TEXT = "text"
SHOWN = 60
"""A protected stretch up to this length is shown to the engine, so that it can build a sentence around it."""
LONG, ELEMENT_BYTES = 10_000, 24
_ELEMENT = re.compile(rf'<{TAG}\s+i\s*=\s*"(\d+)"\s*(?:/>|>(.*?)</{TAG}\s*>)', re.IGNORECASE | re.DOTALL)
_LEFTOVER = re.compile(rf"</?{TAG}\b[^<>]*>", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_ENTITY = re.compile(r"&(amp|lt|gt|quot|apos|#\d+|#x[0-9a-f]+);", re.IGNORECASE)
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ENDS_COMMENT = ("*/", "-->", "\x00")


class DamagedError(ValueError):
    """An engine's answer lost or changed what it must keep; the text says what."""


class TooLongError(UserError):
    """A paragraph exceeds what the engine takes at once."""


@dataclass(frozen=True)
class Kept:
    """A stretch that is never sent."""

    text: str
    """The stretch, character by character."""


@dataclass(frozen=True)
class Prose:
    """A stretch that is sent."""

    markup: str
    """What the engine reads: an XML fragment."""
    spans: tuple[str, ...]
    """The protected stretches, by the number in their element."""
    kind: str = TEXT
    """`text`, or what it is inside code: `comment` or `string`."""


Piece = Kept | Prose


@dataclass(frozen=True)
class Protection:
    """What counts as translatable."""

    strings: bool = False
    """Also the words of string literals in code."""
    delimiters: bool = False
    """The text is a judge prompt: lines in square brackets are frames."""
    most_bytes: int = 90_000
    """Most bytes of one fragment as JSON."""


def protect(text: str, how: Protection | None = None) -> tuple[Piece, ...]:
    """Cut a text into pieces; what they say, joined, is the text.

    Args:
        text: Anything.
        how: What counts as translatable.

    Raises:
        TooLongError: A paragraph is longer than a fragment may be.
    """
    how = how or Protection()
    pieces: list[Piece] = []
    for block in split_blocks(text):
        parts = code_parts(block.text, block.language, strings=how.strings) if block.code else [(TEXT, block.text)]
        for kind, part in parts:
            pieces += [Kept(part)] if kind == CODE else _prose(part, kind, how)
    return tuple(_joined(pieces))


def restore(prose: Prose, translated: str) -> str:
    """Turn an engine's answer into text again.

    Raises:
        DamagedError: It lost, doubled, filled or broke a placeholder, is empty, or would end the comment it stands in.
    """
    pieces, found, end = [], [], 0
    for match in _ELEMENT.finditer(translated):
        number = int(match[1])
        found.append(number)
        span = prose.spans[number] if number < len(prose.spans) else ""
        _check_inside(span, match[2])
        pieces += [_unescaped(translated[end : match.start()]), span]
        end = match.end()
    pieces.append(_unescaped(translated[end:]))
    _check_placeholders(prose, found, _ELEMENT.sub("", translated))
    text = "".join(pieces)
    if not text.strip():
        raise DamagedError("the translation is empty")
    return text if prose.kind == TEXT else _inside_code(prose, text)


def segments(prose: Prose) -> tuple[Piece, ...]:
    """Cut a fragment at its placeholders, so that none of them is sent at all: the second try."""
    pieces: list[Piece] = []
    end = 0
    for match in _ELEMENT.finditer(prose.markup):
        pieces += [
            *_trimmed(_unescaped(prose.markup[end : match.start()]), prose.kind),
            Kept(prose.spans[int(match[1])]),
        ]
        end = match.end()
    return tuple(_joined([*pieces, *_trimmed(_unescaped(prose.markup[end:]), prose.kind)]))


def _prose(text: str, kind: str, how: Protection) -> Iterator[Piece]:
    for part in _fitting(text, how.most_bytes):
        body = part.strip()
        spans = find_spans(body, delimiters=how.delimiters)
        if not _has_words(body, spans):
            yield Kept(part)
            continue
        start = part.index(body)
        yield Kept(part[:start])
        yield _marked(body, spans, kind)
        yield Kept(part[start + len(body) :])


def _has_words(text: str, spans: Sequence[tuple[int, int]]) -> bool:
    end, outside = 0, []
    for start, stop in spans:
        outside.append(text[end:start])
        end = stop
    return any(map(str.isalpha, "".join([*outside, text[end:]])))


def _marked(text: str, spans: Sequence[tuple[int, int]], kind: str) -> Prose:
    markup, kept, end = [], [], 0
    for number, (start, stop) in enumerate(spans):
        span = text[start:stop]
        shown = len(span) <= SHOWN and span.isprintable()
        markup.append(escaped(text[end:start]))
        markup.append(f'<{TAG} i="{number}">{escaped(span)}</{TAG}>' if shown else f'<{TAG} i="{number}"/>')
        kept.append(span)
        end = stop
    return Prose("".join([*markup, escaped(text[end:])]), tuple(kept), kind)


def _trimmed(text: str, kind: str) -> Iterator[Piece]:
    body = text.strip()
    if not any(map(str.isalpha, body)):
        yield Kept(text)
        return
    start = text.index(body)
    yield from (Kept(text[:start]), Prose(escaped(body), (), kind), Kept(text[start + len(body) :]))


def _fitting(text: str, most_bytes: int) -> Iterator[str]:
    """Cut a text that is too long at its paragraphs, else at its lines."""
    if _size(text) <= most_bytes:
        yield text
        return
    for pattern in (r"(?<=\n)\n+", r"\n"):
        cuts = [match.end() for match in re.finditer(pattern, text)]
        cut = max((cut for cut in cuts if cut < len(text) and _size(text[:cut]) <= most_bytes), default=0)
        if cut:
            yield text[:cut]
            yield from _fitting(text[cut:], most_bytes)
            return
    raise TooLongError(
        f"A paragraph of {len(text):,} characters ({text[:40]!r}...) exceeds what the engine takes at once "
        f"({most_bytes:,} bytes); break it into lines."
    )


def _size(text: str) -> int:
    """Bytes of a text as JSON once it is marked up, about."""
    spans = len(find_spans(text)) if len(text) > LONG else 0
    return len(json.dumps(escaped(text))) + ELEMENT_BYTES * spans


def _joined(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Merge neighbours that are kept; drop empty ones."""
    kept = ""
    for piece in pieces:
        if isinstance(piece, Kept):
            kept += piece.text
            continue
        if kept:
            yield Kept(kept)
        yield piece
        kept = ""
    if kept:
        yield Kept(kept)


def _check_placeholders(prose: Prose, found: Sequence[int], rest: str) -> None:
    counts = Counter(found)
    for number, span in enumerate(prose.spans):
        if counts[number] != 1:
            raise DamagedError(f"{span[:40]!r} is {'lost' if not counts[number] else 'doubled'}")
    if len(counts) > len(prose.spans) or _LEFTOVER.search(rest):
        raise DamagedError("a placeholder is broken")


def _check_inside(span: str, inside: str | None) -> None:
    """Refuse what the engine moved into a placeholder's element; a placeholder that it only rewrote is put back."""
    said, had = (" ".join(text.split()).casefold() for text in (_unescaped(inside or ""), span))
    more = had in said or len(_WORD.findall(said)) > len(_WORD.findall(had))
    if said != had and said and more:
        raise DamagedError(f"{span[:40]!r} became {said[:60]!r}")


def _inside_code(prose: Prose, text: str) -> str:
    line = " ".join(text.split("\n"))
    before = _unescaped(_ELEMENT.sub("", prose.markup)) + "".join(prose.spans)
    if prose.kind == COMMENT and any(end in line and end not in before for end in _ENDS_COMMENT):
        raise DamagedError("the translation would end its comment")
    if prose.kind == STRING:
        line = line.replace("'", "’") if "'" not in before else line
        if any(sign in line and sign not in before for sign in ('"', "\\", "`")):
            raise DamagedError("the translation would end its string")
    return line


def context_of(prose: Prose) -> str:
    """Return a fragment as the context of another: its text, escaped, without elements."""
    return _ELEMENT.sub(lambda match: match[2] or "", prose.markup)


def escaped(text: str) -> str:
    """Return a text as XML has it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _unescaped(text: str) -> str:
    return _ENTITY.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    name = match[1].lower()
    if not name.startswith("#"):
        return _CHARACTERS[name]
    code = int(name[2:], 16) if name.startswith("#x") else int(name[1:])
    return chr(code) if 0 < code <= sys.maxunicode and chr(code).isprintable() else match[0]

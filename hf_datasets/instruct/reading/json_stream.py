"""JSON values out of a byte stream, one at a time: an array of gigabytes is never whole in memory."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, Protocol

from hf_datasets.shared import jsonl

CHUNK = 1 << 20
"""Bytes read at a time, at first; doubled as long as a value doesn't end."""
NEAR_THE_END = 16
"""A fault this close to the end of what was read may only be a value cut in two."""
_SPACE = re.compile(r"[ \t\r\n]*")


class ByteStream(Protocol):
    """What can be read by the piece: an open file, unpacked or not."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none at the end."""
        ...


class JsonError(ValueError):
    """What is wrong with a stream, and where."""

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(what)
        self.offset = offset
        """Byte offset of the fault in the (unpacked) stream."""


class JsonStream:
    """A cursor over the JSON text of a stream."""

    def __init__(self, stream: ByteStream, chunk: int = CHUNK) -> None:
        self._stream, self._chunk = stream, chunk
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._scan = json.JSONDecoder().raw_decode
        self._text, self._at = "", 0
        self._before = 0  # bytes of the stream before _text
        self._ended = False
        self._more(chunk)
        self._at = 1 if self._text.startswith("\ufeff") else 0

    @property
    def offset(self) -> int:
        """Byte offset of the cursor."""
        return self._byte(self._at)

    def peek(self) -> str:
        """Return the next character that isn't white space, and move to it; empty at the end."""
        while True:
            self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr] # it matches nothing, too
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._more(self._chunk)

    def skip(self) -> None:
        """Move one character on, behind what `peek` returned."""
        self._at += 1

    def value(self) -> Any:
        """Return the value at the cursor and move behind it.

        Raises:
            JsonError: It isn't JSON, or the stream ends inside it.
        """
        size = self._chunk
        while True:
            try:
                found, end = self._scan(self._text, self._at)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or error.pos > len(self._text) - NEAR_THE_END
                if self._ended or not cut:
                    raise JsonError(error.msg, self._byte(error.pos)) from None
                if len(self._text) - self._at > jsonl.LONGEST_ROW:
                    raise JsonError(jsonl.TOO_LONG, self.offset) from None
            except RecursionError:
                raise JsonError("nested too deeply", self.offset) from None
            except ValueError:  # the interpreter's limit on the digits of an integer
                raise JsonError("a number has too many digits", self.offset) from None
            else:
                if self._ended or not self._goes_on(found, end):
                    self._at = end
                    return found
            self._more(size)
            size *= 2

    def _goes_on(self, found: Any, end: int) -> bool:
        """Tell whether a number may have more digits than were read yet."""
        return isinstance(found, int | float) and self._text[end : end + 1] in ("", ".", "e", "E")

    def _byte(self, position: int) -> int:
        return self._before + len(self._text[:position].encode("utf-8", "surrogatepass"))

    def _more(self, size: int) -> None:
        self._before = self.offset
        data = self._stream.read(size)
        self._ended = not data
        rest = self._text[self._at :]
        try:
            self._text, self._at = rest + self._decode(data, self._ended), 0
        except UnicodeDecodeError as error:
            raise JsonError(f"not UTF-8 ({error.reason})", self._byte(len(self._text)) + error.start) from None


def array_items(stream: JsonStream) -> Iterator[Any]:
    """Yield the items of the array that a stream consists of.

    Raises:
        JsonError: It isn't one whole array; the items before the fault were given.
    """
    stream.peek()
    stream.skip()
    if stream.peek() == "]":
        stream.skip()
    else:
        yield from _items(stream)
    if stream.peek():
        raise JsonError("there is more behind the array", stream.offset)


def _items(stream: JsonStream) -> Iterator[Any]:
    while True:
        yield stream.value()
        match stream.peek():
            case ",":
                stream.skip()
                stream.peek()
            case "]":
                stream.skip()
                return
            case "":
                raise JsonError("the file ends before its array does", stream.offset)
            case _:
                raise JsonError("expected ',' or ']' between two rows", stream.offset)


def values(stream: JsonStream) -> Iterator[Any]:
    """Yield the values of a stream that stand one after another, with or without lines.

    Raises:
        JsonError: One isn't JSON; the values before it were given.
    """
    while stream.peek():
        yield stream.value()

"""What a GGUF file says of its model, and where its tensors lie; dequantizing them is the package gguf's.

Its own reader makes an array of each of the hundred thousand words and merges of a vocabulary: nine seconds for
SmolLM2, where this takes a third of one. Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

STRING, ARRAY = 8, 9
NUMBERS = {
    number: struct.Struct(f"<{letter}")
    for number, letter in {
        0: "B",
        1: "b",
        2: "H",
        3: "h",
        4: "I",
        5: "i",
        6: "f",
        7: "?",
        10: "Q",
        11: "q",
        12: "d",
    }.items()
}
"""How numbers are stored, by their type's number."""
COUNT, TYPE = NUMBERS[10], NUMBERS[4]
ALIGNMENT = 32
"""Bytes, unless the file names another."""


@dataclass(frozen=True)
class Tensor:
    """One tensor as it is stored."""

    name: str
    shape: tuple[int, ...]
    """As in torch: rows first."""
    kind: int
    """ggml's number of its type."""
    offset: int
    """Bytes from the beginning of the tensors."""


class GgufFile:
    """A GGUF file of version 2 or 3, little-endian.

    Args:
        path: The file; it is read whole.
    """

    def __init__(self, path: Path) -> None:
        self._bytes = path.read_bytes()
        self._at = len(b"GGUF") + TYPE.size
        tensors, fields = self._number(COUNT), self._number(COUNT)
        self.fields: dict[str, Any] = {}
        """What it says: architecture, sizes, vocabulary, chat template."""
        for _ in range(fields):
            name = self._string()
            self.fields[name] = self._value(self._number(TYPE))
        self.tensors = [self._tensor() for _ in range(tensors)]
        alignment = self.fields.get("general.alignment", ALIGNMENT)
        self._data = -(-self._at // alignment) * alignment

    def arrays(self) -> Iterator[tuple[str, "np.ndarray[Any, Any]"]]:
        """Yield each tensor's name and its values, dequantized, in float32."""
        from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
        from gguf.quants import dequantize

        for tensor in self.tensors:
            kind = GGMLQuantizationType(tensor.kind)
            values, size = GGML_QUANT_SIZES[kind]
            count = int(np.prod(tensor.shape)) // values * size
            stored = np.frombuffer(self._bytes, np.uint8, count, self._data + tensor.offset)
            yield tensor.name, dequantize(stored, kind).reshape(tensor.shape).astype(np.float32, copy=False)

    def _number(self, form: struct.Struct) -> Any:
        (number,) = form.unpack_from(self._bytes, self._at)
        self._at += form.size
        return number

    def _string(self) -> str:
        length = self._number(COUNT)
        self._at += length
        return self._bytes[self._at - length : self._at].decode("utf-8")

    def _value(self, kind: int) -> Any:
        if kind == STRING:
            return self._string()
        if kind == ARRAY:
            inner, length = self._number(TYPE), self._number(COUNT)
            return [self._value(inner) for _ in range(length)]
        return self._number(NUMBERS[kind])

    def _tensor(self) -> Tensor:
        name, dimensions = self._string(), self._number(TYPE)
        sizes = [self._number(COUNT) for _ in range(dimensions)]
        return Tensor(name, tuple(reversed(sizes)), self._number(TYPE), self._number(COUNT))

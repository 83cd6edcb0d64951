"""Draws from a seed that are the same on every machine and in every language: they are read off SHA-256."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Chance:
    """A source of draws; each draw has a name, and the same seed and name always give the same draw."""

    seed: str

    def of(self, name: str) -> "Chance":
        """Return a source of its own for a part, so that no other part's draws change it."""
        return Chance(f"{self.seed}/{name}")

    def number(self, name: str, low: int, high: int) -> int:
        """Return a whole number from low to high, both included; all are equally likely (up to 2^-200)."""
        return low + int(self._digest(name), 16) % (high - low + 1)

    def order(self, name: str, options: Sequence[T]) -> list[T]:
        """Return the options in a random order."""
        return [options[at] for at in sorted(range(len(options)), key=lambda at: self._digest(f"{name}/{at}"))]

    def one(self, name: str, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[self.number(name, 0, len(options) - 1)]

    def _digest(self, name: str) -> str:
        return hashlib.sha256(f"{self.seed}/{name}".encode("utf-8", "surrogatepass")).hexdigest()

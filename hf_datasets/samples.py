"""One sample of instruction data: a dialogue of any number of turns, in one language, with its origin and licence."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

USER, ASSISTANT, SYSTEM = "user", "assistant", "system"
ROLES = (SYSTEM, USER, ASSISTANT)


@dataclass(frozen=True)
class Message:
    """What one side of a dialogue says."""

    role: str
    """One of ROLES."""
    content: str
    """The text."""


@dataclass(frozen=True)
class Sample:
    """One dialogue; the same `id` is the same dialogue in every language."""

    id: str
    """Unique within a language, e.g. `lima-17` or `alpaca-42`."""
    language: str
    """Lower-case ISO 639-1 code of the messages."""
    source: str
    """Where upstream says the dialogue is from, e.g. `stackexchange`; empty if it doesn't say."""
    license: str
    """SPDX identifier, or `other`."""
    attribution: str
    """Site, id, authors and url where the licence asks for them row by row; else empty."""
    messages: tuple[Message, ...]
    """In order: an optional system message, then user and assistant in turn, the assistant last."""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Sample":
        """Read a row of a built dataset."""
        return cls(**{**row, "messages": tuple(Message(**message) for message in row["messages"])})

    def to_row(self) -> dict[str, Any]:
        """Return the row of the published dataset, in TRL's `messages` format."""
        return {**asdict(self), "messages": [asdict(message) for message in self.messages]}

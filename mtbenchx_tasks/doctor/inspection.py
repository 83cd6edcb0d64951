"""One thing that was looked at, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a thing works, and how much it matters if it doesn't."""

    FINE = "ok"
    NOTE = "note"
    """Something to know; nothing fails for it."""
    WRONG = "wrong"
    """Something fails until it is mended."""


@dataclass(frozen=True)
class Inspection:
    """One thing that was looked at."""

    area: str
    """Of what it is a part: versions, tasks, keys, ledger, disk, network."""
    name: str
    """The thing."""
    found: str
    """What was found, in words; never a key nor a part of one."""
    state: Severity = Severity.FINE
    advice: str = ""
    """What to do; empty where nothing need be done."""

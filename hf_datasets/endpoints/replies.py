"""What comes back over the wire: a whole reply, or why there is none."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OK = 200
TIMED_OUT = "no whole answer within"
BROKE_OFF = "the connection broke off"
"""Beginnings of reasons after which the endpoint may have worked, and charged, all the same."""


@dataclass(frozen=True)
class Reply:
    """A whole reply."""

    status: int
    """HTTP status."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    """Unpacked."""

    @property
    def json(self) -> Any:
        """The body's JSON, or its text where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return self.body.decode(errors="replace")


class NoReplyError(Exception):
    """There was no whole reply; the message says why."""

    def __init__(self, reason: str, *, again: bool = True) -> None:
        super().__init__(reason)
        self.again = again
        """Whether another try may help."""

"""How long to wait before a request is sent again, or that it is of no use; and what ends every wait."""

import email.utils
import math
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from hf_datasets.endpoints.errors import USED_UP

LONGEST_WAIT = 120.0
"""Seconds; an endpoint that asks for a longer wait has failed."""
PASSING = frozenset({408, 409, 425, 429})
"""Client errors that pass by themselves; so do all 5xx."""


PREFLIGHT_SECONDS, PREFLIGHT_RETRIES = 30.0, 2
"""For a first sign of life, while a user waits."""
SLOW_RETRIES = 1
"""Of a try that took its whole time."""


@dataclass(frozen=True)
class Patience:
    """How long a request may take."""

    seconds: float
    """For one try, from the first byte sent to the last byte read."""
    retries: int
    """Further tries of what may pass by itself."""

    @property
    def quick(self) -> "Patience":
        """As long as a user waits for a first sign of life."""
        return Patience(min(self.seconds, PREFLIGHT_SECONDS), min(self.retries, PREFLIGHT_RETRIES))


def seconds_to_wait(attempt: int, status: int, headers: Mapping[str, str], code: str = "") -> float | None:
    """Return the seconds before the next try, or None if trying again is of no use.

    Args:
        attempt: 0-based number of the try that failed.
        status: Its HTTP status; 0 if there was no answer.
        headers: Its headers, names in lower case.
        code: The endpoint's code.
    """
    asked = retry_after(headers)
    if code in USED_UP or headers.get("x-should-retry") == "false" or (asked or 0) > LONGEST_WAIT:
        return None
    passes = status == 0 or status in PASSING or status >= 500 or headers.get("x-should-retry") == "true"  # noqa: PLR2004
    if not passes:
        return None
    return asked if asked is not None and asked > 0 else backoff(attempt)


def backoff(attempt: int) -> float:
    """Return 0.5, 1, 2, 4, 8, 8 ... seconds, less up to a quarter by chance."""
    return float(min(0.5 * 2.0 ** min(attempt, 10), 8.0) * (1 - 0.25 * random.random()))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return what `Retry-After-Ms` or `Retry-After` (seconds or a date) ask for, in seconds; None: nothing readable."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers[name]) / unit
        except (KeyError, ValueError):
            continue
        if not math.isnan(seconds):
            return seconds
    try:
        return email.utils.parsedate_to_datetime(headers["retry-after"]).timestamp() - time.time()
    except (KeyError, ValueError, TypeError, OverflowError):
        return None


class Stop:
    """What ends all waits of a client; whoever holds its event keeps to it, whatever begins anew."""

    def __init__(self) -> None:
        self.event = threading.Event()
        """Set: stop."""

    def stop(self) -> None:
        """End what is under way."""
        self.event.set()

    def start(self) -> None:
        """Let what comes now go on."""
        if self.event.is_set():
            self.event = threading.Event()

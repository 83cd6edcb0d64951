"""How many requests are in flight: half as many when the endpoint says "too many", step by step more when it is calm.

Additive increase, multiplicative decrease, as networks share a line (Chiu and Jain, "Analysis of the Increase and
Decrease Algorithms for Congestion Avoidance", 1989). The limiter knows no clock of the endpoint's: how long a request
waits before it is sent again is the client's business (Retry-After), and a request that waits keeps its slot.
"""

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator

PAUSE_SECONDS = 1.0
"""One storm is many refusals at once: they halve once."""
STRAY = 1 / 16
"""Share of what is in flight that may be refused within a pause before it counts as a storm."""


class Limiter:
    """A gate that threads share.

    Args:
        most: How many may be in flight in calm weather.
        clock: Seconds that only grow.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.allowed = most
        """How many may be in flight now: 1 to `most`."""
        self._most, self._clock = most, clock
        self._busy = 0
        self._calm = 0
        """Successes still wanted before more are let in."""
        self._slowed_at = self._counted_from = -math.inf
        self._refused = 0
        """Refusals within a pause since `_counted_from`."""
        self._changed = threading.Condition(threading.Lock())

    @contextlib.contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for a free slot and hold it."""
        with self._changed:
            while self._busy >= self.allowed:
                self._changed.wait()
            self._busy += 1
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify()

    def slow_down(self) -> None:
        """The endpoint has too much to do: halve what is in flight, never below 1, at most once a second.

        Up to STRAY of what is in flight, nothing is halved: the client sends again what was refused by chance.
        """
        with self._changed:
            now = self._clock()
            if now - self._counted_from >= PAUSE_SECONDS:
                self._counted_from, self._refused = now, 0
            self._refused += 1
            if self._refused > self._busy * STRAY and self._busy and now - self._slowed_at >= PAUSE_SECONDS:
                self._slowed_at = now
                self.allowed = self._calm = max(1, min(self.allowed, self._busy) // 2)

    def succeeded(self) -> None:
        """The endpoint answered: after a full window of answers, each lets one more in."""
        with self._changed:
            if self._calm:
                self._calm -= 1
            elif self.allowed < self._most:
                self.allowed += 1
                self._changed.notify()

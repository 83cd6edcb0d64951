"""Rows that threads have to store, each for itself, stored together: one flush to the disk for all who wait for it.

A flush costs more CPU than all else about a row, so a row waits a moment for others where the last one had company.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Row = tuple[object, ...]
Told = TypeVar("Told")
"""What the thread of a row is told."""
MOMENT = 0.01
"""Seconds."""


class Together(Generic[Told]):
    """Stores rows in groups.

    Args:
        lock: Who holds it may store.
        store: Stores rows, all of them or none, and returns what the thread of each is told.
    """

    def __init__(self, lock: threading.RLock, store: Callable[[Sequence[Row]], Sequence[Told]]) -> None:
        self._lock, self._store = lock, store
        self._waiting: deque[tuple[Row, Future[Told]]] = deque()
        self._has_company = False
        """Whether the last group was more than one row; a thread that stores alone never waits."""

    def store(self, row: Row) -> Told:
        """Return what became of a row when it is stored: by this thread, with all that wait, or by one that came first.

        Raises:
            BaseException: What `store` raised for this row's group.
        """
        stored: Future[Told] = Future()
        self._waiting.append((row, stored))
        if self._has_company:
            with contextlib.suppress(TimeoutError):
                stored.exception(MOMENT)
        if not stored.done():
            with self._lock:
                if not stored.done():
                    self._store_all()
        return stored.result()

    def _store_all(self) -> None:
        group = [self._waiting.popleft() for _ in range(len(self._waiting))]
        self._has_company = len(group) > 1
        try:
            told = self._store([row for row, _ in group])
        except BaseException as error:
            for _, stored in group:
                stored.set_exception(error)
        else:
            for (_, stored), one in zip(group, told, strict=True):
                stored.set_result(one)

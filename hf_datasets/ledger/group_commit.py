"""Rows that threads have to store, each for itself, stored together: one flush to the disk for all who wait for it."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future

Row = tuple[object, ...]


class Together:
    """Stores rows in groups.

    Args:
        lock: Who holds it may store.
        store: Stores rows, all of them or none.
    """

    def __init__(self, lock: threading.RLock, store: Callable[[Sequence[Row]], None]) -> None:
        self._lock, self._store = lock, store
        self._waiting: deque[tuple[Row, Future[None]]] = deque()

    def store(self, row: Row) -> None:
        """Return when the row is stored: by this thread, with all that wait, or by one that came first.

        Raises:
            BaseException: What `store` raised for this row's group.
        """
        stored: Future[None] = Future()
        self._waiting.append((row, stored))
        with self._lock:
            if not stored.done():
                self._store_all()
        stored.result()

    def _store_all(self) -> None:
        group = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            self._store([row for row, _ in group])
        except BaseException as error:
            for _, stored in group:
                stored.set_exception(error)
        else:
            for _, stored in group:
                stored.set_result(None)

"""A stream through a function in several processes: in order, a bounded number of items at a time."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
CHUNK = 200
"""Items that a process takes at a time."""
IN_FLIGHT = 4
"""Chunks that may wait for each process."""
FEW = 2000
"""Items below which more processes cost more time than they save."""
MOST = 8
"""Processes, unless the user asks for more."""


def processes(wanted: int) -> int:
    """Return how many processes to use: those wanted, or (0) one per core up to MOST."""
    return wanted or min(os.cpu_count() or 1, MOST)


def ordered_map(
    function: Callable[[Sequence[Item]], Sequence[Result]], items: Iterable[Item], count: int
) -> Iterator[Result]:
    """Yield the results of a function over chunks of items, in their order; it never depends on `count`.

    Args:
        function: Takes a chunk and returns its results; a module's own, as another process must find it.
        items: Read as they are needed; fewer than FEW are dealt with in this process.
        count: Processes.
    """
    rest = iter(items)
    first = list(islice(rest, FEW))
    if count == 1 or len(first) < FEW:
        while chunk := first or list(islice(rest, CHUNK)):
            yield from function(chunk)
            first = []
        return
    context = get_context("spawn")  # a copy of this process could hold the lock of a library's thread
    with ProcessPoolExecutor(count, context, begin) as pool:
        everything = chain(first, rest)
        waiting: deque[Future[Sequence[Result]]] = deque()
        try:
            while chunk := list(islice(everything, CHUNK)):
                waiting.append(pool.submit(function, chunk))
                if len(waiting) > count * IN_FLIGHT:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def begin() -> None:
    """Set up a process of a pool: Ctrl-C ends it silently, and it doesn't outlive the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

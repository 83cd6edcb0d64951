"""A stream through a function in several processes: in order, a bounded number of items at a time."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain, islice
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any, TypeVar

from hf_datasets.shared.errors import UserError

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


class Workers:
    """Runs tasks and counts them on a bar."""

    def __init__(self, pool: ProcessPoolExecutor | None, bar: Any) -> None:
        self._pool, self._bar = pool, bar

    def run(self, what: str, function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Return the results in the order of the tasks; the first error ends it.

        Args:
            what: For the bar.
            function: A module's own, as another process must find it.
            tasks: The arguments of each call.
        """
        self._bar.set_description(what, refresh=False)
        self._bar.total += len(tasks)
        self._bar.refresh()
        if self._pool is None:
            return [self._counted(function(*task)) for task in tasks]
        futures: list[Future[Any]] = [self._pool.submit(function, *task) for task in tasks]
        try:
            for future in as_completed(futures):
                self._counted(future.result())
        except BrokenProcessPool as error:
            raise UserError(
                "A process was ended from outside, probably for want of memory; try again with --processes 1."
            ) from error
        return [future.result() for future in futures]

    def _counted(self, result: Any) -> Any:
        self._bar.update()
        return result


@contextmanager
def workers(processes: int, title: str) -> Iterator[Workers]:
    """Give workers; with one process everything runs here."""
    from tqdm import tqdm

    with tqdm(desc=title, total=0, leave=False, unit="file") as bar:
        if processes == 1:
            yield Workers(None, bar)
            return
        # Fresh processes: a copy of this one could hold the lock of a library's thread.
        context = get_context("spawn")
        with ProcessPoolExecutor(processes, context, begin) as pool:
            try:
                yield Workers(pool, bar)
            finally:
                pool.shutdown(cancel_futures=True)

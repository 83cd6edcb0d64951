"""Tasks run here or in processes of their own, with a progress bar on stderr; the results never depend on which."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

from hf_datasets.shared.errors import UserError
from hf_datasets.shared.processes import begin


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

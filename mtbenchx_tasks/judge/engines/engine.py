"""What every engine is: requests in, one future each, whoever asks it and however.

with live_engine(settings) as engine:
futures = [engine.submit(request) for request in requests]
judged = [future.result() for future in futures]
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Ledger, open_ledger
from hf_datasets.records import Completion
from mtbenchx_tasks.judge.settings import JudgeSettings


@dataclass(frozen=True)
class Judged:
    """A judgment and where it is kept."""

    key: str
    """Its key in the ledger."""
    completion: Completion
    """What the judge said."""


def has_failed(future: Future[Judged]) -> bool:
    """Tell whether a future ended without a judgment, so that its request may be asked again."""
    return future.cancelled() or (
        future.done() and (future.exception() is not None or future.result().completion.state == "failed")
    )


class Engine(ABC):
    """Answers judge requests, later. As a context it waits for all of them at the end, or stops at an error.

    Who inherits says in `_take` what becomes of a request that is neither under way nor in the ledger. It has nothing
    to check, to share, to wait for or to stop unless it says so.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        """Where judgments are kept."""
        self._lock = threading.RLock()
        self._futures: dict[str, Future[Judged]] = {}
        """Each request's, by its key."""

    def check(self, probe: Sequence[ChatRequest]) -> Sequence[Future[Judged]]:
        """See that something could be judged; called before anything is generated.

        Args:
            probe: A run's own requests about bundled answers (see judge/probe.py).

        Returns:
            What the judge will say to each, in order; nothing where it isn't asked before the run.

        Raises:
            UserError: Nothing could be judged.
        """
        del probe
        return ()

    def attach_model(self, lm: Any) -> None:  # noqa: B027  (nothing to do for most)
        """Learn which model is being judged: a judge in this process may share its weights."""

    def submit(self, request: ChatRequest) -> Future[Judged]:
        """Take a request; equal requests share one future, and one that failed before is asked again.

        Raises:
            LedgerError: The ledger's judgment of it can't be read.
        """
        with self._lock:
            future = self._futures.get(request.key)
            if future is None or has_failed(future):
                future = self._futures[request.key] = self._held(request) or self._take(request)
            return future

    def _held(self, request: ChatRequest) -> Future[Judged] | None:
        """Return what the ledger holds, as a future that has ended; None: nothing."""
        completion = self.ledger.judgment(request.key)
        return None if completion is None else ended(request.key, completion)

    @abstractmethod
    def _take(self, request: ChatRequest) -> Future[Judged]:
        """Begin with a request that the ledger lacks; called under the lock."""

    def finish(self) -> None:  # noqa: B027
        """Return when every submitted request has its result."""

    def stop(self) -> None:  # noqa: B027
        """Ask nothing more; what is in flight still arrives in the ledger, if it comes soon."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self.stop()


class QueueEngine(Engine):
    """Keeps requests until `finish`, which has them judged together."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._queue: dict[str, ChatRequest] = {}
        """What has no result yet, by its key."""

    def _take(self, request: ChatRequest) -> Future[Judged]:
        self._queue[request.key] = request
        return Future()

    def _end(self, key: str, completion: Completion, kept_as: str = "") -> None:
        """Give a queued request its result; of one that isn't queued nobody waits for it.

        Args:
            key: Of the request as it was submitted.
            completion: What the judge said.
            kept_as: The key in the ledger, where it is another.
        """
        with self._lock:
            is_queued = self._queue.pop(key, None) is not None
        if is_queued:
            self._futures[key].set_result(Judged(kept_as or key, completion))

    def stop(self) -> None:
        """Cancel what is queued."""
        with self._lock:
            keys = list(self._queue)
            self._queue.clear()
        for key in keys:
            self._futures[key].cancel()


def ledger_of(settings: JudgeSettings) -> Ledger:
    """Return where a judge's judgments are kept.

    Raises:
        LedgerError: The ledger can't be opened.
    """
    return open_ledger(Path(settings.ledger) if settings.ledger else None)


def ended(key: str, completion: Completion) -> Future[Judged]:
    """Return a future that has its result."""
    future: Future[Judged] = Future()
    future.set_result(Judged(key, completion))
    return future

"""The engine: each request is asked once, by whoever comes first, and is in the ledger before anyone uses it."""

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, Protocol

from tqdm import tqdm

from hf_datasets.endpoints.client import ChatRequest, Transport
from hf_datasets.endpoints.limiter import Limiter
from hf_datasets.ledger.store import Ledger, LedgerError
from hf_datasets.records import Completion

log = logging.getLogger("lm_eval.mtbenchx")
POLL_SECONDS = 0.2
"""How often to look whether another process has finished a request that it claimed."""


@dataclass(frozen=True)
class Judged:
    """A judgment and where it is kept."""

    key: str
    """Its key in the ledger."""
    completion: Completion
    """What the judge said."""


class Engine(Protocol):
    """Answers judge requests, later; see LiveEngine (endpoints) and LocalEngine (this process)."""

    def check(self) -> None:
        """Raise UserError if nothing could be judged; called before anything is generated."""
        ...

    def meet(self, lm: Any) -> None:
        """Learn which model is being judged (a local judge may share its weights)."""
        ...

    def submit(self, request: ChatRequest) -> Future[Judged]:
        """Take a request; equal requests share one future."""
        ...

    def finish(self) -> None:
        """Return when every submitted request has its result."""
        ...

    def stop(self) -> None:
        """Ask nothing more; what is in flight still arrives in the ledger."""
        ...


class LiveEngine:
    """A bounded pool of threads over a transport; one that knows its endpoint's weather has a `limiter` to obey."""

    def __init__(self, transport: Transport, model: str, ledger: Ledger, concurrency: int) -> None:
        self._transport, self._model, self._ledger = transport, model, ledger
        self._concurrency = concurrency
        self._limiter: Limiter = getattr(transport, "limiter", None) or Limiter(concurrency)
        self._pool: ThreadPoolExecutor | None = None
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._futures: dict[str, Future[Judged]] = {}
        self._halted = ""
        """Why nothing more may be paid for."""
        self._checked = False

    def check(self) -> None:
        """Once, and after the ledger failed: write to the ledger; once: ask the endpoint for one token."""
        if self._halted or not self._checked:
            self._ledger.check_writable()
            self._halted = ""
        if not self._checked:
            self._transport.check(self._model)
            self._checked = True

    def meet(self, lm: Any) -> None:
        """An endpoint shares nothing with the judged model."""

    def submit(self, request: ChatRequest) -> Future[Judged]:
        """Queue a request unless it is known; one that failed before is asked again."""
        with self._lock:
            future = self._futures.get(request.key)
            if future is None or _has_failed(future):
                future = self._futures[request.key] = self._held(request) or self._queue(request)
            return future

    def _held(self, request: ChatRequest) -> Future[Judged] | None:
        """Return what the ledger holds, without a thread."""
        try:
            known = self._ledger.judgment(request.key)
        except LedgerError:
            return None  # told by whoever judges
        if known is None:
            return None
        future: Future[Judged] = Future()
        future.set_result(Judged(request.key, known))
        return future

    def _queue(self, request: ChatRequest) -> Future[Judged]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._concurrency, thread_name_prefix="judge")
            self._stop = threading.Event()
        return self._pool.submit(self._judge, request, self._stop)

    def finish(self) -> None:
        """Wait for what is under way, with a progress bar; an interrupt cancels what hasn't begun."""
        with self._lock:
            pending = [future for future in self._futures.values() if not future.done()]
        try:
            for _ in tqdm(as_completed(pending), total=len(pending), desc="Judging", disable=not pending, leave=False):
                pass
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Cancel what hasn't begun."""
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)
            self._stop.set()
            self._pool = None

    def _judge(self, request: ChatRequest, stop: threading.Event) -> Judged:
        try:
            with self._limiter.slot():
                return Judged(request.key, self._known(request, stop) or self._ask(request))
        except LedgerError as error:
            self._halt(error)
            return Judged(request.key, Completion("failed", reason=str(error)))

    def _known(self, request: ChatRequest, stop: threading.Event) -> Completion | None:
        """Return the ledger's judgment, waiting for one that another process is asking for; None: it is ours to ask."""
        while True:
            known = self._ledger.judgment(request.key)
            if known is not None:
                return known
            if self._halted or stop.is_set():
                return Completion("failed", reason=self._halted or "interrupted")
            if self._ledger.claim(request.key, request.text):
                return None
            stop.wait(POLL_SECONDS)

    def _ask(self, request: ChatRequest) -> Completion:
        completion = self._transport.complete(request)
        try:
            self._ledger.finish(request.key, completion)
        except LedgerError as error:  # it is paid for: use it, but pay for nothing more
            self._halt(error)
        return completion

    def _halt(self, error: LedgerError) -> None:
        if not self._halted:
            self._halted = str(error)
            log.error("Judging stops: %s", error)


def _has_failed(future: Future[Judged]) -> bool:
    return future.cancelled() or (future.done() and future.result().completion.state == "failed")

"""The engine: each request is asked once, by whoever comes first, and is in the ledger before anyone uses it.

It stops by itself where going on would only cost: see worth.py. What is paid for is kept whatever happens.
"""

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from dataclasses import dataclass

from tqdm import tqdm

from hf_datasets.endpoints.client import ChatRequest, Transport
from hf_datasets.endpoints.limiter import Limiter
from hf_datasets.ledger.store import Ledger, LedgerError
from hf_datasets.records import Completion
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines.attempts import complete
from mtbenchx_tasks.judge.engines.engine import Engine, Judged
from mtbenchx_tasks.judge.engines.worth import Worth, is_useful

log = logging.getLogger("lm_eval.mtbenchx")
POLL_SECONDS = 0.2
"""How often to look whether another process has finished a request that it claimed."""
GRACE_SECONDS = 3.0
"""How long an interrupt waits for what is in flight, which may be paid for."""


@dataclass(frozen=True)
class InFlight:
    """A request on its way."""

    request: ChatRequest
    """What is asked."""
    future: Future[Judged]
    """What the judge waits for."""
    stop: threading.Event
    """Set when nothing more is to be asked."""

    def end(self, completion: Completion) -> None:
        """Give the result."""
        self.future.set_result(Judged(self.request.key, completion))


class LiveEngine(Engine):
    """A bounded pool of threads over a transport; if that has a `limiter`, the pool obeys it."""

    def __init__(self, transport: Transport, model: str, ledger: Ledger, concurrency: int) -> None:
        super().__init__(ledger)
        self._transport, self._model = transport, model
        self._concurrency = concurrency
        self._limiter: Limiter = getattr(transport, "limiter", None) or Limiter(concurrency)
        self._pool: ThreadPoolExecutor | None = None
        self._stop = threading.Event()
        self._changed = threading.Condition(self._lock)
        self._busy = 0
        """Requests with the transport now."""
        self._waiting: list[InFlight] = []
        """What is held back while the judge's first judgments are looked at."""
        self._worth = Worth(model, ledger)
        self.halted = ""
        """Why nothing more may be paid for, to the end of the run; "" while it may."""
        self._ended = True
        """Whether no run is under way."""
        self._knocked = False

    def check(self, probe: Sequence[ChatRequest]) -> Sequence[Future[Judged]]:
        """Ask what of the probe the ledger lacks, before anything else; after a halt, start anew.

        The first that asks anything is waited for: what the endpoint lacks or refuses is learnt once, not by every
        language's probe. Later ones are on their way together.
        """
        with self._changed:
            if self.halted and self._ended:
                self.halted, self._worth = "", Worth(self._model, self.ledger)
            self._ended = False
            self._worth.leave_out(probe)
        if self.halted:
            return ()
        self.ledger.check_writable()
        is_first = not self._knocked and any(self._held(request) is None for request in probe)
        try:
            if is_first:
                self._knock()
            asked = [self.submit(request) for request in probe]
            if is_first:
                wait(asked)
        except BaseException:
            self.stop()
            raise
        return asked

    def _knock(self) -> None:
        """Once: see with one token that an endpoint is there, which is told in seconds, not after all retries."""
        check = getattr(self._transport, "check", None)
        if check is not None:
            check(self._model)
        self._knocked = True

    def _held(self, request: ChatRequest) -> Future[Judged] | None:
        try:
            return super()._held(request)
        except LedgerError:
            return None  # told by whoever judges

    def knows(self, request: ChatRequest) -> bool:
        """Tell whether the judge has proved itself with such a request."""
        with self._lock:
            return self._worth.knows(request)

    def _take(self, request: ChatRequest) -> Future[Judged]:
        """Send a request, or hold it back while the judge is on trial."""
        asked = InFlight(request, Future(), self._stop)
        if not self.halted and not self._worth.lets_in(request):
            self._waiting.append(asked)
        else:
            self._send(asked)
        return asked.future

    def _send(self, asked: InFlight) -> None:
        if self._pool is None:
            go_on = getattr(self._transport, "start", None)
            if go_on is not None:  # it may have been stopped
                go_on()
            self._pool = ThreadPoolExecutor(self._concurrency, thread_name_prefix="judge")
        try:
            self._pool.submit(self._run, asked)
        except RuntimeError as error:
            raise UserError(
                f"This machine gives judging no more threads ({error}); lower judge.concurrency or raise `ulimit -u`."
            ) from None

    def finish(self) -> None:
        """Wait for what is under way, with a progress bar, and end the threads; an interrupt stops."""
        with self._changed:
            pending = [future for future in self._futures.values() if not future.done()]
        self._ended = True
        try:
            for _ in tqdm(as_completed(pending), total=len(pending), desc="Judging", disable=not pending, leave=False):
                pass
            with self._changed:
                pool, self._pool = self._pool, None
            if pool is not None:
                pool.shutdown()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Cancel what hasn't begun; what is in flight has GRACE_SECONDS to arrive."""
        with self._changed:
            self._ended = True
            pool, self._pool = self._pool, None
            self._stop.set()
            self._stop, self._waiting = threading.Event(), []
            busy, futures = self._busy, list(self._futures.values())
        for future in futures:
            future.cancel()
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
        if busy and pool is not None:
            log.warning(
                "Judging stops: %d judgments in flight are waited for for %.0f s; all that arrived is kept in %s, "
                "and the same command goes on from there.", busy, GRACE_SECONDS, self.ledger.path
            )  # fmt: skip
            self._cut_later()

    def _cut_later(self) -> None:
        """Have the transport give up what isn't there soon; without a thread for that, now."""
        try:
            threading.Thread(target=self._cut, name="judge-end", daemon=True).start()
        except RuntimeError:
            self._cut(0.0)

    def _cut(self, grace: float | None = None) -> None:
        with self._changed:
            arrived = self._changed.wait_for(lambda: self._busy == 0, GRACE_SECONDS if grace is None else grace)
        give_up = getattr(self._transport, "stop", None)
        if not arrived and give_up is not None:
            give_up()

    # in a thread of the pool ---------------------------------------------------------------------------------------

    def _run(self, asked: InFlight) -> None:
        """Judge one request; whatever happens, its future gets a result."""
        if not asked.future.set_running_or_notify_cancel():
            return
        try:
            with self._limiter.slot():
                completion = self._judge(asked)
        except Exception as error:  # of any kind: an open future would be waited for for ever
            completion = broken(error)
        try:
            self._weigh(asked, completion)
        finally:
            asked.end(completion)

    def _judge(self, asked: InFlight) -> Completion:
        try:
            return self._known(asked) or self._ask(asked.request)
        except LedgerError as error:
            self._halt(str(error))
            return Completion("failed", reason=str(error))

    def _known(self, asked: InFlight) -> Completion | None:
        """Return the ledger's judgment, waiting for one that another process is asking for; None: it is ours to ask."""
        request = asked.request
        while True:
            over = self.halted or ("interrupted" if asked.stop.is_set() else "")
            if not over and self.ledger.claim(request.key, request.text):
                return None
            completion = self.ledger.judgment(request.key)
            if completion is not None:
                return completion
            if over:
                return Completion("failed", reason=over)
            asked.stop.wait(POLL_SECONDS)

    def _ask(self, request: ChatRequest) -> Completion:
        """Ask the endpoint and keep what it says: a claim never stays open."""
        with self._changed:
            self._busy += 1
        try:
            completion = complete(self._transport, request, is_useful)
        except Exception as error:  # a transport promises not to raise; one that does fails this judgment, not the run
            completion = broken(error)
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()
        return self._keep(request, completion)

    def _keep(self, request: ChatRequest, completion: Completion) -> Completion:
        try:
            self.ledger.finish(request.key, completion)
        except LedgerError as error:  # it is paid for: use it, but pay for nothing more
            self._halt(str(error))
        except Exception as error:  # something in it that no ledger can hold
            completion = broken(error)
            self.ledger.finish(request.key, completion)
        return completion

    def _weigh(self, asked: InFlight, completion: Completion) -> None:
        """Look whether going on is worth it, and let in what was held back."""
        with self._changed:
            over = self.halted or asked.stop.is_set()
            reason = "" if over else self._worth.weigh(asked.request, completion)
            if reason:
                self._halt(reason)
            waiting: list[InFlight] = []
            if self.halted or self._worth.is_known:
                waiting, self._waiting = self._waiting, []
        for held_back in waiting:
            self._let_in(held_back)

    def _let_in(self, asked: InFlight) -> None:
        with self._changed:
            try:
                if not self.halted:
                    self._send(asked)
                    return
            except UserError as error:
                self._halt(str(error))
        if asked.future.set_running_or_notify_cancel():
            asked.end(Completion("failed", reason=self.halted))

    def _halt(self, reason: str) -> None:
        if not self.halted:
            self.halted = reason
            log.error("Judging stops: %s", reason)


def broken(error: Exception) -> Completion:
    """Return the failed judgment of a fault that nobody foresaw."""
    log.debug("A judgment failed", exc_info=error)
    return Completion("failed", reason=f"the endpoint's answer can't be read ({type(error).__name__}: {error})")

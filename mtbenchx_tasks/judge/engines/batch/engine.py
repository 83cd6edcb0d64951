"""The batch engine: the same requests, keys and ledger as live, through the OpenAI Batch API (within 24 hours).

A batch outlives the process that made it: it stands in the ledger, and the next run by batch collects it. While the
process lives, its requests are claimed, so that nobody else asks them. Afterwards another batch engine still waits for
the open batch; a live engine doesn't know of it, and asks and pays again. Whoever comes later, no batch overwrites a
final judgment.
"""

import contextlib
import functools
import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, as_completed
from pathlib import Path

from tqdm import tqdm

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Ledger, LedgerError, open_ledger
from hf_datasets.records import Completion
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.ends import refusal
from mtbenchx_tasks.judge.engines.attempts import NO_SUCH_ROOM, after_both, with_more_room
from mtbenchx_tasks.judge.engines.batch.api import BatchTransport, OpenAIBatches
from mtbenchx_tasks.judge.engines.batch.courier import GRACE_SECONDS, MOST_BYTES, MOST_REQUESTS, Courier
from mtbenchx_tasks.judge.engines.engine import Engine, Judged, QueueEngine
from mtbenchx_tasks.judge.engines.factory import check_key, live_engine
from mtbenchx_tasks.judge.engines.live import LiveEngine
from mtbenchx_tasks.judge.engines.worth import ALONE, is_useful
from mtbenchx_tasks.judge.settings import JudgeSettings

log = logging.getLogger("lm_eval.mtbenchx")
POLL_SECONDS = 30.0


class BatchEngine(QueueEngine):
    """Queues requests and has them judged in batches by `finish`; see the module's text.

    Args:
        transport: The endpoint.
        model: The judge.
        ledger: Where judgments and open batches are kept.
        poll_seconds: How often to look at the batches.
        most_requests: Most requests of one batch.
        most_bytes: Most bytes of one file.
        grace_seconds: How long a batch whose making got no answer is looked for before it counts as not made.
    """

    def __init__(
        self,
        transport: BatchTransport,
        model: str,
        ledger: Ledger,
        *,
        poll_seconds: float = POLL_SECONDS,
        most_requests: int = MOST_REQUESTS,
        most_bytes: int = MOST_BYTES,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        super().__init__(ledger)
        self._transport = transport
        self._poll_seconds = poll_seconds
        self._live = LiveEngine(transport, model, ledger, concurrency=2)
        self._courier = Courier(
            transport,
            ledger,
            self._completed,
            self._end,
            most_requests=most_requests,
            most_bytes=most_bytes,
            grace_seconds=grace_seconds,
        )
        self._wake = threading.Event()
        self._checked = False

    def check(self, probe: Sequence[ChatRequest]) -> Sequence[Future[Judged]]:
        """Ask the probe live and, the first time, the endpoint for its batches: a batch finds out only after hours."""
        asked = self._live.check(probe)
        if not self._checked:
            self._transport.check_batches()
            self._checked = True
        return asked

    def finish(self) -> None:
        """Collect what is open, upload what is missing, and wait for it, with a progress bar.

        An interrupt leaves the batches at work, and so does an error; the next run collects them.

        Raises:
            UserError: The endpoint refuses a batch, with its reason, or can't be used at all.
            LedgerError: The ledger can't be written; the results stay with the endpoint until the next run.
        """
        self._wake.clear()
        try:
            self._prove()
            missing = self._missing()
            with tqdm(total=len(missing), desc="Judging by batch", disable=not missing, leave=False) as bar:
                while missing:
                    done = self._courier.collect(missing)
                    self._courier.send(self._missing().values())
                    missing = self._missing()
                    bar.n = min(bar.total, bar.total - len(missing) + done)
                    bar.refresh()
                    if missing:
                        self._wake.wait(self._poll_seconds)
        except BaseException:
            self.stop()
            raise

    def _prove(self) -> None:
        """Ask the first judgments of an unknown judge live: a batch tells only after hours that they are of no use."""
        missing = list(self._missing().values())
        if len(missing) <= ALONE or self._live.knows(missing[0]) or self._courier.is_at_work:
            return
        log.info("%d judgments are asked live, at the full price, before the others are by batch.", ALONE)
        for future in as_completed([self._live.submit(request) for request in missing[:ALONE]]):
            judged = future.result()
            self._end(judged.key, judged.completion)
        if self._live.halted:
            for key in list(self._queue):
                self._end(key, Completion("failed", reason=self._live.halted))

    def _completed(self, key: str, first: Completion) -> Completion:
        """Ask live, with more room, what a batch's judgment was cut off of; if that fails, the first attempt stays."""
        request = self._queue.get(key)
        more = with_more_room(request, first, is_useful) if request else None
        if more is None:
            return first
        second = self._transport.complete(more)
        if second.state == "failed":
            second = Completion("failed", details={"status": NO_SUCH_ROOM[0]})
        return after_both(more, first, second, is_useful)

    def stop(self) -> None:
        """Cancel what is queued; batches go on at the endpoint, which is logged, and the next run collects them."""
        super().stop()
        self._wake.set()
        self._live.stop()
        with contextlib.suppress(LedgerError):
            self._courier.leave()

    def _missing(self) -> dict[str, ChatRequest]:
        """Answer what the ledger knows; return the rest."""
        with self._lock:
            queued = list(self._queue)
        for key in queued:
            completion = self.ledger.judgment(key)
            if completion is not None:
                self._end(key, completion)
        with self._lock:
            return dict(self._queue)


def batch_engine(settings: JudgeSettings, language: str = "") -> Engine:
    """Return the batch engine of a judge (an EngineFor, see engines/factory.py); one for all languages and prompt sets.

    Raises:
        UserError: The key is missing, the ledger can't be opened, or the judge is local.
    """
    del language
    if settings.backend != "openai":
        raise UserError(f"A judge in this process ({settings.backend}) takes no batches; leave --batch out.")
    if settings.is_one_token:
        raise UserError("A one-token judgment may take a second request, which a batch can't; set continuation to off.")
    check_key(settings)
    if refusal(settings):
        return live_engine(settings)  # the live one reads what is known, and asks nobody
    where = (settings.base_url, settings.api_key_env, settings.timeout, settings.extra_headers)
    return _batch_engine(settings.model, settings.ledger, where)


@functools.cache
def _batch_engine(
    model: str, ledger: str | None, where: tuple[str | None, str, float, Mapping[str, str]]
) -> BatchEngine:
    kept_in = open_ledger(Path(ledger) if ledger else None)
    return BatchEngine(OpenAIBatches(*where), model, kept_in)

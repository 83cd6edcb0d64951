"""The courier: carries requests to the endpoint in batches and brings every result back into the ledger."""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.batches import STORED_TOGETHER, Batch, BatchLedger
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Completion
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines.batch.api import BatchTransport, Report, UnknownBatchError, UnreachedError
from mtbenchx_tasks.judge.engines.batch.lines import split

log = logging.getLogger("lm_eval.mtbenchx")
MOST_REQUESTS = 50_000
MOST_BYTES = 100_000_000
"""Below what OpenAI takes (200 MB), since other vendors of the same API take 100."""
GRACE_SECONDS = 60.0
AT_ONCE = 8
"""Most requests in flight that are asked again, live, since their judgments were cut off."""
WINDOW_SECONDS = 24 * 3600.0
"""After this long no batch is at work any more."""
ENDINGS = {"expired": "the batch expired", "cancelled": "the batch was cancelled"}


class Courier:
    """Sends and collects the batches of one endpoint.

    Args:
        transport: The endpoint.
        ledger: Where judgments and open batches are kept.
        completed: Told what a batch says to a request; returns the judgment, perhaps of a second try.
        failed: Told each request that failed in a batch made here, and why.
        most_requests: Most requests of one batch.
        most_bytes: Most bytes of one file.
        grace_seconds: How long a batch whose making got no answer is looked for before it counts as not made.
    """

    def __init__(
        self,
        transport: BatchTransport,
        ledger: Ledger,
        completed: Callable[[str, Completion], Completion],
        failed: Callable[[str, Completion], None],
        *,
        most_requests: int = MOST_REQUESTS,
        most_bytes: int = MOST_BYTES,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self._transport, self._ledger = transport, ledger
        self._completed, self._failed = completed, failed
        self._most_requests, self._most_bytes, self._grace_seconds = most_requests, most_bytes, grace_seconds
        self._batches = BatchLedger(ledger, transport.url)
        self._claimed: set[str] = set()
        self._sent: set[str] = set()
        """Files of the batches made here."""
        self._learnt = self._crowded = False

    def collect(self, wanted: Collection[str]) -> int:
        """Look at each open batch and store what has ended.

        Args:
            wanted: The requests that somebody waits for.

        Returns:
            The number of requests done in batches that are still at work on something wanted.

        Raises:
            UserError: The endpoint has refused a batch made here, or doesn't know one that holds something wanted.
        """
        wanted = frozenset(wanted)
        return sum(self._visit(batch, not wanted.isdisjoint(batch.keys)) for batch in self._batches.open())

    def send(self, requests: Iterable[ChatRequest]) -> None:
        """Make batches of the requests that are in none and that nobody else has claimed.

        Raises:
            UserError: The endpoint can't be reached or refuses.
        """
        under_way = [batch.keys for batch in self._batches.open()]
        keys = frozenset[str]().union(*under_way)
        missing = [request for request in requests if request.key not in keys]
        if not missing or (self._crowded and under_way):
            return
        if not self._learnt:
            self._transport.learn(missing[0])
            self._learnt = True
        lines = ((request, self._transport.line(request)) for request in missing)
        chunks = split(lines, self._most_requests, self._most_bytes)
        for chunk in islice(chunks, 1 if self._crowded else None):
            self._make([request for request in chunk if self._claim(request)])

    @property
    def is_at_work(self) -> bool:
        """Whether a batch is open."""
        return any(self._batches.open())

    def leave(self) -> None:
        """Give back the claims and tell which batches go on."""
        self._release(self._claimed, "interrupted")
        for batch in self._batches.open():
            log.warning(
                "The batch %s (requests: %d) goes on at %s; the next run by batch with the ledger %s collects it.",
                *(batch.id or f"of file {batch.file}", len(batch.keys), self._transport.url, self._ledger.path),
            )

    # sending -------------------------------------------------------------------------------------------------------

    def _claim(self, request: ChatRequest) -> bool:
        claimed = self._ledger.claim(request.key, request.text)
        if claimed:
            self._claimed.add(request.key)
        return claimed

    def _make(self, requests: Sequence[ChatRequest]) -> None:
        """Upload and make one batch; the ledger knows of it before the endpoint does."""
        if not requests:
            return
        file = self._transport.upload(map(self._transport.line, requests))
        self._sent.add(file)
        self._batches.add(file, [request.key for request in requests])
        try:
            batch = self._transport.create(file)
        except UnreachedError as error:
            log.warning("%s Looking whether the batch was made all the same.", error)
        except UserError:
            self._batches.close(file, "refused")
            raise
        else:
            self._batches.name(file, batch)
            log.info("The batch %s is at %s (requests: %d).", batch, self._transport.url, len(requests))

    # looking -------------------------------------------------------------------------------------------------------

    def _visit(self, batch: Batch, wanted: bool) -> int:
        try:
            named = batch if batch.id else self._search(batch)
            if named is not None:
                report = self._transport.look(named.id)
                if not report.ended:
                    return report.done if wanted else 0
                self._bring(named, report)
        except UnreachedError as error:
            log.warning("%s The batch is asked for again later; nothing is lost.", error)
        except UnknownBatchError as error:
            self._forget(batch, wanted, error)
        return 0

    def _search(self, batch: Batch) -> Batch | None:
        """Find the batch of a file whose making was cut off or got no answer."""
        batch_id = self._transport.find(batch.file, batch.at)
        if batch_id is not None:
            self._batches.name(batch.file, batch_id)
            return replace(batch, id=batch_id)
        being_made = batch.owner != self._ledger.owner and self._ledger.is_alive(batch.owner)
        if not being_made and time.time() - batch.at >= self._grace_seconds:
            self._batches.close(batch.file, "never made")
            self._release(batch.keys, "its batch was never made")
        return None

    def _forget(self, batch: Batch, wanted: bool, error: UnknownBatchError) -> None:
        """Give up a batch that the endpoint doesn't know, once it can't be at work any more."""
        if time.time() - batch.at >= WINDOW_SECONDS:
            log.warning("%s; its requests are asked again.", error)
            self._batches.close(batch.file, "unknown")
            self._release(batch.keys, "the endpoint has lost its batch")
        elif wanted:
            raise UserError(f"{error}; take the key (project) that made it, or judge without --batch.") from None

    # storing -------------------------------------------------------------------------------------------------------

    def _bring(self, batch: Batch, report: Report) -> None:
        """Store an ended batch's results, then close it: a cut between the two brings them again."""
        if report.status == "failed":
            self._refused(batch, report)
            return
        left = set(batch.keys)
        results = first_of(self._transport.results(report), left)
        while outcomes := dict(islice(results, STORED_TOGETHER)):
            self._store(batch, outcomes)
        none = Completion("failed", reason=ENDINGS.get(report.status, "the batch has no result for it"))
        self._store(batch, dict.fromkeys(left, none))
        self._batches.close(batch.file, report.status)
        log.info("The batch %s is collected (%s).", batch.id, report.status)

    def _store(self, batch: Batch, outcomes: dict[str, Completion]) -> None:
        """Keep what was said; a failure is kept only where it ends a claim of ours."""
        said_by_batch = [
            replace(completion, details={**completion.details, "batch": batch.id}) for completion in outcomes.values()
        ]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            completed = dict(zip(outcomes, pool.map(self._completed, outcomes, said_by_batch), strict=True))
        failed = {key: completion for key, completion in completed.items() if completion.state == "failed"}
        self._batches.store(
            {key: completion for key, completion in completed.items() if key not in failed or key in self._claimed}
        )
        self._claimed -= outcomes.keys()
        if batch.file in self._sent:
            for key, completion in failed.items():
                self._failed(key, self._ledger.judgment(key) or completion)

    def _release(self, keys: Iterable[str], reason: str) -> None:
        ours = self._claimed.intersection(keys)
        self._claimed -= ours
        self._batches.release(ours, reason)

    def _refused(self, batch: Batch, report: Report) -> None:
        """Tell why the endpoint took no request of a batch; one of an earlier process is simply made anew."""
        refusal = f"{self._transport.url} refused the batch {batch.id}: {report.message or 'no reason given'}"
        self._batches.close(batch.file, report.status)
        self._release(batch.keys, refusal)
        if report.code == "token_limit_exceeded" and self._take_turns(batch):
            return
        if batch.file in self._sent:
            raise UserError(f"{refusal} (Nothing of it was asked; put that right and run again, or without --batch.)")
        log.warning("%s", refusal)

    def _take_turns(self, batch: Batch) -> bool:
        """The account's queue is full: send one batch at a time from now on, a smaller one if that was alone."""
        alone = not self.is_at_work
        if alone and len(batch.keys) == 1:
            return False
        self._crowded = True
        if alone:
            self._most_requests = max(1, len(batch.keys) // 2)
        log.warning("The account's queue of batches is full; going on with one batch at a time.")
        return True


def first_of(results: Iterable[tuple[str, Completion]], left: set[str]) -> Iterator[tuple[str, Completion]]:
    """Return the first result of each key in `left`, and take it out there."""
    for key, completion in results:
        if key in left:
            left.remove(key)
            yield key, completion

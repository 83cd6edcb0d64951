"""Sending fragments: in calls within an engine's limits, several at a time, each result stored before it is used.

A call that exceeds the quota is halved until the rest of the quota is used up; then nothing more is sent. Whatever ends
a run early, what was answered is in the ledger, and claims on what was not are given back.
"""

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from hf_datasets.ledger.store import Ledger, LedgerError
from hf_datasets.ledger.translations import claim, release, store, stored
from hf_datasets.shared.errors import UserError
from hf_datasets.translate.engines.engine import (
    EngineAnswer,
    FragmentRequest,
    LanguagePair,
    NoTranslationError,
    QuotaError,
    TooLargeError,
    TranslationEngine,
)

FRAME = 2048
"""Bytes of a call besides its texts and context."""
IN_FLIGHT = "another process is translating it"


def calls(requests: Sequence[FragmentRequest], engine: TranslationEngine) -> list[list[FragmentRequest]]:
    """Group requests into calls: one context each, within the engine's limits, in order of first appearance."""
    groups: dict[str, list[list[FragmentRequest]]] = {}
    sizes: dict[str, int] = {}
    for request in requests:
        context = request.fragment.context
        size = len(json.dumps(request.fragment.markup)) + 2
        group = groups.setdefault(context, [])
        full = not group or len(group[-1]) >= engine.most_texts or sizes[context] + size > engine.most_bytes
        if full:
            group.append([])
            sizes[context] = FRAME + len(json.dumps(context))
        group[-1].append(request)
        sizes[context] += size
    return [call for group in groups.values() for call in group]


class FragmentSender:
    """Sends for one run.

    Args:
        engine: Who translates.
        pair: From what into what.
        ledger: Where results are kept.
        progress: Called with the number of fragments that were done since the last call.
    """

    def __init__(
        self, engine: TranslationEngine, pair: LanguagePair, ledger: Ledger, progress: Callable[[int], None]
    ) -> None:
        self._engine, self._pair, self._ledger, self._progress = engine, pair, ledger, progress
        self._lock = threading.Lock()
        self._halted = threading.Event()
        self.failures: dict[str, str] = {}
        """Key -> why there is no translation of it."""
        self.stopped: Exception | None = None
        """What ended the run early."""
        self.sent = 0
        """Fragments that were translated."""
        self.billed = 0
        """Characters that were billed."""

    def fetch(self, requests: Sequence[FragmentRequest]) -> dict[str, str]:
        """Send requests and return what came back, by key; the others are in `failures`, or `stopped` says why.

        Raises:
            LedgerError: A result can't be kept, so that nothing more may be paid for.
        """
        with ThreadPoolExecutor(max(1, self._engine.concurrency)) as pool:
            futures = [pool.submit(self._call, call) for call in calls(requests, self._engine)]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                self._halted.set()
                raise
        if isinstance(self.stopped, LedgerError):
            raise self.stopped
        return stored(self._ledger, [request.key for request in requests])

    def _call(self, call: Sequence[FragmentRequest]) -> None:
        if self._halted.is_set():
            return
        try:
            mine = claim(self._ledger, {request.key: request.text for request in call}, self._engine.name)
            try:
                self._send([request for request in call if request.key in mine])
            finally:
                release(self._ledger, mine)
            there = stored(self._ledger, [request.key for request in call])
        except UserError as error:
            self._halt(error)
            return
        for request in call:
            if request.key not in there and request.key not in mine:
                self.failures[request.key] = IN_FLIGHT
        self._progress(sum(request.key not in mine for request in call))

    def _send(self, requests: Sequence[FragmentRequest]) -> None:
        if not requests or self._halted.is_set():
            return
        try:
            answers = self._engine.translate([request.fragment for request in requests], self._pair)
        except (QuotaError, TooLargeError) as error:
            self._halve(requests, error)
            return
        except NoTranslationError as error:
            self._fail(requests, str(error))
            return
        self._keep(requests, answers)

    def _halve(self, requests: Sequence[FragmentRequest], error: QuotaError | TooLargeError) -> None:
        """Try the halves of a call that was too much as a whole."""
        if len(requests) > 1:
            self._send(requests[: len(requests) // 2])
            self._send(requests[len(requests) // 2 :])
        elif isinstance(error, TooLargeError):
            self._fail(requests, f"{error} It has {requests[0].fragment.characters:,} characters; break it up.")
        else:
            raise error

    def _keep(self, requests: Sequence[FragmentRequest], answers: Sequence[EngineAnswer]) -> None:
        done = zip(requests, answers, strict=True)
        store(self._ledger, [(request.key, made.markup, made.billed, made.details) for request, made in done])
        with self._lock:
            self.sent += len(answers)
            self.billed += sum(answer.billed for answer in answers)
        self._progress(len(answers))

    def _fail(self, requests: Sequence[FragmentRequest], reason: str) -> None:
        with self._lock:
            self.failures |= dict.fromkeys((request.key for request in requests), reason)
        self._progress(len(requests))

    def _halt(self, error: UserError) -> None:
        with self._lock:
            self.stopped = self.stopped or error
        self._halted.set()

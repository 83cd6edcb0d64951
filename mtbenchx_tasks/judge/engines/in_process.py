"""What engines in this process share: requests wait in a queue and are judged together, in batches, by `finish`."""

import logging
import os
from abc import abstractmethod
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace

from tqdm import tqdm

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Ledger, LedgerError
from hf_datasets.records import Completion
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines.attempts import NO_SUCH_ROOM, after_both, with_more_room
from mtbenchx_tasks.judge.engines.engine import Judged, QueueEngine
from mtbenchx_tasks.judge.engines.worth import ALONE, Worth, is_useful
from mtbenchx_tasks.judge.settings import JudgeSettings

log = logging.getLogger("lm_eval.mtbenchx")
WITH_WEIGHTS = ("local", "hf", "hf-auto", "huggingface", "vllm", "vllm-vlm", "sglang")
"""Backends that load weights in this process, so that judging costs no money."""


class InProcessEngine(QueueEngine):
    """Queues requests; a kind of judge says how it is loaded, what it is and what it answers."""

    def __init__(self, settings: JudgeSettings, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._settings = settings
        self._told = False
        """That the template has no system role."""

    def check(self, probe: Sequence[ChatRequest] = ()) -> Sequence[Future[Judged]]:
        """Raise UserError if nothing could be judged; nothing is asked, since the weights aren't loaded yet."""
        del probe
        self.ledger.check_writable()
        return ()

    def _held(self, request: ChatRequest) -> Future[Judged] | None:
        """Return None: the ledger's keys hold the weights' hash, which isn't known before they are loaded."""
        del request
        return None

    def finish(self) -> None:
        """Judge what is queued and not in the ledger, with a progress bar."""
        if not self._queue:
            return
        try:
            self.check()
            self._load()
        except UserError as error:  # the answers are there, and must not be lost for it
            log.error("Nothing is judged: %s", error)
            self._fail(str(error))
            return
        missing = deque(self._missing())
        worth = Worth(self._settings.model, self.ledger)
        with tqdm(total=len(missing), desc="Judging", disable=not missing, leave=False) as bar:
            while missing:
                size = self._batch_size if worth.knows(missing[0][1]) else min(ALONE, self._batch_size)
                batch = [missing.popleft() for _ in range(min(size, len(missing)))]
                reason = self._judge(batch, worth)
                bar.update(len(batch))
                if reason:
                    log.error("Judging stops: %s", reason)
                    self._fail(reason)
                    return

    def _missing(self) -> list[tuple[str, ChatRequest]]:
        """Answer what the ledger holds; return the rest under its keys, as the loaded judge is asked."""
        identity, missing = self._identity(), []
        for key, submitted in list(self._queue.items()):
            request = replace(submitted, model=identity)
            completion = self.ledger.judgment(request.key)
            if completion is None:
                missing.append((key, request))
            else:
                self._end(key, completion, request.key)
        return sorted(missing, key=lambda item: self._place(item[1]))

    def _fail(self, reason: str) -> None:
        """Give up what is queued."""
        for key in list(self._queue):
            self._end(key, Completion("failed", reason=reason))

    # what a kind of judge says -------------------------------------------------------------------------------------

    @abstractmethod
    def _load(self) -> None:
        """Load the judge unless it is there.

        Raises:
            UserError: It can't be loaded.
        """

    @abstractmethod
    def _identity(self) -> str:
        """Return which model it is: its name in the ledger's keys."""

    def _place(self, request: ChatRequest) -> tuple[int, str]:
        """Return what requests are sorted by; batches of like length waste no padding."""
        return (len(request.text), "")

    @property
    @abstractmethod
    def _batch_size(self) -> int:
        """Requests that are judged, and stored, together."""

    @abstractmethod
    def _answer(self, requests: Sequence[ChatRequest]) -> list[Completion]:
        """Return what the judge says to each request; a failure is a value."""

    def _tell_of_no_system_role(self) -> None:
        if not self._told:
            self._told = True
            log.warning(
                "The chat template of %s has no system role: the judge's instructions stand in the user's message, and "
                "so it is recorded.", self._settings.model,
            )  # fmt: skip

    # one batch -----------------------------------------------------------------------------------------------------

    def _judge(self, batch: Sequence[tuple[str, ChatRequest]], worth: Worth) -> str:
        """Judge requests together; return why to stop, or ""."""
        requests = [request for _, request in batch]
        for request in requests:
            worth.lets_in(request)
        reasons = []
        for (key, request), completion in zip(batch, self._completed(requests), strict=True):
            self._store(request, completion)
            self._end(key, completion, request.key)
            reasons.append(worth.weigh(request, completion))
        return next(filter(None, reasons), "")

    def _completed(self, requests: Sequence[ChatRequest]) -> list[Completion]:
        """Return what the judge says, with more room where it was cut off before its verdict and that room is there."""
        completions = self._answer(requests)
        tries = [with_more_room(*both, is_useful) for both in zip(requests, completions, strict=True)]
        again = [(place, more) for place, more in enumerate(tries) if more is not None]
        seconds = self._answer([more for _, more in again]) if again else []
        for (place, more), second in zip(again, seconds, strict=True):
            no_room = second.state == "failed"  # prompt and room are more than the judge's context, or its memory
            last = Completion("failed", details={"status": NO_SUCH_ROOM[0]}) if no_room else second
            completions[place] = after_both(more, completions[place], last, is_useful)
        return completions

    def _store(self, request: ChatRequest, completion: Completion) -> None:
        """Keep a judgment; one that can't be kept is still used."""
        try:
            if self.ledger.claim(request.key, request.text):
                self.ledger.finish(request.key, completion)
        except LedgerError as error:
            log.error("A judgment can't be kept: %s", error)


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, or its kind if it says nothing."""
    return str(error).strip().split("\n")[0] or type(error).__name__


def same_model(one: str, other: str) -> bool:
    """Tell whether two names are one model: equal, or two paths of one folder."""
    return one == other or (os.path.exists(one) and os.path.exists(other) and os.path.samefile(one, other))  # noqa: PTH110, PTH121

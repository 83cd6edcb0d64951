"""What becomes of a request: on its way, judged, or failed."""

import logging
import threading
from concurrent.futures import Future
from dataclasses import dataclass

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.records import Completion

log = logging.getLogger("lm_eval.mtbenchx")


@dataclass(frozen=True)
class Judged:
    """A judgment and where it is kept."""

    key: str
    """Its key in the ledger."""
    completion: Completion
    """What the judge said."""


@dataclass(frozen=True)
class Asked:
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


def broken(error: Exception) -> Completion:
    """Return the failed judgment of a fault that nobody foresaw."""
    log.debug("A judgment failed", exc_info=error)
    return Completion("failed", reason=f"the endpoint's answer can't be read ({type(error).__name__}: {error})")


def has_failed(future: Future[Judged]) -> bool:
    """Tell whether a future ended without a judgment, so that its request may be asked again."""
    return future.cancelled() or (
        future.done() and (future.exception() is not None or future.result().completion.state == "failed")
    )

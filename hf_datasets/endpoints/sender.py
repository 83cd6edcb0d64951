"""Sends bodies to one endpoint, each until it is answered or of no use: the tries, the waits, the end of both."""

import json
import threading
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from hf_datasets.endpoints.access import Access
from hf_datasets.endpoints.completions import read_completion, read_failure
from hf_datasets.endpoints.diagnosis import of_no_use
from hf_datasets.endpoints.errors import ErrorBody, read_error
from hf_datasets.endpoints.limiter import Limiter
from hf_datasets.endpoints.replies import OK, TIMED_OUT, NoReplyError, Reply
from hf_datasets.endpoints.waits import SLOW_RETRIES, Patience, Stop, backoff, seconds_to_wait
from hf_datasets.endpoints.wire import Wire
from hf_datasets.records import Completion

BAD_REQUEST, UNPROCESSABLE, TOO_MANY, UNAVAILABLE = 400, 422, 429, 503
INTERRUPTED = Completion("failed", reason="interrupted")


class Sender:
    """Threads share it.

    Args:
        access: The endpoint and what opens it.
        stop: Ends every try and every wait.
        limiter: Is told when the endpoint has too much to do, and when not.

    Raises:
        UserError: No connection can be set up.
    """

    def __init__(self, access: Access, stop: Stop, limiter: Limiter) -> None:
        self.access = access
        self._limiter = limiter
        self._wire = Wire(access.address.base, access.headers, stop)

    def get(self, path: str, seconds: float) -> Reply:
        """Ask for something that costs nothing, once."""
        return self._wire.ask("GET", self.access.address.of(path), None, seconds)

    def cut(self) -> None:
        """Wake every thread that waits for an answer."""
        self._wire.cut()

    def close(self) -> None:
        """Close all connections."""
        self._wire.close()

    def send(
        self, body: Mapping[str, Any], patience: Patience, stopped: threading.Event
    ) -> tuple[Completion, ErrorBody | None]:
        """Send a body until it is answered, with waits; also returns what a 400 or 422 said."""
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
        slow = 0
        for attempt in range(patience.retries + 1):
            said, wait, refusal = self._try(data, str(body["model"]), patience.seconds, attempt)
            slow += said.reason.startswith(TIMED_OUT)
            if stopped.is_set() and said.state == "failed":
                return INTERRUPTED, None
            if wait is None or slow > SLOW_RETRIES or attempt == patience.retries:
                break
            if stopped.wait(wait):
                return INTERRUPTED, None
        return said, refusal

    def _try(
        self, data: bytes, model: str, seconds: float, attempt: int
    ) -> tuple[Completion, float | None, ErrorBody | None]:
        """Send a body once; also returns how long to wait before the next try, and what was refused."""
        try:
            reply = self._wire.ask("POST", self.access.address.of("chat/completions"), data, seconds)
        except NoReplyError as fault:
            return Completion("failed", reason=str(fault)), backoff(attempt) if fault.again else None, None
        self._watch(reply)
        body = reply.json
        said = read_completion(body) if reply.status == OK else read_failure(reply.status, body)
        status = said.details.get("status", OK)
        if said.state != "failed" or status == OK:
            return said, None, None
        error = read_error(body)
        stop = of_no_use(status, error, self.access, model)
        if stop:
            return replace(said, details=MappingProxyType({**said.details, "stop": stop})), None, None
        wait = seconds_to_wait(attempt, status, reply.headers, error.code)
        return said, wait, error if status in (BAD_REQUEST, UNPROCESSABLE) else None

    def _watch(self, reply: Reply) -> None:
        asks_to_wait = "retry-after" in reply.headers or "retry-after-ms" in reply.headers
        if reply.status == TOO_MANY or (reply.status == UNAVAILABLE and asks_to_wait):
            self._limiter.slow_down()
        elif reply.status == OK:
            self._limiter.succeeded()

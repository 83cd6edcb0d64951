"""What every engine promises: one future a request, what failed is asked again, and a context that waits or stops."""

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Completion
from mtbenchx_tasks.judge.engines.engine import Judged, QueueEngine, has_failed


class Echo(QueueEngine):
    """Answers in `finish` what is queued: as told, or with the request's words."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.state = "answered"

    def finish(self) -> None:
        for key, request in list(self._queue.items()):
            self._end(key, Completion(self.state, request.messages[0]["content"]))  # type: ignore[arg-type]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        yield ledger


def request(text: str) -> ChatRequest:
    return ChatRequest("u", "m", ({"role": "user", "content": text},), {"max_tokens": 9})


def text(future: Future[Judged]) -> str:
    return future.result(0).completion.text


def test_leaving_the_context_waits_for_all(ledger: Ledger) -> None:
    with Echo(ledger) as engine:
        one, same, other = (engine.submit(request(words)) for words in ("a", "a", "b"))
        assert not one.done()
    assert one is same
    assert (text(one), text(other)) == ("a", "b")


def test_an_error_within_the_context_stops_it(ledger: Ledger) -> None:
    engine = Echo(ledger)

    def interrupted() -> None:
        with engine:
            engine.submit(request("a"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    future = engine._futures[request("a").key]
    assert future.cancelled()
    engine.finish()  # nothing is left in the queue
    assert future.cancelled()


def test_what_failed_or_was_cancelled_is_asked_again(ledger: Ledger) -> None:
    engine = Echo(ledger)
    engine.state = "failed"
    with engine:
        failed = engine.submit(request("a"))
    engine.submit(request("b"))
    engine.stop()
    engine.state = "answered"
    with engine:
        again = [engine.submit(request(words)) for words in "ab"]
    assert has_failed(failed)
    assert [text(future) for future in again] == ["a", "b"]


def test_what_the_ledger_holds_is_not_queued(ledger: Ledger) -> None:
    ledger.claim(request("a").key, request("a").text)
    ledger.finish(request("a").key, Completion("answered", "from the ledger"))
    future = Echo(ledger).submit(request("a"))
    assert (future.done(), text(future), future.result(0).key) == (True, "from the ledger", request("a").key)


def test_a_result_that_nobody_waits_for_is_dropped(ledger: Ledger) -> None:
    engine = Echo(ledger)
    future = engine.submit(request("a"))
    engine._end("another key", Completion("answered", "x"))
    engine._end(request("a").key, Completion("answered", "first"), kept_as="its key in the ledger")
    engine._end(request("a").key, Completion("answered", "second"))
    assert (text(future), future.result(0).key) == ("first", "its key in the ledger")

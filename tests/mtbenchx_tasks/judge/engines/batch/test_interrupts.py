"""Interrupts, and disks that are full."""

import threading
import time
from concurrent.futures import Future
from typing import Any

import pytest

from hf_datasets.ledger.store import Ledger, LedgerError
from mtbenchx_tasks.judge.engines.batch.api import OpenAIBatches
from mtbenchx_tasks.judge.engines.engine import Judged
from tests.doubles.batch_api import BatchApi
from tests.mtbenchx_tasks.judge.engines.batch.plans import engine_of, fill, judged, live, request, states


def interrupted(api: BatchApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> list[Future[Judged]]:
    """Ctrl-C at the first look at the batch of three requests."""

    def ctrl_c(*_: object) -> None:
        raise KeyboardInterrupt

    engine = engine_of(api, ledger)
    futures = [engine.submit(request(api, text)) for text in range(3)]
    with monkeypatch.context() as patch:
        patch.setattr(OpenAIBatches, "look", ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            engine.finish()
    return futures


def test_an_interrupted_batch_goes_on_and_is_collected(
    api: BatchApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    futures = interrupted(api, ledger, monkeypatch)
    assert all(future.cancelled() for future in futures)
    assert "The batch batch_0 (requests: 3) goes on at" in caplog.text
    assert {said.state for said in judged(api, ledger, *range(3))} == {"answered"}
    assert len(api.batches) == 1


def test_after_an_interrupt_the_same_process_may_ask_live(
    api: BatchApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(api, ledger, monkeypatch)
    assert {said.state for said in live(api, ledger, *range(3))} == {"answered"}


def test_stop_ends_the_wait(api: BatchApi, ledger: Ledger) -> None:
    api.on_the_way = ("in_progress",) * 1000
    engine = engine_of(api, ledger, poll_seconds=60)
    future = engine.submit(request(api, "a"))
    thread = threading.Thread(target=engine.finish)
    thread.start()
    while not states(ledger):
        time.sleep(0.01)
    engine.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert future.cancelled()


def test_a_stopped_engine_still_takes_requests(api: BatchApi, ledger: Ledger) -> None:
    engine = engine_of(api, ledger)
    cancelled = engine.submit(request(api, "a"))
    engine.stop()
    again = engine.submit(request(api, "a"))
    engine.finish()
    assert cancelled.cancelled()
    assert again.result().completion.state == "answered"


def test_results_that_find_no_room_are_collected_when_there_is_some(
    api: BatchApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(body: dict[str, Any]) -> str:
        fill(ledger)
        return "x" * 100_000

    api.answer = answer
    with pytest.raises(LedgerError, match="free the disk"):
        judged(api, ledger, "a")
    ledger._db.execute("PRAGMA max_page_count=1000000")
    assert len(judged(api, ledger, "a")[0].text) == 100_000
    assert len(api.batches) == 1

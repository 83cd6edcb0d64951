"""Batches that other processes began."""

import subprocess
import sys
import threading
import time

import pytest

from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Completion
from hf_datasets.shared.errors import UserError
from tests.doubles.batch_api import BatchApi, Fault
from tests.doubles.openai_api import error
from tests.mtbenchx_tasks.judge.engines.batch.plans import (
    ELSEWHERE,
    asked,
    begin_and_die,
    engine_of,
    judged,
    live,
    request,
    results,
    states,
    uploaded,
)


def test_the_next_process_collects_what_a_dead_one_began(
    api: BatchApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_and_die(api, ledger, monkeypatch, *range(3))
    assert {said.state for said in judged(api, ledger, *range(3))} == {"answered"}
    assert uploaded(api) == [["0", "1", "2"]]


PLAN = """
import sys
from pathlib import Path
from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Ledger
from mtbenchx_tasks.judge.engines.batch.engine import BatchEngine
from mtbenchx_tasks.judge.engines.batch.api import OpenAIBatches
url, path = sys.argv[1:]
engine = BatchEngine(OpenAIBatches(url), "gpt-4", Ledger(Path(path)), poll_seconds=0.05)
for text in "abc":
    messages = ({"role": "user", "content": text},)
    engine.submit(ChatRequest(url, "gpt-4", messages, {"temperature": 0.0, "max_tokens": 64}))
engine.finish()
"""


def test_a_killed_processs_batch_is_collected(api: BatchApi, ledger: Ledger) -> None:
    api.on_the_way = ("in_progress",) * 1000
    with subprocess.Popen(
        [sys.executable, "-c", PLAN, api.url, str(ledger.path)], stderr=subprocess.DEVNULL
    ) as process:
        while not api.looks and process.poll() is None:
            time.sleep(0.01)
        process.kill()
    api.on_the_way = ()
    assert {said.state for said in judged(api, ledger, *"abc")} == {"answered"}
    assert uploaded(api) == [["a", "b", "c"]]


def test_what_an_open_batch_lacks_is_asked_beside_it(
    api: BatchApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_and_die(api, ledger, monkeypatch, *range(3))
    judged(api, ledger, *range(5))
    assert uploaded(api) == [["0", "1", "2"], ["3", "4"]]


def test_what_failed_in_a_dead_processs_batch_is_asked_again(
    api: BatchApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_and_die(api, ledger, monkeypatch, *range(3))
    api.ending, api.answered = "expired", 1
    engine = engine_of(api, ledger)
    futures = [engine.submit(request(api, text)) for text in range(3)]
    api.refuse = lambda lines: setattr(api, "answered", 1 if len(lines) == 3 else None)
    engine.finish()
    assert {said.state for said in results(futures)} == {"answered"}
    assert uploaded(api)[1:] == [["1", "2"]]


def test_a_dead_processs_refused_batch_is_made_anew(
    api: BatchApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_and_die(api, ledger, monkeypatch, "a")
    refusals = iter([{"code": "x", "message": "No."}])
    api.refuse = lambda lines: next(refusals, None)
    assert judged(api, ledger, "a")[0].state == "answered"
    assert states(ledger) == ["failed", "completed"]


def test_a_batch_made_just_before_the_end_of_its_process_is_found(
    api: BatchApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_and_die(api, ledger, monkeypatch, "a")
    ledger.execute("UPDATE batch SET id = ''")  # it died before it was told the id
    assert judged(api, ledger, "a")[0].state == "answered"
    assert len(api.batches) == 1


@pytest.mark.parametrize(
    ("who", "state"), [("another", "open"), ("this one", "never made"), ("a dead one", "never made")]
)
def test_a_batch_that_another_process_may_be_making_is_left_alone(
    api: BatchApi, ledger: Ledger, who: str, state: str
) -> None:
    engine_of(api, ledger)
    other = Ledger(ledger.path)
    owner = {"another": other.owner, "this one": ledger.owner, "a dead one": ELSEWHERE}[who]
    row = (api.url, "file-nowhere", "[]", owner, time.time())
    ledger.execute("INSERT INTO batch (endpoint, file, keys, owner, at) VALUES (?, ?, ?, ?, ?)", row)
    judged(api, ledger, "a", grace_seconds=0)
    other.close()
    assert states(ledger) == [state, "completed"]


def test_a_batch_of_other_requests_is_neither_waited_for_nor_lost(
    api: BatchApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_and_die(api, ledger, monkeypatch, "other")
    api.looks["batch_0"] = -1_000_000  # it takes very long
    judged(api, ledger, "a")
    assert states(ledger) == ["open", "completed"]
    api.looks["batch_0"] = 10
    judged(api, ledger, "b")
    assert ledger.judgment(request(api, "other").key) is not None


def test_a_final_judgment_is_never_overwritten(api: BatchApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    begin_and_die(api, ledger, monkeypatch, "a")
    api.answer = lambda body: "live [[9]]"
    live(api, ledger, "a")
    api.answer = lambda body: "batch [[1]]"
    assert [said.text for said in judged(api, ledger, "a", "b")] == ["live [[9]]", "batch [[1]]"]
    assert ledger.judgment(request(api, "a").key) == Completion(
        "answered", "live [[9]]", details=live(api, ledger, "a")[0].details
    )


def test_two_engines_of_a_plan_ask_once(api: BatchApi, ledger: Ledger) -> None:
    engines = [engine_of(api, ledger) for _ in range(2)]
    futures = [engine.submit(request(api, text)) for engine in engines for text in range(30)]
    threads = [threading.Thread(target=engine.finish) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert {said.state for said in results(futures)} == {"answered"}
    live_ones = [asked(chat) for chat in api.judgments]
    by_batch = [text for texts in uploaded(api) for text in texts]
    assert sorted(live_ones + by_batch) == sorted(map(str, range(30)))


def test_what_another_process_is_asking_is_waited_for(api: BatchApi, ledger: Ledger) -> None:
    asking = request(api, "a")
    ledger.claim(asking.key, asking.text)
    engine = engine_of(api, ledger)
    future = engine.submit(asking)
    timer = threading.Timer(0.1, lambda: ledger.finish(asking.key, Completion("answered", "[[3]]")))
    timer.start()
    engine.finish()
    assert (future.result().completion.text, len(api.batches)) == ("[[3]]", 0)


def test_a_batch_unknown_to_this_key_is_told(api: BatchApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    begin_and_die(api, ledger, monkeypatch, "a")
    ledger.execute("UPDATE batch SET id = 'batch_gone'")
    with pytest.raises(UserError, match=r"no batch batch_gone for the key in OPENAI_API_KEY; take the key"):
        judged(api, ledger, "a")
    assert judged(api, ledger, "b")[0].state == "answered"  # another plan goes on


def test_a_batch_unknown_for_a_day_is_given_up(api: BatchApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    begin_and_die(api, ledger, monkeypatch, "a")
    ledger.execute("UPDATE batch SET id = 'batch_gone', at = at - 90000")
    assert judged(api, ledger, "a")[0].state == "answered"
    assert states(ledger) == ["unknown", "completed"]


def test_results_that_the_vendor_has_deleted_are_asked_again(
    api: BatchApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begin_and_die(api, ledger, monkeypatch, "a")
    api.faults = [Fault("GET /v1/files/", reply=error(404, "deleted"))]
    assert judged(api, ledger, "a")[0].state == "answered"
    assert "has deleted the file" in caplog.text

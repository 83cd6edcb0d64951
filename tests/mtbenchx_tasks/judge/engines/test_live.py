"""The live engine: each request is asked once, in bounds, and is in the ledger before anyone uses it."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from pathlib import Path

import pytest

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Ledger, LedgerError
from hf_datasets.records import Completion
from mtbenchx_tasks.judge.engines.engine import Judged
from mtbenchx_tasks.judge.engines.live import LiveEngine

FAILED = Completion("failed", reason="Error code: 500")


class Transport:
    """A judge in memory that counts what it is asked."""

    def __init__(self, say: Callable[[str], Completion | str] = lambda asked: f"{asked}: [[8]]") -> None:
        self.say = say
        self.asked: list[str] = []

    def complete(self, request: ChatRequest) -> Completion:
        asked = request.messages[0]["content"]
        self.asked.append(asked)
        said = self.say(asked)
        return said if isinstance(said, Completion) else Completion("answered", said)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger._db.close()


def request(text: object, run: int = 0) -> ChatRequest:
    return ChatRequest("u", "m", ({"role": "user", "content": str(text)},), run=run)


def judged(transport: Transport, ledger: Ledger, *texts: object, concurrency: int = 4) -> list[Completion]:
    """What a new engine returns for a plan."""
    engine = LiveEngine(transport, "m", ledger, concurrency)
    futures = [engine.submit(request(text)) for text in texts]
    engine.finish()
    assert all(future.done() for future in futures)
    return [future.result().completion for future in futures]


def test_a_judgment_is_in_the_ledger_under_its_key(ledger: Ledger) -> None:
    engine = LiveEngine(Transport(), "m", ledger, 1)
    found = engine.submit(request("a")).result()
    assert found == Judged(request("a").key, Completion("answered", "a: [[8]]"))
    assert ledger.judgment(found.key) == found.completion
    assert ledger._rows("SELECT request FROM judgment")[0]["request"] == request("a").text


def test_equal_requests_share_one_call(ledger: Ledger) -> None:
    transport = Transport()
    assert len({said.text for said in judged(transport, ledger, *"aabaab")}) == 2
    assert sorted(transport.asked) == ["a", "b"]


def test_runs_are_asked_each(ledger: Ledger) -> None:
    transport = Transport()
    engine = LiveEngine(transport, "m", ledger, 4)
    wait([engine.submit(request("a", run)) for run in range(3)])
    assert transport.asked == ["a"] * 3


def test_a_finished_plan_repeated_asks_nothing(ledger: Ledger) -> None:
    first, second = Transport(), Transport()
    assert judged(first, ledger, *range(50)) == judged(second, ledger, *range(50))
    assert (len(first.asked), len(second.asked)) == (50, 0)


def test_an_interrupted_plan_asks_only_what_is_missing(ledger: Ledger) -> None:
    judged(Transport(), ledger, *range(30))
    rest = Transport()
    judged(rest, ledger, *range(50))
    assert sorted(map(int, rest.asked)) == list(range(30, 50))


@pytest.mark.parametrize(("state", "again"), [("failed", 1), ("refused", 0), ("empty", 0)])
def test_only_what_failed_is_asked_by_the_next_engine(ledger: Ledger, state: str, again: int) -> None:
    judged(Transport(lambda _: Completion(state)), ledger, "a")
    second = Transport()
    judged(second, ledger, "a")
    assert len(second.asked) == again


def test_what_failed_is_asked_again_by_the_same_engine(ledger: Ledger) -> None:
    replies = iter([FAILED, Completion("answered", "[[8]]")])
    engine = LiveEngine(Transport(lambda _: next(replies)), "m", ledger, 1)
    assert engine.submit(request("a")).result().completion == FAILED
    assert engine.submit(request("a")).result().completion.text == "[[8]]"


def test_two_engines_of_a_process_ask_once(ledger: Ledger) -> None:
    transport = Transport()
    engines = [LiveEngine(transport, "m", ledger, 4) for _ in range(4)]
    futures = [engine.submit(request(text)) for text in range(100) for engine in engines]
    assert all(future.result().completion.state == "answered" for future in futures)
    assert sorted(map(int, transport.asked)) == list(range(100))


def test_as_many_are_in_flight_as_allowed(ledger: Ledger) -> None:
    barrier, lock = threading.Barrier(3, timeout=10), threading.Lock()
    in_flight: list[int] = [0]
    seen: list[int] = []

    def say(asked: str) -> str:
        with lock:
            in_flight[0] += 1
            seen.append(in_flight[0])
        barrier.wait()  # passes only with three in flight
        with lock:
            in_flight[0] -= 1
        return asked

    # Six, in two threes: of a judge that isn't known, no more than eight are asked at first.
    found = judged(Transport(say), ledger, *range(6), concurrency=3)
    assert [one.state for one in found] == ["answered"] * 6
    assert max(seen) == 3


def test_a_probe_is_asked_once_and_kept(ledger: Ledger) -> None:
    transport = Transport()
    probe = [request("right"), request("wrong")]
    for engine in (LiveEngine(transport, "m", ledger, 1), LiveEngine(transport, "m", ledger, 1)):
        for _ in range(2):
            assert [asked.result().completion.text for asked in engine.check(probe)] == ["right: [[8]]", "wrong: [[8]]"]
    assert transport.asked == ["right", "wrong"]


def test_the_first_probe_is_waited_for_and_later_ones_are_in_flight_together(ledger: Ledger) -> None:
    barrier = threading.Barrier(4, timeout=60)  # passes only with four in flight

    def say(asked: str) -> str:
        if not asked.startswith("en"):
            barrier.wait()
        return f"{asked}: [[8]]"

    engine = LiveEngine(Transport(say), "m", ledger, 4)
    assert all(asked.done() for asked in engine.check([request("en right"), request("en wrong")]))
    later = [engine.check([request(f"{code} right"), request(f"{code} wrong")]) for code in ("de", "fr")]
    assert [asked.result(60).completion.state for probe in later for asked in probe] == ["answered"] * 4


def test_a_probe_that_failed_is_asked_again(ledger: Ledger) -> None:
    replies = iter([FAILED, Completion("answered", "[[8]]")])
    engine = LiveEngine(Transport(lambda _: next(replies)), "m", ledger, 1)
    assert [engine.check([request("a")])[0].result().completion.state for _ in range(2)] == ["failed", "answered"]


def fill(ledger: Ledger) -> None:
    """Let the disk have no more room than the ledger takes now."""
    ledger._db.execute("PRAGMA max_page_count=1")  # SQLite raises it to the present size


def test_a_check_looks_at_the_ledger_before_it_asks(ledger: Ledger) -> None:
    transport = Transport()
    fill(ledger)
    with pytest.raises(LedgerError, match="free the disk"):
        LiveEngine(transport, "m", ledger, 1).check([request("a")])
    assert transport.asked == []


def test_when_the_disk_fills_up_what_is_paid_is_used_and_nothing_more_is_asked(ledger: Ledger) -> None:
    def say(asked: str) -> str:
        if asked == "2":
            fill(ledger)
            return "x" * 100_000
        return asked

    transport = Transport(say)
    said = judged(transport, ledger, *range(6), concurrency=1)
    assert transport.asked == ["0", "1", "2"]
    assert [completion.state for completion in said] == ["answered"] * 3 + ["failed"] * 3
    assert said[2].text == "x" * 100_000
    assert all(
        str(ledger.path) in completion.reason and "free the disk" in completion.reason for completion in said[3:]
    )


def test_after_the_disk_was_freed_the_next_engine_asks_the_rest(ledger: Ledger) -> None:
    def say(asked: str) -> str:
        fill(ledger)
        return "x" * 100_000

    judged(Transport(say), ledger, *range(3), concurrency=1)
    ledger._db.execute("PRAGMA max_page_count=1000000")
    ledger._db.execute("UPDATE judgment SET owner = '[\"elsewhere\", 1, 0]', at = 0")  # as if that process had ended
    rest = Transport()
    assert [said.state for said in judged(rest, ledger, *range(3))] == ["answered"] * 3
    assert sorted(rest.asked) == ["0", "1", "2"]


def test_after_the_disk_was_freed_another_engine_of_this_process_asks(ledger: Ledger) -> None:
    def say(asked: str) -> str:
        fill(ledger)
        return "x" * 100_000

    judged(Transport(say), ledger, "a")
    ledger._db.execute("PRAGMA max_page_count=1000000")
    engine = LiveEngine(Transport(), "m", ledger, 1)  # e.g. the same judge with another parser
    try:
        assert engine.submit(request("a")).result(30).completion.state == "answered"
    finally:
        engine.stop()


def test_stop_cancels_what_is_queued_and_keeps_what_is_in_flight(ledger: Ledger) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def say(asked: str) -> str:
        begun.set()
        go_on.wait(10)
        return asked

    engine = LiveEngine(Transport(say), "m", ledger, 1)
    futures = [engine.submit(request(text)) for text in range(5)]
    begun.wait(10)
    engine.stop()
    go_on.set()
    assert futures[0].result(10).completion.text == "0"
    assert [future.cancelled() for future in futures] == [False, True, True, True, True]
    assert ledger.judgment(request(0).key) is not None
    engine.finish()  # nothing to wait for


def test_stop_ends_the_wait_for_another_process(ledger: Ledger) -> None:
    other = Ledger(ledger.path)
    other.claim(request("a").key, request("a").text)
    engine = LiveEngine(Transport(), "m", ledger, 1)
    future = engine.submit(request("a"))
    while not future.running():
        time.sleep(0.001)
    engine.stop()
    try:
        assert wait([future], 30).done
    finally:
        other.close()
        future.result(10)


@pytest.mark.parametrize("text", ["new", "cancelled"])
def test_a_stopped_engine_still_takes_requests(ledger: Ledger, text: str) -> None:
    # judge_for keeps one engine for the life of the process: a notebook that is interrupted and run again meets it
    engine = LiveEngine(Transport(), "m", ledger, 1)
    engine.stop()
    assert engine.submit(request(text)).result(10).completion.state in ("answered", "failed")


def test_an_interrupt_while_waiting_stops(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def say(asked: str) -> str:
        begun.set()
        go_on.wait(10)
        return asked

    def interrupted(*_: object) -> object:
        begun.wait(10)
        raise KeyboardInterrupt

    engine = LiveEngine(Transport(say), "m", ledger, 1)
    futures = [engine.submit(request(text)) for text in range(3)]
    monkeypatch.setattr("mtbenchx_tasks.judge.engines.live.as_completed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        engine.finish()
    go_on.set()
    assert futures[0].result(10).completion.state == "answered"
    assert futures[1].cancelled()
    assert futures[2].cancelled()


def test_meeting_a_model_changes_nothing(ledger: Ledger) -> None:
    LiveEngine(Transport(), "m", ledger, 1).attach_model(object())

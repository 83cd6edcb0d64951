"""No judgment is bought in vain: a judge proves itself first, and a run that goes nowhere stops."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Completion
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines import live
from mtbenchx_tasks.judge.engines.live import LiveEngine

GOOD, USELESS = Completion("answered", "Rating: [[8]]"), Completion("answered", "Well written.")
FAILED = Completion("failed", reason="APITimeoutError: Request timed out.")
CUT = Completion("empty", reason="the endpoint returned no text", details={"finish_reason": "length"})
LIMIT = 100


class Transport:
    """A judge in memory; `say` gets the number of the call and the request."""

    def __init__(self, say: Callable[[int, ChatRequest], Completion]) -> None:
        self.say = say
        self.asked: list[ChatRequest] = []

    def complete(self, request: ChatRequest) -> Completion:
        self.asked.append(request)
        return self.say(len(self.asked), request)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger._db.close()


def request(text: object, **parameters: Any) -> ChatRequest:
    message = {"role": "user", "content": str(text)}
    return ChatRequest("u", "m", (message,), {"temperature": 0.0, "max_tokens": LIMIT, **parameters})


def judged(transport: Transport, ledger: Ledger, number: int, concurrency: int = 4) -> list[Completion]:
    engine = LiveEngine(transport, "m", ledger, concurrency)
    futures = [engine.submit(request(text)) for text in range(number)]
    engine.finish()
    return [future.result(0).completion for future in futures]


def states(ledger: Ledger) -> list[str]:
    return [row["state"] for row in ledger._rows("SELECT state FROM judgment")]


def test_a_useless_judge_is_asked_at_most_eight_times_of_2_000(ledger: Ledger) -> None:
    transport = Transport(lambda *_: USELESS)
    said = judged(transport, ledger, 2_000)
    assert 5 <= len(transport.asked) == len(states(ledger)) <= 8  # 0.4 %; five show what most of eight are
    assert [one.state for one in said].count("failed") == 2_000 - len(transport.asked)
    assert "no verdict can be read in 'Well written.'" in said[-1].reason
    assert "Change the judge's settings" in said[-1].reason


def test_a_judge_that_is_always_cut_off_is_asked_at_most_twice_eight_times(ledger: Ledger) -> None:
    transport = Transport(lambda *_: CUT)
    said = judged(transport, ledger, 2_000)
    assert {one.parameters["max_tokens"] for one in transport.asked} == {LIMIT, 4 * LIMIT}
    assert 5 * 2 <= len(transport.asked) <= 8 * 2
    assert "cut off at max_tokens=400: raise judge.max_tokens or lower judge.reasoning_effort" in said[-1].reason


@pytest.mark.parametrize(("useless", "asked"), [(4, 40), (5, 5)])
def test_most_must_be_of_use(ledger: Ledger, useless: int, asked: int) -> None:
    transport = Transport(lambda number, _: USELESS if number <= useless else GOOD)
    judged(transport, ledger, 40, concurrency=1)
    assert len(transport.asked) == asked


def test_what_is_held_back_is_asked_when_the_judge_has_proved_itself(ledger: Ledger) -> None:
    transport = Transport(lambda *_: GOOD)
    engine = LiveEngine(transport, "m", ledger, 4)
    gate = threading.Event()
    transport.say = lambda *_: GOOD if gate.wait(10) else FAILED
    futures = [engine.submit(request(text)) for text in range(20)]
    assert len(transport.asked) <= 4
    assert len(engine._waiting) == 12
    gate.set()
    engine.finish()
    assert [future.result(0).completion for future in futures] == [GOOD] * 20


def test_a_judge_that_the_ledger_knows_isnt_tried(ledger: Ledger) -> None:
    judged(Transport(lambda *_: GOOD), ledger, 1)
    transport = Transport(lambda *_: USELESS)
    judged(transport, ledger, 20)
    assert len(transport.asked) == 19


def test_other_parameters_make_another_judge(ledger: Ledger) -> None:
    judged(Transport(lambda *_: GOOD), ledger, 1)
    transport = Transport(lambda *_: USELESS)
    engine = LiveEngine(transport, "m", ledger, 4)
    for text in range(20):
        engine.submit(request(text, temperature=1.0))
    engine.finish()
    assert len(transport.asked) <= 8


def test_a_probe_proves_nothing_about_the_benchmark(ledger: Ledger) -> None:
    transport = Transport(lambda number, _: GOOD if number <= 2 else USELESS)
    engine = LiveEngine(transport, "m", ledger, 4)
    engine.check([request("right"), request("wrong")])
    for text in range(20):
        engine.submit(request(text))
    engine.finish()
    assert len(transport.asked) <= 2 + 8


def test_what_another_process_is_told_proves_the_judge_too(ledger: Ledger) -> None:
    # It has claimed the first eight; their results count as our own, and what is held back doesn't wait for ever.
    for text in range(8):
        ledger.claim(request(text).key, request(text).text)
    transport = Transport(lambda *_: GOOD)
    engine = LiveEngine(transport, "m", ledger, 4)
    futures = [engine.submit(request(text)) for text in range(12)]
    for text in range(8):
        ledger.finish(request(text).key, GOOD)
    engine.finish()
    assert all(future.result(0).completion == GOOD for future in futures)
    assert len(transport.asked) == 4


def test_what_an_endpoint_says_once_and_for_all_stops_the_run(ledger: Ledger) -> None:
    gone = Completion("failed", reason="429", details={"stop": "The quota of the key in K is used up; add credit."})
    transport = Transport(lambda number, _: GOOD if number <= 10 else gone)
    said = judged(transport, ledger, 40, concurrency=1)
    assert len(transport.asked) == 11
    assert said[-1] == Completion("failed", reason="The quota of the key in K is used up; add credit.")
    assert states(ledger).count("answered") == 10


def test_twenty_failures_in_a_row_stop_the_run_and_a_success_between_does_not(ledger: Ledger) -> None:
    transport = Transport(lambda number, _: GOOD if number <= 10 or number == 20 else FAILED)
    said = judged(transport, ledger, 100, concurrency=1)
    assert len(transport.asked) == 20 + 20
    stopped = f"20 judgments failed in a row, the last one: {FAILED.reason}"
    assert [completion.reason for completion in said].count(stopped) == 100 - 40  # whichever weren't asked


def test_the_next_run_tries_again(ledger: Ledger) -> None:
    transport = Transport(lambda *_: FAILED)
    engine = LiveEngine(transport, "m", ledger, 1)
    engine.check([])
    futures = [engine.submit(request(text)) for text in range(30)]
    engine.finish()
    assert len(transport.asked) == 8
    assert all(future.result(0).completion.state == "failed" for future in futures)
    transport.say = lambda *_: GOOD
    engine.check([])
    futures = [engine.submit(request(text)) for text in range(30)]
    engine.finish()
    assert all(future.result(0).completion == GOOD for future in futures)


# more room ---------------------------------------------------------------------------------------------------------


def used(tokens: int, finish: str, text: str = "") -> Completion:
    usage = {"prompt_tokens": 5, "completion_tokens": tokens}
    sent = {"parameters": {"max_completion_tokens": tokens}, "system_role": "system"}
    details = {"finish_reason": finish, "usage": usage, "sent": sent}
    return Completion("answered" if text else "empty", text, "" if text else "no text", details)


def test_a_judgment_that_is_cut_off_is_asked_once_more_under_its_key(ledger: Ledger) -> None:
    transport = Transport(lambda number, _: used(100, "length") if number == 1 else used(250, "stop", "[[8]]"))
    (said,) = judged(transport, ledger, 1)
    assert said.text == "[[8]]"
    assert said.details["usage"]["completion_tokens"] == 250
    assert said.details["attempts"] == [{"max_tokens": 100, **used(100, "length").details}]
    assert ledger.judgment(request(0).key) == said


def test_a_verdict_before_the_cut_counts(ledger: Ledger) -> None:
    transport = Transport(lambda *_: used(100, "length", "Rating: [[8]]. And further"))
    judged(transport, ledger, 1)
    assert len(transport.asked) == 1


def test_a_model_that_cant_write_so_much_keeps_its_first_attempt(ledger: Ledger) -> None:
    refused = Completion("failed", reason="max_tokens is too large", details={"status": 400})
    transport = Transport(lambda number, _: used(100, "length") if number == 1 else refused)
    (said,) = judged(transport, ledger, 1)
    assert (said.state, said.details["usage"]["completion_tokens"]) == ("empty", 100)
    assert said.reason.startswith("cut off at max_tokens=100")


def test_a_second_attempt_that_fails_is_asked_again_by_the_next_run(ledger: Ledger) -> None:
    transport = Transport(lambda number, _: used(100, "length") if number == 1 else FAILED)
    (said,) = judged(transport, ledger, 1)
    assert said.state == "failed"
    assert said.details["attempts"][0]["usage"]["completion_tokens"] == 100


# whatever happens --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyError(0), RecursionError("deep"), AttributeError("strip"), MemoryError()])
def test_a_transport_that_raises_fails_a_judgment_not_the_run(ledger: Ledger, error: Exception) -> None:
    def say(number: int, _: ChatRequest) -> Completion:
        if number == 2:
            raise error
        return GOOD

    said = judged(Transport(say), ledger, 4, concurrency=1)
    assert [one.state for one in said] == ["answered", "failed", "answered", "answered"]
    assert type(error).__name__ in said[1].reason
    assert sorted(states(ledger)) == ["answered"] * 3 + ["failed"]  # nothing stays claimed


def test_what_no_ledger_can_hold_is_a_failed_judgment(ledger: Ledger) -> None:
    odd = Completion("refused", reason={"odd": "shape"})  # type: ignore[arg-type]
    (said,) = judged(Transport(lambda *_: odd), ledger, 1)
    assert said.state == "failed"
    assert states(ledger) == ["failed"]


def test_the_threads_end_with_the_run(ledger: Ledger) -> None:
    before = set(threading.enumerate())
    judged(Transport(lambda *_: GOOD), ledger, 30)
    left = [thread.name for thread in set(threading.enumerate()) - before if thread.name.startswith("judge")]
    assert left == []


def test_no_threads_left_is_one_sentence(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    engine = LiveEngine(Transport(lambda *_: GOOD), "m", ledger, 4)
    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(UserError, match=r"no more threads .*lower judge.concurrency"):
        engine.submit(request(1))


def test_an_interrupt_with_64_in_flight_is_over_soon(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live, "GRACE_SECONDS", 0.2)
    begun, over = threading.Semaphore(0), threading.Event()

    class Slow(Transport):
        def stop(self) -> None:
            over.set()

    def say(*_: object) -> Completion:
        begun.release()
        over.wait(60)
        return FAILED

    judged(Transport(lambda *_: GOOD), ledger, 1)  # so that nobody is on trial
    engine = LiveEngine(Slow(say), "m", ledger, 64)
    futures = [engine.submit(request(text)) for text in range(1, 200)]
    for _ in range(64):
        begun.acquire()
    since = time.monotonic()
    engine.stop()
    while not all(future.done() for future in futures):
        time.sleep(0.01)
    assert time.monotonic() - since < 50  # nobody sat out the 60 s
    assert [future.cancelled() for future in futures].count(True) == 199 - 64
    assert "64 judgments in flight" in caplog.text
    assert "the same command goes on" in caplog.text
    assert "failed in a row" not in caplog.text

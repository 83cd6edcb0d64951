"""Bad weather: the engine, the client and the ledger against endpoints that break in every known way.

llmock (a chaos server with a verdict on its client) makes the storms; what it can't break, a double of ours does. A
request that fails is never an exception and never a number, and the next run asks exactly those.
"""

import itertools
import json
import os
import random
import re
import socketserver
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.endpoints.client import ChatRequest, OpenAIChat
from hf_datasets.endpoints.limiter import Limiter
from hf_datasets.ledger.store import FINAL_STATES, Ledger
from hf_datasets.records import Completion
from mtbenchx_tasks.judge.engines.live import LiveEngine
from tests.doubles.openai_api import Api, Reply, completion, error, serve

PLAN = 60
IN_FLIGHT = 16
LLMOCK = [sys.executable, "-c", "from llmock.cli import app; app()"]


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-chaos")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger._db.close()


def retry(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Let the client give up sooner, so that a lasting fault needn't last long."""
    monkeypatch.setattr("hf_datasets.endpoints.client.RETRIES", times)


def prove(ledger: Ledger) -> None:
    """Let the ledger hold a judgment of use, so that the judge isn't tried first, and what it says needs no verdict."""
    known = ChatRequest("u", "gpt-4", ({"role": "user", "content": "known"},))
    if ledger.claim(known.key, known.text):
        ledger.finish(known.key, Completion("answered", "[[8]]"))


def judge(
    url: str, ledger: Ledger, timeout: float = 20.0, plan: int = PLAN, chat: OpenAIChat | None = None
) -> list[str]:
    """The states of a whole plan, judged by a new engine (as a new run would); every future resolves."""
    prove(ledger)
    engine = LiveEngine(chat or OpenAIChat(url, timeout=timeout), "gpt-4", ledger, IN_FLIGHT)
    futures = [
        engine.submit(ChatRequest("u", "gpt-4", ({"role": "user", "content": str(number)},))) for number in range(plan)
    ]
    engine.finish()
    assert wait(futures, 0).not_done == set()
    states = [future.result().completion.state for future in futures]  # raises what escaped
    assert set(states) <= {*FINAL_STATES, "failed"}
    engine.stop()
    return states


# llmock ------------------------------------------------------------------------------------------------------------


class Llmock:
    """Its control interface."""

    def __init__(self, root: str) -> None:
        self.root, self.url = root, f"{root}/v1"

    def call(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.root}/_llmock/{path}", data, timeout=10) as reply:
            return json.load(reply)

    def play(self, *behaviours: dict[str, Any]) -> None:
        self.call("scenario", {"behaviors": behaviours})

    def calm(self) -> None:
        self.call("reset", {})

    @property
    def statuses(self) -> dict[str, list[int]]:
        """Judge request -> what each of its attempts got."""
        attempts: dict[str, list[int]] = {}
        for record in self.call("requests")["requests"]:
            attempts.setdefault(record["body"]["messages"][0]["content"], []).append(record["status"])
        return attempts


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Llmock]:
    said = tmp_path_factory.mktemp("llmock") / "output.txt"
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    with (
        said.open("wb") as output,
        subprocess.Popen(
            [*LLMOCK, "serve", "--port", "0"], stdout=output, stderr=subprocess.STDOUT, env=environment
        ) as server,
    ):
        try:
            yield Llmock(address(said, server))
        finally:
            server.kill()


def address(said: Path, server: "subprocess.Popen[bytes]") -> str:
    """Where it listens, once it does."""
    deadline = time.monotonic() + 300  # it starts within a second where nothing else runs
    while time.monotonic() < deadline and server.poll() is None:
        found = re.search(r"running on (http://[\d.:]+)", said.read_text(encoding="utf-8"))
        if found:
            return found[1]
        time.sleep(0.05)
    raise AssertionError(said.read_text(encoding="utf-8"))


@pytest.fixture
def llmock(running: Llmock) -> Iterator[Llmock]:
    """Shadows the plugin's fixture of that name, which runs the server in this process."""
    running.calm()
    yield running
    running.calm()


def fail(status: int, times: int | None, **more: object) -> dict[str, Any]:
    return {"type": "fail", "status": status, "times": times, **more}


STORMS = {  # nine faults at most: should one request meet them all, its tenth try is the last that llmock allows
    "429": [fail(429, 9, retry_after=0.1)],
    "500, 502 and 503": [fail(500, 3), fail(502, 3), fail(503, 3, retry_after=0.3)],
    "slow": [{"type": "delay", "seconds": 0.3, "times": 30}],
}


@pytest.mark.parametrize("storm", STORMS)
def test_a_storm_that_passes_costs_nothing_but_time(
    storm: str, llmock: Llmock, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    retry(monkeypatch, 9)  # as many as there are faults, should one request meet them all
    llmock.play(*STORMS[storm])
    assert judge(llmock.url, ledger) == ["answered"] * PLAN
    assert [attempts.count(200) for attempts in llmock.statuses.values()] == [1] * PLAN  # each is paid once
    verdict = llmock.call("verdict")  # no Retry-After ignored, no storm of retries, no missing backoff
    assert (verdict["passed"], verdict["findings"], verdict["calls"]) == (True, [], PLAN)


@pytest.mark.slow  # it imports a web server; the same verdict is read over HTTP above
def test_llmocks_own_verdict_command_is_clean(llmock: Llmock, ledger: Ledger) -> None:
    llmock.play(fail(429, 5, retry_after=0.1), fail(500, 4))
    judge(llmock.url, ledger)
    report = subprocess.run([*LLMOCK, "report", "--url", llmock.root, "--strict"], check=False, capture_output=True)
    assert (report.returncode, b"PASS" in report.stdout) == (0, True)


@pytest.mark.parametrize("status", [429, 503])
def test_an_outage_fails_everything_and_the_next_run_asks_it_all(
    status: int, llmock: Llmock, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    retry(monkeypatch, 1)
    llmock.play(fail(status, None, retry_after=0.01))
    assert judge(llmock.url, ledger) == ["failed"] * PLAN
    assert set(map(tuple, llmock.statuses.values())) == {(status, status)}
    assert llmock.call("verdict")["findings"] == []
    llmock.calm()
    assert judge(llmock.url, ledger) == ["answered"] * PLAN


def test_the_next_run_asks_exactly_what_failed(llmock: Llmock, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without retries every fault fails one judgment. (llmock would rightly warn: gave_up.)
    retry(monkeypatch, 0)
    llmock.play(*(fail(status, 4) for status in (429, 500, 502, 503)))
    states = judge(llmock.url, ledger)
    assert Counter(states) == {"answered": 44, "failed": 16}
    llmock.calm()
    assert judge(llmock.url, ledger) == ["answered"] * PLAN
    assert sorted(map(int, llmock.statuses)) == [number for number, state in enumerate(states) if state == "failed"]
    llmock.calm()
    judge(llmock.url, ledger)
    assert llmock.statuses == {}


def test_what_a_judge_declines_is_final(llmock: Llmock, ledger: Ledger) -> None:
    llmock.play(
        {"type": "reply", "text": " \n", "times": 10},
        {"type": "reply", "tool_calls": [{"name": "rate"}], "times": 10},  # content is null
        {"type": "reply", "text": "Rat", "finish_reason": "content_filter", "times": 10},
        {"type": "reply", "text": "Rating: [[8]]", "times": 20},
    )
    llmock.play(fail(400, 10, code="content_filter", message="The prompt was filtered."))
    states = judge(llmock.url, ledger)
    assert Counter(states) == {"empty": 20, "refused": 20, "answered": 20}
    assert llmock.call("verdict")["findings"] == []  # nothing that can't succeed was tried again
    llmock.calm()
    assert judge(llmock.url, ledger) == states
    assert llmock.statuses == {}


def test_a_judge_slower_than_the_timeout_fails_and_is_asked_again(
    llmock: Llmock, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    retry(monkeypatch, 0)
    llmock.play({"type": "delay", "seconds": 1.5, "times": IN_FLIGHT})
    assert Counter(judge(llmock.url, ledger, timeout=0.75)) == {"answered": PLAN - IN_FLIGHT, "failed": IN_FLIGHT}
    assert judge(llmock.url, ledger) == ["answered"] * PLAN


# what llmock can't break: no Retry-After at all, bodies and connections ----------------------------------------------

FAULTS: dict[str, Reply] = {
    "429": error(429, "slow down"),
    "429 in the past": error(429, "slow down", Retry_After="Mon, 01 Jan 2024 00:00:00 GMT"),
    "503": error(503, "busy"),
    "dropped": Reply(None, drop=True),
    "half a JSON": Reply(json.dumps(completion("Rating: [[8]]")).encode()[:150]),
    "a page": Reply(b"<html>Welcome</html>", headers={"Content-Type": "text/html"}),
    "JSON as text": Reply(json.dumps(completion("Rating: [[8]]")).encode(), headers={"Content-Type": "text/plain"}),
    "no choices": Reply({**completion("x"), "choices": []}),
    "choices null": Reply({**completion("x"), "choices": None}),
    "content null": Reply(completion(None)),
    "refusal": Reply(completion(None, refusal="I'd rather not.")),
    "no encoding": Reply(b"\xff\xfe\x00"),
}
STATES = {"content null": "empty", "refusal": "refused"}
"""Faults of the judge, not of the line: they are final."""


class Weather:
    """A judge that breaks now and then: the dice are the request's and the attempt's own, whatever thread sends it."""

    def __init__(self, seed: int, share: float) -> None:
        self.seed, self.share = seed, share
        self.lock = threading.Lock()
        self.asked: Counter[int] = Counter()
        self.suffered: dict[int, list[str]] = {}

    def __call__(self, request: dict[str, Any]) -> Reply | str:
        number = int(request["messages"][0]["content"])
        with self.lock:
            self.asked[number] += 1
            dice = random.Random(f"{self.seed} {number} {self.asked[number]}")
            if dice.random() >= self.share:
                return "Rating: [[8]]"
            fault = dice.choice(sorted(FAULTS))
            self.suffered.setdefault(number, []).append(fault)
        return FAULTS[fault]


@pytest.mark.parametrize("seed", range(2))
def test_whatever_breaks_the_next_runs_finish_it(seed: int, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    retry(monkeypatch, 1)
    weather = Weather(seed, share=0.6)
    with serve(weather) as api:
        states = judge(api.url, ledger)
        assert len(set(itertools.chain(*weather.suffered.values()))) > len(FAULTS) / 2
        assert {"failed", "answered"} <= set(states)
        before, weather.share = Counter(weather.asked), 0.0
        again = judge(api.url, ledger)
    final = {number for number, faults in weather.suffered.items() if STATES.keys() & set(faults)}
    assert {number for number, state in enumerate(again) if state != "answered"} == final
    assert set(weather.asked - before) == {number for number, state in enumerate(states) if state == "failed"}


def test_each_fault_once(ledger: Ledger) -> None:
    weather, met = Weather(0, share=0.0), list[str]()
    faults = sorted(FAULTS)
    mended = {"429", "429 in the past", "503", "dropped", "JSON as text"}  # the last is read as what it is
    expected = ["answered" if fault in mended else STATES.get(fault, "failed") for fault in faults]

    def once(request: dict[str, Any]) -> Reply | str:
        number = int(request["messages"][0]["content"])
        if number < len(faults) and faults[number] not in met:
            met.append(faults[number])
            return FAULTS[faults[number]]
        return weather(request)

    calm = ["answered"] * (PLAN - len(faults))
    with serve(once) as api:
        assert judge(api.url, ledger) == expected + calm
        assert judge(api.url, ledger) == [STATES.get(fault, "answered") for fault in faults] + calm
    assert set(weather.asked.values()) == {1}


@contextmanager
def wire(write: Callable[[Any, bytes], None]) -> Iterator[str]:
    """A server that answers in its own hand: `write` gets the stream and the body it ought to send."""
    body = json.dumps(completion("Rating: [[8]]")).encode()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += self.rfile.readline()
            self.rfile.read(int(re.findall(rb"(?i)content-length: (\d+)", head)[0]))
            write(self.wfile, body)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            """Stay quiet about clients that went away."""

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()


def head(length: int) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % length
    )


def test_an_answer_that_drips_is_waited_for(ledger: Ledger) -> None:
    # Some endpoints send blank lines while the model thinks: here for 0.4 s, then the answer. A try has 5 s for it all.
    def drip(stream: Any, body: bytes) -> None:
        stream.write(head(len(body) + 8))
        for part in [b"\n"] * 8 + [body]:
            time.sleep(0.05)
            stream.write(part)

    with wire(drip) as url:
        assert judge(url, ledger, timeout=5.0, plan=IN_FLIGHT) == ["answered"] * IN_FLIGHT


def test_an_answer_that_stops_in_the_middle_fails(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    retry(monkeypatch, 0)

    def cut(stream: Any, body: bytes) -> None:
        stream.write(head(len(body)) + body[:100])

    with wire(cut) as url:
        assert judge(url, ledger) == ["failed"] * PLAN


# the limiter -------------------------------------------------------------------------------------------------------


def test_an_endpoint_that_takes_few_at_a_time_gets_fewer(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    retry(monkeypatch, 100)  # one of them may be unlucky for long
    # How much that helps in long runs is computed in test_limiter.py; here: the wire, the client and the gate together.
    busy, lock, allowed = 0, threading.Lock(), list[int]()

    def four_at_a_time(request: dict[str, Any]) -> Reply | str:
        nonlocal busy
        with lock:
            allowed.append(chat.limiter.allowed)
            if busy == 4:
                return error(429, "slow down", retry_after_ms="400")
            busy += 1
        time.sleep(0.05)
        with lock:
            busy -= 1
        return "Rating: [[8]]"

    with serve(four_at_a_time) as api:
        chat = OpenAIChat(api.url)
        assert judge(api.url, ledger, plan=IN_FLIGHT * 2, chat=chat) == ["answered"] * IN_FLIGHT * 2
    assert min(allowed) <= IN_FLIGHT // 2


class OneAtATime:
    """A transport in a storm: its limiter lets one in, and that one waits."""

    def __init__(self) -> None:
        self.limiter = Limiter(1)
        self.asked: list[str] = []
        self.begun, self.go_on = threading.Event(), threading.Event()

    def check(self, model: str) -> None:
        pass

    def complete(self, request: ChatRequest) -> Completion:
        self.asked.append(request.messages[0]["content"])
        self.begun.set()
        self.go_on.wait(10)
        return Completion("answered", "[[8]]")


def test_an_interrupt_in_a_storm_asks_nothing_more(ledger: Ledger) -> None:
    transport = OneAtATime()
    engine = LiveEngine(transport, "m", ledger, 8)
    futures = [engine.submit(ChatRequest("u", "m", ({"role": "user", "content": str(n)},))) for n in range(8)]
    transport.begun.wait(10)
    engine.stop()
    transport.go_on.set()
    wait([future for future in futures if not future.cancelled()], 10)
    assert len(transport.asked) == 1
    assert ledger._rows("SELECT count(*) AS n FROM judgment")[0]["n"] == 1  # no claim is left behind


# kill -9 -----------------------------------------------------------------------------------------------------------

ROUNDS, MANY, WIDE = 10, 1200, 64
CHILD = """
import os, sys
from pathlib import Path
from hf_datasets.endpoints.client import ChatRequest, OpenAIChat
from hf_datasets.ledger.store import Ledger
from mtbenchx_tasks.judge.engines.live import LiveEngine

url, ledger, acknowledged, plan, wide = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
log = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
engine = LiveEngine(OpenAIChat(url), "gpt-4", Ledger(Path(ledger)), wide)
for number in range(plan):
    request = ChatRequest("u", "gpt-4", ({"role": "user", "content": str(number)},))
    done = lambda future: os.write(log, (future.result().key + "\\n").encode())
    engine.submit(request).add_done_callback(done)
engine.finish()
"""


def handlers() -> set[threading.Thread]:
    """Threads of servers of this process that answer a client."""
    return {thread for thread in threading.enumerate() if "process_request_thread" in thread.name}


def read_to_the_end(api: Api, others: set[threading.Thread]) -> None:
    """Wait until the server has read all that clients who are gone had sent: it took their connections before ours.

    Others are handlers of earlier tests, whose clients may keep a connection open for as long as the process lives.
    """
    with pytest.raises(urllib.error.HTTPError, match="501"):
        urllib.request.urlopen(api.url, timeout=60)
    while handlers() - others:
        time.sleep(0.01)


class Round:
    """One process on the plan, over one ledger; its acknowledgements outlive it."""

    def __init__(self, api: Api, folder: Path, others: set[threading.Thread]) -> None:
        self.api, self.ledger, self.acknowledged = api, folder / "ledger.sqlite", folder / "acknowledged.txt"
        self.others = others
        self.seen = len(api.requests)
        arguments = [api.url, str(self.ledger), str(self.acknowledged), str(MANY), str(WIDE)]
        self.process = subprocess.Popen([sys.executable, "-c", CHILD, *arguments], stderr=subprocess.DEVNULL)

    def kill_after(self, seconds: float) -> None:
        deadline = time.monotonic() + 60
        while len(self.api.requests) == self.seen and time.monotonic() < deadline and self.process.poll() is None:
            time.sleep(0.005)
        time.sleep(seconds)
        self.process.kill()  # SIGKILL
        self.process.wait()
        read_to_the_end(self.api, self.others)

    @property
    def asked(self) -> list[int]:
        return [int(request["messages"][0]["content"]) for request in self.api.requests[self.seen :]]

    def final(self) -> tuple[set[int], set[str]]:
        """Numbers and keys of what is on disk."""
        ledger = Ledger(self.ledger)
        rows = ledger._rows("SELECT key, request FROM judgment WHERE state = 'answered'")
        ledger._db.close()
        return {int(json.loads(row["request"])["messages"][0]["content"]) for row in rows}, {row["key"] for row in rows}


@pytest.mark.slow
def test_kill_9_loses_nothing_acknowledged_and_pays_nothing_twice(tmp_path: Path) -> None:
    dice = random.Random(0)

    def answer(request: dict[str, Any]) -> str:
        time.sleep(0.1 * dice.uniform(0.5, 1.5))
        return "Rating: [[8]]"

    known, others = set[int](), handlers()
    with serve(answer) as api:
        for _ in range(ROUNDS):
            turn = Round(api, tmp_path, others)
            turn.kill_after(dice.uniform(0.02, 0.25))
            done, keys = turn.final()
            assert turn.asked, "the plan was finished before the rounds were"
            assert len(turn.asked) == len(set(turn.asked))
            assert not known & set(turn.asked)  # nothing that was on disk is asked again
            assert len(set(turn.asked) - done) <= WIDE  # only what was in flight may be
            assert set(turn.acknowledged.read_text().split()) <= keys
            assert known <= done
            known = done
        last = Round(api, tmp_path, others)
        assert last.process.wait(300) == 0
        assert last.final()[0] == set(range(MANY))
        assert sorted(last.asked) == sorted(set(range(MANY)) - known)

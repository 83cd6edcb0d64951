"""The batch engine, through the official client, against a real server on loopback."""

import functools
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.chat import ChatRequest, OpenAIChat
from hf_datasets.errors import UserError
from hf_datasets.ledger import Ledger, LedgerError
from hf_datasets.process import identity
from hf_datasets.records import Completion
from mtbenchx_tasks.judge.batch import BatchEngine
from mtbenchx_tasks.judge.batch_api import OpenAIBatches, UnreachedError
from mtbenchx_tasks.judge.batch_lines import read_line, split
from mtbenchx_tasks.judge.run import Judged, LiveEngine
from tests.doubles.batch_api import BatchApi, Fault, serve_batches
from tests.doubles.openai_api import Reply, error

KEY = "sk-secret-of-the-test"
RATED = {"temperature": 0.0, "max_tokens": 64}
ELSEWHERE = '["elsewhere", 1, 0]'


def asked(body: dict[str, Any]) -> str:
    """The text of a request as it came to the server."""
    return str(body["messages"][0]["content"])


@pytest.fixture(scope="module")
def server() -> Iterator[BatchApi]:
    with serve_batches(lambda body: None) as running:
        yield running


@functools.cache
def transport_of(url: str) -> OpenAIBatches:
    """One client for the module: making one takes longer than most tests."""
    return OpenAIBatches(url)


@functools.cache
def chat_of(url: str) -> OpenAIChat:
    return OpenAIChat(url)


@pytest.fixture
def api(server: BatchApi, monkeypatch: pytest.MonkeyPatch) -> BatchApi:
    """Answers each request with its own text."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.reset(lambda body: f"{asked(body)}: [[8]]")
    return server


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger._db.close()


def request(api: BatchApi, text: object) -> ChatRequest:
    return ChatRequest(api.url, "gpt-4", ({"role": "user", "content": str(text)},), RATED)


def engine_of(api: BatchApi, ledger: Ledger, transport: OpenAIBatches | None = None, **limits: Any) -> BatchEngine:
    return BatchEngine(transport or transport_of(api.url), "gpt-4", ledger, **{"poll_seconds": 0.002, **limits})


def results(futures: list[Future[Judged]]) -> list[Completion]:
    assert all(future.done() for future in futures)
    return [future.result().completion for future in futures]


def judged(api: BatchApi, ledger: Ledger, *texts: object, **limits: Any) -> list[Completion]:
    """What a new engine returns for a plan."""
    engine = engine_of(api, ledger, **limits)
    futures = [engine.submit(request(api, text)) for text in texts]
    engine.finish()
    return results(futures)


def live(api: BatchApi, ledger: Ledger, *texts: object) -> list[Completion]:
    """What a new live engine returns for a plan."""
    engine = LiveEngine(chat_of(api.url), "gpt-4", ledger, 4)
    futures = [engine.submit(request(api, text)) for text in texts]
    engine.finish()
    return results(futures)


def uploaded(api: BatchApi) -> list[list[str]]:
    """The texts asked in each batch."""
    return [[asked(line["body"]) for line in lines] for lines in api.uploads]


def begin_and_die(api: BatchApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, *texts: object) -> None:
    """Make a batch in a process that is gone before it looks at it."""

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(OpenAIBatches, "look", killed)
        patch.setattr(BatchEngine, "stop", lambda engine: None)  # a dead process tidies nothing up
        with pytest.raises(Killed):
            judged(api, ledger, *texts)
    forget_process(ledger)


def forget_process(ledger: Ledger) -> None:
    """As if this process were another one from now on, on a machine that can't be looked at, long ago."""
    ledger.execute("UPDATE judgment SET owner = ?, at = 0 WHERE owner IS NOT NULL", (ELSEWHERE,))
    ledger._in_flight.clear()


def states(ledger: Ledger) -> list[str]:
    return [row["state"] for row in ledger.rows("SELECT state FROM batch ORDER BY at")]


# the happy path ----------------------------------------------------------------------------------------------------


def test_a_plan_is_one_batch_and_comes_back_in_its_order(api: BatchApi, ledger: Ledger) -> None:
    said = judged(api, ledger, *range(5))
    assert [completion.text for completion in said] == [f"{text}: [[8]]" for text in range(5)]
    assert uploaded(api) == [["0", "1", "2", "3", "4"]]
    assert states(ledger) == ["completed"]


def test_a_line_is_what_the_vendor_documents(api: BatchApi, ledger: Ledger) -> None:
    judged(api, ledger, "Grüße")
    body = {"model": "gpt-4", "messages": [{"role": "user", "content": "Grüße"}], **RATED}
    key = request(api, "Grüße").key
    assert api.uploads == [[{"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": body}]]
    (batch,) = api.batches.values()
    assert (batch["endpoint"], batch["completion_window"]) == ("/v1/chat/completions", "24h")


def test_a_judgment_is_kept_as_live_and_names_its_batch(api: BatchApi, ledger: Ledger) -> None:
    (said,) = judged(api, ledger, "a")
    assert said == ledger.judgment(request(api, "a").key)
    assert said.details == {
        "snapshot": "gpt-4-0613",
        "system_fingerprint": "fp_1",
        "finish_reason": "stop",
        "usage": {"prompt_tokens": 11, "completion_tokens": 7},
        "batch": "batch_0",
    }


def test_equal_requests_are_asked_once(api: BatchApi, ledger: Ledger) -> None:
    assert len({said.text for said in judged(api, ledger, *"aabaab")}) == 2
    assert uploaded(api) == [["a", "b"]]


def test_a_finished_plan_repeated_calls_nobody(api: BatchApi, ledger: Ledger) -> None:
    first = judged(api, ledger, *range(20))
    before = len(api.asked)
    assert judged(api, ledger, *range(20)) == first
    assert len(api.asked) == before


def test_what_the_ledger_has_is_not_asked(api: BatchApi, ledger: Ledger) -> None:
    live(api, ledger, *range(3))
    judged(api, ledger, *range(5))
    assert uploaded(api) == [["3", "4"]]


def test_what_a_batch_answered_is_not_asked_live(api: BatchApi, ledger: Ledger) -> None:
    judged(api, ledger, *range(3))
    live(api, ledger, *range(5))
    assert sorted(map(asked, api.judgments)) == ["3", "4"]


def test_nothing_submitted_is_nothing_done(api: BatchApi, ledger: Ledger) -> None:
    engine_of(api, ledger).finish()
    assert api.asked == []


@pytest.mark.parametrize("text", ["\u2028\x85\x0b", "a\x00b", "🙂", '"\\'])
def test_an_answers_characters_survive(api: BatchApi, ledger: Ledger, text: str) -> None:
    api.answer = lambda body: text + "[[8]]"  # the double writes them unescaped wherever JSON allows
    assert judged(api, ledger, "a")[0].text == text + "[[8]]"
    assert ledger.judgment(request(api, "a").key) == judged(api, ledger, "a")[0]


def test_more_judgments_than_a_transaction_takes_are_all_stored(api: BatchApi, ledger: Ledger) -> None:
    assert {said.state for said in judged(api, ledger, *range(601))} == {"answered"}
    assert ledger.rows("SELECT count(*) AS n FROM judgment WHERE state = 'answered'")[0]["n"] == 601


# limits ------------------------------------------------------------------------------------------------------------


def test_a_plan_is_split_by_requests(api: BatchApi, ledger: Ledger) -> None:
    assert len(judged(api, ledger, *range(5), most_requests=2)) == 5
    assert uploaded(api) == [["0", "1"], ["2", "3"], ["4"]]
    assert states(ledger) == ["completed"] * 3


def test_a_plan_is_split_by_bytes(api: BatchApi, ledger: Ledger) -> None:
    line = len(transport_of(api.url).line(request(api, 0)))
    judged(api, ledger, *range(5), most_bytes=2 * line)
    assert [len(lines) for lines in uploaded(api)] == [2, 2, 1]


@given(st.lists(st.integers(1, 12), max_size=30), st.integers(1, 5), st.integers(1, 30))
def test_a_split_keeps_order_and_limits(sizes: list[int], most: int, room: int) -> None:
    lines = [(ChatRequest("u", str(size), ()), b"x" * size) for size in sizes]
    chunks = list(split(lines, most, room))
    assert [one for chunk in chunks for one in chunk] == [one for one, _ in lines]
    assert all(0 < len(chunk) <= most for chunk in chunks)
    assert all(len(chunk) == 1 or sum(int(one.model) for one in chunk) <= room for chunk in chunks)


def full_queue(most: int) -> Callable[[list[dict[str, Any]]], dict[str, Any] | None]:
    """An account whose queue takes so many requests."""
    refusal = {"code": "token_limit_exceeded", "message": "Enqueued token limit reached.", "line": None}
    return lambda lines: refusal if len(lines) > most else None


def test_a_batch_too_large_for_the_accounts_queue_is_halved(api: BatchApi, ledger: Ledger) -> None:
    api.refuse = full_queue(2)
    assert {said.state for said in judged(api, ledger, *range(8))} == {"answered"}
    assert [len(lines) for lines in uploaded(api)] == [8, 4, 2, 2, 2, 2]


def test_a_queue_too_small_for_one_request_is_told(api: BatchApi, ledger: Ledger) -> None:
    api.refuse = full_queue(0)
    with pytest.raises(UserError, match="Enqueued token limit reached"):
        judged(api, ledger, *range(2))


# failures of single requests ---------------------------------------------------------------------------------------


def refusing(*texts: str) -> Callable[[dict[str, Any]], Reply | str]:
    return lambda body: error(500, f"no {KEY}") if asked(body) in texts else "[[8]]"


def test_a_failed_line_has_its_reason_and_the_rest_is_kept(api: BatchApi, ledger: Ledger) -> None:
    api.answer = refusing("1")
    said = judged(api, ledger, *range(3))
    assert [completion.state for completion in said] == ["answered", "failed", "answered"]
    assert said[1].reason == "Error code: 500 - no ***"
    assert ledger.judgment(request(api, 1).key) is None


def test_live_finishes_what_a_batch_began(api: BatchApi, ledger: Ledger) -> None:
    api.answer = refusing("1", "3")
    judged(api, ledger, *range(5))
    api.answer = lambda body: "[[9]]"
    assert [said.text for said in live(api, ledger, *range(5))] == ["[[8]]", "[[9]]", "[[8]]", "[[9]]", "[[8]]"]
    assert sorted(map(asked, api.judgments)) == ["1", "3"]


def test_the_next_run_asks_exactly_what_failed(api: BatchApi, ledger: Ledger) -> None:
    api.answer = refusing("1", "3")
    judged(api, ledger, *range(5))
    api.answer = lambda body: "[[9]]"
    judged(api, ledger, *range(5))
    assert uploaded(api)[1:] == [["1", "3"]]


def test_the_same_engine_asks_again_what_failed(api: BatchApi, ledger: Ledger) -> None:
    api.answer = refusing("a")
    engine = engine_of(api, ledger)
    first = engine.submit(request(api, "a"))
    engine.finish()
    api.answer = lambda body: "[[9]]"
    second = engine.submit(request(api, "a"))
    engine.finish()
    assert [said.state for said in results([first, second])] == ["failed", "answered"]


@pytest.mark.parametrize("ending", ["expired", "cancelled"])
@pytest.mark.parametrize("missing_lines", [False, True])
def test_a_batch_that_ends_early_keeps_what_it_has(
    api: BatchApi, ledger: Ledger, ending: str, missing_lines: bool
) -> None:
    api.ending, api.answered, api.missing_lines = ending, 2, missing_lines
    said = judged(api, ledger, *range(4))
    assert [completion.state for completion in said] == ["answered"] * 2 + ["failed"] * 2
    assert said[3].reason == {"expired": "the batch expired", "cancelled": "the batch was cancelled"}[ending]
    assert states(ledger) == [ending]


def test_what_expired_is_asked_by_the_next_run(api: BatchApi, ledger: Ledger) -> None:
    api.ending, api.answered = "expired", 3
    judged(api, ledger, *range(4))
    api.ending, api.answered = "completed", None
    assert {said.state for said in judged(api, ledger, *range(4))} == {"answered"}
    assert uploaded(api)[1:] == [["3"]]


def test_a_completed_batch_without_a_line_for_a_request(api: BatchApi, ledger: Ledger) -> None:
    api.answered, api.missing_lines = 1, True
    assert judged(api, ledger, "a", "b")[1].reason == "the batch has no result for it"


def test_a_filtered_or_empty_answer_is_final(api: BatchApi, ledger: Ledger) -> None:
    api.answer = lambda body: error(400, "filtered", "content_filter") if asked(body) == "a" else None
    assert [said.state for said in judged(api, ledger, "a", "b")] == ["refused", "empty"]
    judged(api, ledger, "a", "b")
    assert len(api.batches) == 1


def line_of(**row: Any) -> bytes:
    return json.dumps({"custom_id": "k", **row}).encode()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (line_of(response={"status_code": 200, "body": {}}), "can't be read"),
        (line_of(response={"status_code": 200, "body": None}), "can't be read"),
        (line_of(response={"status_code": 429, "body": {"error": {"message": "slow down"}}}), "429 - slow down"),
        (line_of(response={"status_code": 500, "body": "Bad gateway"}), "can't be read"),
        (line_of(response={}), "no reason given"),
        (line_of(error={"code": "x", "message": "Broken"}), "Broken"),
        (line_of(error="Broken"), "can't be read"),
    ],
)
def test_an_odd_line_fails_with_a_reason(line: bytes, reason: str) -> None:
    found = read_line(line)
    assert found is not None
    assert (found[0], found[1].state) == ("k", "failed")
    assert reason in found[1].reason


@pytest.mark.parametrize("line", [b"\n", b'{"custom_', b"[]", b"7", b"{}", b"\xff"])
def test_a_line_without_a_key_is_passed_over(line: bytes) -> None:
    assert read_line(line) is None


# refusals ----------------------------------------------------------------------------------------------------------


def test_a_refused_file_is_told_in_the_vendors_words(api: BatchApi, ledger: Ledger) -> None:
    api.refuse = lambda lines: {"code": "model_not_found", "message": f"No model for {KEY}.", "line": 1}
    with pytest.raises(UserError, match=r"refused the batch batch_0: No model for \*\*\*\. .*run again"):
        judged(api, ledger, "a")
    assert states(ledger) == ["failed"]


def test_after_a_refusal_the_next_run_makes_another_batch(api: BatchApi, ledger: Ledger) -> None:
    api.refuse = lambda lines: {"code": "x", "message": "No."}
    with pytest.raises(UserError):
        judged(api, ledger, "a")
    api.refuse = lambda lines: None
    assert judged(api, ledger, "a")[0].state == "answered"


def test_a_refusal_leaves_no_future_waiting(api: BatchApi, ledger: Ledger) -> None:
    api.refuse = lambda lines: {"code": "x", "message": "No."}
    engine = engine_of(api, ledger)
    future = engine.submit(request(api, "a"))
    with pytest.raises(UserError):
        engine.finish()
    assert future.cancelled()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (error(401, "bad key"), "refused the key in OPENAI_API_KEY"),
        (error(429, "used up", "insufficient_quota"), "quota"),
        (error(400, f"no {KEY}"), r"Batch API of .* fails: .*no \*\*\*"),
    ],
    ids=["401", "quota", "400"],
)
@pytest.mark.parametrize("at", ["POST /v1/files", "POST /v1/batches"])
def test_a_request_that_is_turned_down_is_told(api: BatchApi, ledger: Ledger, at: str, fault: Reply, said: str) -> None:
    fault.headers["x_should_retry"] = "false"
    api.faults = [Fault(at, reply=fault)]
    with pytest.raises(UserError, match=said):
        judged(api, ledger, "a")
    assert judged(api, ledger, "a")[0].state == "answered"


# connections -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "kind"),
    [
        ("POST /v1/files", "drop"),
        ("POST /v1/files", "lost"),
        ("GET /v1/batches/", "drop"),
        ("GET /v1/files/", "drop"),
        ("POST /v1/chat", "drop"),
    ],
    ids=["upload", "answer to the upload", "look", "download", "probe"],
)
def test_a_dropped_connection_costs_nothing(api: BatchApi, ledger: Ledger, at: str, kind: str) -> None:
    api.faults = [Fault(at, kind)]
    assert {said.state for said in judged(api, ledger, *range(3))} == {"answered"}
    assert uploaded(api) == [["0", "1", "2"]]


def test_half_a_download_is_fetched_again(api: BatchApi, ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    api.faults = [Fault("GET /v1/files/", "half")]
    assert {said.state for said in judged(api, ledger, *range(3))} == {"answered"}
    assert "broke off the download" in caplog.text
    assert len(api.batches) == 1


@pytest.mark.parametrize("page", [b"<html>Bad gateway</html>", b'{"id": "bat', b"{}"], ids=["page", "half", "{}"])
def test_an_unreadable_answer_to_a_look_is_asked_again(api: BatchApi, ledger: Ledger, page: bytes) -> None:
    api.faults = [Fault("GET /v1/batches/", reply=Reply(page))]
    assert judged(api, ledger, "a")[0].state == "answered"
    assert len(api.batches) == 1


def test_a_batch_whose_making_got_no_answer_is_found(api: BatchApi, ledger: Ledger) -> None:
    judged(api, ledger, *"xyz", most_requests=1)  # older batches: the one in question is not alone on its page
    api.faults = [Fault("POST /v1/batches", "lost")]
    assert judged(api, ledger, "a")[0].state == "answered"
    assert uploaded(api)[3:] == [["a"]]


def test_a_batch_that_was_not_made_is_made_after_the_grace(api: BatchApi, ledger: Ledger) -> None:
    api.faults = [Fault("POST /v1/batches", "drop")]
    assert judged(api, ledger, "a", grace_seconds=0.05)[0].state == "answered"
    assert states(ledger) == ["never made", "completed"]
    assert len(api.batches) == 1


def test_an_endpoint_that_is_gone_at_the_upload_is_told(
    api: BatchApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hf_datasets.chat.RETRIES", 0)
    api.faults = [Fault("POST /v1/files")]
    with pytest.raises(UnreachedError, match=r"can't be reached .* check base_url"):
        judged(api, ledger, "a", transport=OpenAIBatches(api.url))


# other processes ---------------------------------------------------------------------------------------------------


def test_the_next_process_collects_what_a_dead_one_began(
    api: BatchApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_and_die(api, ledger, monkeypatch, *range(3))
    assert {said.state for said in judged(api, ledger, *range(3))} == {"answered"}
    assert uploaded(api) == [["0", "1", "2"]]


PLAN = """
import sys
from pathlib import Path
from hf_datasets.chat import ChatRequest
from hf_datasets.ledger import Ledger
from mtbenchx_tasks.judge.batch import BatchEngine
from mtbenchx_tasks.judge.batch_api import OpenAIBatches
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
    ("owner", "state"), [(ELSEWHERE, "open"), (identity(), "never made")], ids=["elsewhere", "this one"]
)
def test_a_batch_that_another_process_may_be_making_is_left_alone(
    api: BatchApi, ledger: Ledger, owner: str, state: str
) -> None:
    engine_of(api, ledger)  # makes the table
    row = (api.url, "file-nowhere", "[]", owner, time.time())
    ledger.execute("INSERT INTO batch (endpoint, file, keys, owner, at) VALUES (?, ?, ?, ?, ?)", row)
    judged(api, ledger, "a", grace_seconds=0)
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
    assert sorted(text for texts in uploaded(api) for text in texts) == sorted(map(str, range(30)))


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


# interrupts and disks ----------------------------------------------------------------------------------------------


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


def fill(ledger: Ledger) -> None:
    """Let the disk have no more room than the ledger takes now."""
    ledger._db.execute("PRAGMA max_page_count=1")


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


# the preflight -----------------------------------------------------------------------------------------------------


def test_check_asks_once_and_stores_nothing(api: BatchApi, ledger: Ledger) -> None:
    engine = engine_of(api, ledger)
    engine.check()
    engine.check()
    assert api.asked == ["POST /v1/chat/completions", "GET /v1/batches?limit=1"]
    assert ledger.rows("SELECT * FROM judgment") == []


def test_an_endpoint_without_batches_is_told(api: BatchApi, ledger: Ledger) -> None:
    api.faults = [Fault("GET /v1/batches", reply=error(404, "Not Found"))]
    with pytest.raises(UserError, match=r"has no Batch API \(404\); judge without --batch"):
        engine_of(api, ledger).check()


def test_a_check_looks_at_the_ledger_first(api: BatchApi, ledger: Ledger) -> None:
    engine = engine_of(api, ledger)
    fill(ledger)
    with pytest.raises(LedgerError):
        engine.check()
    assert api.asked == []


def test_what_a_reasoning_model_takes_is_learnt_before_the_upload(api: BatchApi, ledger: Ledger) -> None:
    def reasoning_model(body: dict[str, Any]) -> Reply | str:
        if "max_tokens" in body:
            return error(400, "'max_tokens' is not supported. Use 'max_completion_tokens' instead.")
        return error(400, "'temperature' does not support 0.0.") if "temperature" in body else "[[8]]"

    api.answer = reasoning_model
    assert judged(api, ledger, "a", transport=OpenAIBatches(api.url))[0].state == "answered"
    ((line,),) = api.uploads
    assert set(line["body"]) == {"model", "messages", "max_completion_tokens"}
    assert line["custom_id"] == request(api, "a").key


def test_an_endpoint_that_chats_only_by_batch_is_used(api: BatchApi, ledger: Ledger) -> None:
    api.faults = [Fault("POST /v1/chat", reply=error(404, "this deployment takes batches only"))]
    assert judged(api, ledger, "a")[0].state == "answered"


def test_progress_is_logged_without_a_secret(api: BatchApi, ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "lm_eval.mtbenchx"):
        judged(api, ledger, "a")
    assert "The batch batch_0 is at" in caplog.text
    assert KEY not in caplog.text
    assert KEY not in ledger.path.read_bytes().decode("latin-1")


def test_meeting_a_model_changes_nothing(api: BatchApi, ledger: Ledger) -> None:
    engine_of(api, ledger).meet(object())

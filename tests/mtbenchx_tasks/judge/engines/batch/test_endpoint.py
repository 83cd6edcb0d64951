"""An endpoint that refuses, drops connections, or has no batches."""

import logging
from typing import Any

import pytest

from hf_datasets.ledger.store import Ledger, LedgerError
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines.batch.api import OpenAIBatches, UnreachedError
from tests.doubles.batch_api import BatchApi, Fault
from tests.doubles.openai_api import Reply, error
from tests.mtbenchx_tasks.judge.engines.batch.plans import KEY, engine_of, fill, judged, request, states, uploaded


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
    monkeypatch.setattr("hf_datasets.endpoints.client.RETRIES", 0)
    api.faults = [Fault("POST /v1/files")]
    with pytest.raises(UnreachedError, match=r"can't be reached .* check base_url"):
        judged(api, ledger, "a", transport=OpenAIBatches(api.url))


def test_check_asks_the_probe_live_and_once(api: BatchApi, ledger: Ledger) -> None:
    engine = engine_of(api, ledger)
    for _ in range(2):
        (asked,) = engine.check([request(api, "a")])
        assert asked.result().completion.text == "a: [[8]]"
    assert api.asked[-2:] == ["POST /v1/chat/completions", "GET /v1/batches?limit=1"]
    assert ledger.judgment(request(api, "a").key) is not None


def test_an_endpoint_without_batches_is_told(api: BatchApi, ledger: Ledger) -> None:
    api.faults = [Fault("GET /v1/batches", reply=error(404, "Not Found"))]
    with pytest.raises(UserError, match=r"has no Batch API \(404\); judge without --batch"):
        engine_of(api, ledger).check(())


def test_a_check_looks_at_the_ledger_first(api: BatchApi, ledger: Ledger) -> None:
    engine = engine_of(api, ledger)
    fill(ledger)
    with pytest.raises(LedgerError):
        engine.check([request(api, "a")])
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
    engine_of(api, ledger).attach_model(object())

"""Single requests of a batch that fail."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from hf_datasets.ledger.store import Ledger
from mtbenchx_tasks.judge.engines.batch.lines import read_line
from tests.doubles.batch_api import BatchApi
from tests.doubles.openai_api import Reply, error
from tests.mtbenchx_tasks.judge.engines.batch.plans import (
    KEY,
    asked,
    engine_of,
    judged,
    live,
    request,
    results,
    states,
    uploaded,
)


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
        (line_of(error="Broken"), "Broken"),
        (
            line_of(response={"status_code": 400, "body": None}, error={"error": {"message": "too long"}}),
            "400 - too long",
        ),
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

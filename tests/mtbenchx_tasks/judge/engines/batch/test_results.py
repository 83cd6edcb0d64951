"""A batch that ends well, through the official client, against a real server on loopback."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Ledger
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines.batch.lines import split
from tests.doubles.batch_api import BatchApi
from tests.doubles.openai_api import Reply, completion, error
from tests.mtbenchx_tasks.judge.engines.batch.plans import (
    RATED,
    asked,
    engine_of,
    judged,
    live,
    request,
    states,
    transport_of,
    uploaded,
)


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
        "sent": {"parameters": RATED, "system_role": "user"},
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
    assert ledger._rows("SELECT count(*) AS n FROM judgment WHERE state = 'answered'")[0]["n"] == 601


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


def test_an_unknown_judge_proves_itself_live_before_the_others_are_batched(api: BatchApi, ledger: Ledger) -> None:
    said = judged(api, ledger, *range(20))
    assert {completion.state for completion in said} == {"answered"}
    assert {asked(chat) for chat in api.judgments} == {str(number) for number in range(8)}
    assert uploaded(api) == [[str(number) for number in range(8, 20)]]
    judged(api, ledger, *range(100, 120))  # it is known now
    assert (len(api.judgments), len(uploaded(api)[-1])) == (8, 20)


def test_a_judge_of_no_use_gets_no_batch(api: BatchApi, ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    api.answer = lambda request: "no verdict"
    said = judged(api, ledger, *range(20))
    assert 5 <= len(api.judgments) <= 8  # what is under way when five are of no use still comes
    assert uploaded(api) == []
    assert [completion.state for completion in said].count("failed") >= 12
    assert "of the first 5 judgments of gpt-4, which were asked alone, 0 are of use" in caplog.text


def test_a_judgment_that_a_batch_cut_off_is_asked_again_live_with_more_room(api: BatchApi, ledger: Ledger) -> None:
    def answer(body: dict[str, Any]) -> Reply | str:
        if asked(body) != "long" or body["max_tokens"] > 64:
            return "[[8]]"
        return Reply(completion("It is", finish_reason="length"))

    api.answer = answer
    short, long = judged(api, ledger, "short", "long")
    assert ("attempts" in short.details, long.text) == (False, "[[8]]")
    (attempt,) = long.details["attempts"]
    assert (attempt["max_tokens"], attempt["finish_reason"], attempt["batch"]) == (64, "length", "batch_0")
    assert "batch" not in long.details  # the second try was live, at the full price
    assert ledger.judgment(request(api, "long").key) == long
    assert [chat["max_tokens"] for chat in api.judgments] == [256]


def test_where_more_room_fails_the_batchs_judgment_stays(api: BatchApi, ledger: Ledger) -> None:
    def answer(body: dict[str, Any]) -> Reply | str:
        cut_off = Reply(completion("It is", finish_reason="length"))
        return error(400, "too many tokens") if body["max_tokens"] > 64 else cut_off

    api.answer = answer
    (said,) = judged(api, ledger, "long")
    assert (said.text, said.details["batch"]) == ("It is", "batch_0")
    assert said.reason.startswith("cut off at max_tokens=64: raise judge.max_tokens")

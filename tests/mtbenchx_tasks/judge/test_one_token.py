"""One-token judgments: what is asked, and the rating that follows from the alternatives, by hand."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.records import Completion
from mtbenchx_tasks.judge.expected import expected_rating
from mtbenchx_tasks.judge.one_token import after_one, complete, continued, has_continued, is_continued

WRITTEN = ChatRequest(
    "http://h/v1",
    "judge",
    ({"role": "system", "content": "Judge."}, {"role": "user", "content": "Hi"}),
    {"temperature": 0.0, "max_tokens": 4096, "logprobs": True, "top_logprobs": 20},
)
ASKED = continued(WRITTEN, "vllm", "Bewertung: [[")


def said(odds: dict[str, float], **details: Any) -> Completion:
    top = {token: math.log(odd) for token, odd in odds.items() if odd > 0}
    token = max(top, key=lambda text: top[text])
    return Completion(
        "answered", token, details={"logprobs": [{"token": token, "top": top}], "finish_reason": "length", **details}
    )


def judged(first: dict[str, float], after: dict[str, float] | None = None) -> tuple[Completion, int]:
    """The judgment, and how many requests it took."""
    asked: list[ChatRequest] = []

    def ask(request: ChatRequest) -> Completion:
        asked.append(request)
        return said(
            first if len(asked) == 1 else after or {"]]": 1.0}, usage={"prompt_tokens": 9, "completion_tokens": 1}
        )

    return complete(ask, ASKED), len(asked)


def test_the_beginning_is_the_assistants_and_one_token_is_asked_for() -> None:
    assert ASKED.messages == (*WRITTEN.messages, {"role": "assistant", "content": "Bewertung: [["})
    assert ASKED.parameters == {
        "temperature": 0.0,
        "max_tokens": 1,
        "logprobs": True,
        "top_logprobs": 20,
        "extra_body": {"continue_final_message": True, "add_generation_prompt": False},
    }
    assert (is_continued(WRITTEN), is_continued(ASKED)) == (False, True)


def test_mistrals_way_stands_in_the_message() -> None:
    asked = continued(WRITTEN, "prefix", "Note : [[")
    assert asked.messages[-1] == {"role": "assistant", "content": "Note : [[", "prefix": True}
    assert "extra_body" not in asked.parameters


def test_what_the_user_puts_into_the_body_stays() -> None:
    own = {"chat_template_kwargs": {"enable_thinking": False}}
    asked = continued(
        ChatRequest("e", "m", WRITTEN.messages, {"max_tokens": 9, "extra_body": own}), "vllm", "Rating: [["
    )
    assert asked.parameters["extra_body"] == {**own, "continue_final_message": True, "add_generation_prompt": False}


def test_the_keys_of_each_way_and_language_differ() -> None:
    others = [continued(WRITTEN, "prefix", "Bewertung: [["), continued(WRITTEN, "vllm", "Rating: [["), WRITTEN]
    assert len({request.key for request in (ASKED, *others)}) == 4


@pytest.mark.parametrize(
    ("first", "after", "expected", "requests"),
    [
        ({"8": 1.0}, None, 8.0, 1),
        ({"7": 0.5, "9": 0.25, "The": 0.25}, None, (7 * 0.5 + 9 * 0.25) / 0.75, 1),
        ({"7]]": 0.5, " 9": 0.5}, None, 8.0, 1),  # a tokenizer may glue what follows, or a space
        ({"0": 0.4, "11": 0.1, "5": 0.5}, None, 5.0, 1),  # 0 and 11 are no ratings
        ({"10": 0.5, "8": 0.5}, None, 9.0, 1),  # 10 is a token of its own
        ({"10": 0.2, "1": 0.2, "8": 0.6}, None, (2 + 0.2 + 4.8) / 1.0, 1),
        ({"1": 1.0}, {"0": 1.0}, 10.0, 2),
        ({"1": 1.0}, {"]]": 1.0}, 1.0, 2),
        ({"1": 0.5, "6": 0.5}, {"0": 0.75, "]]": 0.25}, 0.125 * 1 + 0.375 * 10 + 0.5 * 6, 2),
        ({"1": 0.5, "6": 0.5}, {"0]]": 0.5, "0": 0.25, "]]": 0.25}, 0.125 * 1 + 0.375 * 10 + 0.5 * 6, 2),
        ({"1": 0.0009, "6": 0.9991}, {"0": 1.0}, 0.0009 + 6 * 0.9991, 1),  # not worth a request
    ],
)
def test_the_rating_is_the_mean_of_what_may_follow(
    first: dict[str, float], after: dict[str, float] | None, expected: float, requests: int
) -> None:
    completion, asked = judged(first, after)
    assert expected_rating(completion) == (pytest.approx(expected), "")
    assert asked == requests
    assert completion.details["usage"] == {"prompt_tokens": 9 * requests, "completion_tokens": requests}
    assert len(completion.details["logprobs"]) == requests  # the raw alternatives are kept
    assert "finish_reason" not in completion.details  # it ends at its limit by intention


def test_the_second_request_continues_after_a_one() -> None:
    assert after_one(ASKED).messages[-1]["content"] == "Bewertung: [[1"
    assert after_one(ASKED).parameters == ASKED.parameters


@given(
    st.dictionaries(st.sampled_from([str(n) for n in range(1, 10)]), st.floats(1e-6, 1.0), min_size=1),
    st.floats(0.0, 1.0),
)
def test_an_expected_rating_lies_between_1_and_10(odds: dict[str, float], zero: float) -> None:
    total = sum(odds.values())
    shares = {token: odd / total for token, odd in odds.items()}
    completion, asked = judged(shares, {"0": zero, "]]": 1 - zero})
    by_hand = sum(int(token) * odd for token, odd in shares.items())
    if asked == 2:
        by_hand += shares["1"] * zero * 9  # this share of the 1 is a 10
    rating, reason = expected_rating(completion)
    assert reason == ""
    assert rating == pytest.approx(by_hand, abs=1e-6)
    assert rating is not None
    assert 1 - 1e-9 <= rating <= 10 + 1e-9


def test_no_number_among_the_alternatives_is_no_rating() -> None:
    completion, _ = judged({"The": 0.9, "a": 0.1})
    assert completion.state == "answered"
    assert expected_rating(completion) == (None, "no rating has a probability")


def test_a_token_of_white_space_is_an_answer_all_the_same() -> None:
    blank = Completion(
        "empty", reason="no text", details={"logprobs": [{"token": "\n", "top": {"\n": -0.1, "8": -3.0}}]}
    )
    assert expected_rating(complete(lambda _: blank, ASKED)) == (8.0, "")


@pytest.mark.parametrize("state", ["failed", "refused"])
def test_what_fails_fails(state: str) -> None:
    failed = Completion(state, reason="Connection error")
    assert complete(lambda _: failed, ASKED) == failed


def test_an_endpoint_without_logprobs_is_told() -> None:
    silent = complete(lambda _: Completion("answered", "8"), ASKED)
    assert expected_rating(silent) == (None, "the endpoint returned no logprobs")


def test_a_second_request_that_fails_fails_the_judgment() -> None:
    answers = iter([said({"1": 1.0}), Completion("failed", reason="Connection error")])
    completion = complete(lambda _: next(answers), ASKED)
    assert (completion.state, completion.reason) == ("failed", "Connection error")


# does an endpoint continue? ----------------------------------------------------------------------------------------

SENT = {"parameters": {"max_tokens": 1, "continue_final_message": True, "add_generation_prompt": False}}


@pytest.mark.parametrize(
    ("odds", "sent", "found"),
    [
        ({"5": 0.6, "The": 0.4}, SENT, True),
        ({"5": 0.2, "The": 0.8}, SENT, False),  # it began anew
        ({"5": 0.6, "The": 0.4}, {"parameters": {"max_tokens": 1}}, False),  # the client left out what was refused
    ],
)
def test_an_endpoint_continues_if_ratings_are_likely_to_follow(
    odds: dict[str, float], sent: dict[str, Any], found: bool
) -> None:
    assert has_continued(ASKED, complete(lambda _: said(odds, sent=sent), ASKED)) is found

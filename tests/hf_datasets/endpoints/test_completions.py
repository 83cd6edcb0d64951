"""Whatever JSON an endpoint sends is a completion: read, refused, empty or failed, and its numbers are numbers."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.endpoints.completions import UNREADABLE, read_completion, read_failure
from hf_datasets.records import canonical_json


def body(content: Any = "Rating: [[8]]", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, **more.pop("message", {})}
    return {"choices": [{"message": message, "finish_reason": "stop", **more.pop("choice", {})}], **more}


THINKING = {"type": "thinking", "thinking": [{"type": "text", "text": "maybe [[2]]"}]}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "ab"),
        ([THINKING, {"type": "text", "text": "[[7]]"}], "[[7]]"),
        ([{"type": "output_text", "text": "[[7]]"}, "!"], "[[7]]!"),
        ("Rating: [[8]] \ud83d", "Rating: [[8]] \ufffd"),
    ],
)
def test_parts_are_joined_and_thoughts_left_out(content: Any, text: str) -> None:
    said = read_completion(body(content))
    assert (said.state, said.text) == ("answered", text)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (body(None), "the endpoint returned no text"),
        (body("", choice={"finish_reason": "length"}), "cut off at max_tokens before any text"),
        (body("", message={"reasoning": "so [[3]]"}, choice={"finish_reason": "length"}),
         "cut off at max_tokens while thinking"),
        (body(None, message={"reasoning_content": "so [[3]]"}), "the endpoint returned thoughts and no text"),
        (body([THINKING]), "the endpoint returned thoughts and no text"),
    ],
)  # fmt: skip
def test_why_there_is_no_text_is_told(given: Any, reason: str) -> None:
    said = read_completion(given)
    assert (said.state, said.reason) == ("empty", reason)


@pytest.mark.parametrize(
    "shape",
    [
        None, 7, "<html>Welcome</html>", [], {}, {"choices": None}, {"choices": []}, {"choices": ["x"]},
        {"choices": {"0": {"message": {"content": "[[7]]"}}}}, {"choices": [{"message": None}]},
        body({"text": "[[7]]"}), body(7), body([{"type": "text"}]), body(None, message={"refusal": {"a": 1}}),
    ],
)  # fmt: skip
def test_a_wrong_shape_fails_with_the_endpoints_own_words(shape: Any) -> None:
    said = read_completion(shape)
    assert (said.state, said.text) == ("failed", "")
    assert said.reason.startswith(UNREADABLE)
    assert "Welcome" in said.reason or shape != "<html>Welcome</html>"


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 5}, {"prompt_tokens": 9, "completion_tokens": 5}),
        ({"prompt_tokens": 9.0, "completion_tokens": 5}, {"prompt_tokens": 9, "completion_tokens": 5}),
        ({"prompt_tokens": 9, "total_tokens": 14}, {"prompt_tokens": 9, "completion_tokens": 5}),
        (
            {"prompt_tokens": 9, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 8},
             "completion_tokens_details": {"reasoning_tokens": 4}},
            {"prompt_tokens": 9, "completion_tokens": 5, "cached_tokens": 8, "reasoning_tokens": 4},
        ),
        ({"prompt_tokens": 9, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 10}},
         {"prompt_tokens": 9, "completion_tokens": 5}),  # more than there were
        *[
            (wrong, None)
            for wrong in (
                None, {}, 7, "x", [], {"total_tokens": 15},
                *({"prompt_tokens": value, "completion_tokens": 5, "total_tokens": 15}
                  for value in (None, "9", math.nan, math.inf, -9, 1e30, 0.5, True, [9])),
            )
        ],
        ({"prompt_tokens": 9, "completion_tokens": -5, "total_tokens": 14}, None),
    ],
)  # fmt: skip
def test_only_counts_are_usage(usage: Any, read: Any) -> None:
    assert read_completion(body(usage=usage)).details.get("usage") == read


def top(*pairs: Any) -> list[Any]:
    return [{"token": token, "logprob": logprob} for token, logprob in pairs]


@pytest.mark.parametrize(
    ("tokens", "read"),
    [
        ([{"token": "7", "top_logprobs": top(("7", -0.5), ("8", -1))}],
         [{"token": "7", "top": {"7": -0.5, "8": -1.0}}]),
        ([{"token": "7", "top_logprobs": top(("7", 1e-7), ("8", None), ("9", math.nan), ("1", math.inf), ("2", 5))}],
         [{"token": "7", "top": {"7": 0.0}}]),  # a null is no chance; above 0 by rounding is 0, by more is nonsense
        ([{"token": "7", "top_logprobs": None}], [{"token": "7", "top": {}}]),
        ([{"token": None, "top_logprobs": []}], None),
        ([None], None), (None, None), ([], None), ({"token": "7"}, None),
    ],
)  # fmt: skip
def test_only_finite_logprobs_are_kept(tokens: Any, read: Any) -> None:
    assert read_completion(body(choice={"logprobs": {"content": tokens}})).details.get("logprobs") == read
    assert "logprobs" not in read_completion(body(choice={"logprobs": tokens})).details


def test_an_error_within_a_200_keeps_its_words_and_status() -> None:
    metadata = {"raw": "upstream overloaded"}
    said = read_completion({"error": {"message": "Provider returned error", "code": 502, "metadata": metadata}})
    assert (said.state, said.reason) == ("failed", "HTTP 502: Provider returned error; upstream overloaded")
    assert said.details == {"status": 502, "code": "502"}
    said = read_completion(body("half", choice={"error": {"message": "broke off"}, "finish_reason": "error"}))
    assert (said.state, said.reason) == ("failed", "the endpoint answered with an error: broke off")


def test_a_filter_refuses_and_a_failure_fails() -> None:
    filtered = {"error": {"message": "no", "code": None, "innererror": {"code": "ResponsibleAIPolicyViolation"}}}
    assert read_failure(400, filtered).state == "refused"
    said = read_failure(500, "")
    assert (said.state, said.reason, said.details) == ("failed", "HTTP 500: no reason given", {"status": 500})


KEYS = st.sampled_from(
    ["choices", "message", "content", "type", "text", "refusal", "reasoning", "finish_reason", "model", "usage",
     "prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "cached_tokens", "logprobs",
     "token", "top_logprobs", "logprob", "error", "code", "system_fingerprint"]
)  # fmt: skip
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


def check(shape: Any) -> None:
    said = read_completion(shape)
    assert said.state in ("answered", "empty", "refused", "failed")
    assert (said.state == "answered") == bool(said.text.strip())
    canonical_json([said.text, said.reason, dict(said.details)]).encode()  # the ledger can keep it
    json.dumps(dict(said.details), allow_nan=False)
    usage = said.details.get("usage", {"prompt_tokens": 0, "completion_tokens": 0})
    assert {"prompt_tokens", "completion_tokens"} <= usage.keys()
    assert all(type(count) is int and count >= 0 for count in usage.values())


@given(ANY_JSON)
def test_whatever_comes_is_a_completion(shape: Any) -> None:
    check(shape)


@given(st.tuples(*[ANY_JSON] * 6))
def test_whatever_stands_in_a_completion_is_read_or_left_out(values: tuple[Any, ...]) -> None:
    content, message, choice, usage, tokens, model = values
    logprobs = {"content": [{"token": "7", "top_logprobs": tokens}]}
    check(
        body(
            content,
            message={"reasoning": message},
            choice={"finish_reason": choice, "logprobs": logprobs},
            usage=usage,
            model=model,
        )
    )


@pytest.mark.parametrize("kind", [[], {}, 7, None, True])
def test_a_part_of_an_unknown_type_is_text_if_it_has_text(kind: Any) -> None:
    assert read_completion(body([{"type": kind, "text": "[[7]]"}])).text == "[[7]]"
    assert read_completion(body([{"type": kind}])).state == "failed"


def test_nesting_beyond_all_bounds_is_read() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    for shape in (deep, {"choices": deep}, body(deep), {"error": deep}, {"x": deep}):
        assert read_completion(shape).state == "failed"

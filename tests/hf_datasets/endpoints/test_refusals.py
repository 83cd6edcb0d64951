"""Refusals in every vendor's words, what is learnt from them, and what isn't."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.endpoints.changes import Change, Memory, apply, fold_system, system_role_of
from hf_datasets.endpoints.errors import ErrorBody, read_error
from hf_datasets.endpoints.refusals import learn

SENT: dict[str, Any] = {
    "temperature": 0.0,
    "max_tokens": 2048,
    "seed": 1,
    "logprobs": True,
    "top_logprobs": 30,
    "reasoning_effort": "none",
    "chat_template_kwargs": {"enable_thinking": False},
}
MESSAGES = [{"role": "system", "content": "Judge."}, {"role": "user", "content": "Which?"}]


def told(message: str, param: str | None = None, code: Any = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


def google(message: str) -> list[Any]:
    details = [{"@type": "x", "fieldViolations": [{"description": message}]}]
    return [{"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT", "details": details}}]


def forbidden(*place: Any) -> dict[str, Any]:
    return {"type": "extra_forbidden", "loc": list(place), "msg": "Extra inputs are not permitted", "input": 1}


def nested(inner: Any) -> dict[str, Any]:
    metadata = {"raw": json.dumps(inner), "provider_name": "X"}
    return {"error": {"message": "Provider returned error", "code": 400, "metadata": metadata}}


def out(*names: str) -> list[Change]:
    return [Change("leave out", name) for name in names]


RENAMED = [Change("rename", "max_tokens", "max_completion_tokens")]
NO_LOGPROBS = out("logprobs", "top_logprobs")
USE = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
NOT_0 = "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported."
EFFORTS = "Supported values are: 'minimal', 'low', 'medium', and 'high'."
UNKNOWN = 'Invalid JSON payload received. Unknown name "{}": Cannot find field.'
TO_USER = [Change("role", "system_role", "user")]


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        # OpenAI
        (told(USE, "max_tokens", "unsupported_parameter"), RENAMED),
        (told(USE), RENAMED),
        (told(NOT_0, "temperature", "unsupported_value"), out("temperature")),
        (told("Unsupported parameter: 'temperature' is not supported with it.", "temperature"), out("temperature")),
        (told("Unsupported parameter: 'logprobs' is not supported with this model."), NO_LOGPROBS),
        (told("logprobs are not supported with reasoning models."), NO_LOGPROBS),
        (told("You are not allowed to request logprobs from this model"), NO_LOGPROBS),
        (
            told(f"Unsupported value: 'none' is not supported with the 'gpt-5' model. {EFFORTS}", "***.effort"),
            [Change("replace", "reasoning_effort", "minimal")],
        ),
        (
            told(f"Unsupported value: 'none' is not supported with the 'gpt-5' model. {EFFORTS}"),
            [Change("replace", "reasoning_effort", "minimal")],
        ),
        (
            told(f"Unsupported value: 'reasoning_effort' does not support 'none' with this model. {EFFORTS}"),
            [Change("replace", "reasoning_effort", "minimal")],
        ),
        (told("Unrecognized request argument supplied: reasoning_effort"), out("reasoning_effort")),
        (
            told("Unrecognized request arguments supplied: seed, chat_template_kwargs"),
            out("seed", "chat_template_kwargs"),
        ),
        (told("Unknown parameter: 'chat_template_kwargs'.", "chat_template_kwargs", "unknown_parameter"),
         out("chat_template_kwargs")),
        (
            told("Invalid 'top_logprobs': integer above maximum value. Expected a value <= 20, but got 30 instead.",
                 "top_logprobs", "integer_above_max_value"),
            [Change("lower", "top_logprobs", 20)],
        ),
        (
            told("max_tokens is too large: 2048. This model supports at most 1024 completion tokens.", "max_tokens"),
            [Change("lower", "max_tokens", 1024)],
        ),
        (
            told("Unsupported value: 'messages[0].role' does not support 'system' with this model.",
                 "messages[0].role", "unsupported_value"),
            TO_USER,
        ),
        # OpenAI's back end without an error object
        ({"detail": "Unsupported parameter: temperature"}, out("temperature")),
        # Anthropic, with and without backticks, natively and compatibly
        (told("`temperature` is deprecated for this model."), out("temperature")),
        (told("temperature is deprecated for this model.", None, "invalid_request_error"), out("temperature")),
        (
            {"type": "error", "error": {"type": "invalid_request_error", "message": "`temperature` is deprecated."}},
            out("temperature"),
        ),
        (told("temperature: Extra inputs are not permitted"), out("temperature")),
        # Google: a list, several names
        (google(UNKNOWN.format("seed")), out("seed")),
        (google(UNKNOWN.format("seed") + "\n" + UNKNOWN.format("chat_template_kwargs")),
         out("seed", "chat_template_kwargs")),
        (google("Logprobs is not enabled for models/gemini-3.8-flash"), NO_LOGPROBS),
        (google("Unable to submit request because Logprobs is not supported for this model."), NO_LOGPROBS),
        (google("Developer instruction is not enabled for models/gemma-3-27b-it"), TO_USER),
        # Mistral
        ({"object": "error", "message": {"detail": [forbidden("body", "seed")]}, "param": None}, out("seed")),
        ({"object": "error", "message": json.dumps({"detail": [forbidden("body", "seed")]})}, out("seed")),
        ({"object": "Error", "detail": [forbidden("body", "seed"), forbidden("body", "logprobs")], "message": ["x"]},
         out("seed", "logprobs", "top_logprobs")),
        # vLLM, new and old
        (told("Requested sample logprobs of 30, which is greater than max allowed: 20", None, 400),
         [Change("lower", "top_logprobs", 20)]),
        (told("Range of top_logprobs should be [0, 5]"), [Change("lower", "top_logprobs", 5)]),
        (told("top_logprobs is greater than max"), [Change("lower", "top_logprobs", 5)]),
        (
            {"object": "error", "type": "BadRequestError", "code": 400,
             "message": "[{'type': 'extra_forbidden', 'loc': ('body', 'seed'), 'msg': 'Extra inputs ...'}]"},
            out("seed"),
        ),
        # SGLang and chat templates
        ({"object": "error", "message": "System role not supported None", "code": 400}, TO_USER),
        ({"object": "error", "message": "Conversation roles must alternate user/assistant/user/..."}, TO_USER),
        # OpenRouter and proxies: JSON in a string
        (nested(told(NOT_0, "temperature")), out("temperature")),
        (nested(google(UNKNOWN.format("seed"))), out("seed")),
        (told(json.dumps(told(USE, "max_tokens"))), RENAMED),
        (told("This model does not support parameters: ['reasoning_effort']"), out("reasoning_effort")),
    ],
)  # fmt: skip
def test_a_refusal_is_learnt_in_any_vendors_words(body: Any, changes: list[Change]) -> None:
    assert list(learn(read_error(body), SENT, MESSAGES)) == changes


CONTEXT = (
    "This model's maximum context length is 16384 tokens. However, you requested 8192 output tokens and your prompt "
    "contains at least 8193 input tokens. Please reduce the length of the input prompt or the number of requested "
    "output tokens. (parameter=input_tokens, value=8193)"
)


@pytest.mark.parametrize(
    "body",
    [
        told(CONTEXT, "input_tokens", 400),
        told("The input (150000 tokens) is longer than the model's context length (128000 tokens).", "max_tokens"),
        told("prompt is too long: 210000 tokens > 200000 maximum"),
        told("Prompt contains 9 tokens, too large for model with 8 maximum context length", "max_tokens"),
        told("The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
             "prompt", "content_filter"),
        told("temperature", "temperature", "content_filter"),
        told("max_tokens must be at least 1, got -186."),
        told("Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
             "temperature", "decimal_above_max_value"),
        told("Unsupported parameter: 'top_p' is not supported with this model.", "top_p"),  # nobody sent it
        told("Invalid model", "model"),
        told("`temperature` and `seed` cannot both be specified for this model."),  # which one, the user must say
        told("boom"),
        "<html>Bad request</html>",
        "", None, 7, [], {}, {"error": None},
    ],
)  # fmt: skip
def test_what_is_no_refusal_teaches_nothing(body: Any) -> None:
    assert learn(read_error(body), SENT, MESSAGES) == ()


def test_an_effort_nobody_knows_is_the_users_mistake() -> None:
    error = read_error(told(f"Unsupported value: 'ultra'. {EFFORTS}", "reasoning_effort"))
    assert learn(error, {"reasoning_effort": "ultra"}, MESSAGES) == ()


@pytest.mark.parametrize(
    ("asked", "offered", "sent"),
    [
        ("minimal", "'none', 'low', 'medium'", "low"),  # one step to either side: the one that thinks more
        ("xhigh", "'low', 'medium' or 'high'", "high"),
        ("none", "'high'", "high"),
    ],
)
def test_the_nearest_effort_is_taken(asked: str, offered: str, sent: str) -> None:
    error = read_error(told(f"Supported values are: {offered}.", "reasoning_effort"))
    assert learn(error, {"reasoning_effort": asked}, MESSAGES) == (Change("replace", "reasoning_effort", sent),)


def test_a_developer_is_tried_as_system_before_the_prompts_are_joined() -> None:
    error = read_error(told("messages[0].role: unknown variant `developer`, expected one of `system`, `user`"))
    messages = [{**MESSAGES[0], "role": "developer"}, MESSAGES[1]]
    (change,) = learn(error, SENT, messages)
    _, sent = apply([change], SENT, messages)
    assert sent == MESSAGES
    assert learn(error, SENT, [MESSAGES[1]]) == ()  # nothing to fold


def test_changes_are_made_in_their_order() -> None:
    changes = [*RENAMED, Change("lower", "max_completion_tokens", 1024), *out("seed"), *TO_USER]
    parameters, messages = apply(changes, {"max_tokens": 2048, "seed": 1, "temperature": 0.0}, MESSAGES)
    assert parameters == {"max_completion_tokens": 1024, "temperature": 0.0}
    assert messages == [{"role": "user", "content": "Judge.\n\nWhich?"}]
    assert system_role_of(messages) == "user"
    assert apply(changes, {"max_tokens": 10}, MESSAGES)[0] == {"max_completion_tokens": 10}  # lower, never higher


@pytest.mark.parametrize(
    ("messages", "folded"),
    [
        ([], []),
        ([{"role": "user", "content": "b"}], [{"role": "user", "content": "b"}]),
        ([{"role": "system", "content": "a"}], [{"role": "user", "content": "a"}]),
        (
            [{"role": role, "content": role} for role in ("system", "assistant", "user", "user")],
            [
                {"role": "assistant", "content": "assistant"},
                {"role": "user", "content": "system\n\nuser"},
                {"role": "user", "content": "user"},
            ],
        ),
    ],
)
def test_a_system_prompt_stands_before_the_first_user_message(messages: Any, folded: Any) -> None:
    assert fold_system(messages) == folded


def test_a_memory_holds_what_one_effort_needs_and_tells_it_once() -> None:
    memory = Memory()
    assert memory.add("m", "high", out("temperature")) == out("temperature")
    assert memory.add("m", "high", out("temperature")) == []
    assert memory.add("m", "low", out("temperature")) == []  # known to the user, not to this effort
    assert memory.changes("m", "low") == memory.changes("m", "high") == tuple(out("temperature"))
    assert memory.changes("m", "none") == memory.changes("n", "high") == ()


def test_a_name_is_not_changed_back() -> None:
    memory = Memory()
    memory.add("m", None, RENAMED)
    assert memory.add("m", None, [Change("rename", "max_completion_tokens", "max_tokens")]) == []
    assert memory.changes("m", None) == tuple(RENAMED)


WORDS = st.sampled_from(
    ["unsupported", "parameter", "value", ":", "'", "`", '"', "temperature", "max_tokens", "is", "not", "supported",
     "unknown", "name", "logprobs", "top_logprobs", "greater than max allowed:", "20", "system", "role",
     "reasoning_effort", "Supported values are:", "'low'", "{", "[", "}", "\\", "\n", "\ud83d", "ß", "messages[0].role"]
)  # fmt: skip
TEXT = st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=20)
KEYS = st.sampled_from(
    ["error", "message", "msg", "detail", "details", "param", "loc", "code", "type", "status", "metadata", "raw",
     "innererror", "fieldViolations", "description", "flagged_input"]
)  # fmt: skip
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5) | inner.map(json.dumps),
    max_leaves=20,
)
PARAMETERS = st.dictionaries(
    st.sampled_from([*SENT, "x", "*", ""]), st.none() | st.integers() | st.text(max_size=4) | st.floats(), max_size=5
)


@given(ANY_JSON, PARAMETERS)
def test_whatever_an_endpoint_says_is_read_and_made(body: Any, parameters: dict[str, Any]) -> None:
    error = read_error(body)
    assert len(error.words) <= 300
    assert "\n" not in error.words
    error.words.encode()
    changes = learn(error, parameters, MESSAGES)
    sent, messages = apply(changes, parameters, MESSAGES)
    assert len(sent) <= len(parameters)
    assert sum(len(message["content"]) for message in messages) >= len("Judge.Which?")
    assert all(str(change) for change in changes)


def test_a_deep_or_long_error_takes_no_time() -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = {"error": [deep]}
    hostile = [deep, told("unknown " * 50_000), told("a." * 50_000), told("[" * 100_000), ["x" * 9] * 100_000]
    began = time.thread_time()
    for body in hostile:
        assert learn(read_error(body), SENT, MESSAGES) == ()
    assert time.thread_time() - began < 5  # 0.1 s on the machine it was written on


def test_words_are_told_once_and_codes_where_there_are_none() -> None:
    assert read_error(google("boom")).words == "boom"
    assert read_error(nested("overloaded")).words == "Provider returned error; overloaded"
    assert read_error({"error": {"code": "model_not_found"}}).words == "model_not_found"
    assert read_error("<html><body>404 page not found</body></html>").words == "a web page: 404 page not found"
    assert read_error({"error": {"code": 404, "status": "NOT_FOUND"}}).code == "NOT_FOUND"
    assert read_error({"error": {"innererror": {"code": "Filtered"}}}) == ErrorBody(codes=("Filtered",))

"""The chat client against a real server on loopback."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hf_datasets.endpoints.address import read_address
from hf_datasets.endpoints.client import OPENAI_URL, REFUSALS, RETRIES, ChatRequest, OpenAIChat, public_url
from hf_datasets.records import Completion
from hf_datasets.shared.errors import UserError
from tests.doubles.openai_api import Answer, Reply, completion, error, serve

KEY = "sk-test-4f9a1c"
MESSAGES = ({"role": "system", "content": "Judge."}, {"role": "user", "content": "Grüße 🙂"})
PAGE = Reply(b"<html><body>Welcome</body></html>", headers={"Content-Type": "text/html"})
NO_CHOICES = Reply({**completion("x"), "choices": []})
DROPPED = Reply(None, drop=True)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def fault(status: int, message: str = "boom", code: str | None = None) -> Reply:
    """An error after which the client needn't wait."""
    return error(status, message, code, retry_after_ms="1")


def always(reply: Reply | str | None) -> Answer:
    return lambda request: reply


def one_after_the_other(*replies: Reply | str | None) -> Answer:
    left = iter(replies)
    return lambda request: next(left)


def request(model: str = "gpt-4", **parameters: Any) -> ChatRequest:
    return ChatRequest("http://judge.example/v1", model, MESSAGES, parameters)


def ask(answer: Answer, **parameters: Any) -> tuple[Completion, list[dict[str, Any]]]:
    """Complete one request; also returns what the server was sent."""
    with serve(answer) as api:
        return OpenAIChat(api.url).complete(request(**parameters)), api.requests


def refusal_of(answer: Answer) -> str:
    """The sentence of a preflight that fails."""
    with serve(answer) as api, pytest.raises(UserError) as refused:
        OpenAIChat(api.url).check("gpt-4")
    return str(refused.value)


# answers -----------------------------------------------------------------------------------------------------------


def test_a_success_tells_usage_and_snapshot() -> None:
    said, sent = ask(always("Rating: [[8]]"), temperature=0.0, max_tokens=64)
    assert (said.state, said.text, said.reason) == ("answered", "Rating: [[8]]", "")
    assert said.details == {
        "snapshot": "gpt-4-0613",
        "system_fingerprint": "fp_1",
        "finish_reason": "stop",
        "usage": {"prompt_tokens": 11, "completion_tokens": 7},
        "sent": {"parameters": {"temperature": 0.0, "max_tokens": 64}, "system_role": "system"},
    }
    assert sent == [{"model": "gpt-4", "messages": list(MESSAGES), "temperature": 0.0, "max_tokens": 64}]


def test_a_server_that_reports_little_is_understood() -> None:
    bare = {"choices": [{"message": {"role": "assistant", "content": "[[8]]"}}]}
    assert ask(always(Reply(bare)))[0].text == "[[8]]"


def test_logprobs_are_kept() -> None:
    tokens = [
        {"token": "8", "logprob": -0.5, "bytes": [56], "top_logprobs": [{"token": t, "logprob": p, "bytes": None}]}
        for t, p in [("8", -0.5)]
    ]
    said, _ = ask(always(Reply(completion("8", logprobs={"content": tokens, "refusal": None}))), logprobs=True)
    assert said.details["logprobs"] == [{"token": "8", "top": {"8": -0.5}}]


@pytest.mark.parametrize(
    ("first", "attempts"),
    [
        (error(429, "slow down", Retry_After="0.01"), 2),
        (fault(429), 2),
        (fault(500), 2),
        (fault(503), 2),
        (Reply(b"<html>Bad gateway</html>", 502, {"Content-Type": "text/html", "retry_after_ms": "1"}), 2),
        (DROPPED, 2),
    ],
    ids=["429 with Retry-After", "429", "500", "503", "502 page", "dropped connection"],
)
def test_a_passing_fault_is_retried(first: Reply, attempts: int) -> None:
    said, sent = ask(one_after_the_other(first, "[[8]]"))
    assert (said.state, said.text, len(sent)) == ("answered", "[[8]]", attempts)


@pytest.mark.parametrize("status", [500, 429])
def test_a_lasting_fault_fails_after_all_retries(status: int) -> None:
    said, sent = ask(always(fault(status)))
    assert (said.state, said.reason, said.details["status"]) == ("failed", f"HTTP {status}: boom", status)
    assert "stop" not in said.details
    assert len(sent) == RETRIES + 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_a_mistake_fails_at_once(status: int) -> None:
    said, sent = ask(always(error(status, "no such thing")))
    assert (said.state, len(sent)) == ("failed", 1)
    assert "no such thing" in said.reason


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_no_text_is_empty(content: str | None) -> None:
    said, _ = ask(always(content))
    assert (said.state, said.text, said.reason) == ("empty", "", "the endpoint returned no text")
    assert said.details["usage"]["completion_tokens"] == 7


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(completion(None, refusal="I'm sorry, but no.")), "I'm sorry, but no."),
        (Reply(completion("Rat", finish_reason="content_filter")), "content filter"),
        (Reply(completion(None, finish_reason="content_filter")), "content filter"),
        (error(400, "The response was filtered", "content_filter"), "The response was filtered"),
    ],
    ids=["refusal", "cut by a filter", "filtered", "400 content_filter"],
)
def test_what_a_model_or_filter_declines_is_refused(reply: Reply, reason: str) -> None:
    said, sent = ask(always(reply))
    assert (said.state, said.text, len(sent)) == ("refused", "", 1)
    assert reason in said.reason


@pytest.mark.parametrize(
    "reply",
    [
        NO_CHOICES,
        Reply({**completion("x"), "choices": None}),
        Reply({**completion("x"), "choices": [{"index": 0, "message": None}]}),
        Reply({}),
        Reply([]),
        Reply(b"null"),
        Reply(b'{"id": "chatcmpl-1", "choices": [{"mess'),
        Reply(b""),
        Reply(b"\xff\xfe"),
        PAGE,
        Reply(completion([{"type": "text"}])),  # type: ignore[arg-type]
    ],
)
def test_an_unreadable_answer_fails(reply: Reply) -> None:
    said, _ = ask(always(reply))
    assert (said.state, said.text) == ("failed", "")
    assert said.reason.startswith("the endpoint's answer can't be read")


def test_half_a_surrogate_pair_is_made_storable() -> None:
    body = json.dumps(completion("Rating: [[8]] \ud83d")).encode()  # what a server sends that cuts UTF-16
    ask(always(Reply(body)))[0].text.encode("utf-8")


def test_threads_share_a_client() -> None:
    barrier = threading.Barrier(4, timeout=10)

    def answer(sent: dict[str, Any]) -> str:
        barrier.wait()  # passes only if four are in flight
        return str(sent["model"])

    with serve(answer) as api:
        chat, said = OpenAIChat(api.url), dict[str, str]()
        work: Callable[[str], None] = lambda name: said.update({name: chat.complete(request(name)).text})  # noqa: E731
        threads = [threading.Thread(target=work, args=(f"m{number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert said == {name: name for name in said}
    assert len(said) == 4


# parameters --------------------------------------------------------------------------------------------------------


def reasoning_model(sent: dict[str, Any]) -> Reply | str:
    """As OpenAI's o-series answers."""
    if "max_tokens" in sent:
        return error(
            400,
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            "unsupported_parameter",
        )
    if "temperature" in sent:
        return error(400, "Unsupported value: 'temperature' does not support 0.0 with this model.", "unsupported_value")
    return "[[8]]"


def test_what_a_reasoning_model_does_not_take_is_learnt_once() -> None:
    with serve(reasoning_model) as api:
        chat = OpenAIChat(api.url)
        said = [chat.complete(request(temperature=0.0, max_tokens=64)).text for _ in range(3)]
    assert said == ["[[8]]"] * 3
    assert [set(sent) - {"model", "messages"} for sent in api.requests] == [
        {"temperature", "max_tokens"},
        {"temperature", "max_completion_tokens"},
        *[{"max_completion_tokens"}] * 3,
    ]
    assert api.requests[-1]["max_completion_tokens"] == 64


def test_the_preflight_learns_too() -> None:
    with serve(reasoning_model) as api:
        chat = OpenAIChat(api.url)
        chat.check("gpt-4")
        chat.complete(request(max_tokens=64))
    assert [sorted(set(sent) - {"model", "messages"}) for sent in api.requests] == [
        ["max_tokens"],
        ["max_completion_tokens"],
        ["max_completion_tokens"],
    ]


def test_what_is_learnt_changes_no_key() -> None:
    asked = request(temperature=0.0, max_tokens=64)
    with serve(reasoning_model) as api:
        before = asked.key
        OpenAIChat(api.url).complete(asked)
    assert request(temperature=0.0, max_tokens=64).key == before == asked.key


def test_an_endpoint_that_always_complains_is_given_up() -> None:
    said, sent = ask(
        always(error(400, "use max_completion_tokens; 'temperature' is not supported")), temperature=1, max_tokens=2
    )
    assert (said.state, len(sent)) == ("failed", 2)  # both are learnt from the first


# preflight ---------------------------------------------------------------------------------------------------------


def test_a_preflight_asks_for_one_token() -> None:
    with serve(always("Hi")) as api:
        OpenAIChat(api.url).check("gpt-4")
    assert [(sent["model"], sent["max_tokens"]) for sent in api.requests] == [("gpt-4", 1)]


@pytest.mark.parametrize(
    "words",
    [
        "Could not finish the message because max_tokens or model output limit was reached.",
        "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16.",
    ],
)
def test_an_endpoint_that_refuses_one_token_is_there(words: str) -> None:
    with serve(always(error(400, words))) as api:
        OpenAIChat(api.url).check("o3")


@pytest.mark.parametrize(
    ("reply", "fragments"),
    [
        (error(401, "Incorrect API key"), ["refused the key in OPENAI_API_KEY (401)"]),
        (error(403, "no access"), ["The key in OPENAI_API_KEY may not use 'gpt-4'", "(403)"]),
        (error(404, "The model does not exist", "model_not_found"), ["no model 'gpt-4'", "base_url"]),
        (Reply(b"404 page not found", 404, {"Content-Type": "text/plain"}), ["no model 'gpt-4'", "base_url"]),
        (fault(429, "You exceeded your quota", "insufficient_quota"), ["quota", "OPENAI_API_KEY", "add credit"]),
        (fault(429, "slow down"), ["does not answer for 'gpt-4'", "slow down"]),
        (fault(500, "boom"), ["does not answer for 'gpt-4'", "boom"]),
        (Reply(b'{"id": "x", "cho'), ["does not speak the chat completions protocol", "/v1"]),
    ],
    ids=["401", "403", "404 model", "404 path", "quota", "429", "500", "half a JSON"],
)
def test_a_preflight_tells_what_is_wrong(reply: Reply, fragments: list[str]) -> None:
    sentence = refusal_of(always(reply))
    for fragment in fragments:
        assert fragment in sentence


@pytest.mark.parametrize("reply", [PAGE, NO_CHOICES, Reply(b"null"), Reply({})], ids=["page", "choices", "null", "{}"])
def test_a_preflight_refuses_what_is_no_chat_completion(reply: Reply) -> None:
    assert "does not speak the chat completions protocol" in refusal_of(always(reply))


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nobody listens, held so that nobody else takes it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_a_preflight_tells_that_the_server_does_not_run(closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}/v1"
    with pytest.raises(UserError, match=f"^{url} can't be reached .* check base_url and that the server runs"):
        OpenAIChat(url).check("gpt-4")


# keys --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500])
def test_a_key_that_the_server_echoes_is_never_repeated(status: int) -> None:
    with serve(always(fault(status, f"the key {KEY} is bad" + "!" * 300 + KEY))) as api:
        chat = OpenAIChat(api.url)
        reason = chat.complete(request()).reason
        if status not in REFUSALS:  # which the probe tells, of the run's own request
            with pytest.raises(UserError) as refused:
                chat.check("gpt-4")
            reason += str(refused.value)
    assert "the key *** is bad" in reason
    assert KEY not in f"{reason} {chat!r}"


@pytest.mark.parametrize("key", [KEY, f"{KEY}\n", f"  {KEY}\r\n"])
def test_white_space_around_a_key_is_ignored(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", key)
    with serve(always("Hi")) as api:
        OpenAIChat(api.url, "JUDGE_KEY").check("gpt-4")
    assert api.keys == [f"Bearer {KEY}"]


@pytest.mark.parametrize("key", [None, "", " \n"])
def test_the_default_endpoint_needs_a_key(key: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if key is not None:
        monkeypatch.setenv("JUDGE_KEY", key)
    with pytest.raises(UserError, match=r"environment variable JUDGE_KEY is not set"):
        OpenAIChat(api_key_env="JUDGE_KEY").check("gpt-4")


def test_a_server_of_ones_own_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with serve(always("Hi")) as api:
        assert OpenAIChat(api.url).complete(request()).text == "Hi"


def test_without_a_key_nothing_is_blotted_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    assert "none of these" in ask(always(error(400, "none of these")))[0].reason


def test_a_key_with_a_typographic_character_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "“sk-1”")
    assert "OPENAI_API_KEY" in refusal_of(always("Hi"))


def test_the_endpoint_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(always("Hi")) as api:
        monkeypatch.setenv("OPENAI_BASE_URL", api.url)
        chat = OpenAIChat()
        assert (chat.url, chat.complete(request()).text) == (api.url, "Hi")


def test_an_empty_base_url_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    assert (OpenAIChat().url, read_address(None).base) == (OPENAI_URL, OPENAI_URL)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (None, OPENAI_URL),
        ("", OPENAI_URL),
        ("https://api.openai.com/v1/", OPENAI_URL),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("https://me:hunter2@judge.example/v1", "https://judge.example/v1"),
        ("https://me@judge.example:8443/v1?key=hunter2#top", "https://judge.example:8443/v1"),
        ("https://me:p%40ss@Judge.Example/v1", "https://judge.example/v1"),
        ("http://me:hunter2@[::1]:8000/v1", "http://[::1]:8000/v1"),
    ],
)
def test_a_public_url_holds_no_secret(url: str | None, expected: str) -> None:
    assert public_url(url) == expected


# requests ----------------------------------------------------------------------------------------------------------


def test_equal_requests_have_one_key() -> None:
    one = ChatRequest("u", "m", ({"role": "user", "content": "x"},), {"a": 1, "b": 2})
    other = ChatRequest("u", "m", ({"content": "x", "role": "user"},), {"b": 2, "a": 1})
    assert (one.key, one.text) == (other.key, other.text)


@pytest.mark.parametrize(
    "other",
    [
        ChatRequest("u2", "m", MESSAGES),
        ChatRequest("u", "m2", MESSAGES),
        ChatRequest("u", "m", MESSAGES[:1]),
        ChatRequest("u", "m", MESSAGES[::-1]),
        ChatRequest("u", "m", MESSAGES, {"temperature": 0.0}),
        ChatRequest("u", "m", MESSAGES, run=1),
    ],
)
def test_whatever_determines_a_completion_changes_its_key(other: ChatRequest) -> None:
    assert other.key != ChatRequest("u", "m", MESSAGES).key


def test_a_requests_text_is_its_content() -> None:
    asked = request(temperature=0.0)
    assert json.loads(asked.text) == asked.content

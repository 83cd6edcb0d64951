"""The edge: what is set up wrongly is told, other hosts get nothing, and no secret is written down."""

import base64
import logging

import pytest

from hf_datasets.endpoints.access import read_access
from hf_datasets.endpoints.address import public_url, read_address
from hf_datasets.endpoints.client import ChatRequest, OpenAIChat
from hf_datasets.endpoints.waits import backoff, retry_after, seconds_to_wait
from hf_datasets.records import Completion
from hf_datasets.shared.errors import UserError
from tests.doubles.openai_api import Reply, completion, serve

KEY = "sk-wire-4f9a1c"
MESSAGES = ({"role": "user", "content": "x"},)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr("hf_datasets.endpoints.client.RETRIES", 0)
    for name in ("OPENAI_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def ask(url: str, model: str = "m") -> Completion:
    return OpenAIChat(url).complete(ChatRequest(url, model, MESSAGES))


def sentence(said: Completion) -> str:
    """What is told of an endpoint that is of no use."""
    assert (said.state, said.details["stop"]) == ("failed", said.reason)
    return said.reason


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_refused(status: int) -> None:
    with serve(lambda _: "[[1]]") as other:
        target = f"{other.url}/chat/completions"
        with serve(lambda _: Reply({}, status, {"Location": target})) as api:
            said = ask(api.url)
            told = (
                f"{api.url}/chat/completions sends its callers to {target}; if you trust that one, set base_url to it."
            )
            assert sentence(said) == told
    assert other.requests == []


def test_a_redirect_within_the_host_is_followed_and_a_circle_is_not() -> None:
    replies = iter([Reply({}, 307, {"Location": "/v1/chat/completions/"})])
    with serve(lambda _: next(replies, "[[8]]")) as api:
        assert ask(api.url).text == "[[8]]"
        assert api.requests[0] == api.requests[1]
    with serve(lambda _: Reply({}, 308, {"Location": "/v1/chat/completions"})) as api:
        assert ask(api.url).reason == f"{api.url} redirects in a circle"


def test_https_is_not_left_for_http() -> None:
    from hf_datasets.endpoints.wire import _followed

    with pytest.raises(UserError, match=r"sends its callers to http://judge\.example/v1"):
        _followed("https://judge.example/v1", "http://judge.example/v1")
    assert _followed("http://judge.example/v1", "https://judge.example/v1") == "https://judge.example/v1"


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("HTTP_PROXY", "ftp://me:hunter2x@proxy.example", "The proxy ftp://proxy.example is neither http nor SOCKS 5"),
        ("HTTP_PROXY", "socks4://proxy.example", "set NO_PROXY=judge.example"),
        ("SSL_CERT_FILE", "/nowhere.pem", "SSL_CERT_FILE"),
    ],
)
def test_what_the_environment_gets_wrong_is_one_sentence(
    variable: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    url = f"{'https' if 'SSL' in variable else 'http'}://judge.example/v1"
    assert words in sentence(ask(url))
    with pytest.raises(UserError, match=r"^[^\n]+$") as told:
        OpenAIChat(url).check("m")
    assert "hunter2x" not in str(told.value)


def test_a_socks_proxy_without_its_package_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://me:hunter2x@proxy.example:1080")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    said = sentence(ask("http://judge.example/v1"))
    assert said == (
        "The SOCKS proxy socks5://proxy.example:1080 needs `pip install socksio`, or NO_PROXY=judge.example."
    )


def test_a_proxy_is_asked_for_other_hosts_and_not_for_its_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(lambda _: "[[8]]") as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix("/v1"))
        assert ask("http://judge.example/v1").text == "[[8]]"
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with serve(lambda _: "[[7]]") as api:
            assert ask(api.url).text == "[[7]]"
    assert len(proxy.requests) == 1


def test_a_server_without_tls_is_told() -> None:
    with serve(lambda _: "[[8]]") as api:
        said = ask(api.url.replace("http:", "https:"))
    assert "can't be trusted (" in sentence(said)
    assert "SSL_CERT_FILE" in said.reason


@pytest.mark.parametrize("packed", ["br", "zstd"])
def test_an_answer_in_a_packing_that_nobody_asked_for_fails(packed: str) -> None:
    with serve(lambda _: Reply(b"\x1b", headers={"Content-Encoding": packed})) as api:
        assert ask(api.url).reason == f"the endpoint's answer is packed as '{packed}', which nobody asked for"


def test_a_damaged_packing_fails() -> None:
    with serve(lambda _: Reply(b"no gzip", headers={"Content-Encoding": "gzip"})) as api:
        assert ask(api.url).reason == "the endpoint's answer can't be unpacked"


# secrets -----------------------------------------------------------------------------------------------------------


def test_a_key_in_answers_names_and_fingerprints_is_hidden() -> None:
    body = completion(f"You sent {KEY}. [[8]]", model=f"m-{KEY}", finish_reason=f"stop {KEY}")
    body["system_fingerprint"] = f"fp-{KEY}"
    body["choices"][0]["logprobs"] = {"content": [{"token": KEY[:5], "top_logprobs": []}]}
    with serve(lambda _: Reply(body)) as api:
        said = ask(api.url)
    assert said.text == "You sent ***. [[8]]"
    assert KEY not in repr(said)
    assert "logprobs" not in said.details  # their tokens would spell it
    assert (said.details["snapshot"], said.details["system_fingerprint"]) == ("m-***", "fp-***")


def test_user_password_query_and_headers_are_sent_and_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAM", "team-4f9a1c")
    login = base64.b64encode(b"judge-user:p@ss-word").decode()
    words = f"judge-user p@ss-word p%40ss-word query-4f9a1c team-4f9a1c {login} 2024-10-21"
    with serve(lambda _: words) as api:
        url = api.url.replace("http://", "http://judge-user:p%40ss-word@") + "?sig=query-4f9a1c&api-version=2024-10-21"
        chat = OpenAIChat(url, extra_headers={"X-Team": "TEAM"})
        said = chat.complete(ChatRequest(chat.url, "m", MESSAGES))
    assert api.keys == [f"Basic {login}"]
    assert said.text == "*** *** *** *** *** *** 2024-10-21"
    assert chat.url == api.url


def test_a_short_key_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "8")
    with serve(lambda _: "Rating: [[8]]") as api:
        assert ask(api.url).text == "Rating: [[8]]"


def test_a_header_without_its_variable_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEAM", raising=False)
    with pytest.raises(UserError, match="The environment variable TEAM, the value of the header X-Team, is not set"):
        read_access("http://127.0.0.1/v1", "OPENAI_API_KEY", {"X-Team": "TEAM"})
    with pytest.raises(UserError, match="no name of an HTTP header"):
        read_access("http://127.0.0.1/v1", "OPENAI_API_KEY", {"X Team\n": "TEAM"})


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://judge.example/v1", True),
        ("http://10.0.0.7:8000/v1", True),
        ("https://judge.example/v1", False),
        ("http://127.0.0.1:8000/v1", False),
        ("http://[::1]:8000/v1", False),
        ("http://localhost:8000/v1", False),
    ],
)
def test_a_key_in_clear_text_is_warned_of(url: str, warned: bool, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        read_access(url, "OPENAI_API_KEY", {})
    assert any("in clear text" in record.getMessage() for record in caplog.records) == warned
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    "url", ["localhost:8000/v1", "ftp://judge.example", "http://", "http://[::1", "http://h:x/v1", "http://hö st/v1"]
)
def test_what_is_no_url_is_told(url: str) -> None:
    assert "is no URL of a server; it looks like http://HOST:8000/v1." in sentence(ask(url))
    assert public_url(url)


@pytest.mark.parametrize(
    ("url", "of"),
    [
        ("http://h/v1", "http://h/v1/chat/completions"),
        ("http://h/v1//", "http://h/v1/chat/completions"),
        ("http://h/v1/chat/completions", "http://h/v1/chat/completions"),
        ("http://h/openai/?api-version=1", "http://h/openai/chat/completions?api-version=1"),
    ],
)
def test_a_path_is_put_below_the_base(url: str, of: str) -> None:
    assert read_address(url).of("chat/completions") == of


def test_the_names_of_an_account_go_to_openai_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    assert read_access(None, "OPENAI_API_KEY", {}).headers["OpenAI-Organization"] == "org-1"
    assert "OpenAI-Organization" not in read_access("http://127.0.0.1/v1", "OPENAI_API_KEY", {}).headers


# waits -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "code", "seconds"),
    [
        (429, {"retry-after": "3"}, "", 3.0),
        (429, {"retry-after-ms": "250", "retry-after": "3"}, "", 0.25),
        (429, {"retry-after": "3"}, "insufficient_quota", None),
        (503, {"retry-after": "600"}, "", None),  # longer than anybody waits
        (500, {"x-should-retry": "false"}, "", None),
        (400, {"x-should-retry": "true", "retry-after": "1"}, "", 1.0),
        (400, {}, "", None),
        (404, {}, "", None),
    ],
)
def test_how_long_to_wait(status: int, headers: dict[str, str], code: str, seconds: float | None) -> None:
    assert seconds_to_wait(0, status, headers, code) == seconds


def test_waits_grow_up_to_eight_seconds() -> None:
    longest = [0.5, 1, 2, 4, 8, 8]
    assert all(0.75 * most <= backoff(attempt) <= most for attempt, most in enumerate(longest))
    assert (seconds_to_wait(0, 500, {"retry-after": "Mon, 01 Jan 2024 00:00:00 GMT"}) or 0) <= 0.5  # it is over
    assert retry_after({"retry-after": "nan"}) is None
    assert retry_after({"retry-after": "soon"}) is None

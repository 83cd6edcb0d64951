"""Every judge of the double is asked as a run would: a completion or the right sentence, and what was really sent."""

import threading
import time
from typing import Any

import pytest

from hf_datasets.endpoints.client import ChatRequest, OpenAIChat
from hf_datasets.records import Completion
from tests.doubles.judges import JUDGES, Judges, serve_judges

KEY = "sk-judges-4f9a1c"
MESSAGES = ({"role": "system", "content": "Judge."}, {"role": "user", "content": "Which is better?"})
PLAIN = {"temperature": 0.0, "max_tokens": 4096}
ALL: dict[str, Any] = PLAIN | {
    "seed": 1,
    "logprobs": True,
    "top_logprobs": 30,
    "reasoning_effort": "minimal",
    "extra_body": {"chat_template_kwargs": {"enable_thinking": False}},
}
FAILURES = {
    "or200/any": ("failed", "Provider returned error; upstream overloaded"),
    "or403/any": ("refused", "your input was flagged"),
    "Qwen/Qwen3-8B-cut": ("answered", ""),
    "gpt-4": ("failed", "has been deprecated, learn more here"),
    "gpt-4-0613": ("failed", "has been deprecated, learn more here"),
    "nomodel": ("failed", "does not exist or you do not have access"),
    "nopath": ("failed", "404 page not found"),
    "noquota": ("failed", "You exceeded your current quota"),
    "nokey": ("failed", "Incorrect API key provided"),
    "declines": ("refused", "I'm sorry, but I can't help with that."),
    "huge": ("failed", "larger than 16 MiB"),
    "bomb": ("failed", "larger than 16 MiB"),
}
"""Judges that give no judgment: state and words; all others answer."""
OF_NO_USE = {
    "gpt-4": "has no model 'gpt-4' or no /chat/completions (404): The model `gpt-4` has been deprecated",
    "gpt-4-0613": "has no model 'gpt-4-0613'",
    "nomodel": "does not exist or you do not have access to it; check model and base_url.",
    "nopath": "check model and base_url.",
    "noquota": "The quota of the key in OPENAI_API_KEY is used up (429): You exceeded your current quota",
    "nokey": "refused the key in OPENAI_API_KEY (401): Incorrect API key provided: sk-no; set that variable",
}
DRIPS = ("drips", "drips-its-head")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setattr("hf_datasets.endpoints.client.RETRIES", 1)


def ask(api: Judges, model: str, parameters: dict[str, Any], role: str = "system") -> Completion:
    messages = ({**MESSAGES[0], "role": role}, MESSAGES[1])
    return OpenAIChat(api.url).complete(ChatRequest(api.url, model, messages, parameters))


@pytest.mark.parametrize("parameters", [PLAIN, ALL], ids=["plain", "all"])
@pytest.mark.parametrize("role", ["system", "developer"])
@pytest.mark.parametrize("model", [model for model in JUDGES if model not in DRIPS])
def test_a_judge_is_asked_as_it_wants_and_the_truth_is_told(model: str, role: str, parameters: dict[str, Any]) -> None:
    with serve_judges() as api:
        said = ask(api, model, parameters, role)
    state, words = FAILURES.get(model, ("answered", "Rating: [[7]]"))
    assert said.state == state
    assert words in (said.text if state == "answered" else said.reason)
    assert OF_NO_USE.get(model, "") in said.details.get("stop", "")
    assert (model in OF_NO_USE) == ("stop" in said.details)
    last = api.chats[-1]
    assert said.details["sent"] == {"parameters": last.parameters, "system_role": last.system_role}
    if model in FAILURES and model != "Qwen/Qwen3-8B-cut":
        assert len(api.chats) == (
            2 if model == "or200/any" else 1
        )  # a 502 passes by itself; what is of no use is not tried again


@pytest.mark.parametrize(
    ("model", "parameters", "role"),
    [
        ("gpt-4.1", {**ALL, "extra_body": None, "chat_template_kwargs": {"enable_thinking": False}}, "system"),
        ("o4-mini", {"max_completion_tokens": 4096, "reasoning_effort": "minimal", "seed": 1}, "system"),
        ("gpt-6-luna", {"max_completion_tokens": 4096, "reasoning_effort": "low", "seed": 1}, "system"),
        ("o1-mini", {"max_completion_tokens": 4096, "reasoning_effort": "minimal", "seed": 1}, "user"),
        ("openai/gpt-6-luna", {"max_completion_tokens": 4096, "reasoning_effort": "low", "seed": 1}, "system"),
        ("mistral-small-2603", {"max_tokens": 4096, "temperature": 0.0, "reasoning_effort": "minimal"}, "system"),
        ("gemini-3.8-flash", {"max_tokens": 4096, "temperature": 0.0, "reasoning_effort": "minimal"}, "system"),
        ("google/gemma-4-31B-it", {**ALL, "top_logprobs": 20, "extra_body": None}, "system"),
        ("deepseek-flash", {**ALL, "extra_body": None}, "system"),
        ("google/gemma-2-9b-it", {**ALL, "extra_body": None}, "user"),
    ],
)
def test_what_each_is_sent_in_the_end(model: str, parameters: dict[str, Any], role: str) -> None:
    with serve_judges() as api:
        sent = ask(api, model, ALL).details["sent"]
    expected = {name: value for name, value in parameters.items() if value is not None}
    kwargs = {"chat_template_kwargs": {"enable_thinking": False}}
    extra = {} if model in ("gemini-3.8-flash", "mistral-small-2603") else kwargs
    assert sent == {"parameters": expected | extra, "system_role": role}


def test_with_the_effort_none_a_reasoning_judge_takes_temperature_and_logprobs() -> None:
    with serve_judges() as api:
        chat = OpenAIChat(api.url)
        parameters = ALL | {"top_logprobs": 9}
        asked = {effort: parameters | {"reasoning_effort": effort} for effort in ("none", "high", "none")}
        said = {
            effort: chat.complete(ChatRequest(api.url, "gpt-6-luna", MESSAGES, one)) for effort, one in asked.items()
        }
    assert "temperature" in said["none"].details["sent"]["parameters"]
    assert "temperature" not in said["high"].details["sent"]["parameters"]  # what one effort refuses, another takes
    (rating,) = [token for token in said["none"].details["logprobs"] if token["token"] == "7"]
    assert len(rating["top"]) == 9
    assert said["high"].state == "empty"
    assert said["high"].reason == "cut off at max_tokens while thinking"  # 6,000 thoughts, room for 4,096
    assert said["high"].details["usage"] == {
        "prompt_tokens": 900, "completion_tokens": 4096, "reasoning_tokens": 4096,
    }  # fmt: skip


def test_what_is_learnt_is_learnt_for_all_threads_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with serve_judges() as api:
        chat = OpenAIChat(api.url)

        def work(number: int) -> None:
            message = {"role": "user", "content": str(number)}
            chat.complete(ChatRequest(api.url, "o4-mini", (message,), PLAIN))

        for start in (0, 16):
            threads = [threading.Thread(target=work, args=(start + number,)) for number in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            if not start:
                first = len(api.chats)
        assert len(api.chats) == first + 16  # the second sixteen are sent as learnt
    told = [record.getMessage() for record in caplog.records]
    assert sorted(one.split(": ")[-1] for one in told) == [
        "max_tokens is sent as max_completion_tokens.",
        "temperature is left out.",
    ]


def test_context_and_filters_are_no_refusals() -> None:
    long = ({"role": "user", "content": "word " * 20_000},)
    with serve_judges() as api:
        chat = OpenAIChat(api.url)
        for model in ("google/gemma-4-31B-it", "openai/gpt-oss-120b"):
            said = chat.complete(ChatRequest(api.url, model, long, PLAIN))
            assert (said.state, len(api.chats)) == ("failed", 1)
            assert "context length" in said.reason
            api.asked.clear()
        filtered = ({"role": "user", "content": "[filter me]"},)
        said = chat.complete(ChatRequest(api.url, "azure-deployment", filtered, PLAIN))
    assert (said.state, said.details["code"], len(api.chats)) == ("refused", "content_filter", 1)


def test_azure_has_its_query_and_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_KEY", "azure-4f9a1c")
    with serve_judges() as api:
        base = f"{api.url.removesuffix('/v1')}/openai/deployments/judge/?api-version=2024-10-21"
        chat = OpenAIChat(base, extra_headers={"api-key": "AZURE_KEY"})
        said = chat.complete(ChatRequest(chat.url, "azure-deployment", MESSAGES, PLAIN))
    (asked,) = api.chats
    assert asked.path == "/openai/deployments/judge/chat/completions?api-version=2024-10-21"
    assert asked.headers["api-key"] == "azure-4f9a1c"
    assert "authorization" not in asked.headers  # the key of another vendor stays here
    assert said.details["snapshot"] == "gpt-4.1-2025-04-14"
    assert "azure-4f9a1c" not in repr(chat) + repr(chat._sender.access)


def test_thoughts_are_apart_and_counted() -> None:
    with serve_judges() as api:
        usage = ask(api, "deepseek-flash", PLAIN).details["usage"]
        parts = ask(api, "mistral-small-2603", {"reasoning_effort": "high"})
        sglang = ask(api, "openai/gpt-oss-120b", PLAIN).details["usage"]
        google = ask(api, "gemini-3.8-flash", {"max_tokens": 100})
    assert usage == {"prompt_tokens": 900, "completion_tokens": 80, "cached_tokens": 800, "reasoning_tokens": 60}
    assert "[[3]]" not in parts.text
    assert sglang["reasoning_tokens"] == 60
    assert (google.state, google.reason) == ("empty", "cut off at max_tokens before any text")
    assert google.details["usage"] == {"prompt_tokens": 900, "completion_tokens": 100}  # the total less the prompt


def test_a_try_ends_in_time_whatever_drips() -> None:
    with serve_judges() as api:
        for model in DRIPS:
            began = time.monotonic()
            chat = OpenAIChat(api.url, timeout=0.5)
            said = chat.complete(ChatRequest(api.url, model, MESSAGES))
            assert said.reason == "no whole answer within 0.5 s"
            assert time.monotonic() - began >= 1.0  # two tries
        assert ask(api, "keeps-alive", PLAIN).text.endswith("[[7]]")  # blanks, and then the answer


def test_a_stop_ends_every_try_and_wait_at_once() -> None:
    with serve_judges() as api:
        chat = OpenAIChat(api.url)  # 120 s a try
        said: list[Completion] = []

        def work(model: str) -> None:
            said.append(chat.complete(ChatRequest(api.url, model, MESSAGES)))

        models = DRIPS * 8
        threads = [threading.Thread(target=work, args=(model,)) for model in models]
        for thread in threads:
            thread.start()
        while len(api.chats) < len(models):
            time.sleep(0.01)
        chat.stop()
        for thread in threads:
            thread.join()
        assert {(one.state, one.reason) for one in said} == {("failed", "interrupted")}
        assert chat.complete(ChatRequest(api.url, "gpt-4.1", MESSAGES)).reason == "interrupted"
        assert len(api.chats) == len(models)
        chat.start()
        assert chat.complete(ChatRequest(api.url, "gpt-4.1", MESSAGES)).state == "answered"

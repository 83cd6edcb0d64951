"""Judge settings: strict, and silent about secrets."""

import json
from dataclasses import FrozenInstanceError, asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import slug
from mtbenchx_tasks.judge.presets import GEMMA_REVISION
from mtbenchx_tasks.judge.setting_values import Fixed
from mtbenchx_tasks.judge.settings import JudgeSettings, key_is_missing

PASSWORD = "hunter2"
HEX = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
WITH_PASSWORD = f"https://me:{PASSWORD}@judge.example:8443/v1/?token={PASSWORD}"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_defaults() -> None:
    """No judge named is the preset `hosted`; a name alone is that model, asked as FastChat asks."""
    common = {
        "backend": "openai",
        "backend_args": {},
        "base_url": None,
        "api_key_env": "OPENAI_API_KEY",
        "extra_headers": {},
        "extra_body": {},
        "prompt_set": None,
        "reference_set": "published",
        "question_set": "published",
        "prompt_language": "same",
        "system_role": "system",
        "parser": "last",
        "rating": "text",
        "top_logprobs": 20,
        "continuation": "auto",
        "temperature": 0.0,
        "seed": None,
        "runs": 1,
        "concurrency": 16,
        "timeout": 120.0,
        "max_cost": None,
        "ledger": None,
        "resume": False,
        "device": None,
        "batch_size": None,
    }
    hosted = {"model": "gpt-5.4-mini-2026-03-17", "preset": "hosted", "reasoning_effort": "none", "max_tokens": 4096}
    for given_value in (None, {}, "hosted", {"preset": "hosted"}):
        assert asdict(JudgeSettings.parse(given_value)) == common | hosted
    named = {"model": "m", "preset": None, "reasoning_effort": None, "max_tokens": 2048}
    assert asdict(JudgeSettings.parse("m")) == common | named


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        ({"model": "open"}, {"model": "google/gemma-4-31B-it", "preset": "open", "max_tokens": 4096}),
        ({"preset": "open", "model": "gemma4:31b"}, {"model": "gemma4:31b", "preset": "open", "max_tokens": 4096}),
        ({"model": "paper"}, {"model": "gpt-4-0613", "preset": "paper", "max_tokens": 2048}),
        ({"max_tokens": 99}, {"max_tokens": 99, "reasoning_effort": "none", "temperature": 0.0}),
        # A judge that thinks first takes no temperature, and its thoughts count as tokens.
        ({"reasoning_effort": "low"}, {"reasoning_effort": "low", "temperature": None, "max_tokens": 16384}),
        ({"reasoning_effort": "low", "temperature": 1}, {"temperature": 1.0, "max_tokens": 16384}),
        ({"model": "open", "backend": "vllm"}, {"backend_args": {"revision": GEMMA_REVISION}}),
        ({"model": "open", "backend": "vllm", "backend_args": {"revision": "r"}}, {"backend_args": {"revision": "r"}}),
        ({"model": "open", "backend": "sglang"}, {"backend_args": {}}),  # SGLangLM takes no revision
    ],
)
def test_a_preset_gives_what_the_user_left_out(given_value: Any, expected: dict[str, Any]) -> None:
    found = asdict(JudgeSettings.parse(given_value))
    assert {name: found[name] for name in expected} == expected


def test_settings_are_frozen_hashable_and_replaced() -> None:
    body = {"chat_template_kwargs": {"enable_thinking": False}, "provider": {"order": ["a", "b"]}}
    one, other = (JudgeSettings.parse({"model": "m", "extra_body": dict(body)}) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert {one: 1}[replace(replace(other, runs=2), runs=1)] == 1
    assert one != replace(one, extra_body=Fixed({"provider": {"order": ["b", "a"]}}))
    with pytest.raises(FrozenInstanceError):
        one.runs = 3  # type: ignore[misc]


def test_a_plain_string_is_the_model() -> None:
    assert JudgeSettings.parse("gpt-4o") == JudgeSettings(model="gpt-4o")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", None),
        ("reasoning_effort", "xhigh"),
        ("seed", 7),
        ("max_cost", 2.5),
        ("system_role", "user"),
        ("prompt_set", "mtbench_x_v1_1"),
        ("prompt_set", None),
        ("prompt_language", "en"),
        ("parser", "fastchat"),
        ("rating", "expected"),
        ("temperature", 2),
        ("temperature", 0.7),
        ("runs", 3),
        ("resume", True),
        ("batch_size", None),
        ("base_url", "http://127.0.0.1:8000/v1"),
    ],
)
def test_values_are_taken(name: str, value: Any) -> None:
    assert getattr(JudgeSettings.parse({name: value}), name) == value


def test_a_whole_number_becomes_a_float_where_one_is_wanted() -> None:
    assert isinstance(JudgeSettings.parse({"timeout": 5}).timeout, float)


@pytest.mark.parametrize(
    ("given_value", "sentence"),
    [
        ({"modle": "x"}, "'modle'; did you mean 'model'"),
        ({"xyzzy": 1}, "'xyzzy'; there are model, preset, backend"),
        ({1: 2}, "'1'"),
        ({"api_key": "sk-1"}, "'api_key': a key is never a setting; name its environment variable in api_key_env"),
        ({"openai_apikey": "sk-1"}, "'openai_apikey': a key is never a setting"),
        ({"hf_token": "hf_1"}, "'hf_token': a key is never a setting"),
        ({"model": None}, "judge.model must be a text, not null"),
        ({"model": ""}, "judge.model must not be empty"),
        ({"preset": "best"}, 'judge.preset must be "hosted" or "open" or "paper" or null, not "best"'),
        ({"backend": ""}, "The judge's backend '' needs a model"),
        ({"backend": "", "model": "m"}, "judge.backend must not be empty"),
        ({"backend": "local"}, "The judge's backend 'local' needs a model: a folder, a Hub id, or open"),
        ({"backend": "vllm", "model": "m", "rating": "expected"}, "lm_eval's 'vllm' does not return"),
        ({"backend_args": "dtype=float32"}, 'judge.backend_args must be an object, not "dtype=float32"'),
        ({"backend_args": {"token": "hunter2"}}, "judge.backend_args holds what looks like a key at 'token'"),
        ({"extra_headers": {"api-key": "sk-proj-abc1"}}, "judge.extra_headers must map the name of a header"),
        ({"extra_headers": {"api-key": HEX}}, "'api-key' doesn't: a key is never a setting"),
        ({"extra_headers": {"api-key": 7}}, "judge.extra_headers must map"),
        ({"extra_headers": {"a b": "KEY"}}, "judge.extra_headers must map"),
        ({"extra_body": [1]}, "judge.extra_body must be an object, not [1]"),
        ({"extra_body": {"temperature": 1}}, "judge.extra_body can't hold 'temperature'"),
        ({"extra_body": {"stream": True}}, "judge.extra_body can't hold 'stream'"),
        (
            {"extra_body": {"a": [{"b": "sk-proj-abcdefgh123456"}]}},
            "judge.extra_body holds what looks like a key at 'b'",
        ),
        ({"extra_body": {"a": float("nan")}}, "judge.extra_body must be a JSON object"),
        ({"max_token": 9}, "'max_token'; did you mean 'max_tokens'"),
        ({"system_role": "assistant"}, 'judge.system_role must be "system" or "developer" or "user"'),
        ({"reasoning_effort": 3}, "judge.reasoning_effort must be a text or null, not 3"),
        ({"reasoning_effort": ""}, "judge.reasoning_effort must not be empty"),
        ({"seed": 1.5}, "judge.seed must be a whole number or null, not 1.5"),
        ({"top_logprobs": 0}, "judge.top_logprobs must be from 1"),
        ({"max_cost": -1}, "judge.max_cost must be from 0"),
        ({"base_url": 8000}, "judge.base_url must be a text or null, not 8000"),
        ({"base_url": "localhost:8000/v1"}, "judge.base_url must"),
        ({"base_url": "http:///v1"}, "judge.base_url must"),
        ({"api_key_env": None}, "judge.api_key_env"),
        ({"prompt_set": "mine"}, "judge.prompt_set must be"),
        ({"reference_set": "mine"}, "judge.reference_set"),
        ({"question_set": "mine"}, "judge.question_set"),
        ({"prompt_language": "de"}, 'judge.prompt_language must be "same" or "en"'),
        ({"parser": "first"}, 'judge.parser must be "last" or "fastchat"'),
        ({"rating": True}, "judge.rating"),
        ({"temperature": "0"}, "judge.temperature must be a number"),
        ({"temperature": True}, "judge.temperature must be a number or null, not true"),
        ({"temperature": 2.1}, "judge.temperature must be from 0 to 2"),
        ({"temperature": float("nan")}, "judge.temperature must be from 0 to 2"),
        ({"max_tokens": 0}, "judge.max_tokens must be from 1"),
        ({"max_tokens": 5.0}, "judge.max_tokens must be a whole number"),
        ({"runs": True}, "judge.runs must be a whole number, not true"),
        ({"runs": 0}, "judge.runs must be from 1"),
        ({"concurrency": False}, "judge.concurrency must be a whole number, not false"),
        ({"concurrency": 5000}, "judge.concurrency must be from 1 to 4096"),
        ({"timeout": 0}, "judge.timeout must be from"),
        ({"timeout": float("inf")}, "judge.timeout must be from"),
        ({"ledger": 1}, "judge.ledger"),
        ({"resume": 1}, "judge.resume must be true or false, not 1"),
        ({"resume": "true"}, "judge.resume must be true or false"),
        ({"device": 0}, "judge.device"),
        ({"batch_size": True}, "judge.batch_size must be a whole number or null, not true"),
        ({"batch_size": 0}, "judge.batch_size must be from 1"),
        (["gpt-4"], 'metadata.judge must be a model name or an object of settings, not ["gpt-4"]'),
        (4, "metadata.judge must be a model name"),
    ],
)
def test_a_refusal_names_the_key(given_value: Any, sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        JudgeSettings.parse(given_value)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("given_value", [{"api_key_env": HEX}, {"extra_headers": {"api-key": HEX}}])
def test_a_key_where_a_variable_belongs_is_not_repeated(given_value: dict[str, Any]) -> None:
    """Azure's keys are 32 letters and digits, and so might be a variable's name."""
    with pytest.raises(UserError) as refused:
        JudgeSettings.parse(given_value)
    assert HEX not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("extra_body", {"chat_template_kwargs": {"enable_thinking": False}, "stop_token_ids": [1], "cache_salt": "a1"}),
        ("backend_args", {"think_end_token": "</think>", "dtype": "float32", "tokenizer": "t", "revision": "842da37"}),
        ("extra_headers", {"api-key": "AZURE_KEY", "anthropic-workspace-id": "WORKSPACE"}),
        ("extra_body", {"reasoning_effort": "ultra"}),
    ],
)
def test_objects_are_taken(name: str, value: dict[str, Any]) -> None:
    assert getattr(JudgeSettings.parse({"model": "m", name: value}), name) == value


@pytest.mark.parametrize("name", ["api_key", "secret", "access_token"])
def test_a_refused_key_is_not_repeated(name: str) -> None:
    with pytest.raises(UserError) as refused:
        JudgeSettings.parse({name: PASSWORD})
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize("url", ["http://h:99999/v1", "http://h:ab/v1", "http://[::1/v1"])
def test_a_url_that_cannot_be_read_is_refused(url: str) -> None:
    with pytest.raises(UserError, match="base_url"):
        JudgeSettings.parse({"base_url": url}).public()


@pytest.mark.parametrize("value", ["sk-proj-abc123", "", "MY KEY"])
def test_api_key_env_must_be_a_variables_name(value: str) -> None:
    with pytest.raises(UserError, match="api_key_env"):
        JudgeSettings.parse({"api_key_env": value})


@pytest.mark.parametrize("backend", ["openai", "local"])
def test_a_password_in_the_url_is_never_shown(backend: str) -> None:
    settings = JudgeSettings.parse({"model": "m", "base_url": WITH_PASSWORD, "backend": backend})
    assert PASSWORD not in f"{settings!r} {settings.public()}"


@pytest.mark.parametrize(
    ("base_url", "variable", "expected"),
    [
        (None, None, "https://api.openai.com/v1"),
        (None, WITH_PASSWORD, "https://judge.example:8443/v1"),
        (WITH_PASSWORD, None, "https://judge.example:8443/v1"),
        ("http://127.0.0.1:8000/v1/", WITH_PASSWORD, "http://127.0.0.1:8000/v1"),
    ],
)
def test_public_settings_name_the_endpoint(
    base_url: str | None, variable: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable:
        monkeypatch.setenv("OPENAI_BASE_URL", variable)
    assert JudgeSettings(base_url=base_url).public()["base_url"] == expected


def test_public_settings_are_json_and_only_what_counts() -> None:
    hosted, local = JudgeSettings().public(), JudgeSettings(model="m", backend="local").public()
    assert json.loads(json.dumps(hosted)) == hosted
    assert set(local) - set(hosted) == {"device", "batch_size"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (JudgeSettings(), {"temperature": 0.0, "max_tokens": 4096, "reasoning_effort": "none"}),
        (JudgeSettings(model="gpt-4"), {"temperature": 0.0, "max_tokens": 2048}),  # as in every older ledger
        (
            JudgeSettings(model="m", rating="expected", max_tokens=9, temperature=1.0, top_logprobs=5, seed=0),
            {"temperature": 1.0, "max_tokens": 9, "seed": 0, "logprobs": True, "top_logprobs": 5},
        ),
        (JudgeSettings(model="m", temperature=None), {"max_tokens": 2048}),
        (
            JudgeSettings(model="m", extra_body=Fixed({"provider": {"order": ["a"]}})),
            {"temperature": 0.0, "max_tokens": 2048, "extra_body": {"provider": {"order": ["a"]}}},
        ),
        (
            JudgeSettings(model="m", extra_headers=Fixed({"api-key": "AZURE_KEY"})),  # says nothing of the judgment
            {"temperature": 0.0, "max_tokens": 2048},
        ),
        (JudgeSettings(model="m", backend="local"), {"temperature": 0.0, "max_tokens": 2048}),
        (JudgeSettings(model="m", backend="local", rating="expected"), {"rating": "expected"}),
    ],
)
def test_request_parameters_are_what_determines_a_judgment(settings: JudgeSettings, expected: dict[str, Any]) -> None:
    assert settings.parameters() == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (JudgeSettings(model="gpt-4-0613"), "gpt-4-0613"),
        (JudgeSettings(model="meta-llama/Llama 3.1:free"), "meta-llama-Llama-3.1-free"),
        (JudgeSettings(model="/models/my judge/", backend="local"), "my-judge"),
        (JudgeSettings(model="meta-llama/Llama-3", backend="local"), "Llama-3"),
        (JudgeSettings(model="..", backend="local"), "model"),
        (JudgeSettings(model="a,b"), "a-b"),
        (JudgeSettings(model="Aux"), "_Aux"),
        (JudgeSettings(model="/models/nul.v1", backend="local"), "_nul.v1"),
        (JudgeSettings(model="con-7b"), "con-7b"),
    ],
)
def test_slug(settings: JudgeSettings, expected: str) -> None:
    assert settings.slug == expected


@given(st.text())
def test_a_slug_is_fit_for_a_file_and_a_column(name: str) -> None:
    made = slug(name)
    assert made
    assert not set(made) & set('/\\,:*?"<>| \n\0')
    assert slug(made) == made
    assert made not in (".", "..")


@pytest.mark.parametrize(
    ("settings", "environment", "missing"),
    [
        ({}, {}, True),
        ({}, {"OPENAI_API_KEY": "sk-1"}, False),
        ({}, {"OPENAI_API_KEY": " \n"}, True),
        ({"api_key_env": "OTHER"}, {"OPENAI_API_KEY": "sk-1"}, True),
        ({"api_key_env": "OTHER"}, {"OTHER": "sk-1"}, False),
        ({"base_url": "http://h/v1"}, {}, False),
        ({}, {"OPENAI_BASE_URL": "http://h/v1"}, False),
        ({"backend": "local", "model": "m"}, {}, False),
    ],
)
def test_only_openais_own_endpoint_needs_a_key(
    settings: dict[str, Any], environment: dict[str, str], missing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert key_is_missing(JudgeSettings.parse(settings)) is missing

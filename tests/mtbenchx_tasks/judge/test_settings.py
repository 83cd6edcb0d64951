"""Judge settings: strict, and silent about secrets."""

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.settings import JudgeSettings, key_is_missing, slug

PASSWORD = "hunter2"
WITH_PASSWORD = f"https://me:{PASSWORD}@judge.example:8443/v1/?token={PASSWORD}"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_defaults() -> None:
    assert (
        asdict(JudgeSettings.parse(None))
        == asdict(JudgeSettings.parse({}))
        == {
            "model": "gpt-4",
            "backend": "openai",
            "base_url": None,
            "api_key_env": "OPENAI_API_KEY",
            "prompt_set": None,
            "reference_set": "published",
            "prompt_language": "same",
            "parser": "last",
            "rating": "text",
            "temperature": 0.0,
            "max_tokens": 2048,
            "runs": 1,
            "concurrency": 16,
            "timeout": 120.0,
            "ledger": None,
            "resume": False,
            "device": None,
            "batch_size": None,
        }
    )


def test_a_plain_string_is_the_model() -> None:
    assert JudgeSettings.parse("gpt-4o") == JudgeSettings(model="gpt-4o")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("backend", "local"),
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
        ({"xyzzy": 1}, "'xyzzy'; there are model, backend"),
        ({1: 2}, "'1'"),
        ({"api_key": "sk-1"}, "'api_key': a key is never a setting; name its environment variable in api_key_env"),
        ({"openai_apikey": "sk-1"}, "'openai_apikey': a key is never a setting"),
        ({"hf_token": "hf_1"}, "'hf_token': a key is never a setting"),
        ({"model": None}, "judge.model must be a text, not null"),
        ({"model": ""}, "judge.model must not be empty"),
        ({"backend": "vllm"}, 'judge.backend must be "openai" or "local", not "vllm"'),
        ({"base_url": 8000}, "judge.base_url must be a text or null, not 8000"),
        ({"base_url": "localhost:8000/v1"}, "judge.base_url must"),
        ({"base_url": "http:///v1"}, "judge.base_url must"),
        ({"api_key_env": None}, "judge.api_key_env"),
        ({"prompt_set": "mine"}, "judge.prompt_set must be"),
        ({"reference_set": "mine"}, "judge.reference_set"),
        ({"prompt_language": "de"}, 'judge.prompt_language must be "same" or "en"'),
        ({"parser": "first"}, 'judge.parser must be "last" or "fastchat"'),
        ({"rating": True}, "judge.rating"),
        ({"temperature": "0"}, "judge.temperature must be a number"),
        ({"temperature": True}, "judge.temperature must be a number, not true"),
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
    settings = JudgeSettings.parse({"base_url": WITH_PASSWORD, "backend": backend})
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
    hosted, local = JudgeSettings().public(), JudgeSettings(backend="local").public()
    assert json.loads(json.dumps(hosted)) == hosted
    assert set(local) - set(hosted) == {"device", "batch_size"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (JudgeSettings(), {"temperature": 0.0, "max_tokens": 2048}),
        (
            JudgeSettings(rating="expected", max_tokens=9, temperature=1.0),
            {"temperature": 1.0, "max_tokens": 9, "logprobs": True, "top_logprobs": 20},
        ),
        (JudgeSettings(backend="local"), {"temperature": 0.0, "max_tokens": 2048}),
        (JudgeSettings(backend="local", rating="expected"), {"rating": "expected"}),
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
        ({"backend": "local"}, {}, False),
    ],
)
def test_only_openais_own_endpoint_needs_a_key(
    settings: dict[str, Any], environment: dict[str, str], missing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert key_is_missing(JudgeSettings.parse(settings)) is missing

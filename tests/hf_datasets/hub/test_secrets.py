"""A secret is found in every form it takes, and only a secret is."""

import base64
import gzip
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from hf_datasets.hub import secrets
from hf_datasets.hub.errors import explained, may_pass, shown, warn_of_plain_http
from hf_datasets.hub.secrets import check_secrets
from hf_datasets.hub.uploads import Upload
from hf_datasets.shared.errors import UserError

SECRET = "wJalr+XUtnFEMI/K7MDENG"
SHAPES: dict[str, Callable[[str], bytes]] = {
    "as it is": str.encode,
    "UTF-16": lambda text: ("\ufeff" + text).encode("utf-16-le"),
    "UTF-16 of the other end": lambda text: text.encode("utf-16-be"),
    "JSON's escapes": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text).encode(),
    "a URL": lambda text: quote(text, safe="").encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64 after one byte": lambda text: base64.b64encode(b":" + text.encode() + b"\n"),
    "base64 after two": lambda text: base64.urlsafe_b64encode(b"u:" + text.encode() + b"\n"),
    "gzip": lambda text: gzip.compress(b"before " + text.encode()),
}


def refusal(content: bytes) -> str:
    with pytest.raises(UserError) as refused:
        check_secrets([Upload("notes", content)])
    return str(refused.value)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_value_of_the_environment_is_found_in_each_form(monkeypatch: pytest.MonkeyPatch, shape: str) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    content = SHAPES[shape](SECRET)
    told = refusal(content if shape == "gzip" else b"some text " * (shape[0] != "U") + content)
    assert told == "notes holds the value of AWS_SECRET_ACCESS_KEY; nothing was uploaded: take it out and push again."


@pytest.mark.parametrize("name", ["JUDGE_KEY", "MY_TOKEN", "DB_PASSWORD", "GOOGLE_CREDENTIALS", "my_secret", "APIKEY"])
def test_names_that_say_secret_are_known(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, SECRET)
    assert f"the value of {name}" in refusal(SECRET.encode())


def test_the_variable_that_a_file_names_as_its_judges_key_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_JUDGE", SECRET)
    check_secrets([Upload("notes", SECRET.encode())])  # nothing says that it is a secret
    told = refusal(b'{"judge": {"api_key_env": "OUR_JUDGE"}, "text": "' + SECRET.encode() + b'"}')
    assert "the value of OUR_JUDGE" in told


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"AKIA" + b"A1B2" * 4, "an AWS key"),
        (b"AIza" + b"aB3_-" * 7, "a Google key"),
        (b"xoxb-" + b"12345-" * 5, "a Slack token"),
        (b"see https://ann:s3cretWord@hub.example/x", "a URL with a password"),
        (b"\0\0hf_" + b"A1" * 17, "a Hugging Face token"),
    ],
)
def test_what_looks_like_a_key_is_found(content: bytes, what: str) -> None:
    assert f"holds {what};" in refusal(content)


@pytest.mark.parametrize(
    "content",
    [
        b"https://hub.example:8080/a@b",
        b"write https://<user>:<password>@host or https://$USER:$PASSWORD@host",
        b"ann@example.org, a:b@c, http://x/y:z@w",
        b"a hf_token, sk-learn, AKIA, xoxb-, PRIVATE KEY",
    ],
)
def test_what_only_looks_alike_is_pushed(content: bytes) -> None:
    check_secrets([Upload("notes", content)])


def test_a_variable_that_names_a_place_or_is_short_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_KEY_PATH", "/home/ann/.ssh/id_ed25519")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false-or-true")
    monkeypatch.setenv("SHORT_KEY", "abc")
    check_secrets([Upload("notes", b"/home/ann/.ssh/id_ed25519 false-or-true abc")])


@pytest.mark.parametrize("at", [0, 90, 100, 250])
def test_a_large_file_is_searched_across_its_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    monkeypatch.setenv("JUDGE_KEY", SECRET)
    monkeypatch.setattr(secrets, "PIECE", 100)  # 22 letters from 90 on lie in two pieces
    monkeypatch.setattr(secrets, "OVERLAP", 60)
    (tmp_path / "weights").write_bytes(b"\0" * at + SECRET.encode() + b"\0" * 300)
    with pytest.raises(UserError, match="weights holds the value of JUDGE_KEY"):
        check_secrets([Upload("weights", tmp_path / "weights")])


class Api:
    endpoint = "http://ann:s3cret@hub.example"


def test_an_answer_of_another_host_is_one_sentence_without_the_password() -> None:
    error = KeyError("id")
    assert not may_pass(error)
    told = str(explained(error, Api(), "ORG/x", "dataset"))  # type: ignore[arg-type]
    assert told.startswith("http://hub.example answered what the Hub doesn't (KeyError: 'id'); check HF_ENDPOINT")


def test_a_plain_http_hub_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    for endpoint in ("https://huggingface.co", "http://127.0.0.1:8000", "http://localhost"):
        warn_of_plain_http(endpoint)
    assert capsys.readouterr().err == ""
    warn_of_plain_http(Api.endpoint)
    told = capsys.readouterr().err
    assert told == "http://hub.example is plain http: the token travels in the clear; use https.\n"
    assert shown("see http://a:b@c/d and https://e/f@g") == "see http://c/d and https://e/f@g"

"""A chat model as an engine, through the official OpenAI client."""

from pathlib import Path
from typing import Any

import pytest

from hf_datasets.ledger.store import Ledger
from hf_datasets.ledger.translations import engines
from hf_datasets.shared.errors import UserError
from hf_datasets.translate.engines.chat import ChatEngine
from hf_datasets.translate.engines.engine import LanguagePair, UnavailableError
from hf_datasets.translate.translator import SourceText, Translation, Translator
from tests.doubles.openai_api import Api, completion, error

PAIR = LanguagePair("en", "PT-BR")


def translate(api: Api, tmp_path: Path, *items: SourceText) -> Translation:
    engine = ChatEngine("gpt-4", base_url=api.url)
    return Translator(engine, PAIR, Ledger(tmp_path / "ledger.sqlite")).translate(items)


def test_it_translates_and_is_asked_once(api: Api, tmp_path: Path) -> None:
    api.answer = lambda request: str(request["messages"][1]["content"]).upper()
    first = translate(api, tmp_path, SourceText("run `f(x)` now"), SourceText("a reply", "run it"))
    again = translate(api, tmp_path, SourceText("run `f(x)` now"), SourceText("a reply", "run it"))
    assert first.texts == again.texts == ["RUN `f(x)` NOW", "A REPLY"]
    assert len(api.requests) == 2
    system = {request["messages"][1]["content"]: request["messages"][0]["content"] for request in api.requests}
    assert "from English (en) into Portuguese (PT-BR)" in system["a reply"]
    assert "formally" in system["a reply"]
    assert system["a reply"].endswith("run it")
    assert [(engine.name, engine.target, engine.texts) for engine in engines(Ledger(tmp_path / "ledger.sqlite"))] == [
        ("openai:gpt-4", "PT-BR", 2)
    ]


def test_a_refusal_fails_one_text_only(api: Api, tmp_path: Path) -> None:
    def answer(request: dict[str, Any]) -> Any:
        from tests.doubles.openai_api import Reply

        if "bad" in request["messages"][1]["content"]:
            return Reply(completion(None, refusal="I won't"))
        return "BOM"

    api.answer = answer
    done = translate(api, tmp_path, SourceText("bad"), SourceText("good"))
    assert done.texts == [None, "BOM"]
    assert done.failed == {0: "openai:gpt-4 gave no translation (refused: I won't)"}


def test_an_endpoint_that_fails_stops_the_run(api: Api, tmp_path: Path) -> None:
    api.answer = lambda request: error(401, "no such key")
    done = translate(api, tmp_path, SourceText("a text"))
    assert isinstance(done.stopped, UnavailableError)
    assert "sk-secret-of-the-test" not in str(done.stopped)


def test_a_language_must_be_a_code() -> None:
    with pytest.raises(UserError, match="'Portuguese!' is no language code"):
        ChatEngine("m", base_url="http://127.0.0.1:9/v1").pair("en", "Portuguese!", "default")

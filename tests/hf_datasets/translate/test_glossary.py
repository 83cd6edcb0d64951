"""Terms with a fixed translation: files of pairs, glossaries of a DeepL account, chat models told of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hf_datasets.ledger.store import Ledger
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.translate.engines.chat import ChatEngine
from hf_datasets.translate.engines.deepl import DeepL
from hf_datasets.translate.engines.engine import Fragment, LanguagePair
from hf_datasets.translate.glossary import Glossary, read_glossary
from mtbenchx_tasks.cli import app
from tests.doubles.deepl_api import KEY, DeepLApi, serve_deepl
from tests.doubles.openai_api import Api

PAIR = LanguagePair("en", "PT-PT")
TERMS = {"base rate": "taxa de base", "simile": "símile"}


@pytest.fixture
def deepl(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeepLApi]:
    with serve_deepl() as api:
        monkeypatch.setenv("DEEPL_AUTH_KEY", KEY)
        monkeypatch.setenv("DEEPL_SERVER_URL", api.url)
        yield api


@pytest.fixture
def terms(tmp_path: Path) -> Path:
    file = tmp_path / "terms.tsv"
    file.write_text("\ufeffbase rate\ttaxa de base\r\n\n simile \tsímile\n", encoding="utf-8")
    return file


def translate(tmp_path: Path, *options: object) -> list[str]:
    rows = [{"question_id": 81, "category": "stem", "turns": ["What is a base rate?", "Use a simile."]}]
    jsonl.write(tmp_path / "q.jsonl", rows)
    out, ledger = tmp_path / "out.jsonl", tmp_path / "ledger.sqlite"
    command = [
        "data",
        "translate",
        str(tmp_path / "q.jsonl"),
        "--to",
        "pt-PT",
        "--out",
        str(out),
        "--ledger",
        str(ledger),
    ]
    done = CliRunner().invoke(app, [*command, *map(str, options)], catch_exceptions=False)
    assert done.exit_code in (0, 3), done.output
    turns: list[str] = jsonl.read(out)[0]["turns"]
    return turns


def test_a_file_is_read_with_whatever_ends_its_lines(terms: Path) -> None:
    assert read_glossary(str(terms)) == Glossary(TERMS)


def test_the_account_keeps_the_terms_once_and_every_text_is_translated_with_them(
    deepl: DeepLApi, terms: Path, tmp_path: Path
) -> None:
    assert translate(tmp_path, "--glossary", terms) == ["WHAT IS A taxa de base?", "USE A símile."]
    assert translate(tmp_path, "--glossary", terms) == ["WHAT IS A taxa de base?", "USE A símile."]
    (kept,) = deepl.glossaries.values()
    assert (kept["source_lang"], kept["target_lang"], kept["terms"]) == ("EN", "PT", TERMS)
    assert len(deepl.translated) == 2, "the second time the ledger has both"


def test_another_glossary_is_another_translation(deepl: DeepLApi, terms: Path, tmp_path: Path) -> None:
    plain = translate(tmp_path)
    with_terms = translate(tmp_path, "--glossary", terms)
    terms.write_text("simile\tcomparação\n", encoding="utf-8")
    other = translate(tmp_path, "--glossary", terms)
    assert [texts[1] for texts in (plain, with_terms, other)] == ["USE A SIMILE.", "USE A símile.", "USE A comparação."]
    assert len(deepl.glossaries) == 2


def test_a_glossary_and_a_style_of_the_account_are_named_by_their_ids(deepl: DeepLApi, tmp_path: Path) -> None:
    request = {"name": "mine", "source_lang": "en", "target_lang": "pt", "entries": "simile\tsímile"}
    identifier = str(deepl.keep(request)["glossary_id"])
    style = "0ff1ce00-0000-4000-8000-000000000000"
    assert translate(tmp_path, "--glossary", identifier, "--style", style)[1] == "USE A símile."
    assert {request.get("style_id") for request in deepl.requests} == {style}
    assert len(deepl.glossaries) == 1


def test_what_was_paid_for_without_a_glossary_keeps_its_key() -> None:
    fragment = Fragment("a text")
    plain = DeepL().request(fragment, PAIR)
    assert "glossary" not in plain.content
    assert DeepL(Glossary(TERMS)).request(fragment, PAIR).key != plain.key
    assert DeepL(style="x").request(fragment, PAIR).key != plain.key


def test_a_chat_model_is_told_the_terms(api: Api, tmp_path: Path) -> None:
    api.answer = lambda _: "um texto"
    engine = ChatEngine("m", api.url, glossary=Glossary(TERMS))
    engine.translate([Fragment("a text")], PAIR)
    assert "base rate = taxa de base\nsimile = símile" in api.requests[0]["messages"][0]["content"]
    assert engine.request(Fragment("a"), PAIR).key != ChatEngine("m", api.url).request(Fragment("a"), PAIR).key
    assert Ledger(tmp_path / "unused.sqlite").path  # nothing else is asked


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("simile", "line 1: no pair of a term and its translation"),
        ("a\tb\tc", "line 1: no pair"),
        ("a\t ", "line 1: no pair"),
        ("a\tb\na\tc", "line 2: the term 'a' stands in it before"),
        ("\n", "holds no terms"),
    ],
)
def test_a_file_that_is_no_glossary_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "g.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said):
        read_glossary(str(tmp_path / "g.tsv"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--glossary", "gone.tsv"], "There is no glossary gone.tsv"),
        (["--engine", "openai:m", "--style", "x"], "--style names a style rule of a DeepL account"),
        (["--engine", "openai:m", "--glossary", "0ff1ce00-0000-4000-8000-000000000000"], "DeepL's alone"),
    ],
)
def test_what_isnt_for_an_engine_is_refused(tmp_path: Path, options: list[str], said: str) -> None:
    jsonl.write(tmp_path / "q.jsonl", [{"question_id": 81, "category": "stem", "turns": ["a", "b"]}])
    done = CliRunner().invoke(app, ["data", "translate", str(tmp_path / "q.jsonl"), "--to", "pt", *options])
    assert isinstance(done.exception, UserError)
    assert said in str(done.exception)

"""Fertility and parity by a tokenizer whose tokens can be counted by hand."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from hf_datasets.audit.parallel_texts import bundled, parallel_texts
from hf_datasets.audit.tokenizer_fairness import fairness
from hf_datasets.shared.errors import UserError
from tests.hf_datasets.command import run
from tests.mini import ANSWERS

TEXTS = {
    "de": {"1": "ein Haus", "2": "Donaudampfschiff"},
    "en": {"1": "a house", "2": "steamship on the Danube", "3": "only here"},
}


def halves(texts: Sequence[str]) -> list[list[int]]:
    """A token for every four letters (rounded up) of a word; the token is the number of its letters."""
    return [[len(word[at : at + 4]) for word in text.split() for at in range(0, len(word), 4)] for text in texts]


def test_fertility_and_parity_by_hand() -> None:
    english, german = fairness(TEXTS, halves)
    # a 1, house 2 | steamship 3, on 1, the 1, Danube 2 | only 1, here 1: 12 tokens of 8 words
    assert (english.language, english.texts, english.words, english.tokens) == ("en", 3, 8, 12)
    assert (english.fertility, english.parity) == (12 / 8, 1.0)
    # ein 1, Haus 1 | Donaudampfschiff 4: 6 tokens of 3 words; English has 3 + 7 for the same two texts
    assert (german.texts, german.shared, german.words, german.tokens) == (2, 2, 3, 6)
    assert (german.fertility, german.parity) == (2.0, 6 / 10)


def test_another_reference_and_unknown_tokens() -> None:
    german, english = fairness(TEXTS, halves, reference="de", unknown=4)
    assert (german.parity, english.parity) == (1.0, 10 / 6)
    # tokens of four letters: Haus, Dona udam pfsc hiff
    assert german.unknown == 5


def test_no_words_give_no_number() -> None:
    (line,) = fairness({"en": {"1": "   "}}, halves)
    assert (line.fertility, line.parity) == (None, None)


def test_texts_must_be_parallel() -> None:
    with pytest.raises(UserError, match="There is no text in 'en' to compare with; there is de"):
        fairness({"de": TEXTS["de"]}, halves)
    with pytest.raises(UserError, match="No text in 'fr' has the id of one in 'en'"):
        fairness({**TEXTS, "fr": {"9": "un"}}, halves)


def test_the_bundled_texts_are_parallel() -> None:
    texts = bundled()
    assert list(texts) == ["en", "de", "fr", "it", "es"]
    assert {frozenset(by_id) for by_id in texts.values()} == {frozenset(texts["en"])}
    assert len(texts["en"]) == ANSWERS + 40  # two turns a question, 40 instructions


PARALLEL = {"en": ["a house", "", "the Danube"], "de": ["ein Haus", "", "die Donau"]}


def test_parallel_text_in_any_form(tmp_path: Path) -> None:
    expected = {"en": ["a house", "the Danube"], "de": ["ein Haus", "die Donau"]}
    forms = {name: tmp_path / name for name in ("plain", "columns", "translation", "messages")}
    for folder in forms.values():
        folder.mkdir()
    pairs = [dict(zip(PARALLEL, texts, strict=True)) for texts in zip(*PARALLEL.values(), strict=True)]
    for language, lines in PARALLEL.items():
        (forms["plain"] / f"corpus.{language}.txt").write_text("\n".join(lines), encoding="utf-8")
        chats = [[{"role": "user", "content": text}] for text in lines]
        rows = [{"id": str(number), "messages": chat} for number, chat in enumerate(chats)]
        write(forms["messages"] / f"{language}.jsonl", rows)
    write(forms["columns"] / "x.jsonl", pairs)
    write(forms["translation"] / "x.jsonl", [{"translation": pair} for pair in pairs])
    for name, folder in forms.items():
        found = parallel_texts(folder)
        assert {language: list(found[language].values()) for language in ("en", "de")} == expected, name
        assert list(found["en"]) == list(found["de"])


def write(file: Path, rows: list[dict[str, object]]) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_plain_text_must_be_named_by_its_language(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("a", encoding="utf-8")
    with pytest.raises(UserError, match="doesn't tell one language"):
        parallel_texts(tmp_path)


def test_plain_text_with_a_missing_line_is_not_parallel(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("one\ntwo\n", encoding="utf-8")
    (tmp_path / "de.txt").write_text("zwei", encoding="utf-8")
    with pytest.raises(
        UserError, match=r"en\.txt has 2 lines and .*de\.txt has 1; parallel text has a line for a line"
    ):
        parallel_texts(tmp_path)


def test_several_plain_texts_a_language_are_all_read(tmp_path: Path) -> None:
    for language in ("en", "de"):
        for name in ("news", "talks"):
            (tmp_path / f"{name}.{language}.txt").write_text(f"{name} {language}\n", encoding="utf-8")
    assert parallel_texts(tmp_path) == {
        language: {f"{name}-1": f"{name} {language}" for name in ("news", "talks")} for language in ("en", "de")
    }
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "news.de.txt").write_text("anders\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"news\.de\.txt and .*news\.de\.txt have the same name and language"):
        parallel_texts(tmp_path)


def tokenizer(folder: Path, vocabulary: dict[str, int]) -> Path:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>", bos_token="<s>").save_pretrained(folder)
    return folder


def test_several_models_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("a house", encoding="utf-8")
    (tmp_path / "de.txt").write_text("ein Haus dort", encoding="utf-8")
    models = [tokenizer(tmp_path / name, {"<unk>": 0, "<s>": 1, "a": 2, "house": 3}) for name in ("one", "two")]
    ran = run("tokenizer-fairness", *models, "--text", tmp_path, "--json")
    for lines in json.loads(ran.out).values():
        assert [line["language"] for line in lines] == ["en", "de"]
        # a word is a token: fertility 1; three German ones for two English ones; none of the German is known
        assert [(line["fertility"], line["parity"], line["unknown"]) for line in lines] == [
            (1.0, 1.0, 0),
            (1.0, 1.5, 3),
        ]
    table = run("tokenizer-fairness", *models, "--text", tmp_path).out
    assert "3 (3 unknown)" in table
    assert "1.50" in table


def test_a_model_without_a_tokenizer_is_a_user_error(tmp_path: Path) -> None:
    ran = run("tokenizer-fairness", tmp_path / "none")
    assert (ran.code, "can't be loaded" in ran.error) == (1, True)

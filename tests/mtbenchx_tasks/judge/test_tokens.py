"""Counting prompt tokens: with the judge's own tokenizer where it is here, never by downloading one, and said so."""

from pathlib import Path
from typing import Any

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st

from mtbenchx_tasks.judge.tokens import at_most, counter_for, estimated, is_counted

HI = ({"role": "system", "content": "Judge."}, {"role": "user", "content": "Hello!!"})
CL100K = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"  # the name under which tiktoken caches cl100k_base


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tiktoken"
    folder.mkdir()
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(folder))
    return folder


def bytewise(name: str) -> tiktoken.Encoding:
    """An encoding whose tokens are bytes."""
    ranks = {bytes([byte]): byte for byte in range(256)}
    return tiktoken.Encoding(name, pat_str=r"\S+|\s+", mergeable_ranks=ranks, special_tokens={"<|endoftext|>": 256})


def test_a_cached_encoding_counts(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cache / CL100K).touch()
    monkeypatch.setattr(tiktoken, "get_encoding", bytewise)
    count, how = counter_for("gpt-4")
    assert (count(HI), how) == (6 + 7 + 3 * 2 + 3, "counted by tiktoken's cl100k_base")
    assert is_counted(how)


def test_what_looks_like_a_special_token_in_an_answer_is_text(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cache / CL100K).touch()
    monkeypatch.setattr(tiktoken, "get_encoding", bytewise)
    count, _ = counter_for("gpt-4")
    assert count([{"role": "user", "content": "<|endoftext|>"}]) == 13 + 6


def test_an_encoding_that_is_not_here_is_not_fetched(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiktoken, "get_encoding", lambda name: pytest.fail("it would be downloaded"))
    count, how = counter_for("gpt-4")
    assert how == "estimated: characters / 3.5; tiktoken's cl100k_base vocabulary is not on this machine"
    assert count(HI) == estimated(HI) == 2 + 2 + 9  # 6 / 3.5 and 7 / 3.5, rounded up
    assert not is_counted(how)


def test_a_damaged_encoding_is_estimated(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(name: str) -> Any:
        raise OSError("no network")

    (cache / CL100K).touch()
    monkeypatch.setattr(tiktoken, "get_encoding", damaged)
    assert counter_for("gpt-4")[1].endswith("can't be read")


def test_a_switched_off_cache_is_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    assert counter_for("gpt-4")[1].startswith("estimated")


def test_an_unknown_model_is_estimated() -> None:
    assert counter_for("our-judge")[1] == "estimated: characters / 3.5; tiktoken doesn't know our-judge"


def test_a_folder_counts_with_its_own_tokenizer(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"Judge": 0, "Hello": 1, "!!": 2, ".": 3, "[UNK]": 4}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=words).save_pretrained(tmp_path)
    count, how = counter_for(str(tmp_path))
    assert (count(HI), how) == (2 + 2 + 9, f"counted by the tokenizer in {tmp_path}")


def test_a_folder_without_a_tokenizer_is_estimated(tmp_path: Path) -> None:
    assert counter_for(str(tmp_path))[1].endswith("holds no tokenizer")


@given(st.text())
def test_no_text_has_more_tokens_than_bytes(text: str) -> None:
    messages = [{"role": "user", "content": text}]
    assert len(bytewise("test").encode_ordinary(text)) + 6 == at_most(messages)
    assert estimated(messages) <= at_most(messages)

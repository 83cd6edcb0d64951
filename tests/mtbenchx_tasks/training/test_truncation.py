"""Counts by hand: one token a byte, as the alphabet's tokenizer without merges has it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.training.recipes_folder import recipes_path
from mtbenchx_tasks.training.truncation import Cut, count_cuts

TEMPLATE = (recipes_path() / "chat_template.jinja").read_text(encoding="utf-8")


def bytewise() -> PreTrainedTokenizerFast:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    raw = Tokenizer(models.BPE(vocab={letter: number for number, letter in enumerate(alphabet)}, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="|")


def row(question: str, answer: str, language: str = "de") -> dict[str, object]:
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return {"language": language, "messages": messages}


def counted(rows: list[dict[str, object]], max_length: int, assistant_only: bool = True) -> list[Cut]:
    return count_cuts(
        rows, bytewise(), split="train", max_length=max_length, assistant_only=assistant_only, template=TEMPLATE
    )


# "<|user|>\n" 9 + question + "|" 1 + "\n" 1 + "<|assistant|>\n" 14 = 25 + question before the answer;
# then answer + "|" 1 are targets, and "\n" 1 isn't.
def test_counts_what_is_lost_by_language() -> None:
    rows = [
        row("q" * 10, "a" * 4),  # 35 + 5 targets + 1 = 41 tokens: over 40, but its targets end at 40
        row("q" * 10, "a" * 5),  # targets are tokens 35 to 40: the last one is lost
        row("q" * 15, "a" * 5),  # the first target would be token 40: all are lost
        row("q" * 15, "a" * 90, "fr"),
        row("q", "a", "fr"),
    ]
    assert counted(rows, 40) == [Cut("train", "de", 3, 1, 1, 47), Cut("train", "fr", 2, 0, 1, 132)]


def test_a_content_list_would_be_trained_on_as_python_writes_it() -> None:
    parts = row("q", "a")
    parts["messages"] = [{"role": "user", "content": [{"type": "text", "text": "Good day"}]}]
    with pytest.raises(UserError, match="train, row 2: the content of message 1 is of type list, not a text"):
        counted([row("q", "a"), parts], 40)


def test_without_the_mask_every_token_is_a_target() -> None:
    rows = [row("q" * 10, "a" * 4)]
    assert counted(rows, 40, assistant_only=False) == [Cut("train", "de", 1, 1, 0, 41)]


def test_a_row_without_language_counts_under_the_configuration() -> None:
    (cut,) = count_cuts(
        [{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}],
        bytewise(), split="train", max_length=99, assistant_only=True, template=TEMPLATE, language="PT",
    )  # fmt: skip
    assert (cut.language, cut.longest) == ("PT", 0)


@given(st.text(max_size=30), st.text(min_size=1, max_size=30), st.integers(20, 90))
def test_rows_that_are_not_measured_are_never_too_long(question: str, answer: str, limit: int) -> None:
    words = bytewise()
    messages = row(question, answer)["messages"]
    try:
        tokens = words.apply_chat_template(messages, chat_template=TEMPLATE, tokenize=True, return_dict=False)
    except UnicodeEncodeError:  # lone surrogates: no tokenizer takes them
        return
    (cut,) = counted([row(question, answer)], limit)
    assert (cut.longest > 0) == (len(tokens) > limit)


def test_the_template_is_where_the_recipes_are() -> None:
    assert Path(recipes_path() / "chat_template.jinja").is_file()

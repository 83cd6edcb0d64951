"""What the training tests stand on: a folder shaped like a built dataset, and a base of two random layers."""

from pathlib import Path
from typing import Any

from datasets import Dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

LANGUAGES = ("EN", "DE", "FR", "IT", "ES")
CONFIGS = (*LANGUAGES, "ENDEFRITES", "sampled")
GREETING = {"EN": "Hello", "DE": "Hallo", "FR": "Bonjour", "IT": "Ciao", "ES": "Hola"}
TRAIN, VALIDATION = 8, 3
"""Ids per language."""


def messages(language: str, number: int, turns: int = 1) -> list[dict[str, str]]:
    hello = GREETING[language]
    question = {"role": "user", "content": f"{hello}, {number} + {number}?"}
    answer = {"role": "assistant", "content": f"{hello}! {2 * number}"}
    return [question, answer] * turns


def rows(language: str, numbers: range) -> list[dict[str, Any]]:
    return [
        {"id": f"n-{number}", "language": language.lower(), "messages": messages(language, number, 1 + number % 2)}
        for number in numbers
    ]


def write_data(folder: Path) -> Path:
    """Seven configs, each with train and validation, as `mtbenchx data build` lays them out."""
    entries = []
    splits = {"train": range(TRAIN), "validation": range(TRAIN, TRAIN + VALIDATION)}
    for config in CONFIGS:
        entries += [f"- config_name: {config}", "  data_files:"]
        for split, numbers in splits.items():
            if config == "sampled":
                content = [row for number in numbers for row in rows(LANGUAGES[number % 5], range(number, number + 1))]
            else:
                languages = LANGUAGES if config == "ENDEFRITES" else (config,)
                content = [row for language in languages for row in rows(language, numbers)]
            name = f"{split}-{len(content)}.parquet"  # `datasets` caches a folder by the names that its card holds
            file = folder / config / name
            file.parent.mkdir(parents=True, exist_ok=True)
            Dataset.from_list(content).to_parquet(file)
            entries += [f"  - split: {split}", f"    path: {config}/{name}"]
    card = "\n".join(["---", "configs:", *entries, "---", ""])
    (folder / "README.md").write_text(card, encoding="utf-8", newline="\n")
    return folder


def tokenizer(eos: str | None = "</s>") -> PreTrainedTokenizerFast:
    """Byte-level BPE with few merges; `eos` is its only special token."""
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, special_tokens=[eos] if eos else [])
    raw.train_from_iterator(list(GREETING.values()), trainer)
    return PreTrainedTokenizerFast(tokenizer_object=raw, eos_token=eos, pad_token=eos)


def model(vocabulary: int, tied: bool = True) -> LlamaForCausalLM:
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=256,
            tie_word_embeddings=tied,
        )
    )


def write_base(folder: Path, eos: str | None = "</s>", tied: bool = True) -> Path:
    import torch

    torch.manual_seed(0)
    words = tokenizer(eos)
    model(len(words), tied).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder

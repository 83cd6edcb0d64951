"""LoRA's adapter: what a base must bring for it, and one whole model made of both."""

import json
import shutil
from pathlib import Path
from typing import Any

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.training.checkpoints import checkpoints
from mtbenchx_tasks.training.prepare import ADDED, check_new, fit, save_model
from mtbenchx_tasks.training.trl_arguments import Settings

CONFIG = "adapter_config.json"
RECORDS = ("training_args.bin", "README.md")
"""What the trainer wrote beside the weights, and a model card is made of."""
STATE = "trainer_state.json"
LOW = 5e-5
"""Below it a learning rate is one for all weights; adapters are usually given ten times as much."""
MERGED = """---
library_name: transformers
---
# An adapter merged into its base

Made by `mtbenchx recipes merge`.
"""


def check_turn_end(settings: Settings, turn_end: str | None) -> None:
    """Refuse LoRA on a base whose turn-end token was only just added: nothing would ever train it.

    Args:
        settings: The command, as TRL understands it.
        turn_end: The token that ends a turn.

    Raises:
        UserError: See above.
    """
    model = settings.model
    if not model.use_peft or not turn_end or model.lora_modules_to_save:
        return
    card = Path(model.model_name_or_path) / "README.md"
    if card.is_file() and ADDED.format(turn_end) in card.read_text(encoding="utf-8", errors="replace"):
        raise UserError(
            f"{turn_end} was added to {model.model_name_or_path} by `recipes prepare` and means nothing yet, and LoRA "
            f"doesn't train the embedding, so that the model would never learn to stop; prepare the base without "
            f"--turn-end (its own end-of-text token ends a turn then), or train all weights (without _lora)."
        )


def remarks(settings: Settings) -> tuple[str, ...]:
    """Return what is allowed with an adapter but worth knowing."""
    rate = settings.training.learning_rate
    if not settings.model.use_peft or rate >= LOW:
        return ()
    return (f"learning_rate {rate:g} is one for all weights; recipes/lima_x_lora.yaml gives adapters 2e-4.",)


def merge(adapter: Path, out: Path, base: str | None = None) -> str:
    """Write one whole model: base + alpha / r x B A in every adapted matrix, in the number format of the base.

    Args:
        adapter: `--output_dir` of a LoRA training, or one of its checkpoints.
        out: The folder to write; new or empty. The trainer's records go along, so that it can have a card.
        base: The base, a folder or Hub id; default: the one that the adapter names.

    Returns:
        The base that was taken.

    Raises:
        UserError: There is no adapter, its base can't be had or doesn't fit, or the folder can't be written.
    """
    check_new(out)
    base = base or named_base(adapter)
    model, tokenizer = _load(adapter, base)
    save_model(fit(model, tokenizer), out, MERGED)
    _copy_records(adapter, out)
    return base


def named_base(adapter: Path) -> str:
    """Return the base that an adapter names.

    Raises:
        UserError: There is no adapter, or it names none.
    """
    file = adapter / CONFIG
    if not file.is_file():
        raise UserError(f"{adapter} holds no adapter (no {CONFIG}); name the --output_dir of a LoRA training.")
    try:
        name = json.loads(file.read_text(encoding="utf-8"))["base_model_name_or_path"]
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise UserError(
            f"{file} names no base ({type(error).__name__}); the training must have been cut off."
        ) from error
    return str(name)


def _load(adapter: Path, base: str) -> tuple[Any, Any]:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        model = AutoModelForCausalLM.from_pretrained(base, dtype="auto")
    except (OSError, ValueError) as error:
        raise UserError(
            f"The base {base} can't be loaded ({' '.join(str(error).split())[:200]}); name the one that {adapter} was "
            f"trained on by --base."
        ) from error
    try:
        merged = PeftModel.from_pretrained(model, adapter).merge_and_unload()
        return merged, AutoTokenizer.from_pretrained(adapter)
    except (OSError, ValueError, RuntimeError) as error:
        raise UserError(
            f"{adapter} doesn't fit {base} ({' '.join(str(error).split())[:200]}); name its base by --base."
        ) from error


def _copy_records(adapter: Path, out: Path) -> None:
    states = [place / STATE for place in (adapter, *reversed(checkpoints(adapter)))]
    found = [file for file in states if file.is_file()][:1]
    for file in [*found, *(adapter / name for name in RECORDS if (adapter / name).is_file())]:
        shutil.copyfile(file, out / file.name)

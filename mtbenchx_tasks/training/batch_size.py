"""The batch of the paper on any number of GPUs: per device x accumulation x GPUs = 64 (section 5.1)."""

import math
from collections.abc import Mapping
from typing import Any

from hf_datasets.shared.errors import UserError

PAPER_BATCH = 64
"""Examples of an optimizer step."""


def asked_batch(recipe: Mapping[str, Any]) -> int:
    """Return the examples of an optimizer step that a recipe is meant for.

    The paper's 64, but of a recipe for a CPU (`use_cpu: true`), which is a trial, what itself says.

    Args:
        recipe: The fields of the YAML.
    """
    sizes = [recipe.get(name) for name in ("per_device_train_batch_size", "gradient_accumulation_steps")]
    if recipe.get("use_cpu") is not True or not all(type(size) is int and size > 0 for size in sizes):
        return PAPER_BATCH
    return math.prod(size for size in sizes if size)


def check_constant(training: Any) -> None:
    """Refuse settings by which the trainer itself changes the batch.

    Args:
        training: trl.SFTConfig.

    Raises:
        UserError: It names the setting.
    """
    if training.auto_find_batch_size:
        raise UserError(
            "auto_find_batch_size makes the batch smaller without a word when memory runs out; leave it out, and halve "
            "--per_device_train_batch_size and double --gradient_accumulation_steps yourself."
        )
    if getattr(training.accelerator_config, "split_batches", False):
        raise UserError(
            "accelerator_config's split_batches divides --per_device_train_batch_size by the processes; leave it out."
        )


def combinations(gpus: int, batch: int = PAPER_BATCH) -> list[tuple[int, int]]:
    """Return all (per device, accumulation) whose product with the number of GPUs is the batch, largest device first.

    Args:
        gpus: Number of processes, one per GPU, over all nodes; from 1.
        batch: Examples of an optimizer step.
    """
    if batch % gpus:
        return []
    share = batch // gpus
    return [(share // accumulation, accumulation) for accumulation in range(1, share + 1) if share % accumulation == 0]


def check_batch(per_device: int, accumulation: int, gpus: int, batch: int = PAPER_BATCH) -> None:
    """Refuse a combination that doesn't give the batch.

    Raises:
        UserError: It names one that does, with the flags to pass, or the numbers of GPUs for which there is one.
    """
    product = per_device * accumulation * gpus
    if product == batch:
        return
    given = (
        f"{per_device} per device x {accumulation} accumulated x {gpus} GPUs is {product} examples a step, not {batch}"
    )
    choices = combinations(gpus, batch)
    if not choices:
        divisors = ", ".join(str(number) for number in range(1, batch + 1) if batch % number == 0)
        raise UserError(
            f"{given}, and nothing gives {batch} on {gpus}: take {divisors} GPUs, or say --batch {product}."
        )
    best = min(choices, key=lambda pair: (abs(pair[0] - per_device), pair[1]))
    others = ", ".join(f"{device} x {steps}" for device, steps in choices if (device, steps) != best)
    raise UserError(
        f"{given}; pass --per_device_train_batch_size {best[0]} --gradient_accumulation_steps {best[1]}"
        f"{f' (or {others})' if others else ''}, or say --batch {product} if you mean it."
    )

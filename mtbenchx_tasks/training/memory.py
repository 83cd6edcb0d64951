"""What weights, gradients and optimizer take on each GPU, from the base's configuration alone."""

from dataclasses import dataclass
from typing import Any

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.training.launcher import SHARDED
from mtbenchx_tasks.training.trl_arguments import Settings

FULL, HALF = 4, 2
"""Bytes of a number in float32 and in bfloat16."""
COPIES = 4
"""Weights, gradients and Adam's two moments."""
GB = 1e9


@dataclass(frozen=True)
class MemoryNeed:
    """The part of the memory that can be told beforehand; activations come on top."""

    parameters: int
    """Of the base."""
    bytes_each: int
    """Per parameter: all copies of it."""
    shares: int
    """GPUs that share them out; 1 if each holds all."""

    @property
    def per_gpu(self) -> float:
        """Bytes."""
        return self.parameters * self.bytes_each / self.shares

    def __str__(self) -> str:
        """The estimate in words."""
        shared = f", shared out over {self.shares} GPUs" if self.shares > 1 else ""
        billions = self.parameters / 1e9
        return f"{billions:.2f}B parameters x {self.bytes_each} bytes{shared}: {self.per_gpu / GB:.1f} GB each"


def memory(settings: Settings, config: Any) -> MemoryNeed:
    """Estimate the memory of a training.

    Args:
        settings: The command, as TRL understands it.
        config: The base's configuration.
    """
    number = HALF if str(settings.model.dtype) in ("bfloat16", "float16", "auto") else FULL
    copies = 1 if settings.model.use_peft else COPIES  # LoRA learns a thousandth of them
    return MemoryNeed(_count(config), number * copies, settings.gpus if settings.launch.stage == SHARDED else 1)


def _count(config: Any) -> int:
    import torch
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    return sum(parameter.numel() for parameter in model.parameters())


def check_memory(needed: MemoryNeed, available: int | None) -> None:
    """Refuse a training that can't begin.

    Args:
        needed: See `memory`.
        available: Bytes of a GPU; None if there is none here.

    Raises:
        UserError: It doesn't fit, with what does.
    """
    if available is not None and needed.per_gpu > available:
        raise UserError(
            f"{needed}, and a GPU here has {available / GB:.0f} GB: share them out (--accelerate_config fsdp2), take "
            f"more GPUs, or train LoRA (--dtype bfloat16 --use_peft --lora_target_modules all-linear)."
        )


def gpu_memory() -> int | None:
    """Return the bytes of the first GPU, None without one."""
    import torch

    return int(torch.cuda.get_device_properties(0).total_memory) if torch.cuda.is_available() else None

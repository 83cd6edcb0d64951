"""What weights, gradients, optimizer and activations take on each GPU, from the base's configuration alone."""

from dataclasses import dataclass

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.training.launcher import SHARDED
from mtbenchx_tasks.training.model_size import ModelSize
from mtbenchx_tasks.training.trl_arguments import Settings

FULL, HALF, FOUR_BIT = 4.0, 2.0, 4.5 / 8
"""Bytes of a number in float32, in bfloat16, and in NF4: 4 bits, and 32 for each block of 64 (Dettmers et al. 2023,
section 3)."""
GRADIENT, MOMENTS = 1, 2
"""Copies of a trained parameter besides the weight: Adam keeps two moments."""
BLOCK = 34
"""Bytes of a token in a block, per number of its hidden state, in 16 bits and with attention that keeps no matrix of
scores (Korthikanti et al., arXiv 2205.05198, equation 2 without its last term)."""
GB = 1e9


@dataclass(frozen=True)
class MemoryNeed:
    """The memory of a training, on each GPU, in bytes."""

    state: float
    """Weights, gradients and Adam's moments: certain."""
    activations: float
    """What the backward pass needs of a micro-batch of the longest rows: an estimate."""
    tokens: int
    """Of that micro-batch."""
    shares: int
    """GPUs that share out all or a part of the state; 1 if each holds all."""

    def __str__(self) -> str:
        """The estimate in words."""
        each = f" on each of {self.shares} GPUs" if self.shares > 1 else ""
        return (
            f"{self.state / GB:.1f} GB{each} for weights, gradients and optimizer, and about "
            f"{self.activations / GB:.1f} GB for activations of {self.tokens:,} tokens"
        )


def memory(settings: Settings, size: ModelSize, longest: int | None = None) -> MemoryNeed:
    """Estimate the memory of a training.

    Of each trained parameter there are four copies, weight, gradient and Adam's two moments, in the number format of
    the weights: 4 x 4 bytes in float32. LoRA's are in float32, beside a base of one copy (in NF4 its linear layers but
    the output embedding: 4.5 bits each). ZeRO shares out the moments in stage 1, gradients too in stage 2, everything
    in stage 3 and FSDP (Rajbhandari et al., arXiv 1910.02054, section 5).

    A token takes 34 bytes per number of its hidden state and block; with activation checkpointing only the block at
    work does, and of the others the input is kept, in the number format of the weights (Korthikanti et al., arXiv
    2205.05198, sections 4 and 5, for attention that keeps no matrix of scores). Logits aren't counted: TRL computes
    the loss in parts.

    Args:
        settings: The command, as TRL understands it.
        size: Of the base.
        longest: Tokens of the longest row; default: max_length.
    """
    model, training = settings.model, settings.training
    number = HALF if str(model.dtype) in ("bfloat16", "float16", "auto") else FULL
    tokens = training.per_device_train_batch_size * (longest or training.max_length or 0)
    kept: float = BLOCK * size.layers
    if training.activation_checkpointing or training.gradient_checkpointing:
        kept = BLOCK + number * size.layers
    stage = settings.launch.stage
    return MemoryNeed(_state(settings, size, number), tokens * size.width * kept, tokens, settings.gpus if stage else 1)


def _state(settings: Settings, size: ModelSize, number: float) -> float:
    """Return bytes on each GPU."""
    model, stage = settings.model, settings.launch.stage
    share = [settings.gpus if stage >= least else 1 for least in (SHARDED, 2, 1)]  # weights, gradients, moments
    trained = size.trained * (FULL if model.use_peft else number)
    whole = 0.0
    if model.use_peft:
        whole = size.parameters * number
        if model.load_in_4bit:
            whole -= (size.linear - size.head) * (number - FOUR_BIT)
    return (whole + trained) / share[0] + trained * GRADIENT / share[1] + trained * MOMENTS / share[2]


def check_memory(needed: MemoryNeed, available: int | None) -> None:
    """Refuse a training that can't begin.

    Args:
        needed: See `memory`.
        available: Bytes of a GPU; None if there is none here.

    Raises:
        UserError: The certain part doesn't fit, with what does.
    """
    if available is not None and needed.state > available:
        raise UserError(
            f"{needed}, and a GPU here has {available / GB:.0f} GB: share them out (--accelerate_config fsdp2), take "
            f"more GPUs, or train LoRA (--config recipes/lima_x_lora.yaml)."
        )


def memory_remarks(needed: MemoryNeed, available: int | None) -> tuple[str, ...]:
    """Return what to expect where only the estimated part exceeds the memory."""
    if available is None or needed.state > available or needed.state + needed.activations <= available:
        return ()
    return (
        f"with activations it takes more than the {available / GB:.0f} GB of a GPU here, if a batch holds the longest "
        f"rows; half --per_device_train_batch_size and double --gradient_accumulation_steps.",
    )


def gpu_memory() -> int | None:
    """Return the bytes of the first GPU, None without one."""
    import torch

    return int(torch.cuda.get_device_properties(0).total_memory) if torch.cuda.is_available() else None

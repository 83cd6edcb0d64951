"""What a training takes: tokens, steps, hours, memory and disk, put together for a check."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mtbenchx_tasks.training.disk import DiskNeed, disk
from mtbenchx_tasks.training.hours import H100, gpu_hours, operations
from mtbenchx_tasks.training.memory import MemoryNeed, memory
from mtbenchx_tasks.training.model_size import ModelSize, model_size
from mtbenchx_tasks.training.trl_arguments import Settings
from mtbenchx_tasks.training.truncation import Cut
from mtbenchx_tasks.training.volume import Volume, count_tokens, volume

PETA = 1e15


@dataclass(frozen=True)
class TrainingCost:
    """What a training takes, as far as it can be told beforehand."""

    size: ModelSize
    """Of the base."""
    memory: MemoryNeed
    """On each GPU."""
    volume: Volume | None
    """What is read; None if the data couldn't be."""
    disk: DiskNeed | None
    """What is written; None without `volume`."""
    work: float | None
    """Floating-point operations of the whole training; None without `volume`."""


def estimate(settings: Settings, config: Any, data: Any, tokenizer: Any, cuts: Sequence[Cut]) -> TrainingCost:
    """Return what a training takes.

    Args:
        settings: The command, as TRL understands it.
        config: The base's configuration.
        data: Split -> rows, as `load_splits` returns them; None if they couldn't be read.
        tokenizer: The base's, with the template that is trained with.
        cuts: What max_length does to the rows; empty if they couldn't be read.
    """
    size, split = model_size(settings, config), settings.script.dataset_train_split
    rows = sum(cut.rows - cut.dropped for cut in cuts if cut.split == split)
    if not data or not rows:
        return TrainingCost(size, memory(settings, size), None, None, None)
    lengths = count_tokens(data[split], tokenizer, settings.training.max_length)
    read = volume(settings, lengths, rows)
    longest = settings.training.max_length if settings.training.packing else read.longest
    return TrainingCost(
        size,
        memory(settings, size, longest),
        read,
        disk(settings, size, read.steps, read.all_steps),
        operations(size.linear, read.padded * read.epochs, settings.model.use_peft),
    )


def estimate_lines(settings: Settings, cost: TrainingCost, mfu: float) -> Iterator[str]:
    """Yield an estimate in sentences.

    Args:
        settings: The command, as TRL understands it.
        cost: See `estimate`.
        mfu: Model FLOPs utilization to count hours with, over 0, at most 1.
    """
    billions = cost.size.parameters / 1e9
    trained = "" if cost.size.trained == cost.size.parameters else f", {cost.size.trained / 1e6:.1f}M of them by LoRA"
    yield f"{billions:.2f}B parameters{trained}. Memory: {cost.memory}."
    if cost.disk:
        yield f"Disk: {cost.disk}."
    read = cost.volume
    if read is None:
        return
    about = "" if read.is_exact else "about "
    share = read.padded / read.tokens - 1
    yield (
        f"An epoch: {read.rows:,} {'packs' if settings.training.packing else 'rows'}, {about}{read.tokens:,} tokens, "
        f"{share:.0%} padding on top; {read.steps:,} steps. In all {read.all_steps:,} steps, {read.epochs:.3g} epochs."
    )
    if cost.work and settings.training.bf16 and not settings.training.use_cpu:
        yield _hours(settings.gpus, cost.work, mfu)


def _hours(gpus: int, work: float, mfu: float) -> str:
    hours = gpu_hours(work, mfu)
    each = f", {hours / gpus:.2g} hours on {gpus} GPUs" if gpus > 1 else ""
    return (
        f"{work / PETA:,.0f} petaFLOPs: about {hours:.2g} H100 hours{each}, if {mfu:.0%} of {H100 / 1e12:.0f} TFLOP/s "
        f"are reached (--mfu); loading, evaluation and saving not counted."
    )

"""What a training writes at most at one time, and whether there is room for it."""

import math
import shutil
from dataclasses import dataclass
from pathlib import Path

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.training.checkpoints import checkpoints
from mtbenchx_tasks.training.memory import FULL, GB, HALF, MOMENTS
from mtbenchx_tasks.training.model_size import ModelSize
from mtbenchx_tasks.training.trl_arguments import Settings


@dataclass(frozen=True)
class DiskNeed:
    """The room that a training takes, in bytes."""

    checkpoint: float
    """One checkpoint: weights and, unless save_only_model, Adam's two moments."""
    final: float
    """The trained weights."""
    kept: int
    """Checkpoints that stay."""
    peak: float
    """The most at one time."""

    def __str__(self) -> str:
        """The estimate in words."""
        each = f"a checkpoint {self.checkpoint / GB:.1f} GB, {self.kept} kept"
        return f"{self.peak / GB:.1f} GB at most at one time ({each})"


def disk(settings: Settings, size: ModelSize, steps: int, all_steps: int) -> DiskNeed:
    """Return the room that a training takes.

    A checkpoint is written before the oldest one is deleted, so one more than save_total_limit is there for a while;
    the model is written at the end, beside those that are kept:

        peak = max( min(saves, limit + 1) x checkpoint, min(saves, limit) x checkpoint + final )

    Args:
        settings: The command, as TRL understands it.
        size: Of the base.
        steps: Optimizer steps of an epoch.
        all_steps: Optimizer steps of the training.
    """
    training = settings.training
    half = str(settings.model.dtype) in ("bfloat16", "float16", "auto") and not settings.model.use_peft
    final = size.trained * (HALF if half else FULL)
    checkpoint = final * (1 if training.save_only_model else 1 + MOMENTS)
    saves = _saves(settings, steps, all_steps)
    limit = training.save_total_limit or saves
    if training.load_best_model_at_end:
        limit = max(limit, 2)  # the best and the newest
    kept = min(saves, limit)
    return DiskNeed(checkpoint, final, kept, max(min(saves, limit + 1) * checkpoint, kept * checkpoint + final))


def _saves(settings: Settings, steps: int, all_steps: int) -> int:
    training = settings.training
    strategy = str(getattr(training.save_strategy, "value", training.save_strategy))
    if strategy == "no":
        return 0
    if strategy != "steps":
        return math.ceil(all_steps / steps)
    every = training.save_steps if training.save_steps >= 1 else math.ceil(all_steps * training.save_steps)
    return math.ceil(all_steps / int(every))


def check_disk(needed: DiskNeed, output: Path, free: int | None = None) -> None:
    """Refuse a training that would fill the disk while it saves.

    Args:
        needed: See `disk`.
        output: The output folder; what its checkpoints take already is counted as room, as they are deleted.
        free: Free bytes; default: of the disk that the folder is on, or will be.

    Raises:
        UserError: There is less than it takes, with what takes less.
    """
    there = output
    while not there.exists() and there != there.parent:
        there = there.parent
    room = shutil.disk_usage(there).free if free is None else free
    held = sum(file.stat().st_size for folder in checkpoints(output) for file in folder.rglob("*") if file.is_file())
    if needed.peak > room + held:
        raise UserError(
            f"{output} would take {needed}, and its disk has {room / GB:.1f} GB left: make room, pass another "
            f"--output_dir, --save_total_limit 1, or --save_strategy no (a killed run begins anew then)."
        )

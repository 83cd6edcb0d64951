"""A check before training: what `trl sft` would do silently, or stop at hours later or with a traceback."""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.training import adapter
from mtbenchx_tasks.training.base import check_context, load_tokenizer
from mtbenchx_tasks.training.batch_size import asked_batch, check_batch, check_constant
from mtbenchx_tasks.training.checkpoints import checkpoints
from mtbenchx_tasks.training.disk import check_disk
from mtbenchx_tasks.training.estimate import TrainingCost, estimate
from mtbenchx_tasks.training.launcher import check_gpus
from mtbenchx_tasks.training.mask import Span, check_turn_end, spans
from mtbenchx_tasks.training.memory import check_memory, gpu_memory, memory_remarks
from mtbenchx_tasks.training.mixture import load_mixture
from mtbenchx_tasks.training.trl_arguments import Settings, read_settings
from mtbenchx_tasks.training.truncation import Cut, count_cuts

Result = TypeVar("Result")
OPTIMIZER = ("optimizer.pt", "optimizer.bin", "optimizer_0", "global_step*", "pytorch_model_fsdp_0")
"""Where a checkpoint keeps the optimizer: alone, under FSDP, under DeepSpeed."""


@dataclass(frozen=True)
class CheckReport:
    """What a check found."""

    settings: Settings
    """The command, as TRL understands it."""
    problems: tuple[str, ...]
    """Sentences; with any the training should not start."""
    remarks: tuple[str, ...]
    """Worth knowing."""
    cuts: tuple[Cut, ...]
    """What max_length does, per split and language."""
    turn_end: str | None
    """The token that ends a turn; None if the base couldn't be read."""
    estimate: TrainingCost | None
    """What the training takes; None if the base couldn't be read."""
    mask: tuple[Span, ...]
    """A dialogue of two turns, and which tokens of it are learnt; empty if the base couldn't be read."""


def check(arguments: Sequence[str], gpus: int | None = None, batch: int | None = None) -> CheckReport:
    """Check the arguments of a `trl sft` command; every problem is found, not only the first.

    Args:
        arguments: As they follow `trl sft`.
        gpus: Number of GPUs over all nodes, compared with what accelerate would start.
        batch: Examples of an optimizer step that are wanted; default: the paper's 64 (`asked_batch`).

    Raises:
        UserError: The arguments themselves can't be read.
    """
    settings = read_settings(arguments, gpus)
    training = settings.training
    problems: list[str] = []

    def attempt(step: Callable[[], Result]) -> Result | None:
        try:
            return step()
        except UserError as error:
            problems.append(str(error))
            return None

    device, accumulation = training.per_device_train_batch_size, training.gradient_accumulation_steps
    wanted = batch or asked_batch(settings.recipe)
    attempt(lambda: check_gpus(settings.launch, gpus))
    attempt(lambda: check_constant(training))
    attempt(lambda: check_batch(device, accumulation, settings.gpus, wanted))
    attempt(lambda: check_output(Path(training.output_dir)))
    attempt(lambda: check_resume(training.resume_from_checkpoint, Path(training.output_dir)))
    attempt(lambda: _check_selection(training))
    data = attempt(lambda: load_splits(settings))
    tokenizer = attempt(lambda: load_tokenizer(settings))
    config = attempt(lambda: check_context(settings, tokenizer)) if tokenizer is not None else None
    if tokenizer is not None:
        attempt(lambda: check_turn_end(settings, tokenizer))
    cuts = (attempt(lambda: _cuts(settings, data, tokenizer)) if data and tokenizer else None) or []
    attempt(lambda: _check_kept(cuts, training.max_length))
    cost = attempt(lambda: estimate(settings, config, data, tokenizer, cuts)) if config is not None else None
    if cost is not None:
        attempt(lambda: check_memory(cost.memory, gpu_memory()))
    if cost is not None and cost.disk is not None:
        room = cost.disk
        attempt(lambda: check_disk(room, Path(training.output_dir)))
    turn_end = tokenizer.eos_token if tokenizer is not None else None
    attempt(lambda: adapter.check_turn_end(settings, turn_end))
    mask = spans(tokenizer, training.assistant_only_loss) if tokenizer is not None else ()
    remarks = settings.remarks + _remarks(training) + adapter.remarks(settings) + _empty(cuts)
    remarks += memory_remarks(cost.memory, gpu_memory()) if cost is not None else ()
    return CheckReport(settings, tuple(problems), remarks, tuple(cuts), turn_end, cost, mask)


def check_output(folder: Path) -> None:
    """Refuse a folder that can't be written, before an epoch is spent on it.

    Raises:
        UserError: See above.
    """
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    reason = "is no folder" if not there.is_dir() else "can't be written"
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        try:
            with tempfile.TemporaryFile(dir=there):
                return
        except OSError as error:
            reason = f"can't be written ({error.strerror})"
    raise UserError(f"The output {folder} can't be made, {there} {reason}; pass another --output_dir.")


def check_resume(checkpoint: str | bool | None, output: Path) -> None:
    """Refuse a checkpoint from which a run would go on with a fresh optimizer, or none.

    Args:
        checkpoint: TRL's resume_from_checkpoint: a folder, or True for the newest of the output folder.
        output: The output folder.

    Raises:
        UserError: See above.
    """
    if not checkpoint:
        return
    if checkpoint is True or str(checkpoint).lower() == "true":
        if checkpoint is not True:
            raise UserError(
                "On the command line resume_from_checkpoint takes a folder (OUT/checkpoint-34); "
                "`resume_from_checkpoint: true`, the newest one, works in the YAML only."
            )
        folders = checkpoints(output)
        if not folders:
            raise UserError(f"There is no checkpoint in {output} to resume from; leave resume_from_checkpoint out.")
        checkpoint = str(folders[-1])
    folder = Path(checkpoint)
    if not (folder / "trainer_state.json").is_file():
        have = ", ".join(path.name for path in checkpoints(output)) or "none"
        raise UserError(f"{folder} is no checkpoint (no trainer_state.json); {output} holds {have}.")
    if not any(any(folder.glob(pattern)) for pattern in OPTIMIZER):
        raise UserError(
            f"{folder} was saved with save_only_model: its optimizer and learning rate are gone, and TRL would begin "
            f"them anew without a word; start the run again, or go on from a checkpoint with optimizer.pt."
        )


def _check_selection(training: Any) -> None:
    if training.completion_only_loss and not training.assistant_only_loss:
        raise UserError(
            "completion_only_loss masks nothing in `messages` data, questions would be learnt as well; "
            "pass --assistant_only_loss true instead."
        )


def load_splits(settings: Settings) -> dict[str, Any]:
    """Return the splits that TRL would train and evaluate on, by name.

    Raises:
        UserError: The data, its configuration or a split is missing, or it isn't in the `messages` format.
    """
    script, training = settings.script, settings.training
    data = load_mixture(settings.recipe)
    named = "the mixture" if data is not None else f"{script.dataset_name} ({script.dataset_config})"
    data = _load(script) if data is None else data
    wanted = [script.dataset_train_split] + [script.dataset_test_split] * (str(training.eval_strategy.value) != "no")
    for split in wanted:
        if split not in data:
            flag = "train" if split == script.dataset_train_split else "test"
            raise UserError(
                f"{named} has no split {split!r}; pass --dataset_{flag}_split with one of {', '.join(data)}."
            )
        if "messages" not in data[split].column_names:
            raise UserError(f"{named} has no column `messages`, which the chat template needs.")
    return {split: data[split] for split in wanted}


def _load(script: Any) -> Any:
    from datasets import get_dataset_config_names, load_dataset

    name, config = script.dataset_name, script.dataset_config
    if not name:
        raise UserError("No data is named; pass --dataset_name.")
    local = "/" not in name and "\\" not in name
    if local and not Path(name).is_dir():  # `datasets` would search its cache, and may find rows of another day there
        raise UserError(f"There is no folder {name} in {Path.cwd()}; `mtbenchx data build {name}` writes it here.")
    try:
        configs = get_dataset_config_names(name)
    except Exception as error:  # datasets, the Hub and the file system raise all sorts
        raise UserError(
            f"There is no dataset {name} here or on the Hub ({type(error).__name__}); check the name, or build it: "
            f"mtbenchx data build {Path(name).name}."
        ) from error
    if config not in configs:
        problem = f"has no configuration {config!r}" if config else "has several configurations, and none is chosen"
        raise UserError(f"{name} {problem}; pass --dataset_config with one of {', '.join(configs)}.")
    try:
        return load_dataset(name, config)
    except Exception as error:  # datasets, the Hub and the file system raise all sorts
        raise UserError(f"{name} ({config}) can't be loaded: {' '.join(str(error).split())}") from error


def _cuts(settings: Settings, data: dict[str, Any], tokenizer: Any) -> list[Cut]:
    from tqdm import tqdm

    cuts: list[Cut] = []
    for split, rows in data.items():
        shown = tqdm(rows, desc=f"Measuring {split}", leave=False)
        cuts += count_cuts(
            shown,
            tokenizer,
            split=split,
            max_length=settings.training.max_length,
            assistant_only=settings.training.assistant_only_loss,
            language=settings.script.dataset_config,
        )
    return cuts


def _check_kept(cuts: Sequence[Cut], limit: int | None) -> None:
    for split in dict.fromkeys(cut.split for cut in cuts):
        if all(cut.dropped == cut.rows for cut in cuts if cut.split == split):
            raise UserError(f"With max_length {limit} no row of {split} keeps a target; pass a larger --max_length.")


def _empty(cuts: Sequence[Cut]) -> tuple[str, ...]:
    return tuple(
        f"{cut.split} {cut.language}: {cut.empty} row{'s' * (cut.empty != 1)} with an empty answer, which teaches to "
        "say nothing."
        for cut in cuts
        if cut.empty
    )


def _remarks(training: Any) -> tuple[str, ...]:
    remarks = []
    if training.save_only_model:
        remarks.append("save_only_model: a killed run can't be resumed, TRL would begin the optimizer anew.")
    if training.eval_strategy != "no" and training.per_device_eval_batch_size != 1:
        remarks.append(
            f"per_device_eval_batch_size {training.per_device_eval_batch_size}: eval_loss is a mean over batches then, "
            "and another number on other GPUs; 1 makes it the mean over rows."
        )
    if training.packing:
        remarks.append("packing: an optimizer step is a batch of packs then, not of examples.")
    held = checkpoints(Path(training.output_dir))
    if held and not training.resume_from_checkpoint:
        newest = held[-1]
        remarks.append(f"{newest} is there: --resume_from_checkpoint {newest} goes on, without it the run begins anew.")
    return tuple(remarks)

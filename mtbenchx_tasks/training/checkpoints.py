"""The checkpoints that a training left, and the commands that ask each of them the benchmark."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_datasets.shared.errors import UserError

STATE, ADAPTER = "trainer_state.json", "adapter_config.json"
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")


def checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints of a run, newest last."""
    folders = [path for path in folder.glob("checkpoint-*") if path.name.removeprefix("checkpoint-").isdigit()]
    return sorted(folders, key=lambda path: int(path.name.removeprefix("checkpoint-")))


def evaluation_lines(run: Path, tasks: str, more: Sequence[str] = ()) -> Iterator[str]:
    """Yield shell lines: a comment and an lm_eval command for each checkpoint, and a report of all.

    Args:
        run: The training's `--output_dir`.
        tasks: lm_eval's tasks.
        more: Further arguments of lm_eval, e.g. `--device cuda --batch_size 16`.

    Raises:
        UserError: There is no checkpoint.
    """
    found = checkpoints(run)
    if not found:
        raise UserError(
            f"There is no checkpoint in {run}; name the --output_dir of a training with --save_strategy epoch."
        )
    losses = _losses(found[-1])
    for folder in found:
        yield f"# {folder.name}: {_progress(folder, losses)}"
        if any(any(folder.glob(pattern)) for pattern in WEIGHTS):
            yield shlex.join([*_command(folder, tasks, run.resolve().name), *more])
        else:
            yield "# its weights are sharded (FSDP, DeepSpeed); `accelerate merge-weights` makes one model of them"
    yield shlex.join(["mtbenchx", "report", f"results/{run.resolve().name}", "--out", "report"])


def _state(folder: Path) -> dict[str, Any]:
    """Return the trainer's state: `epoch`, `global_step` and `log_history` at least."""
    try:
        state: dict[str, Any] = json.loads((folder / STATE).read_text(encoding="utf-8"))
        return {
            "epoch": float(state["epoch"]),
            "global_step": state["global_step"],
            "log_history": state["log_history"],
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{folder / STATE} is missing or damaged ({type(error).__name__}); delete {folder}.") from error


def _losses(newest: Path) -> dict[int, float]:
    """Return step -> validation loss."""
    return {entry["step"]: entry["eval_loss"] for entry in _state(newest)["log_history"] if "eval_loss" in entry}


def _progress(folder: Path, losses: Mapping[int, float]) -> str:
    """Return how far the training was, and the validation loss then, if it was measured."""
    state = _state(folder)
    loss = losses.get(state["global_step"])
    return f"epoch {state['epoch']:g}" + ("" if loss is None else f", validation loss {loss:.4f}")


def _command(folder: Path, tasks: str, run: str) -> list[str]:
    """Return lm_eval's command; an adapter is asked beside its base, in the chat format that it was trained with."""
    model = folder.as_posix()
    if (folder / ADAPTER).is_file():
        from mtbenchx_tasks.training.adapter import named_base

        model = f"{named_base(folder)},peft={model},tokenizer={model}"
    parts = ["lm_eval", "run", "--model", "hf", "--model_args", f"pretrained={model}", "--apply_chat_template"]
    return [*parts, "--tasks", tasks, "--log_samples", "--output_path", f"results/{run}/{folder.name}"]

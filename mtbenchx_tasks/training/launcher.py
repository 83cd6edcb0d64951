"""How many processes `trl sft` would start, and what they share out: asked of accelerate's own parser and files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_datasets.shared.errors import UserError
from hf_datasets.shared.yaml_text import load_yaml

SHARDED = 3
"""ZeRO's stage that shares out the weights too; FSDP does the same."""
PARALLEL = ("use_fsdp", "use_deepspeed", "multi_gpu", "use_megatron_lm")
"""Switches of accelerate without which a configuration starts one process, whatever number it holds."""


@dataclass(frozen=True)
class Launch:
    """What `accelerate launch` would start."""

    processes: int
    """Over all nodes."""
    source: str | None
    """Who says so; None if nobody does, and the GPUs of the machine where it starts are counted."""
    stage: int
    """What the processes share out, as ZeRO counts: 0 nothing, 1 the optimizer, 2 gradients too, 3 weights too."""


def read_launch(rest: Sequence[str], parser: Any, on_cpu: bool, gpus: int | None = None) -> Launch:
    """Return what accelerate would start.

    Args:
        rest: What TRL's parser leaves for accelerate.
        parser: Accelerate's own.
        on_cpu: Whether the recipe uses the CPU: one process, whatever accelerate is told.
        gpus: GPUs of the machine that is meant, where nobody says how many; default: those of this one, at least 1.

    Raises:
        UserError: The configuration can't be read, or a CPU shall run several processes.
    """
    from trl.cli.accelerate_config import resolve_accelerate_config_argument

    try:
        arguments = parser.parse_args([*resolve_accelerate_config_argument(list(rest)), "sft.py"])
    except ValueError as error:
        raise UserError(f"--accelerate_config: {error}") from error
    if on_cpu:
        if (arguments.num_processes or 1) > 1:
            raise UserError("On a CPU accelerate starts one process whatever --num_processes says; leave it out.")
        return Launch(1, "use_cpu", 0)
    file = arguments.config_file or _usual_file()
    content = _content(file) if file else {}
    processes, source = _processes(arguments, file, content)
    return Launch(processes or gpus or max(1, visible_gpus()), source, _stage(arguments, content))


def _processes(arguments: Any, file: str | None, content: Mapping[str, Any]) -> tuple[int | None, str | None]:
    kind = str(content.get("distributed_type", "NO")).upper()
    if file and kind == "NO" and not any(getattr(arguments, switch) for switch in PARALLEL):
        return 1, f"distributed_type NO in {Path(file).name}"
    if arguments.num_processes:
        return int(arguments.num_processes), "--num_processes"
    if not file:
        return None, None
    try:
        return int(content["num_processes"]), f"num_processes in {Path(file).name}"
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{file} names no number of processes (num_processes); pass --num_processes.") from error


def _usual_file() -> str | None:
    """Return the file that `accelerate config` writes, which accelerate reads where none is named."""
    from accelerate.commands.config.config_args import default_config_file

    return str(default_config_file) if Path(default_config_file).is_file() else None


def _content(file: str) -> dict[str, Any]:
    try:
        return dict(load_yaml(Path(file).read_text(encoding="utf-8"), file))
    except (OSError, TypeError, ValueError) as error:
        raise UserError(f"{file} is no configuration of accelerate: {error}.") from error


def _stage(arguments: Any, content: Mapping[str, Any]) -> int:
    if arguments.use_fsdp or content.get("distributed_type") == "FSDP":
        return SHARDED
    told = content.get("deepspeed_config")
    return int((told.get("zero_stage") if isinstance(told, Mapping) else 0) or arguments.zero_stage or 0)


def visible_gpus() -> int:
    """Return the number of GPUs of this machine."""
    import torch

    return int(torch.cuda.device_count())


def check_gpus(launch: Launch, gpus: int | None) -> None:
    """Compare what would start with what is wanted.

    Args:
        launch: See `read_launch`.
        gpus: The number of GPUs that the user says; None if nothing is said.

    Raises:
        UserError: They differ; or one process would copy the model to each GPU of this machine (DataParallel), and
            train that many times the batch.
    """
    here = visible_gpus()
    one = launch.processes == 1 and launch.source not in (None, "use_cpu")
    if one and here > 1:
        raise UserError(
            f"One process ({launch.source}) would take all {here} GPUs of this machine and train {here} times the "
            f"batch; set CUDA_VISIBLE_DEVICES=0, or pass --accelerate_config multi_gpu --num_processes {here}."
        )
    counted = launch.source is None and here > 0
    processes = here if counted else launch.processes
    if gpus is None or gpus == processes:
        return
    source = launch.source or f"the {here} GPUs of this machine"
    raise UserError(
        f"trl would start {processes} process{'es' * (processes != 1)} ({source}), not {gpus}; {_way(launch, gpus)}."
    )


def _way(launch: Launch, gpus: int) -> str:
    if launch.source == "use_cpu":
        return "leave --gpus out"
    if launch.source and launch.source.startswith("distributed_type NO"):
        return f"pass --accelerate_config multi_gpu --num_processes {gpus}"
    return f"pass --num_processes {gpus}"

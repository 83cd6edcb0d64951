"""The commands that trained a model: recipes, data, base, and the line of the trainer on as many processes."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from model_cards.run_dir import Training

BUILT = ("lima-x", "bactrian-x")
DATA_SETTINGS = ("dataset_config", "dataset_name", "model_name_or_path", "model_revision")
USUAL = {
    "max_steps": -1,
    "label_smoothing_factor": 0.0,
    "neftune_noise_alpha": None,
    "adam_epsilon": 1e-8,
    "use_cpu": False,
    "ddp_backend": None,
    "eval_steps": None,
    "eval_on_start": False,
    "eos_token": None,
    "packing_strategy": "bfd",
    "padding_free": False,
    "loss_type": "nll",
    "train_sampling_strategy": "random",
    "use_liger_kernel": False,
    "use_peft": False,
    "lora_r": 16,
    "lora_alpha": 32,
    "lora_dropout": 0.05,
    "use_rslora": False,
    "lora_target_modules": None,
}
"""Settings that change the losses and that recipes need not name, with TRL's defaults."""
LOCAL = (
    *("output_dir", "logging_dir", "run_name", "hub_model_id", "hub_token", "resume_from_checkpoint"),
    *("report_to", "push_to_hub", "disable_tqdm"),
)
"""Settings that concern one machine or account, and no loss."""
LAUNCH = ("accelerate_config", "num_processes", "num_machines", "machine_rank", "main_process_ip", "main_process_port")
"""Flags that `trl sft` hands on to `accelerate launch`; the trainer records none of them."""
SHIPPED = ("fsdp1", "fsdp2", "multi_gpu", "single_gpu", "zero1", "zero2", "zero3")
"""Configurations of accelerate that TRL brings along."""


@dataclass(frozen=True)
class TrainedOn:
    """The base as the training was given it."""

    name: str | None = None
    """A Hub id, or a folder's name; None if not recorded."""
    is_folder: bool = False
    """A folder of the machine that trained."""
    hub_id: str | None = None
    """Where it is from, if known."""
    command: str | None = None
    """What made the folder, as its own card tells."""


def training_lines(training: Training, base: TrainedOn, dataset: str | None) -> Iterator[str]:
    """Yield shell lines, from nothing to the trained model; a comment where something isn't recorded.

    Args:
        training: The facts of the run.
        base: What it began with.
        dataset: Hub id or folder of the data.
    """
    if training.recipe_file is None:
        yield from _data(training, dataset)
        yield "# training: the recipe is not recorded"
        return
    yield from _recipe(training)
    yield from _data(training, dataset)
    yield from _base(base)
    yield from _train(training, base, dataset)


def _recipe(training: Training) -> Iterator[str]:
    copied = training.recipe_file is not None and training.recipe_file.startswith("recipes/")
    if copied:
        yield "mtbenchx recipes --copy"
    for name, sha256 in training.digests.items():
        check = f"echo '{sha256}  {name}' | sha256sum --check"
        yield check if copied else f"# {name} had the sha256 {sha256}"


def _data(training: Training, dataset: str | None) -> Iterator[str]:
    if dataset is None or "/" in dataset:
        return
    mixture = str(training.value("dataset_config") or "")
    if dataset.lower() in BUILT:
        yield f"mtbenchx data build {dataset.lower()}{' --configs mini' * mixture.startswith('mini_')}"
    else:
        yield f"# data: {dataset} is a folder of the machine that trained"


def _base(base: TrainedOn) -> Iterator[str]:
    if base.command:
        yield base.command
    elif base.is_folder and base.hub_id:
        yield shlex.join(["mtbenchx", "recipes", "prepare", base.hub_id, "--out", str(base.name)])
    elif base.is_folder:
        yield f"# base: {base.name} is a folder of the machine that trained"


def _train(training: Training, base: TrainedOn, dataset: str | None) -> Iterator[str]:
    flags = ["--config", str(training.recipe_file)]
    for name, value in overrides(training, base, dataset).items():
        values = value if isinstance(value, list) else [value]
        flags += [f"--{name}", *(str(each).lower() if isinstance(each, bool) else str(each) for each in values)]
    flags += ["--output_dir", training.name]
    processes = training.settings.get("world_size") or 1
    if training.settings.get("use_cpu") and processes > 1:  # on a CPU accelerate starts one, whatever it is told
        yield shlex.join(["torchrun", "--nproc_per_node", str(processes), "-m", "trl.scripts.sft", *flags])
        return
    config = training.settings.get("accelerate_config")
    if config is not None and str(config) not in SHIPPED:
        yield f"# accelerate's configuration, {PurePath(str(config)).name}, is a file of the machine that trained"
    if config is None and processes > 1:
        yield f"# how {processes} processes shared out the weights (--accelerate_config) is not recorded"
    flags += [] if config is None or _local(config) else ["--accelerate_config", str(config)]
    flags += ["--num_processes", str(processes)] * (processes > 1 or config is not None)
    machines = training.given.get("num_machines")
    yield shlex.join(["trl", "sft", *flags, *(["--num_machines", str(machines)] if machines else [])])


def overrides(training: Training, base: TrainedOn, dataset: str | None) -> dict[str, Any]:
    """Return what the run used and the recipe doesn't say: settings that differ from it, and the choice of data."""
    chosen = {name: training.settings.get(name) for name in DATA_SETTINGS}
    chosen |= {"dataset_name": dataset, "model_name_or_path": base.name}
    told = {name: value for name, value in training.given.items() if name not in {*training.trainer, *LAUNCH, *chosen}}
    changed = {name: training.settings.get(name) for name in training.recipe if name in training.trainer}
    unusual = {
        name: training.trainer[name]
        for name, usual in USUAL.items()
        if name in training.trainer and not _same(training.trainer[name], usual)
    }
    found = {**changed, **unusual, **told, **chosen}
    return {
        name: value
        for name, value in found.items()
        if value is not None and not _same(value, training.recipe.get(name)) and name not in LOCAL and not _local(value)
    }


def _same(one: Any, other: Any) -> bool:
    """Compare as the command line would: 1.0e-5 is 1e-05, and `true` is True."""
    try:
        return float(one) == float(other)
    except (TypeError, ValueError):
        return str(one).lower() == str(other).lower()


def _local(value: Any) -> bool:
    return isinstance(value, str) and re.match(r"([A-Za-z]:)?[\\/]|~|\.\.?[\\/]|file:", value) is not None

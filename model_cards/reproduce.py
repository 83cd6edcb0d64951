"""The commands that made a model and its numbers, as far as they were recorded."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from model_cards.evaluations import PRIVATE, Group
from model_cards.run_dir import Training
from mtbenchx_tasks.judge.presets import PRESETS
from mtbenchx_tasks.judge.sent import DEFAULT, NOT_RECORDED, ROOM
from mtbenchx_tasks.judge.settings import JudgeSettings

BUILT = ("lima-x", "bactrian-x")
DATA_SETTINGS = ("dataset_config", "dataset_name", "model_name_or_path", "model_revision")
MODEL_ARGUMENTS = (
    "dtype",
    "max_length",
    "trust_remote_code",
    "add_bos_token",
    "enable_thinking",
    "attn_implementation",
)
"""Arguments of the evaluated model that may be told; others can hold paths, urls and tokens."""
DECLARED = {"model_name_or_path": "base_model", "dataset_name": "datasets"}
"""Setting -> what TRL's own card calls it."""
USUAL = {"max_steps": -1, "label_smoothing_factor": 0.0, "neftune_noise_alpha": None}
"""Settings that change the weights and that recipes don't name, with the trainer's defaults."""
LOCAL = ("output_dir", "logging_dir", "run_name", "hub_model_id", "hub_token")


def commands(training: Training, groups: Sequence[Group], dataset: str | None, model: str) -> list[str]:
    """Return shell lines: build the data, train, evaluate; a comment where something isn't recorded."""
    lines = [*_data(dataset), *_train(training), *(line for group in groups for line in _evaluate(group, model))]
    return [" ".join(line.splitlines()) for line in lines]  # a name with a line break would end the block


def _data(dataset: str | None) -> Iterator[str]:
    name = (dataset or "").rpartition("/")[2].lower()
    if name in BUILT and "/" not in (dataset or ""):
        yield f"mtbenchx data build {name}"


def _train(training: Training) -> Iterator[str]:
    if training.recipe_file is None:
        yield "# training: the recipe is not recorded"
        return
    parts = ["trl", "sft", "--config", training.recipe_file]
    for name, value in overrides(training).items():
        parts += [f"--{name}", str(value).lower() if isinstance(value, bool) else str(value)]
    yield shlex.join([*parts, "--output_dir", training.name])


def overrides(training: Training) -> dict[str, Any]:
    """Return what the run used and the recipe doesn't say: settings that differ from it, and the choice of data."""
    chosen = {name: training.settings.get(name) for name in DATA_SETTINGS}
    chosen |= {told: training.source(told, declared) for told, declared in DECLARED.items()}
    changed = {name: training.settings.get(name) for name in training.recipe if name in training.trainer}
    unusual = {
        name: training.trainer.get(name)
        for name, usual in USUAL.items()
        if not _same(training.trainer.get(name), usual)
    }
    found = {**chosen, **changed, **unusual}
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


def _evaluate(group: Group, model: str) -> Iterator[str]:
    run = group.results[0].run
    if not run:
        yield "# evaluation: the judgments are a ledger's, which doesn't record the command"
        return
    source = run.get("source") or run.get("model") or "hf"
    given = run.get("model_args") if isinstance(run.get("model_args"), dict) else {}
    name = "pretrained" if source in ("hf", "vllm", "sglang") else "model"
    arguments = {name: model, **{key: given[key] for key in MODEL_ARGUMENTS if given and given.get(key) is not None}}
    if given and given.get("base_url"):
        arguments["base_url"] = "URL"
    parts = ["lm_eval", "run", "--model", str(source)]
    parts += ["--model_args", ",".join(f"{key}={value}" for key, value in arguments.items())]
    parts += ["--tasks", ",".join(result.task for result in group.results)]
    parts += ["--apply_chat_template"] * (run.get("template") is not None)
    if run.get("gen_kwargs"):
        parts += ["--gen_kwargs", ",".join(f"{key}={value}" for key, value in run["gen_kwargs"].items())]
    if run.get("limit"):
        parts += ["--limit", f"{run['limit']:g}"]
    yield shlex.join([*parts, "--metadata", json.dumps({"judge": judge_settings(group)}), "--log_samples"])


def judge_settings(group: Group) -> dict[str, Any]:
    """Return the judge's settings that naming the model, or its preset, wouldn't give."""
    said = group.setup["judge"]
    named = {"model": str(said.get("model"))} | (
        {"preset": said["preset"]} if str(said.get("preset")) in PRESETS else {}
    )
    defaults = asdict(JudgeSettings.parse(named))
    found = {**said, **_settings_of(group.results[0].sent or {})}
    known = {
        name: None if found[name] == DEFAULT else found[name]
        for name in defaults
        if found.get(name, NOT_RECORDED) != NOT_RECORDED and name not in PRIVATE
    }
    return {**named, **{name: value for name, value in known.items() if value != defaults[name]}}


def _settings_of(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that send such parameters; a judgment that was cut off had the first room at first."""
    first = {name: value[0] if isinstance(value, list) and value else value for name, value in sent.items()}
    room = next((first.pop(name) for name in ROOM if name in first), None)
    return first if room is None else {**first, "max_tokens": room}

"""The commands that made a model and its numbers, as far as they were recorded."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from model_cards.evaluations import PRIVATE, Group
from model_cards.run_dir import Training
from model_cards.training_commands import TrainedOn, training_lines
from mtbenchx_tasks.judge.presets import PRESETS
from mtbenchx_tasks.judge.sent import DEFAULT, NOT_RECORDED, ROOM
from mtbenchx_tasks.judge.settings import JudgeSettings

MODEL_ARGUMENTS = (
    "dtype",
    "max_length",
    "trust_remote_code",
    "add_bos_token",
    "enable_thinking",
    "attn_implementation",
)
"""Arguments of the evaluated model that may be told; others can hold paths, urls and tokens."""


def commands(
    training: Training, groups: Sequence[Group], dataset: str | None, model: str, base: TrainedOn | None = None
) -> list[str]:
    """Return shell lines: copy the recipes, build data and base, train, evaluate; a comment where something is missing.

    Args:
        training: The facts of the run.
        groups: Its results.
        dataset: Hub id or folder of the data.
        model: What the trained model is called.
        base: What the training began with.
    """
    base = base or TrainedOn()
    adapted = base if training.adapter else None
    lines = [
        *training_lines(training, base, dataset),
        *(line for each in groups for line in _evaluate(each, model, adapted)),
    ]
    return [" ".join(line.splitlines()) for line in lines]  # a name with a line break would end the block


def _evaluate(group: Group, model: str, base: TrainedOn | None) -> Iterator[str]:
    """Yield the line of one evaluation; of an adapter beside its base, asked in the adapter's chat format."""
    run = group.results[0].run
    if not run:
        yield "# evaluation: the judgments are a ledger's, which doesn't record the command"
        return
    source = run.get("source") or run.get("model") or "hf"
    given = run.get("model_args") if isinstance(run.get("model_args"), dict) else {}
    name = "pretrained" if source in ("hf", "vllm", "sglang") else "model"
    named = {name: model} if base is None else {name: base.hub_id or base.name, "peft": model, "tokenizer": model}
    arguments = {**named, **{key: given[key] for key in MODEL_ARGUMENTS if given and given.get(key) is not None}}
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

"""What a training run left behind: its arguments, its losses, its model. What isn't there stays unknown."""

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_datasets.hub.dataset import front_matter
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.jsonl import loads, text_of
from hf_datasets.shared.yaml_text import load_yaml
from model_cards.training_args import read_training_args

STATE, ARGUMENTS, README = "trainer_state.json", "training_args.bin", "README.md"
ADAPTER = "adapter_config.json"
LORA = {"r": "lora_r", "lora_alpha": "lora_alpha", "lora_dropout": "lora_dropout", "use_rslora": "use_rslora"}
"""What an adapter says of itself -> the flag that asked for it."""
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")
_VERSION = re.compile(r"^- (TRL|PEFT|Transformers|Pytorch|Datasets|Tokenizers): (\S+)$", re.MULTILINE)
_UNKNOWN = (None, "", "None")


@dataclass(frozen=True)
class Epoch:
    """One evaluation on the validation split."""

    epoch: float
    """Epochs done when it was made."""
    step: int
    """Optimizer steps done."""
    loss: float
    """Validation loss; nan if the run diverged."""


@dataclass(frozen=True)
class Training:
    """The facts of one training run."""

    name: str
    """Name of the run's folder."""
    settings: Mapping[str, Any]
    """What the run was told: the recipe's values, then what the command line set, then what the trainer recorded."""
    recipe: Mapping[str, Any]
    """The recipe's values alone."""
    given: Mapping[str, Any]
    """What the user says that the command line set."""
    recipe_file: str | None
    """File name of the recipe, with its folder if that is called recipes."""
    digests: Mapping[str, str]
    """Recipe and chat template, as `recipe_file` names them -> sha256 (hex) of their text with LF."""
    trainer: Mapping[str, Any]
    """What the trainer recorded."""
    epochs: tuple[Epoch, ...]
    """Evaluations in order; empty if there is no record of any."""
    rates: tuple[tuple[int, float], ...]
    """Step and learning rate, in order, as they were logged."""
    steps: int | None
    """Optimizer steps done at the newest record."""
    planned: int | None
    """Optimizer steps that the run was to have."""
    best_checkpoint: str | None
    """The checkpoint that the trainer itself held for the best, e.g. `checkpoint-96`."""
    architecture: str | None
    """E.g. `LlamaForCausalLM`."""
    adapter: bool
    """The folder holds an adapter, not a whole model."""
    versions: Mapping[str, str]
    """Library -> version, as TRL's own card has them."""
    declared: Mapping[str, Any]
    """Front matter of the README.md that lies in the folder."""

    @property
    def best(self) -> Epoch | None:
        """The evaluation with the lowest loss."""
        finite = [epoch for epoch in self.epochs if math.isfinite(epoch.loss)]
        return min(finite, key=lambda epoch: epoch.loss) if finite else None

    @property
    def is_recorded(self) -> bool:
        """Whether anything tells of a training: a folder of a model alone doesn't."""
        return bool(self.settings or self.epochs or self.steps or self.versions)

    @property
    def is_cut_by_steps(self) -> bool:
        """The number of steps was given, and that of epochs had no say."""
        return _whole(self.settings.get("max_steps")) is not None

    def source(self, told: str, declared: str) -> Any:
        """Return a base or data set: as the user says, else as TRL's card has it, else as the recipe names it."""
        values = (self.given.get(told), self.trainer.get(told), self.declared.get(declared), self.recipe.get(told))
        return next((value for value in values if value not in _UNKNOWN), None)

    @property
    def base_by_recipe_alone(self) -> bool:
        """The run itself holds no word of its base, and the recipe's may have been overridden."""
        own = (
            *(known.get("model_name_or_path") for known in (self.given, self.trainer)),
            self.declared.get("base_model"),
        )
        return self.recipe.get("model_name_or_path") not in _UNKNOWN and all(value in _UNKNOWN for value in own)

    def value(self, *names: str) -> Any:
        """Return the first of these settings that is known, else what the README declares, else None."""
        values = [self.settings.get(name) for name in names] + [self.declared.get(name) for name in names]
        return next((value for value in values if value not in _UNKNOWN), None)


def read_run(folder: Path, recipe: Path | None = None, overrides: Sequence[str] = ()) -> Training:
    """Read the facts of a run.

    Args:
        folder: `--output_dir` of `trl sft`.
        recipe: The YAML of its `--config`.
        overrides: `KEY=VALUE` for what the command line gave besides.

    Raises:
        UserError: The folder isn't there; the recipe or a file of the run is damaged; an override has no `=`.
    """
    if not folder.is_dir():
        raise UserError(f"There is no run folder {folder}; name the --output_dir of the training.")
    told = _recipe(recipe)
    given = dict(_override(text) for text in overrides)
    adapter = _json(folder / ADAPTER)
    trainer = {**_adapted(adapter, {**told, **given}), **read_training_args(folder / ARGUMENTS)}
    state = _state(folder)
    config = _json(folder / "config.json")
    readme = folder / README
    card = readme.read_text(encoding="utf-8", errors="replace") if readme.is_file() else ""
    checkpoint = state.get("best_model_checkpoint")
    architectures = config.get("architectures")
    return Training(
        name=folder.resolve().name,
        settings={**told, **given, **trainer},
        recipe=told,
        given=given,
        recipe_file=None if recipe is None else _shown(recipe),
        digests={}
        if recipe is None
        else _digests(recipe, trainer.get("chat_template_path") or told.get("chat_template_path")),
        trainer=trainer,
        epochs=tuple(_epochs(state.get("log_history"))),
        rates=tuple(_rates(state.get("log_history"))),
        steps=_whole(state.get("global_step")),
        planned=_whole(state.get("max_steps")),
        best_checkpoint=re.split(r"[\\/]", checkpoint)[-1] if isinstance(checkpoint, str) else None,
        architecture=str(architectures[0]) if isinstance(architectures, list) and architectures else None,
        adapter=bool(adapter),
        versions=dict(_VERSION.findall(card)),
        declared=front_matter(card),
    )


def _recipe(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    found = load_yaml(text_of(file), str(file))
    if not isinstance(found, dict):
        raise UserError(f"{file} is no recipe: it must hold `name: value` lines.")
    return found


def _adapted(adapter: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return an adapter's facts by the names of the flags; of the adapted matrices its list, if no rule was told."""
    if not adapter:
        return {}
    found = {flag: adapter[name] for name, flag in LORA.items() if adapter.get(name) not in (None, False)}
    modules, base = adapter.get("target_modules"), adapter.get("base_model_name_or_path")
    if modules and not told.get("lora_target_modules"):
        names = [modules] if isinstance(modules, str) else [str(name).rpartition(".")[2] for name in modules]
        found["lora_target_modules"] = sorted(set(names))
    return {"use_peft": True, **found, **({"model_name_or_path": base} if base else {})}


def _shown(file: Path) -> str:
    return f"recipes/{file.name}" if file.resolve().parent.name == "recipes" else file.name


def _digests(recipe: Path, template: Any) -> dict[str, str]:
    """Return the hashes of the recipe and of the template beside it."""
    files = [recipe, *([recipe.parent / re.split(r"[\\/]", template)[-1]] if isinstance(template, str) else [])]
    texts = {_shown(file): file.read_bytes().replace(b"\r\n", b"\n") for file in files if file.is_file()}
    return {name: hashlib.sha256(text).hexdigest() for name, text in texts.items()}


def _override(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise UserError(f"--set needs KEY=VALUE, e.g. dataset_config=ENDEFRITES, not {text!r}.")
    try:
        return name.lstrip("-"), load_yaml(value, "--set")
    except UserError:
        return name.lstrip("-"), value


def _state(folder: Path) -> dict[str, Any]:
    """Return the trainer's last state: the folder's own, or its newest checkpoint's."""
    checkpoints = [(int(m[1]), entry) for entry in folder.iterdir() if (m := _CHECKPOINT.fullmatch(entry.name))]
    places = [folder, *(entry for _, entry in sorted(checkpoints, reverse=True))]
    return next((_json(place / STATE) for place in places if (place / STATE).is_file()), {})


def _json(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        found = loads(text_of(file), file.name)
    except UserError as error:
        reason = str(error).rstrip(".")
        raise UserError(f"{file} is damaged ({reason}); the run must have been cut off while it wrote it.") from error
    if not isinstance(found, dict):
        raise UserError(f"{file} must hold a JSON object, not {type(found).__name__}.")
    return found


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _epochs(history: Any) -> list[Epoch]:
    """Return the evaluations; a step that was evaluated twice (a resumed run) counts by its last."""
    found: dict[int, Epoch] = {}
    for entry in history if isinstance(history, list) else []:
        if isinstance(entry, dict):
            epoch, step, loss = (entry.get(name) for name in ("epoch", "step", "eval_loss"))
            if isinstance(step, int) and isinstance(epoch, (int, float)) and isinstance(loss, (int, float)):
                found[step] = Epoch(float(epoch), step, float(loss))
    return [found[step] for step in sorted(found)]


def _rates(history: Any) -> list[tuple[int, float]]:
    """Return the learning rates; a step that was logged twice (a resumed run) counts by its last."""
    found: dict[int, float] = {}
    for entry in history if isinstance(history, list) else []:
        if isinstance(entry, dict):
            step, rate = entry.get("step"), entry.get("learning_rate")
            if isinstance(step, int) and isinstance(rate, (int, float)):
                found[step] = float(rate)
    return sorted(found.items())

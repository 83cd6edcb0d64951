"""A model card from facts: all that it says was recorded by the run, its recipe or its evaluation."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from model_cards import licences, reproduce, tables
from model_cards.epochs import kind_of_mean
from model_cards.evaluations import Group
from model_cards.licences import Terms
from model_cards.markdown import code
from model_cards.run_dir import Training
from model_cards.training_commands import TrainedOn
from mtbenchx_tasks import __version__

MARKER = "<!-- written by mtbench-x from the records of a run: the next card replaces this file -->"
NOT_RECORDED = "not recorded"
BY_RECIPE = ", as the recipe names it (the run itself doesn't record its base)"
_PAIRS = re.compile(r"(?:[A-Z]{2})+")
BATCH = ("per_device_train_batch_size", "gradient_accumulation_steps", "world_size")
"""The factors of the number of examples per optimizer step."""
HYPERPARAMETERS = (
    *("learning_rate", "lr_scheduler_type", "warmup_steps", "optim", "adam_beta1", "adam_beta2", "weight_decay"),
    *("max_grad_norm", "num_train_epochs", "max_steps", *BATCH),
    *("max_length", "packing", "assistant_only_loss", "completion_only_loss", "bf16", "fp16", "seed", "data_seed"),
    *("chat_template_path", "eos_token", "dtype", "use_peft", "lora_r", "lora_alpha", "lora_dropout", "use_rslora"),
    *("lora_target_modules", "load_in_4bit", "load_in_8bit"),
)
"""The settings that the card shows, if they are known."""


@dataclass(frozen=True)
class Card:
    """All that a card is rendered from."""

    name: str
    training: Training
    """Facts of the run."""
    groups: tuple[Group, ...]
    """Results, each group in tables of its own."""
    base: str | None
    """The base model: a Hub id, or the name of a folder."""
    base_id: str | None
    """The base model's Hub id; None if it is a folder."""
    dataset: str | None
    """The training data: a Hub id, or the name of a folder."""
    dataset_id: str | None
    """The training data's Hub id; None if they are a folder."""
    data_languages: tuple[str, ...]
    """All languages that the training data come in; empty if not recorded."""
    data_terms: Terms | None
    """Licence of the data."""
    base_terms: Terms | None
    """Licence of the base model."""
    repo_id: str | None
    """Where the model is published; None if it isn't."""
    benchmark_id: str
    """The benchmark's dataset on the Hub."""
    trained_on: TrainedOn
    """The base as the training was given it."""
    predicted: str = ""
    """What an old judge would have said, as Markdown; it goes into no metadata."""
    examined: tuple[str, ...] = ()
    """The verdict on each judge whose exam a ledger holds, in one line."""
    partial: bool = False
    """Whether results of a part of the questions go into the metadata, which leaderboards read."""
    records: bool = True
    """Whether answers and judgments lie beside it, from which `mtbenchx verify` recomputes its numbers."""

    @property
    def mixture(self) -> str | None:
        """The configuration of the training data, e.g. `ENDEFRITES`."""
        found = self.training.value("dataset_config", "dataset_config_name")
        return None if found is None else str(found)

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of the training data, as its configuration names them; empty if it doesn't."""
        return languages_of(self.mixture, self.data_languages)


def languages_of(mixture: str | None, all_languages: tuple[str, ...]) -> tuple[str, ...]:
    """Return the languages that a mixture's name stands for: `DE`, `ENDEFRITES`, `DEFRITES_sampled`, `sampled`.

    Args:
        mixture: The name.
        all_languages: The data's languages, which `sampled` alone stands for.
    """
    name = (mixture or "").removeprefix("mini_")
    if name == "sampled":
        return all_languages
    name = name.removesuffix("_sampled")
    return tuple(re.findall("..", name.lower())) if _PAIRS.fullmatch(name) else ()


def render(card: Card, results: str) -> str:
    """Return README.md below its front matter.

    Args:
        card: The facts.
        results: Its results, as Markdown; "" without any.
    """
    template = Template((Path(__file__).parent / "template.md").read_text(encoding="utf-8"))
    missing = missing_facts(card)
    body = template.substitute(
        name=code(card.name),
        summary=_summary(card),
        usage=_usage(card),
        data=_bullets(_data(card)),
        hyperparameters=tables.table(("setting", "value"), _hyperparameters(card.training))
        or NOT_RECORDED.capitalize(),
        losses=_losses(card.training),
        results="\n\n".join(filter(None, (results, card.predicted))) or "No results were given to this card.",
        limits=_bullets(_limits(card)),
        licence="\n".join(licences.sentences(card.data_terms, card.base_terms)),
        languages=_languages(card),
        commands="\n".join(_commands(card)),
        versions=_bullets([f"{name}: {version}" for name, version in card.training.versions.items()])
        or NOT_RECORDED.capitalize(),
        missing=f"Not recorded, and therefore not in this card: {', '.join(missing)}." if missing else "",
        version=__version__,
    )
    return f"{MARKER}\n\n{body}"


def _commands(card: Card) -> list[str]:
    return reproduce.commands(card.training, card.groups, card.dataset, card.repo_id or card.name, card.trained_on)


def _named(name: str | None) -> str:
    return code(name) if name else f"a base model that is {NOT_RECORDED}"


def _summary(card: Card) -> str:
    if not card.training.is_recorded and card.dataset is None:
        of = f", made from {code(card.base)}" if card.base else ""
        return f"A model of which no training is recorded here{of}."
    data = code(card.dataset) if card.dataset else f"data that are {NOT_RECORDED}"
    mixture = f", mixture {code(card.mixture)}" if card.mixture else ""
    kind = "An adapter for" if card.training.adapter else "A fine-tuned version of"
    return f"{kind} {_named(card.base)}, trained on {data}{mixture} by supervised fine-tuning."


def _usage(card: Card) -> str:
    name = json.dumps(card.repo_id or card.name, ensure_ascii=False)
    adapter = card.training.adapter  # the pipeline would take the base's tokenizer, and with it another chat template
    note = "# pip install peft; without tokenizer= the base's own chat format would be used\n" if adapter else ""
    return (
        f"```python\n{note}from transformers import pipeline\n\n"
        f'chat = pipeline("text-generation", model={name}{f", tokenizer={name}" * adapter})\n'
        'answer = chat([{"role": "user", "content": "..."}], max_new_tokens=256, return_full_text=False)\n'
        'print(answer[0]["generated_text"])\n```'
    )


def _data(card: Card) -> list[str]:
    training = card.training
    revision = training.value("model_revision")
    mixture = code(card.mixture) if card.mixture else NOT_RECORDED
    return [
        f"base model: {code(card.base) if card.base else NOT_RECORDED}"
        + (f" at revision {code(revision)}" if revision else "")
        + (BY_RECIPE if training.base_by_recipe_alone else ""),
        f"architecture: {code(training.architecture) if training.architecture else NOT_RECORDED}",
        f"data: {code(card.dataset) if card.dataset else NOT_RECORDED}",
        f"mixture: {mixture}{_meaning(card)}",
        f"recipe: {code(training.recipe_file) if training.recipe_file else NOT_RECORDED}",
    ]


def _meaning(card: Card) -> str:
    mixture, languages = card.mixture, ", ".join(card.languages)
    if not languages:
        return ""
    if mixture and mixture.endswith("sampled"):
        return f" (every sample once, in one of {languages}, in equal shares)"
    return f" (every sample in each of {languages})" if "," in languages else f" (every sample in {languages})"


def _hyperparameters(training: Training) -> list[tuple[str, str]]:
    cut = "num_train_epochs" if training.is_cut_by_steps else "max_steps"  # the trainer heeds one of them
    rows = [(f"`{name}`", _shown(training.settings.get(name))) for name in HYPERPARAMETERS if name != cut]
    factors = [training.settings.get(name) for name in BATCH]
    if all(isinstance(factor, int) for factor in factors):
        rows.append(("examples per optimizer step", str(math.prod(int(str(factor)) for factor in factors))))
    rows.append(("optimizer steps", _shown(training.steps)))
    return [(name, value) for name, value in rows if value]


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    if isinstance(value, str) and re.match(r"([A-Za-z]:)?[\\/]|~", value):
        value = re.split(r"[\\/]", value)[-1]
    return code(str(value).lower() if isinstance(value, bool) else value)


def _losses(training: Training) -> str:
    if not training.epochs:
        return f"Validation losses: {NOT_RECORDED}."
    best, last = training.best, training.epochs[-1]
    rows = [
        (f"{e.epoch:g}", str(e.step), f"{e.loss:.4f}" if math.isfinite(e.loss) else "not a number")
        for e in training.epochs
    ]
    shown = tables.table(("epoch", "step", "validation loss"), rows)
    return f"{shown}\n\n{_which(training, best, last)} {kind_of_mean(training)}"


def _which(training: Training, best: Any, last: Any) -> str:
    """Say which epoch was the best, and which one the weights are."""
    if best is None:
        return "No validation loss is a number: the run diverged."
    lowest = "The last epoch has the lowest validation loss." if last.loss == best.loss else (
        f"The last epoch is not the best: epoch {best.epoch:g} had the lowest validation loss ({best.loss:.4f})."
    )  # fmt: skip
    kept = training.settings.get("load_best_model_at_end")
    if kept is None:
        return f"{lowest} Whether the weights are the last or the best epoch's is {NOT_RECORDED}."
    if kept:
        checkpoint = f" (`{training.best_checkpoint}`)" if training.best_checkpoint else ""
        return f"{lowest} The weights are those of the best checkpoint{checkpoint}."
    return f"{lowest} The weights are those of the last epoch.{_unfinished(training)}"


def _unfinished(training: Training) -> str:
    """Say if the records end before the run was to end."""
    if training.steps is None or training.planned is None or training.steps >= training.planned:
        return ""
    return f" The newest record is of step {training.steps} of {training.planned}; what came after is {NOT_RECORDED}."


def _limits(card: Card) -> list[str]:
    said = ["No safety training or test is recorded: the model can be wrong, biased or harmful."]
    trained = set(card.languages)
    evaluated = [result.language for group in card.groups for result in group.results]
    others = sorted({language for language in evaluated if trained and language not in trained})
    if others:
        said.append(f"It was evaluated in languages that its fine-tuning data do not have: {', '.join(others)}.")
    if card.groups:
        said.append(
            "Scores are an LLM judge's, on a scale from 1 to 10. A judge can err and has biases of its own, and its "
            "scores can't be compared with those of other judges, judge versions or prompts."
        )
        said += card.examined
        said.append("Questions of MT-Bench are public, so that a base model may have seen them.")
    return said


def _languages(card: Card) -> str:
    trained = ", ".join(card.languages) or NOT_RECORDED
    evaluated = sorted({result.language for group in card.groups for result in group.results})
    return f"Fine-tuned on: {trained}. Evaluated in: {', '.join(evaluated) or 'none'}."


def missing_facts(card: Card) -> list[str]:
    """Name the facts that a card should have and that nobody recorded."""
    training = card.training
    wanted: Mapping[str, Any] = {
        "base model": card.base,
        "training data": card.dataset,
        "mixture": card.mixture,
        "recipe": training.recipe_file,
        "hyper-parameters": any(training.settings.get(name) is not None for name in HYPERPARAMETERS),
        "number of devices": training.settings.get("world_size"),
        "validation losses": training.epochs,
        "licence of the training data": card.data_terms,
        "licence of the base model": card.base_terms,
        "library versions": training.versions,
        "results": card.groups,
        **_missing_of_results(card.groups),
    }
    return [name for name, value in wanted.items() if not value]


def _missing_of_results(groups: Sequence[Group]) -> dict[str, bool]:
    results = [result for group in groups for result in group.results]
    return {
        "the judge's version": all(result.setup["judge"].get("snapshots") for result in results),
        "scored answers per category": all(result.counts for result in results),
        "hash of the judge prompts": all("prompt_set" in result.hashes for result in results),
    }


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)

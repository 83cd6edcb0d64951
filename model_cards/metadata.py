"""A card's metadata for the Hub: front matter with `model-index`, and `.eval_results/*.yaml`.

Of a file there the Hub's documentation (huggingface.co/docs/hub/eval-results, read on 2026-11-28: "work in progress")
asks for a list of `dataset.id` (a benchmark on its allow-list), `dataset.task_id` (as its `eval.yaml` names the task)
and `value`; `date` in ISO 8601 and `notes` may stand there.
"""

from collections.abc import Iterator
from typing import Any, Protocol

import yaml

from model_cards import licences, tables
from model_cards.card import Card
from model_cards.evaluations import Group, Result, file_names

METRICS = {
    "score": "mean over both turns",
    "category_mean": "mean of the category means",
    "turn_1": "turn 1",
    "turn_2": "turn 2",
}
SPLIT = "test"


class Evaluated(Protocol):
    """What a card's results as data are made of."""

    @property
    def name(self) -> str:
        """The model's."""

    @property
    def groups(self) -> tuple[Group, ...]:
        """Results, each group in tables of its own."""

    @property
    def benchmark_id(self) -> str:
        """The benchmark's dataset on the Hub."""

    @property
    def partial(self) -> bool:
        """Whether results of a part of the questions are published."""


def front_matter(card: Card) -> str:
    """Return the YAML of the front matter, without the lines around it."""
    from huggingface_hub import ModelCardData

    terms = licences.metadata(card.data_terms, card.base_terms)
    results = _entries(card)
    data = ModelCardData(
        language=list(card.languages) or None,
        library_name="peft" if card.training.adapter else "transformers",
        pipeline_tag="text-generation",
        base_model=card.base_id,
        datasets=[card.dataset_id] if card.dataset_id else None,
        tags=["mtbench-x", *(("trl", "sft") if card.training.is_recorded else ()), "arxiv:2402.13703"],
        model_name=card.name if results else None,
        eval_results=results or None,
        license=terms.get("license"),
        license_name=terms.get("license_name"),
        license_link=terms.get("license_link"),
    )
    return data.to_yaml(line_break="\n")


def model_index(card: Evaluated) -> Any:
    """Return what stands under `model-index`; None without a result to publish."""
    from huggingface_hub import ModelCardData

    results = _entries(card)
    data = ModelCardData(model_name=card.name if results else None, eval_results=results or None)
    return (yaml.safe_load(data.to_yaml()) or {}).get("model-index")


def _entries(card: Evaluated) -> list[Any]:
    return [item for group in card.groups for item in _of_group(card, group)]


def _of_group(card: Evaluated, group: Group) -> Iterator[Any]:
    from huggingface_hub import EvalResult

    for result in group.published(card.partial):
        for metric, what in METRICS.items():
            value = result.metrics.get(metric)
            if value is not None:
                yield EvalResult(
                    task_type="text-generation",
                    dataset_type=card.benchmark_id,
                    dataset_name=f"MT-Bench-X ({result.task})",
                    dataset_config=config_of(result),
                    dataset_split=SPLIT,
                    metric_type=f"mtbench_x_{metric}",
                    metric_value=value,
                    metric_name=f"{what}, 1 to 10, judge {result.judge}",
                    metric_args={"notes": notes(result)} if metric == "score" else None,
                )


def config_of(result: Result) -> str:
    """Return the benchmark's config that a task asks: `de`, or `mini_de`."""
    return f"mini_{result.language}" if result.setup["benchmark"]["name"] == "mini" else result.language


def notes(result: Result) -> str:
    """Return what a reader of a bare number must know: scale, judge, prompts, what was scored."""
    judge = result.setup["judge"]
    versions = ", ".join(judge.get("snapshots") or []) or "version not recorded"
    scored = "?" if result.scored is None else result.scored
    parts = [
        "scale 1 to 10",
        f"judge {judge.get('model')} ({versions})",
        f"prompts {judge.get('prompt_set')}{_hash(result, 'prompt_set')}",
        f"questions {judge.get('question_set')}{_hash(result, 'question_set')}",
        f"references {judge.get('reference_set')}{_hash(result, 'reference_set')}",
        f"{judge.get('runs')} judge run(s)",
        f"parameters {tables.parameters([result])}",
        f"{scored} of {result.answers or '?'} answers scored",
    ]
    if result.part:
        parts.append(f"only {result.part} questions asked")
    return "; ".join(parts)


def _hash(result: Result, what: str) -> str:
    return f" sha256 {result.hashes[what][:12]}" if what in result.hashes else ""


def eval_results(card: Evaluated) -> dict[str, str]:
    """Return path -> YAML, one file per group; a language without a score, or asked in part, has no entry."""
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    files: dict[str, str] = {}
    for group, name in zip(card.groups, file_names(card.groups, card.partial), strict=True):
        if name is not None:
            entries = [
                EvalResultEntry(
                    dataset_id=card.benchmark_id,
                    task_id=result.task,
                    value=result.metrics["score"],
                    date=result.date,
                    notes=notes(result),
                )
                for result in group.published(card.partial)
            ]
            listed = eval_result_entries_to_yaml(entries)
            files[name] = yaml.safe_dump(listed, sort_keys=False, allow_unicode=True, width=1000)
    return files

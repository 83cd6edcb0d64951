"""Results for a card: what lm_eval's results files say of our tasks, grouped so that nothing is mixed."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hf_datasets.benchmark.questions import TURNS
from hf_datasets.benchmark.references import PUBLISHED
from hf_datasets.endpoints.address import is_local
from hf_datasets.records import ordered_categories
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import slug
from hf_datasets.shared.rows import mapping
from model_cards.recount import counts_of
from mtbenchx_tasks.formats.benchmark import plain_task
from mtbenchx_tasks.formats.conditions import prompt_set_of, without_room
from mtbenchx_tasks.formats.lm_eval import Config, load_json, read_samples, task_config
from mtbenchx_tasks.records import Rating

FOLDER = ".eval_results"
"""Where the Hub looks for a model's results."""
PREFIX = "mtbench_x-"
"""How our files there begin."""
_PATH = re.compile(r"([A-Za-z]:)?[\\/]|[.~]")
_OTHER = re.compile(r"score|turn_\d+|category_mean|answer_language|unscored|.*_stderr")
"""Metrics that aren't a category's."""
JUDGED = ("score,", "unscored,")
"""Metrics that a judged task has: without a valid judgment the second alone."""
_CODE = re.compile(r"\w[\w-]{0,34}")
LOCAL_SERVER = "a local server"
PRIVATE = (
    *("ledger", "api_key_env", "extra_headers", "max_cost", "concurrency", "timeout", "resume", "device"),
    *("batch_size", "base_url"),
)
"""Judge settings that say where and how fast a judge ran, not what it said; none of them goes into a card."""
HASH = "_sha256"
"""How the names of hashes end: of prompts, questions and references, which each language has of its own."""


@dataclass(frozen=True)
class Result:
    """One language of one model, rated by one judge."""

    file: str
    """Name of the results file."""
    task: str
    """Name of the harness task."""
    language: str
    """Lower-case language code of the questions."""
    model: str
    """What the results call the model; of a path its last part."""
    judge: str
    """The judge's short name, as in the results."""
    setup: Mapping[str, Any]
    """All that must be equal for two results to stand in one table: judge, prompts, benchmark, generation."""
    hashes: Mapping[str, str]
    """`prompt_set`, `reference_set`, `question_set` -> sha256 of what the judge was shown, as far as recorded."""
    metrics: Mapping[str, float | None]
    """Metric -> value; None where nothing was scored."""
    questions: tuple[int, int] | None
    """Questions that were asked, and that the task has."""
    counts: Mapping[str, tuple[int, int]]
    """Category -> answers that were scored and answers in all; empty without the samples file."""
    answers: int | None
    """Answers to be judged: questions x turns x repeats."""
    date: str | None
    """When, in ISO 8601, UTC."""
    sent: Mapping[str, Any] | None = None
    """The judge's parameters as they went over the wire (see judge/sent.py); None if only the settings are told."""
    run: Mapping[str, Any] = field(repr=False, default_factory=dict)
    """What the evaluation's command can be written from: model, its arguments, limit, template, version."""
    ratings: tuple[Rating, ...] = field(repr=False, default=())
    """What its metrics are of; empty without the samples file."""

    @property
    def part(self) -> str:
        """`10 of 80` if only so many of the questions were asked; empty if all were, or nobody knows."""
        asked, has = self.questions or (0, 0)
        return f"{asked} of {has}" if asked < has else ""

    @property
    def scored(self) -> int | None:
        """How many answers have a valid rating; None if not recorded."""
        if self.counts:
            return sum(scored for scored, _ in self.counts.values())
        share = self.metrics.get("unscored")
        return None if share is None or self.answers is None else self.answers - round(share * self.answers)

    @property
    def categories(self) -> list[str]:
        """The categories it has."""
        return ordered_categories(name for name in self.metrics if not _OTHER.fullmatch(name))


@dataclass(frozen=True)
class Group:
    """The languages of one evaluation: one judge, one set of prompts, one way to generate."""

    results: tuple[Result, ...]
    """One per language."""

    @cached_property
    def setup(self) -> Mapping[str, Any]:
        """What they share."""
        return self.results[0].setup

    @property
    def judge(self) -> str:
        """The judge's short name."""
        return self.results[0].judge

    def published(self, partial: bool) -> list[Result]:
        """Return the results that go into metadata, which are read without the card's words.

        Args:
            partial: Whether those of a part of the questions do.
        """
        whole = [result for result in self.results if partial or not result.part]
        return [result for result in whole if result.metrics.get("score") is not None]

    def mean(self, metric: str) -> float | None:
        """Return the mean over the languages; None unless every one has a value."""
        values = [result.metrics.get(metric) for result in self.results]
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if len(known) == len(values) else None


def file_names(groups: Sequence[Group], partial: bool) -> list[str | None]:
    """Return the name of each group's file for the Hub: it tells judge and prompts, and has a number if they repeat.

    Args:
        groups: All groups of a card.
        partial: Whether results of a part of the questions are published.

    Returns:
        `.eval_results/mtbench_x-<judge>-<prompts>.yaml`, or None for a group without any result to publish.
    """
    names: list[str | None] = []
    for group in groups:
        stem = f"{FOLDER}/{PREFIX}{slug(group.judge)}-{slug(str(group.setup['judge'].get('prompt_set')))}"
        free = [f"{stem}.yaml", *(f"{stem}-{number}.yaml" for number in range(2, len(groups) + 2))]
        names.append(next(name for name in free if name not in names) if group.published(partial) else None)
    return names


def read(file: Path) -> dict[str, Any]:
    """Return a results file; raises UserError if it is none."""
    content = load_json(file)
    if not isinstance(content.get("results"), dict):
        raise UserError(f"{file} is no results file of lm_eval (it has no `results`); give its results_*.json.")
    return content


def model_of(content: Mapping[str, Any]) -> str:
    """Return what a results file calls its model; empty if it doesn't."""
    return str(content.get("model_name") or "")


def understood(file: Path, content: Mapping[str, Any]) -> list[Result]:
    """Return the results of our tasks; raises UserError if there are none or they are laid out otherwise."""
    try:
        return list(_results(file, content))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{file} isn't laid out as lm_eval's results are ({type(error).__name__}: {error}).") from error


def _results(file: Path, content: Mapping[str, Any]) -> Iterable[Result]:
    configs = content.get("configs") or {}
    ours = [task for task, config in configs.items() if mapping(mapping(config.get("metadata")).get("benchmark"))]
    if not ours:
        tasks = ", ".join(configs) or "none"
        raise UserError(f"{file} holds no result of an mtbench_x task; its tasks are {tasks}.")
    for task in ours:
        yield _result(file, content, task, configs[task])


def _result(file: Path, content: Mapping[str, Any], task: str, config: Mapping[str, Any]) -> Result:
    raw = content["results"].get(task) or {}
    judge = next((key.partition(",")[2] for key in raw if key.startswith(JUDGED)), None)
    if judge is None:
        raise UserError(f"{file}: {task} wasn't judged (--predict_only?); judge it first, or leave the file out.")
    told = task_config(config, task)
    language = _language(told.language)
    settings: dict[str, Any] = {"question_set": PUBLISHED, **told.judge}  # older releases had no other
    if "prompt_set" in settings:
        settings["prompt_set"] = prompt_set_of(settings, language)
    count = (content.get("n-samples") or {}).get(task) or {}
    questions = (int(count["effective"]), int(count["original"])) if {"effective", "original"} <= count.keys() else None
    started = content.get("date")
    counts = counts_of(ratings := _ratings(file, task))
    return Result(
        file=str(file),
        task=plain_task(task),
        language=language,
        model=_shown(model_of(content)),
        judge=judge,
        setup=_setup(content, task, config, settings, told),
        hashes={
            name.removesuffix(HASH): str(value) for name, value in settings.items() if name.endswith(HASH) and value
        },
        metrics={
            **dict.fromkeys(counts),  # of a category without a rating the file says nothing
            **{key.rpartition(",")[0]: _number(value) for key, value in raw.items() if key.endswith(f",{judge}")},
        },
        questions=questions,
        counts=counts,
        answers=_answers(counts, questions, told.turns or (TURNS,), told.repeats),
        sent=_sent(settings),
        date=datetime.fromtimestamp(started, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if started else None,
        run={
            **(content.get("config") or {}),
            "source": content.get("model_source"),
            "template": content.get("chat_template"),
            "lm_eval": content.get("lm_eval_version"),
        },
        ratings=ratings,
    )


def _setup(
    content: Mapping[str, Any], task: str, config: Mapping[str, Any], settings: Mapping[str, Any], told: Config
) -> dict[str, Any]:
    """Return all that two results must share to be compared."""
    said = {name: value for name, value in settings.items() if name not in PRIVATE and not name.endswith(HASH)}
    if (sent := _sent(settings)) is not None:  # a retry's room is no other judge
        said["sent"] = without_room(sent)
    said["model"] = _shown(str(settings.get("model")))
    said["snapshots"] = sorted(str(snapshot) for snapshot in settings.get("snapshots") or [])
    return {
        "judge": said,
        "endpoint": host_of(settings.get("base_url")),
        "benchmark": {"name": told.benchmark, "revision": told.revision},
        "task_version": (content.get("versions") or {}).get(task),
        "generation": {
            **(config.get("generation_kwargs") or {}),
            **((content.get("config") or {}).get("gen_kwargs") or {}),
        },
        "system_instruction_sha": content.get("system_instruction_sha"),
        "chat_template_sha": content.get("chat_template_sha"),
    }


def _sent(settings: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return dict(settings["sent"]) if settings.get("sent") else None


def _shown(name: str) -> str:
    """Return a model's name; of a path only the last part."""
    return re.split(r"[\\/]", name.rstrip("\\/"))[-1] if _PATH.match(name) else name


def host_of(url: Any) -> str | None:
    """Return where a judge was: a public host, `a local server`, or None for the provider's own endpoint."""
    if not url:
        return None
    host = urlsplit(str(url)).hostname or ""
    return LOCAL_SERVER if is_local(host) or "." not in host else host


def _language(code: Any) -> str:
    """Return a language code, which stands in tables and lists as it is."""
    if not _CODE.fullmatch(str(code)):
        raise ValueError(f"{str(code)[:40]!r} is no language code")
    return str(code)


def _number(value: Any) -> float | None:
    """Return a finite number, else None: `N/A` and nan are no results."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None


def _answers(
    counts: Mapping[str, tuple[int, int]], questions: tuple[int, int] | None, turns: Sequence[int], repeats: int
) -> int | None:
    """Return how many answers were judged: as the samples have them, or where every question has as many turns."""
    if counts:
        return sum(total for _, total in counts.values())
    return None if questions is None or len(turns) > 1 else questions[0] * turns[0] * repeats


def _ratings(file: Path, task: str) -> tuple[Rating, ...]:
    """Return what was logged beside the results; nothing without --log_samples."""
    samples = file.with_name(file.name.replace("results_", f"samples_{task}_", 1)).with_suffix(".jsonl")
    return () if samples == file or not samples.is_file() else read_samples(samples).ratings

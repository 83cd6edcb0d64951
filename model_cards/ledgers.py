"""Results for a card from a ledger: what judges said of one model, where no results of lm_eval are at hand."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_datasets.benchmark.ids import FIRST_ID, LAST_ID
from hf_datasets.benchmark.questions import questions
from hf_datasets.ledger.store import open_ledger
from hf_datasets.records import CATEGORIES, Question
from hf_datasets.shared.errors import UserError
from model_cards.evaluations import TURNS, Result, without_room
from mtbenchx_tasks.formats.ledger.damage import damage_told
from mtbenchx_tasks.formats.ledger.study import read_ledger
from mtbenchx_tasks.judge.sent import parameters_sent
from mtbenchx_tasks.rating.results_files import TASKS
from mtbenchx_tasks.records import Conditions, Rating, Verdict
from mtbenchx_tasks.stats.means import aggregations, contributions
from mtbenchx_tasks.stats.means import rating as mean_of_runs


def results_of_ledger(file: Path, names: Sequence[str]) -> list[Result]:
    """Return what a ledger holds of one model, per judge and language.

    Args:
        file: The ledger.
        names: What the model may be called; of a Hub id its last part is enough.

    Raises:
        UserError: The file is damaged, or holds no judgments of the model, or those of two that share its name.
    """
    ratings = read_ledger(file).ratings
    wanted = {part for name in names for part in (name, name.rpartition("/")[2])}
    ours = [one for one in ratings if one.model.name in wanted]
    if not ours:
        others = ", ".join(sorted({repr(one.model.name) for one in ratings})) or "no model"
        raise UserError(
            f"{file} holds no judgments of {' or '.join(map(repr, names))}, but of {others}; name the model by --name."
        )
    groups: dict[tuple[Conditions, str], list[Rating]] = {}
    for one in ours:
        groups.setdefault((one.conditions, one.item.language), []).append(one)
    return [_result(file, conditions, group) for (conditions, _), group in groups.items()]


def _result(file: Path, conditions: Conditions, judged: Sequence[Rating]) -> Result:
    _check_one(file, judged)
    language, benchmark = judged[0].item.language, conditions.benchmark
    parts = list(_by_question(judged))
    metrics = _metrics(parts)
    ratings = [(question.category, mean_of_runs(runs)) for question, turns in parts for one in turns for runs in one]
    sent = _sent(file, judged)
    return Result(
        file=str(file),
        task=f"{TASKS.get(benchmark, benchmark)}_{language}",
        language=language,
        model=judged[0].model.name,
        judge=conditions.judge,
        setup=_setup(conditions, judged, sent),
        hashes={"prompt_set": conditions.prompt["prompt_sha256"]} if "prompt_sha256" in conditions.prompt else {},
        metrics=metrics,
        questions=(sum(all(turns) for _, turns in parts), _size(benchmark)),
        counts={
            category: (
                sum(value is not None for name, value in ratings if name == category),
                sum(name == category for name, _ in ratings),
            )
            for category in CATEGORIES
            if category in metrics
        },
        answers=len(ratings),
        date=None,
        sent=sent,
    )


def _check_one(file: Path, judged: Sequence[Rating]) -> None:
    """Raise UserError where an answer's judgments aren't of one model under one set of parameters."""
    places = {(one.item, one.repeat, one.run) for one in judged}
    if len({one.model for one in judged}) > 1 or len(places) < len(judged):
        first = judged[0]
        raise UserError(
            f"{file} holds judgments of {first.model.name!r} in {first.item.language!r} by "
            f"{first.rater.name} more than once (other weights or other parameters of the judge); give the results of "
            f"one of them instead."
        )


def _by_question(judged: Sequence[Rating]) -> Iterator[tuple[Question, list[list[list[Verdict]]]]]:
    """Yield each question with its verdicts per turn, per repeat, per run."""
    rows: dict[Any, list[Rating]] = {}
    for one in judged:
        rows.setdefault(one.item.question_id, []).append(one)
    for identifier, found in sorted(rows.items()):
        turns: list[list[list[Verdict]]] = []
        for turn in range(1, TURNS + 1):
            repeats: dict[int, list[Verdict]] = {}
            for one in found:
                if one.item.turn == turn:
                    repeats.setdefault(one.repeat, []).append(Verdict(one.value, reason=one.reason))
            turns.append(list(repeats.values()))
        yield Question(identifier, found[0].item.language, found[0].item.category, turns=()), turns


def _metrics(parts: Sequence[tuple[Question, list[list[list[Verdict]]]]]) -> dict[str, float | None]:
    """Return the task's metrics but `answer_language`; None where nothing was scored."""
    present = {question.category for question, _ in parts}
    categories = [category for category in CATEGORIES if category in present]
    added = [contributions(question, turns, [[]] * TURNS, categories) for question, turns in parts]
    found = {name: aggregate([one[name] for one in added]) for name, aggregate in aggregations(categories).items()}
    del found["answer_language"]
    return {name: None if value == "N/A" or math.isnan(value) else float(value) for name, value in found.items()}


def _sent(file: Path, judged: Sequence[Rating]) -> Mapping[str, Any] | None:
    with damage_told(file), open_ledger(file, read_only=True) as ledger:
        found = [ledger.judgment(one.evidence.key) for one in judged if one.evidence.key]
        return parameters_sent(one.details for one in found if one) or None


def _setup(conditions: Conditions, judged: Sequence[Rating], sent: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return all that two results must share to stand in one table (see evaluations.Result)."""
    return {
        "judge": {
            "model": conditions.judge,
            "prompt_set": conditions.prompt.get("prompt_set", ""),
            "prompt_language": conditions.prompt.get("prompt_language", ""),
            "question_set": conditions.task.get("question_set", ""),
            "reference_set": conditions.task.get("reference_set", ""),
            "parser": conditions.rule.get("parser", ""),
            "rating": conditions.rule.get("rating", ""),
            "runs": max(one.run for one in judged) + 1,
            "snapshots": sorted({one.rater.snapshot for one in judged if one.rater.snapshot}),
            "sent": without_room(sent or {}),
        },
        "endpoint": None,
        "benchmark": {"name": conditions.benchmark, "revision": conditions.task.get("revision", "")},
        "task_version": conditions.task.get("task_version", ""),
        "generation": None,
    }


def _size(benchmark: str) -> int:
    return len(questions("mini", "en")) if benchmark == "mini" else LAST_ID - FIRST_ID + 1

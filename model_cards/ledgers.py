"""Results for a card from a ledger: what judges said of one model, where no results of lm_eval are at hand."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_datasets.ledger.store import open_ledger
from hf_datasets.records import QuestionId
from hf_datasets.shared.errors import UserError
from model_cards.evaluations import Result, host_of
from model_cards.recount import counts_of, metrics_of
from mtbenchx_tasks.formats.benchmark import every_question
from mtbenchx_tasks.formats.conditions import without_room
from mtbenchx_tasks.formats.ledger.damage import damage_told
from mtbenchx_tasks.formats.ledger.study import is_ledger, read_ledger
from mtbenchx_tasks.judge.sent import parameters_sent
from mtbenchx_tasks.meta_evaluation.exam.run import exams_in
from mtbenchx_tasks.meta_evaluation.exam.score import Exam
from mtbenchx_tasks.rating.results_files import TASKS
from mtbenchx_tasks.records import Conditions, Rating


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


def exams_of_ledgers(files: Sequence[Path]) -> list[Exam]:
    """Return the exams that judges sat, of those files that are ledgers.

    Raises:
        UserError: A ledger is damaged.
    """
    found: list[Exam] = []
    for file in files:
        if file.is_file() and is_ledger(file):
            with open_ledger(file, read_only=True) as ledger:
                found += exams_in(ledger)
    return found


def _result(file: Path, conditions: Conditions, ratings: Sequence[Rating]) -> Result:
    _check_one(file, ratings)
    first, benchmark = ratings[0], conditions.benchmark
    turns: dict[QuestionId, set[int | None]] = {}
    for rating in ratings:
        turns.setdefault(rating.item.question_id, set()).add(rating.item.turn)
    most = max(map(len, turns.values()))
    sent = _sent(file, ratings)
    hashes = {
        "prompt_set": conditions.prompt.get("prompt_sha256"),
        "question_set": conditions.task.get("questions_sha256"),
        "reference_set": conditions.task.get("references_sha256"),
    }
    return Result(
        file=str(file),
        task=f"{TASKS.get(benchmark, benchmark)}_{first.item.language}",
        language=first.item.language,
        model=first.model.name,
        judge=conditions.judge,
        setup=_setup(conditions, ratings, sent),
        hashes={name: value for name, value in hashes.items() if value},
        metrics=metrics_of(ratings),
        questions=(sum(len(of) == most for of in turns.values()), len(every_question(benchmark))),
        counts=(counts := counts_of(ratings)),
        answers=sum(total for _, total in counts.values()),
        date=None,
        sent=sent,
        ratings=tuple(ratings),
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


def _sent(file: Path, judged: Sequence[Rating]) -> Mapping[str, Any] | None:
    with damage_told(file), open_ledger(file, read_only=True) as ledger:
        found = [ledger.judgment(one.evidence.key) for one in judged if one.evidence.key]
        return parameters_sent(one.details for one in found if one) or None


def _setup(conditions: Conditions, judged: Sequence[Rating], sent: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return all that two results must share to stand in one table (see evaluations.Result)."""
    endpoint = str(conditions.sent.get("endpoint", ""))
    online = endpoint.startswith("http")
    return {
        "judge": {
            "model": conditions.judge,
            "backend": "openai" if online else endpoint,
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
        "endpoint": host_of(endpoint) if online else None,
        "benchmark": {"name": conditions.benchmark, "revision": conditions.task.get("revision", "")},
        "task_version": conditions.task.get("task_version", ""),
        "generation": None,
    }

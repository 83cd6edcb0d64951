"""What `mtbenchx judge --out` writes: results and samples in lm_eval's layout, which cards, reports and others read.

OUT/<model>/results_2026-11-28T01-02-03.000004.json
OUT/<model>/samples_mtbench_x_de_2026-11-28T01-02-03.000004.jsonl
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hf_datasets.records import QuestionId
from hf_datasets.shared.files import replacing_file, slug
from mtbenchx_tasks.rating.scored import Scored, mean_of_runs
from mtbenchx_tasks.records import Rating, Verdict

TASKS = {"mtbench_x": "mtbench_x", "mini": "mtbench_x_mini"}


def write_results(folder: Path, results: Sequence[Scored]) -> list[Path]:
    """Write the results of every model and judge, each pair in files of its own; returns the files.

    Args:
        folder: Where to.
        results: What `saved_answers.judge_files` returned.

    Raises:
        UserError: A file can't be written.
    """
    now = datetime.now(UTC)
    groups: dict[tuple[str, str], list[Scored]] = {}
    for result in results:
        judge = json.dumps(result.about["judge"], sort_keys=True, default=str)
        groups.setdefault((result.model, judge), []).append(result)
    files = []
    for number, found in enumerate(groups.values()):
        stamp = now.replace(microsecond=(now.microsecond + number) % 1_000_000).strftime("%Y-%m-%dT%H-%M-%S.%f")
        files += _write(folder / slug(found[0].model)[:200], stamp, now.timestamp(), found)
    return files


def _write(folder: Path, stamp: str, date: float, results: Sequence[Scored]) -> list[Path]:
    files = []
    for result in results:
        files.append(folder / f"samples_{task_of(result)}_{stamp}.jsonl")
        with replacing_file(files[-1]) as file:
            for sample in _samples(result):
                file.write(json.dumps(sample, ensure_ascii=False) + "\n")
    files.append(folder / f"results_{stamp}.json")
    with replacing_file(files[-1]) as file:
        file.write(json.dumps(_results(results, date), ensure_ascii=False, indent=1) + "\n")
    return files


def task_of(result: Scored) -> str:
    """Return the name that the harness's task of the same questions has."""
    return f"{TASKS.get(result.benchmark, result.benchmark)}_{result.language}"


def _results(results: Sequence[Scored], date: float) -> dict[str, Any]:
    return {
        "results": {task_of(result): _metrics(result) for result in results},
        "configs": {task_of(result): _config(result) for result in results},
        "versions": {task_of(result): result.about["version"] for result in results},
        "n-samples": {task_of(result): _counts(result) for result in results},
        "config": {"model": "saved answers"},
        "model_name": results[0].model,
        "date": date,
    }


def _metrics(result: Scored) -> dict[str, Any]:
    """Return the metrics under lm_eval's names; what has no value is left out."""
    known = {name: value for name, value in result.metrics.items() if not math.isnan(value)}
    return {"alias": task_of(result), **{f"{name},{result.judge}": value for name, value in known.items()}}


def _counts(result: Scored) -> Mapping[str, int]:
    effective, original = result.asked
    return {"original": original, "effective": effective}


def _config(result: Scored) -> dict[str, Any]:
    return {"task": task_of(result), "repeats": result.repeats, "metadata": result.about}


def _samples(result: Scored) -> Iterator[dict[str, Any]]:
    """Yield a sample per question: responses alternate between the turns, repeat by repeat, verdicts with them."""
    answers: dict[QuestionId, list[tuple[Rating, ...]]] = {}
    for answer, ratings in result.by_answer.items():
        answers.setdefault(answer.question_id, []).append(ratings)
    for number, question in enumerate(result.questions):
        of_question = answers[question.question_id]
        values = [mean_of_runs(ratings) for ratings in of_question]
        yield {
            "doc_id": number,
            "doc": question.to_row(),
            "resps": [[ratings[0].answer] for ratings in of_question],
            "filtered_resps": [[_verdict(rating) for rating in ratings] for ratings in of_question],
            "filter": result.judge,
            "category_mean": [question.category, [value for value in values if value is not None]],
            "unscored": [float(value is None) for value in values],
        }


def _verdict(rating: Rating) -> dict[str, Any]:
    evidence = rating.evidence
    said = Verdict(rating.value, evidence.text, rating.reason, evidence.key or None, rating.rater.snapshot)
    return said._asdict()

"""lm_eval's results folders: `results_*.json` and, from --log_samples, `samples_*.jsonl` beside it."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.settings import slug
from mtbenchx_tasks.records import Conditions, Judged, Study

SAMPLES = re.compile(r"samples_(?P<task>.+)_(?P<time>\d{4}-\d\d-\d\dT[\d.:+-]+)\.jsonl")
TURNS = 2
UNFILTERED = "none"
"""The filter of samples that nobody judged (--predict_only)."""


def read_samples(file: Path) -> Study:
    """Read one task's samples with what the results file beside it says of the judge.

    Raises:
        UserError: The file is of another layout or cut off, or its results file is; file and row are named.
    """
    rows = jsonl.read(file)
    if not rows:
        raise UserError(f"{file} is empty.")
    config, identity, model = _results_of(file)
    judged: list[Judged] = []
    questions: dict[tuple[str, str, int], tuple[str, ...]] = {}
    unjudged = 0
    for number, row in enumerate(rows, start=1):
        try:
            doc, question = row["doc"], int(row["doc"]["question_id"])
            if row.get("filter", UNFILTERED) == UNFILTERED:
                unjudged += 1
                continue
            conditions = _conditions(row["filter"], config, doc)
            judged += _judged(row, conditions, (model, identity), str(file))
            questions[conditions.benchmark, doc["language"], question] = tuple(doc["turns"])
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise UserError(
                f"{file}, row {number}: not a sample of a mtbench_x task ({type(error).__name__}: {error}); "
                f"leave the file out."
            ) from error
    notes = (f"{file}: {unjudged} answers that nobody judged (`mtbenchx judge` does).",) if unjudged else ()
    return Study(tuple(judged), questions=questions, sources=(str(file),), notes=notes)


def _results_of(file: Path) -> tuple[Mapping[str, Any], str, str]:
    """Return the task's configuration, the model's identity, and its name."""
    model = file.absolute().parent.name.rpartition("__")[2]  # lm_eval's folder: ORG__MODEL, or a path with __ for /
    match = SAMPLES.fullmatch(file.name)
    results = file.with_name(f"results_{match['time']}.json") if match else None
    if match is None or results is None or not results.is_file():
        return {}, "", model
    loaded = load_json(results)
    config = _dict(_dict(loaded.get("configs")).get(match["task"]))
    named = [str(loaded.get(name) or "") for name in ("model_source", "model_name", "model_sha")]
    return config, " ".join(named).strip(), model


def load_json(file: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        UserError: It can't be read, is cut off, or is no object.
    """
    try:
        loaded = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise UserError(f"{file} can't be read as JSON ({error}); it may be half-written: leave it out.") from error
    if not isinstance(loaded, dict):
        raise UserError(f"{file}: expected a JSON object, found {type(loaded).__name__}.")
    return loaded


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _conditions(judge: str, config: Mapping[str, Any], doc: Mapping[str, Any]) -> Conditions:
    metadata = _dict(config.get("metadata"))
    settings, benchmark = _dict(metadata.get("judge")), _dict(metadata.get("benchmark"))
    prompts = str(settings.get("prompt_language") or "")
    return Conditions(
        judge=slug(judge),
        benchmark=str(benchmark.get("name") or ("mini" if doc["question_id"] < 81 else "mtbench_x")),  # noqa: PLR2004
        revision=str(benchmark.get("revision") or ""),
        task_version=version_text(metadata.get("version")),
        prompt_set=str(settings.get("prompt_set") or ""),
        prompt_sha256=str(settings.get("prompt_set_sha256") or ""),
        prompt_language="same" if prompts == doc["language"] else prompts,
        reference_set=str(settings.get("reference_set") or ""),
        parser=str(settings.get("parser") or ""),
        rating=str(settings.get("rating") or ""),
    )


def version_text(version: Any) -> str:
    """Return a task version as one text, whether it was stored as 1 or 1.0."""
    return f"{float(version):g}" if isinstance(version, int | float) else str(version or "")


def _judged(row: Mapping[str, Any], conditions: Conditions, who: tuple[str, str], source: str) -> Iterator[Judged]:
    """Yield every rating of a question: responses alternate between the turns, verdicts with them."""
    doc, answers, verdicts = row["doc"], row["resps"], row["filtered_resps"]
    for place, runs in enumerate(verdicts):
        answer = answers[place]
        for run, verdict in enumerate(runs):
            rating, text, reason, key, snapshot = verdict
            yield Judged(
                conditions,
                *who,
                language=doc["language"],
                question_id=int(doc["question_id"]),
                category=doc["category"],
                turn=place % TURNS + 1,
                repeat=place // TURNS,
                run=run,
                rating=valid_rating(rating),
                reason=reason if reason or valid_rating(rating) is not None else "the file holds no rating",
                answer=answer if isinstance(answer, str) else answer[0],
                judgment=text,
                snapshot=snapshot,
                key=key,
                source=source,
            )


def valid_rating(value: Any) -> float | None:
    """Return a rating, or None where the file marks its absence (null, nan, or FastChat's -1).

    lm_eval logs numbers inside responses as text.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 <= number < math.inf else None

"""FastChat's files, written from the ledger: model_answer and model_judgment, as llm_judge lays them out.

Under OUT, in `mt_bench_<language>/` (`mini_<language>/` for the mini benchmark, `NAME_<language>/` for another):
`model_answer/<model>.jsonl` and `model_judgment/<judge>_single.jsonl`. FastChat marks a failed judgment by the score
-1, so it stands here too; its own reader leaves those out.
"""

import json
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from hf_datasets.ledger.queries import first_uses
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Completion, content_hash
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import slug
from mtbenchx_tasks.formats.benchmark import bench_folder
from mtbenchx_tasks.formats.ledger.damage import damage_told
from mtbenchx_tasks.judge.verdict import verdict

FAILED = -1
Row = dict[str, Any]


def export(ledger: Ledger, folder: Path, candidate: str | None = None) -> list[Path]:
    """Write every judged model of a ledger, or one; returns the files.

    Answers and judgments of the first repeat and the first judge run are written, which is all that the layout holds.

    Raises:
        UserError: The ledger holds nothing of that name.
    """
    with damage_told(ledger.path, REPAIR):
        files = _files(ledger, folder, candidate)
        for path, lines in files.items():
            jsonl.write(path, lines)
    return sorted(files)


REPAIR = "merge what is sound of it into a new ledger"


def _files(ledger: Ledger, folder: Path, candidate: str | None) -> dict[Path, list[Row]]:
    """Return the rows of every file."""
    rows = first_uses(ledger, candidate)
    if not rows:
        raise UserError(
            f"The ledger {ledger.path} holds no judged answers" + (f" of {candidate!r}." if candidate else ".")
        )
    models = _labels((row["candidate"], row["identity"]) for row in rows)
    judges = _labels((row["judge"], row["settings"]) for row in rows)
    files: dict[Path, list[Row]] = {}
    for row in rows:
        row["model"] = models[row["candidate"], row["identity"]]
        name = f"{judges[row['judge'], row['settings']]}_single.jsonl"
        files.setdefault(_bench(folder, row) / "model_judgment" / name, []).append(_judgment(row))
    for (bench, model, _), turns in groupby(
        rows, key=lambda row: (_bench(folder, row), row["model"], row["question_id"])
    ):
        files.setdefault(bench / "model_answer" / f"{model}.jsonl", []).append(_answer(list(turns)))
    return files


def _labels(pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Give each (name, identity) a file name; those named alike get the beginning of their identity's hash."""
    distinct = sorted(set(pairs))
    names = [slug(name) for name, _ in distinct]
    return {
        pair: name if names.count(name) == 1 else f"{name}-{content_hash(pair[1])[:6]}"
        for pair, name in zip(distinct, names, strict=True)
    }


def _bench(folder: Path, row: Row) -> Path:
    return bench_folder(folder, row["benchmark"], row["language"])


def _answer(rows: list[Row]) -> Row:
    texts = {row["turn"]: row["answer"] for row in rows}
    turns = [texts[turn] for turn in sorted(texts)]
    first = rows[0]
    return {
        "question_id": first["question_id"],
        "answer_id": content_hash([first["model"], first["language"], first["question_id"], turns])[:22],
        "model_id": first["model"],
        "choices": [{"index": 0, "turns": turns}],
        "tstamp": first["at"],
    }


def _judgment(row: Row) -> Row:
    rating, prompt = None, ""
    if row["judgment"] is not None:
        rule = json.loads(row["settings"])
        completion = Completion(row["state"], row["text"], row["reason"], json.loads(row["details"]))
        rating = verdict(completion, rule["parser"], rule["rating"]).rating
        prompt = json.loads(row["request"])["messages"][-1]["content"]
    return {
        "question_id": row["question_id"],
        "model": row["model"],
        "judge": [row["judge"], row["prompt"]],
        "user_prompt": prompt,
        "judgment": row["text"] or "",
        "score": FAILED if rating is None else rating,
        "turn": row["turn"],
        "tstamp": row["judged_at"] or row["at"],
    }

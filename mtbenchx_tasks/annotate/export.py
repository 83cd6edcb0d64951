"""Votes out of a study's database, in the schema of lmsys/mt_bench_human_judgments: for us, and for everybody's tools.

`model_a` is the model that was shown left. Our own columns follow at the end. Nothing that tells who voted leaves the
database: no invitation, no exact time, rows in an order that has nothing to do with time.
"""

import datetime
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import replacing
from mtbenchx_tasks.annotate.store import Store
from mtbenchx_tasks.annotate.study import AnnotationStudy
from mtbenchx_tasks.annotate.voting import BOTH_BAD, LEFT, RIGHT, SKIP, TIE
from mtbenchx_tasks.formats.vote_rows import SKIPS

WINNERS = {LEFT: "model_a", RIGHT: "model_b", TIE: "tie", BOTH_BAD: "tie (bothbad)", SKIP: "skip"}
"""What FastChat calls a choice; it knows no skip."""
ID_DIGITS = 16
_VOTES = """
SELECT vote.*, assignment.left_model FROM vote JOIN assignment ON assignment.id = vote.assignment ORDER BY vote.rowid
"""
Row = dict[str, Any]


def export(store: Store, out: Path) -> list[Path]:
    """Write `<out>.parquet`, `<out>.jsonl` and the skipped ones in `<out>.skips.jsonl`; returns the files.

    Only their owner may read new ones: whether votes are shared, and with whom, isn't for a program to decide.

    Args:
        store: The study's database.
        out: The files' common name; a suffix .parquet or .jsonl is left out.

    Raises:
        UserError: There are no votes, or the files can't be written.
    """
    study = store.study()
    every_row = [] if study is None else vote_rows(store, study)
    if not every_row:
        raise UserError(f"{store.path} holds no votes yet.")
    votes, skips = ([row for row in every_row if (row["winner"] == SKIP) is skipped] for skipped in (False, True))
    stem = out.with_suffix("") if out.suffix in (".parquet", ".jsonl") else out
    files = [stem.with_name(stem.name + suffix) for suffix in (".parquet", ".jsonl", SKIPS)]
    for file, rows in zip(files, (votes, votes, skips), strict=True):
        with replacing(file, private=True) as new:
            _write_parquet(new, rows) if file.suffix == ".parquet" else jsonl.write(new, rows)
    return files


def vote_rows(store: Store, study: AnnotationStudy) -> list[Row]:
    """Return all votes, skips too, by the hash of their id: the same export twice is the same file."""
    return sorted((_row(vote, study) for vote in store.rows(_VOTES)), key=lambda row: str(row["vote_id"]))


def _row(vote: Any, study: AnnotationStudy) -> Row:
    one, other = study.pairs[vote["pair"]]
    left, right = (one, other) if vote["left_model"] == one else (other, one)
    day = datetime.datetime.fromtimestamp(vote["created"], datetime.UTC).date()
    return {
        "question_id": vote["question_id"],
        "model_a": left,
        "model_b": right,
        "winner": WINNERS[vote["choice"]],
        "judge": vote["annotator"],
        "conversation_a": _conversation(study, left, vote),
        "conversation_b": _conversation(study, right, vote),
        "turn": vote["turn"],
        "category": study.by_id[vote["question_id"]].category,
        "language": study.language,
        "benchmark": study.benchmark,
        "vote_id": hashlib.sha256(vote["assignment"].encode()).hexdigest()[:ID_DIGITS],
        "dwell_ms": vote["ms"],
        "day": day.isoformat(),
        "sparse_ties": bool(vote["sparse_ties"]),
    }


def _conversation(study: AnnotationStudy, model: str, vote: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what was shown of a model: the dialogue up to the turn that was judged."""
    asked = study.by_id[vote["question_id"]].turns
    given = study.answers[model][vote["question_id"]]
    return [
        {"content": content, "role": role}
        for turn in range(vote["turn"])
        for role, content in (("user", asked[turn]), ("assistant", given[turn]))
    ]


def _write_parquet(file: Path, rows: Iterable[Row]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    conversation = pa.list_(pa.struct([("content", pa.string()), ("role", pa.string())]))
    kinds = {"question_id": pa.int64(), "turn": pa.int64(), "dwell_ms": pa.int64(), "sparse_ties": pa.bool_()}
    kinds |= {"conversation_a": conversation, "conversation_b": conversation}
    rows = list(rows)
    if any(isinstance(row["question_id"], str) for row in rows):  # a benchmark whose ids are texts
        kinds["question_id"] = pa.string()
        rows = [{**row, "question_id": str(row["question_id"])} for row in rows]
    names = (
        *("question_id", "model_a", "model_b", "winner", "judge", "conversation_a", "conversation_b", "turn"),
        *("category", "language", "benchmark", "vote_id", "dwell_ms", "day", "sparse_ties"),
    )
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in names])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), file)

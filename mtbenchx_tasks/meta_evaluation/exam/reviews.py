"""What blind readers found: reviews/LANGUAGE.jsonl, two readings of every public item, one in each order.

    {"template": "cut_off-07", "sha256": "3f...", "reading": 1, "reader": "model", "name": "...", "chosen": "better",
     "right": true, "why": "B stops in the middle of a sentence"}

A reader sees the question and the two answers, and neither key nor code. `chosen` is what was called better: `better`,
`faulty` or `tie`. A template that a reader got wrong in either order is left out of the exam of its language.
"""

import functools
from pathlib import Path
from typing import Any

from hf_datasets.records import content_hash
from hf_datasets.shared import jsonl
from mtbenchx_tasks.meta_evaluation.exam.item import ExamItem

FOLDER = Path(__file__).parent / "reviews"
DIGITS = 16


def item_sha256(item: ExamItem) -> str:
    """Return what names the texts that a reader saw; a reading of other texts doesn't count."""
    return content_hash([item.turns, item.better, item.faulty])[:DIGITS]


@functools.cache
def readings(language: str) -> tuple[dict[str, Any], ...]:
    """Return the log of a language, () if nobody has read it."""
    file = FOLDER / f"{language}.jsonl"
    return tuple(jsonl.read(file)) if file.exists() else ()


@functools.cache
def left_out(language: str) -> frozenset[str]:
    """Return the templates on which a reader of the language failed."""
    return frozenset(row["template"] for row in readings(language) if not row["right"])

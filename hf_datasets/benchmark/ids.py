"""What MT-Bench's own question ids mean."""

from collections.abc import Iterable, Mapping
from typing import Any

from hf_datasets.records import CATEGORIES
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import split_id

MTBENCH_X, MINI = "mtbench_x", "mini"
FIRST_ID, LAST_ID = 81, 160
"""Of MT-Bench's questions; the mini benchmark's begin with 1."""
IDS = {MTBENCH_X: range(FIRST_ID, LAST_ID + 1), MINI: range(1, 25)}
"""Benchmark -> the ids of its questions, in every language."""
EARLIER_MINI = range(1, 17)
"""Ids of the mini benchmark until release 0.4: translations of it are still read."""


def own_benchmark(question_id: int) -> str:
    """Return which of our two benchmarks a question is of, where it is known to be of one: MINI below FIRST_ID."""
    return MINI if question_id < FIRST_ID else MTBENCH_X


def category_of(benchmark: str, question_id: int) -> str:
    """Return a question's category without its text.

    MT-Bench's ids go by tens, in every language: 81-90 are writing, 91-100 roleplay, ..., 151-160 humanities.

    Raises:
        UserError: The benchmark has no such question.
    """
    if benchmark == MINI and question_id in (mini := _mini_categories()):
        return mini[question_id]
    if benchmark == MTBENCH_X and question_id in IDS[MTBENCH_X]:
        return CATEGORIES[(question_id - FIRST_ID) // 10]
    raise UserError(f"{benchmark} has no question {question_id}; name its benchmark, or leave the row out.")


def are_mini(rows: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether rows below FIRST_ID are the mini benchmark's: each says so (`benchmark`), or id and category agree.

    Others number their questions from 1, too; but their categories don't come in the mini benchmark's order.
    """
    mini = _mini_categories()
    told = [(row.get("benchmark"), split_id(row.get("question_id", ""))[0], row.get("category")) for row in rows]
    return all(name == MINI or (name is None and mini.get(number) == category) for name, number, category in told)


def _mini_categories() -> dict[int | str, str]:
    from hf_datasets.benchmark.questions import questions  # which checks its ids by this module

    return {question.question_id: question.category for question in questions(MINI, "en")}

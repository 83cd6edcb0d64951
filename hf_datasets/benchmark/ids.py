"""What MT-Bench's own question ids mean."""

from collections.abc import Iterable, Mapping
from typing import Any

from hf_datasets.benchmark.questions import questions
from hf_datasets.records import CATEGORIES
from hf_datasets.shared.errors import UserError

FIRST_ID = 81
"""The first question of MT-Bench; the mini benchmark's ids begin at 1."""
LAST_ID = 160


def category_of(benchmark: str, question_id: int) -> str:
    """Return a question's category without its text.

    MT-Bench's ids go by tens, in every language: 81-90 are writing, 91-100 roleplay, ..., 151-160 humanities.

    Raises:
        UserError: The benchmark has no such question.
    """
    if benchmark == "mini":
        mini = {question.question_id: question.category for question in questions("mini", "en")}
        if question_id in mini:
            return mini[question_id]
    elif FIRST_ID <= question_id <= LAST_ID:
        return CATEGORIES[(question_id - FIRST_ID) // 10]
    raise UserError(f"{benchmark} has no question {question_id}; give its category by `categories`.")


def are_mini(rows: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether rows below FIRST_ID are the mini benchmark's: each says so (`benchmark`), or id and category agree.

    Others number their questions from 1, too; the mini benchmark has two questions a category, which nobody else has.
    """
    mini = {str(question.question_id): question.category for question in questions("mini", "en")}
    told = [(row.get("benchmark"), str(row.get("question_id")).partition("_")[0], row.get("category")) for row in rows]
    return all(name == "mini" or (name is None and mini.get(number) == category) for name, number, category in told)

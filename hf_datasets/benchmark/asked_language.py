"""The language that a question of the mini benchmark asks for: none that is near to the question's own.

Question 3 asks for Finnish, which belongs to the family of none of the package's languages. Translated into a language
near to Finnish it asks for Turkish; mini/asked_language.jsonl has the words.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_datasets.shared import jsonl

FILE = Path(__file__).parent / "mini" / "asked_language.jsonl"


def asked_in(target: str, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of the mini benchmark as they are to be translated: what asks for a language asks for a far one.

    Args:
        target: Code of the language that they are translated to, e.g. `pt` or `FI`.
        rows: Rows of a config such as `mini_en`.
    """
    near = [mark for mark in jsonl.read(FILE) if target.lower().partition("-")[0] in mark["for"]]
    words = {(mark["language"], mark["question_id"]): (mark["asked"], mark["instead"]) for mark in near}
    return [_replaced(row, *words.get((row["language"], row["question_id"]), ("", ""))) for row in rows]


def _replaced(row: Mapping[str, Any], asked: str, instead: str) -> dict[str, Any]:
    return {**row, "turns": [turn.replace(asked, instead) for turn in row["turns"]]} if asked else dict(row)

"""What max_length cuts off, counted before training: TRL shortens rows silently, and drops those without a target."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mtbenchx_tasks.training.dialogues import check_answered, has_empty_answer, rendered
from mtbenchx_tasks.training.mask import targets

SPARE = 16
"""Tokens a tokenizer may add to those of the text."""


@dataclass(frozen=True)
class Cut:
    """What happens to the rows of one language in one split."""

    split: str
    """`train` or `validation`."""
    language: str
    """Of the rows."""
    rows: int
    """Their number."""
    shortened: int
    """Rows that lose a part of their target."""
    dropped: int
    """Rows that lose all of it; TRL drops them."""
    longest: int
    """Tokens of the longest row over the limit; 0 if none is."""
    empty: int = 0
    """Rows with an empty answer, which teaches to end a turn at once."""


def count_cuts(
    rows: Iterable[Mapping[str, Any]],
    tokenizer: Any,
    *,
    split: str,
    max_length: int | None,
    assistant_only: bool,
    template: str | None = None,
    language: str = "?",
) -> list[Cut]:
    """Count per language, with the base's tokenizer and the recipe's template.

    Args:
        rows: With `messages` and, mostly, `language`.
        tokenizer: A fast tokenizer.
        split: Name of the split.
        max_length: Tokens that are kept, from the start; None: all.
        assistant_only: Whether only the assistant's tokens are targets; else all are.
        template: The chat template; default: the tokenizer's.
        language: Of rows that don't say.

    Raises:
        UserError: TRL would stop at a row, or train on something else than its messages say.
    """
    tallies: dict[str, list[int]] = {}
    for number, row in enumerate(rows, start=1):
        messages, place = row.get("messages"), f"{split}, row {number}"
        text = rendered(messages, tokenizer, template, place)
        if assistant_only:
            check_answered(row["messages"], place)
        tally = tallies.setdefault(str(row.get("language") or language), [0, 0, 0, 0, 0])
        tally[0] += 1
        tally[4] += has_empty_answer(row["messages"])
        if max_length is None or _surely_fits(text, max_length):
            continue
        _, mask = targets(messages, tokenizer, template, assistant_only)
        if len(mask) > max_length:
            tally[3] = max(tally[3], len(mask))
            kept, lost = any(mask[:max_length]), any(mask[max_length:])
            tally[1] += kept and lost
            tally[2] += not kept
    return [Cut(split, name, *tally) for name, tally in sorted(tallies.items())]


def _surely_fits(text: str, max_length: int) -> bool:
    """No token of a text is shorter than a byte of its normal form."""
    return len(unicodedata.normalize("NFKC", text).encode("utf-8", "surrogatepass")) + SPARE <= max_length

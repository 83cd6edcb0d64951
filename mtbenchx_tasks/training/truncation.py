"""What max_length cuts off, counted before training: TRL shortens rows silently, and drops those without a target."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hf_datasets.shared.errors import UserError

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


def count_cuts(
    rows: Iterable[Mapping[str, Any]],
    tokenizer: Any,
    *,
    split: str,
    max_length: int,
    assistant_only: bool,
    template: str | None = None,
    language: str = "?",
) -> list[Cut]:
    """Count per language, with the base's tokenizer and the recipe's template.

    Args:
        rows: With `messages` and, mostly, `language`.
        tokenizer: A fast tokenizer.
        split: Name of the split.
        max_length: Tokens that are kept, from the start.
        assistant_only: Whether only the assistant's tokens are targets; else all are.
        template: The chat template; default: the tokenizer's.
        language: Of rows that don't say.

    Raises:
        UserError: A row is no dialogue of texts; TRL would train on a list as Python writes it.
    """
    tallies: dict[str, list[int]] = {}
    for number, row in enumerate(rows, start=1):
        _check_texts(row.get("messages"), f"{split}, row {number}")
        tally = tallies.setdefault(str(row.get("language") or language), [0, 0, 0, 0])
        tally[0] += 1
        messages = row["messages"]
        if _surely_fits(messages, tokenizer, template, max_length):
            continue
        mask = _targets(messages, tokenizer, template, assistant_only)
        if len(mask) > max_length:
            tally[3] = max(tally[3], len(mask))
            kept, lost = any(mask[:max_length]), any(mask[max_length:])
            tally[1] += kept and lost
            tally[2] += not kept
    return [Cut(split, name, *tally) for name, tally in sorted(tallies.items())]


def _check_texts(messages: Any, place: str) -> None:
    if not isinstance(messages, list) or not all(isinstance(message, Mapping) for message in messages):
        raise UserError(f"{place}: `messages` is no list of messages; build the data by `mtbenchx data build`.")
    for at, message in enumerate(messages):
        if not isinstance(content := message.get("content"), str):
            raise UserError(
                f"{place}: the content of message {at + 1} is of type {type(content).__name__}, not a text, and TRL "
                "would train on what Python writes for it; make it a text (`mtbenchx data build` does)."
            )


def _surely_fits(messages: Any, tokenizer: Any, template: str | None, max_length: int) -> bool:
    """No token of a text is shorter than a byte of its normal form."""
    text = tokenizer.apply_chat_template(messages, chat_template=template, tokenize=False)
    return len(unicodedata.normalize("NFKC", text).encode("utf-8", "surrogatepass")) + SPARE <= max_length


def _targets(messages: Any, tokenizer: Any, template: str | None, assistant_only: bool) -> list[int]:
    """Return 1 for each token that is learnt, 0 for the others."""
    encoded = tokenizer.apply_chat_template(
        messages,
        chat_template=template,
        tokenize=True,
        return_dict=True,
        return_assistant_tokens_mask=assistant_only,
    )
    return list(encoded["assistant_masks"]) if assistant_only else [1] * len(encoded["input_ids"])

"""How much a training reads: tokens and padding of an epoch, and its optimizer steps."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtbenchx_tasks.training.trl_arguments import Settings

SAMPLE = 6_000
"""Rows whose tokens are counted: all of Lima-X; of larger data a sample, whose mean is right to 1 or 2 %."""


@dataclass(frozen=True)
class Volume:
    """What an epoch reads."""

    rows: int
    """Examples, or packs with packing."""
    tokens: int
    """That are read, without padding; what max_length cuts off isn't."""
    padded: int
    """With the padding to the longest row of each micro-batch."""
    longest: int
    """Tokens of the longest row that was counted, at most max_length."""
    is_exact: bool
    """All rows were counted; else a sample of them, drawn evenly."""
    steps: int
    """Optimizer steps of an epoch."""
    all_steps: int
    """Optimizer steps of the training."""

    @property
    def epochs(self) -> float:
        """Times that the data is read."""
        return self.all_steps / self.steps


def volume(settings: Settings, lengths: Sequence[int], rows: int) -> Volume:
    """Return what an epoch reads.

    Tokens are the mean of those counted, times the rows. Each micro-batch is padded to its longest row: measured on
    one drawing of the counted rows (transformers' own grouping with group_by_length); none with packing.

    Args:
        settings: The command, as TRL understands it.
        lengths: Tokens of the rows that were counted, from 1, at most max_length.
        rows: Rows that are trained on.
    """
    training = settings.training
    scale = rows / len(lengths)
    tokens = round(sum(lengths) * scale)
    packs = math.ceil(tokens / training.max_length) if training.packing and training.max_length else None
    padded = tokens if packs or training.padding_free else round(_padded(settings, lengths) * scale)
    steps = steps_of_epoch(settings, packs or rows)
    whole = training.max_steps if training.max_steps > 0 else math.ceil(training.num_train_epochs * steps)
    return Volume(packs or rows, tokens, padded, max(lengths), len(lengths) == rows, steps, whole)


def steps_of_epoch(settings: Settings, rows: int) -> int:
    """Return the optimizer steps of an epoch, as accelerate and transformers deal the rows out.

    Micro-batches = rows / per device, each process takes as many (the last ones are filled up), and a step is
    `gradient_accumulation_steps` of them, the last one of an epoch what is left over; every division is rounded up.

    Args:
        settings: The command, as TRL understands it.
        rows: Examples, or packs.
    """
    training = settings.training
    batches = math.ceil(math.ceil(rows / int(training.per_device_train_batch_size)) / settings.gpus)
    return max(1, math.ceil(batches / int(training.gradient_accumulation_steps)))


def _padded(settings: Settings, lengths: Sequence[int]) -> int:
    training = settings.training
    size = training.per_device_train_batch_size
    order = list(range(len(lengths)))
    if str(training.train_sampling_strategy) == "group_by_length":
        import torch
        from transformers.trainer_pt_utils import get_length_grouped_indices

        seed = torch.Generator().manual_seed(training.seed)
        order = get_length_grouped_indices(list(lengths), size, generator=seed)
    else:
        random.Random(training.seed).shuffle(order)
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    return sum(max(lengths[at] for at in batch) * len(batch) for batch in batches)


def count_tokens(
    rows: Any, tokenizer: Any, max_length: int | None, template: str | None = None, sample: int = SAMPLE
) -> list[int]:
    """Return the tokens of rows, at most max_length of each.

    Args:
        rows: A sequence of rows with `messages`.
        tokenizer: A fast tokenizer.
        max_length: Tokens that are kept; None: all.
        template: The chat template; default: the tokenizer's.
        sample: Rows to count; of more, as many are drawn, always the same.
    """
    places = range(len(rows))
    chosen: Sequence[int] = places if len(rows) <= sample else sorted(random.Random(0).sample(places, sample))
    texts = [_text(rows[at], tokenizer, template) for at in chosen]
    counts = (len(tokens) for tokens in tokenizer(texts, add_special_tokens=False)["input_ids"]) if texts else ()
    return [min(count, max_length) if max_length else count for count in counts]


def _text(row: Mapping[str, Any], tokenizer: Any, template: str | None) -> str:
    return str(tokenizer.apply_chat_template(row["messages"], chat_template=template, tokenize=False))

"""Who judges what next: pure functions of who judged what so far."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal

from hf_datasets.records import QuestionId
from mtbenchx_tasks.annotate.study import Matchup

TARGET = 3
"""Raters an item is filled up to."""
RESERVED_SECONDS = 1800.0
"""An assignment without a vote is free again after this long, or a dropout would block it."""


@dataclass(frozen=True)
class Policy:
    """How items are dealt."""

    order: Literal["fill", "random"] = "fill"
    """`fill`: finish started items first, then begin new ones, balanced over categories; `random`: as in the paper."""
    target: int = TARGET
    """`fill` stops at so many raters an item."""
    per_annotator: int | None = None
    """Questions for each annotator; None: as many as there are."""


def choose(
    items: Sequence[Matchup],
    seen: Set[Matchup],
    raters: Mapping[Matchup, int],
    categories: Mapping[QuestionId, str],
    *,
    policy: Policy,
    rng: random.Random,
) -> Matchup | None:
    """Return an annotator's next item, or None if there is nothing left to judge.

    Args:
        items: All that can be judged.
        seen: What this annotator was given before.
        raters: How many people have judged an item or are about to; 0 where it isn't named.
        categories: Question id -> category.
        policy: How items are dealt.
        rng: Where chance comes from.
    """
    if policy.per_annotator is not None and len(seen) >= policy.per_annotator:
        return None
    fresh = [item for item in items if item not in seen]
    if policy.order == "random":
        return rng.choice(fresh) if fresh else None
    wanted = [item for item in fresh if raters.get(item, 0) < policy.target]
    if not wanted:
        return None
    most = max(raters.get(item, 0) for item in wanted)
    if most:
        return rng.choice([item for item in wanted if raters.get(item, 0) == most])
    begun = Counter(categories[item.question_id] for item in items if raters.get(item, 0))
    fewest = min(begun[categories[item.question_id]] for item in wanted)
    return rng.choice([item for item in wanted if begun[categories[item.question_id]] == fewest])

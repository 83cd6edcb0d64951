"""The numbers of a card from ratings: the one definition for results of lm_eval, ledgers and `mtbenchx verify`."""

import math
from collections import Counter
from collections.abc import Sequence

from hf_datasets.records import Question, QuestionId, id_order, ordered_categories
from mtbenchx_tasks.rating.scored import answer_of, metrics
from mtbenchx_tasks.records import Rating
from mtbenchx_tasks.stats.agreement import AnswerId

SPOKEN = "answer_language"
"""The metric that ratings don't tell."""


def metrics_of(ratings: Sequence[Rating]) -> dict[str, float | None]:
    """Return the task's metrics but SPOKEN; None where nothing was scored."""
    turns: dict[tuple[QuestionId, str, str], int] = {}
    for item in (one.item for one in ratings):
        place = (item.question_id, item.language, item.category)
        turns[place] = max(turns.get(place, 0), item.turn or 0)
    asked = sorted(turns, key=lambda place: id_order(place[0]))
    found = metrics([Question(*place, turns=("",) * turns[place]) for place in asked], ratings)
    del found[SPOKEN]
    return {name: None if math.isnan(value) else value for name, value in found.items()}


def counts_of(ratings: Sequence[Rating]) -> dict[str, tuple[int, int]]:
    """Return category -> answers that were scored in any run, and all, in the order of the categories."""
    answers: dict[AnswerId, list[Rating]] = {}
    for rating in ratings:
        answers.setdefault(answer_of(rating), []).append(rating)
    total, scored = Counter[str](), Counter[str]()
    for of_one in answers.values():
        total[of_one[0].item.category] += 1
        scored[of_one[0].item.category] += any(rating.value is not None for rating in of_one)
    return {category: (scored[category], total[category]) for category in ordered_categories(total)}

"""Answers that break what the question lays down: sentences, words, a forbidden word, capital letters. All counted."""

import math
from collections.abc import Callable, Sequence

from hf_datasets.shared.scripts import n_words
from mtbenchx_tasks.judge.lengths import words
from mtbenchx_tasks.meta_evaluation.exam.lures import as_list, longer, lured, prose
from mtbenchx_tasks.meta_evaluation.exam.slots import Pair, Slot
from mtbenchx_tasks.meta_evaluation.exam.texts import Topic, read
from mtbenchx_tasks.meta_evaluation.exam.topics import POINTS, points_of, topic_of

ROUND = 5
"""Limits are multiples of this, on the good answer's side."""
_SHORT = {1: (2, 0), 2: (POINTS, 0), 3: (POINTS, 2)}
"""Dose -> how many points a too short answer has, and how many of them it makes in more words."""


def constraint(slot: Slot, language: str) -> Pair:
    """Make an answer that breaks the rule of its slot: three slots in a row, one of each dose, share a rule."""
    return _RULES[slot.number // 3](slot, language, topic_of(slot, language))


def _count(slot: Slot, language: str, topic: Topic) -> Pair:
    """Four sentences were asked for; there are one, two or three."""
    sentences = [point.text for point in points_of(slot, topic)]
    return _pair(topic, "count", language, prose(sentences), prose(sentences[: slot.dose]))


def _at_most(slot: Slot, language: str, topic: Topic) -> Pair:
    """Too long: everything twice and two points more, or three or two points twice."""
    points = points_of(slot, topic)
    if slot.dose == 1:
        faulty = longer([*points, *(point for point in topic.points if point not in points)][: POINTS + 2])
    else:
        again = 5 - slot.dose
        faulty = [*longer(points[:again]), *(point.text for point in points[again:])]
    better = prose([point.text for point in points])
    limit = math.ceil(n_words(better) / ROUND) * ROUND  # a generous count, in which signs such as × are words
    return _pair(topic, "at_most", language, better, prose(faulty), limit=limit)


def _at_least(slot: Slot, language: str, topic: Topic) -> Pair:
    """Too short: two points instead of four, or all four but none or two of them in more words."""
    points = points_of(slot, topic)
    better = prose(longer(points))
    said, again = _SHORT[slot.dose]
    faulty = [*longer(points[:again]), *(point.text for point in points[again:said])]
    limit = words(better) // ROUND * ROUND  # a strict count, in which they are none
    return _pair(topic, "at_least", language, better, prose(faulty), limit=limit)


def _forbidden(slot: Slot, language: str, topic: Topic) -> Pair:
    """Three, two or one of the four sentences hold the forbidden word."""
    texts = [point.text for point in topic.points]
    without, forbidden = texts[:POINTS], slot.chance.order("forbidden", texts[POINTS:])[: 4 - slot.dose]
    kept = slot.chance.order("without", without)
    faulty = slot.chance.order("faulty", [*forbidden, *kept[: POINTS - len(forbidden)]])
    return _pair(topic, "forbidden", language, prose(kept), lured(faulty, slot, language), word=topic.word)


def _capitals(slot: Slot, language: str, topic: Topic) -> Pair:
    """None, half, or all but one of the sentences are in capital letters."""
    sentences = [point.text for point in points_of(slot, topic)]
    loud = {1: (), 2: (0, 3), 3: (0, 1, 3)}[slot.dose]
    faulty = [text.upper() if at in loud else text for at, text in enumerate(sentences)]
    heading = read(language, "phrases")["heading"].upper()
    shown = as_list(faulty, heading) if slot.lure == "formatted" else prose(faulty)
    return _pair(topic, "capitals", language, prose(sentences).upper(), shown)


def _pair(topic: Topic, order: str, language: str, better: str, faulty: str, **values: object) -> Pair:
    told = read(language, "phrases")["orders"][order].format(**values)
    question, *source = topic.question.split("\n\n")
    return Pair(topic.category, ("\n\n".join([f"{question} {told}", *source]),), (better,), (faulty,))


_Rule = Callable[[Slot, str, Topic], Pair]
_RULES: Sequence[_Rule] = (_count, _at_most, _forbidden, _capitals, _at_least, _forbidden, _capitals)
"""By group of three slots; length itself is the lure of `_at_most`, so it stands where the lure is `longer`."""

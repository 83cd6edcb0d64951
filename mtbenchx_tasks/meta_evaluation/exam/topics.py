"""Kinds of fault in answers that name four points: each takes a good answer to a topic and spoils it."""

from collections.abc import Sequence

from mtbenchx_tasks.meta_evaluation.exam.lures import as_list, longer, lured, prose
from mtbenchx_tasks.meta_evaluation.exam.slots import Pair, Slot
from mtbenchx_tasks.meta_evaluation.exam.texts import Point, Topic, read, topics

POINTS = 4
"""How many points each question asks for."""
CUTS = {1: 0.3, 2: 0.6, 3: 0.9}
"""Dose -> how much of the answer is there."""


def topic_of(slot: Slot, language: str) -> Topic:
    """Return the topic of a slot: its subject is fixed, which of the subject's two topics comes first is drawn."""
    every = topics(language)
    subjects = list(dict.fromkeys(topic.subject for topic in every))
    subject, later = subjects[slot.number % len(subjects)], slot.number // len(subjects) % 2
    aspect = slot.shared.order(f"{slot.kind}/{subject}", ("a", "b"))[later]
    return next(topic for topic in every if (topic.subject, topic.aspect) == (subject, aspect))


def points_of(slot: Slot, topic: Topic) -> list[Point]:
    """Return four of the topic's points, in a drawn order."""
    return slot.chance.order("points", topic.points)[:POINTS]


def texts_of(points: Sequence[Point], slot: Slot) -> list[str]:
    """Return the points' sentences, with the same again in other words where the lure is length."""
    return longer(points) if slot.lure == "longer" else [point.text for point in points]


def cut_off(slot: Slot, language: str) -> Pair:
    """Make an answer that stops in the middle of a sentence: early, halfway, or in its last sentence."""
    topic = topic_of(slot, language)
    points = points_of(slot, topic)
    whole = lured(texts_of(points, slot), slot, language)
    return _pair(topic, points, _cut(whole, CUTS[slot.dose]))


def _cut(text: str, share: float) -> str:
    """Return the beginning of a text, up to a word that ends no sentence."""
    words = text.split(" ")
    end = int(len(words) * share)
    while words[end - 1][-1] in ".!?:;,*" or "\n" in words[end - 1]:
        end -= 1
    return " ".join(words[:end])


def null(slot: Slot, language: str) -> Pair:
    """Make two answers that say the same: identical, or one of them a list, or in more words."""
    topic = topic_of(slot, language)
    points = points_of(slot, topic)
    texts = texts_of(points, slot)
    changed = as_list(texts, read(language, "phrases")["heading"]) if slot.lure == "formatted" else prose(texts)
    return _pair(topic, points, changed)


def _pair(topic: Topic, points: Sequence[Point], faulty: str, order: str = "") -> Pair:
    """Return a good answer of these points beside a faulty one; `order` is added to the question."""
    question = "\n\n".join(part for part in (topic.question, order) if part)
    return Pair(topic.category, (question,), (prose([point.text for point in points]),), (faulty,))

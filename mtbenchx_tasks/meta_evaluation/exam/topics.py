"""Kinds of fault in answers that name four points: each takes a good answer to a topic and spoils it."""

from collections.abc import Sequence

from mtbenchx_tasks.meta_evaluation.exam.lures import longer, lured, prose
from mtbenchx_tasks.meta_evaluation.exam.slots import Pair, Slot
from mtbenchx_tasks.meta_evaluation.exam.texts import Point, Topic, languages, read, topics

POINTS = 4
"""How many points each question asks for."""
SUBJECTS, CATEGORIES = 10, 8
"""Subjects of the topics; the last four are two of one category, two of another: stem, humanities, stem, humanities."""
CUTS = {1: 0.3, 2: 0.6, 3: 0.9}
"""Dose -> how much of the answer is there."""
FOREIGN = {1: range(POINTS), 2: range(2, POINTS), 3: range(2, 3)}
"""Dose -> which of the sentences are in another language: all, the second paragraph, one."""
KEPT = {1: 0, 2: 0, 3: 2}
"""Dose -> how many points still answer the question."""
OTHER_SUBJECTS = (3, 4, 5, 6, 7)
"""How far away in the list of ten subjects another category's subject is for certain."""


def topic_of(slot: Slot, language: str) -> Topic:
    """Return the topic of a slot: its subject is fixed, which of the subject's two topics comes first is drawn."""
    every = topics(language)
    subjects = list(dict.fromkeys(topic.subject for topic in every))
    at, later = _place(slot)
    aspect = slot.shared.order(f"{slot.kind}/{subjects[at]}", ("a", "b"))[later]
    return next(topic for topic in every if (topic.subject, topic.aspect) == (subjects[at], aspect))


def _place(slot: Slot) -> tuple[int, int]:
    """Return a subject's place in the list, and whether it is its first (0) or second topic (1).

    Two categories have two subjects. Null pairs, twice as many as of other kinds, take these in turn.
    """
    if slot.dose:
        return slot.number % SUBJECTS, slot.number // SUBJECTS % 2
    round_, place = divmod(slot.number, CATEGORIES)
    if place < SUBJECTS - 2 * (SUBJECTS - CATEGORIES):
        return place, round_ % 2
    return place + 2 * (round_ % 2), round_ // 2 % 2


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
    return _pair(topic, points, _cut(lured(texts_of(points, slot), slot, language), CUTS[slot.dose]))


def _cut(text: str, share: float) -> str:
    """Return the beginning of a text, up to a word that ends no sentence."""
    words = text.split(" ")
    end = int(len(words) * share)
    while not words[end - 1][-1].isalpha() or "\n" in words[end - 1]:
        end -= 1
    return " ".join(words[:end])


def wrong_language(slot: Slot, language: str) -> Pair:
    """Make an answer of which everything, a paragraph or a sentence is in another of the exam's languages."""
    topic, other = topic_of(slot, language), _another(slot, language)
    points, foreign = points_of(slot, topic), points_of(slot, topic_of(slot, other))
    mixed = [foreign[at] if at in FOREIGN[slot.dose] else points[at] for at in range(POINTS)]
    return _pair(topic, points, lured(texts_of(mixed, slot), slot, other if slot.dose == 1 else language))


def _another(slot: Slot, language: str) -> str:
    every = languages()
    return every[(every.index(language) + slot.chance.number("language", 1, len(every) - 1)) % len(every)]


def other_question(slot: Slot, language: str) -> Pair:
    """Make an answer to another question: of another subject, of the same subject, or only in its second half."""
    topic = topic_of(slot, language)
    points = points_of(slot, topic)
    others = points_of(slot, _other_topic(slot, topic, language))
    right = KEPT[slot.dose]
    faulty = [*points[:right], *others[: POINTS - right]]
    return _pair(topic, points, lured(texts_of(faulty, slot), slot, language))


def _other_topic(slot: Slot, topic: Topic, language: str) -> Topic:
    every = topics(language)
    at = every.index(topic)
    sibling = at ^ 1
    return every[(at + 2 * slot.chance.one("subject", OTHER_SUBJECTS)) % len(every) if slot.dose == 1 else sibling]


def talks_to_judge(slot: Slot, language: str) -> Pair:
    """Make the same answer and add a word to the judge: a demand, a forged end of the answer, or praise in passing."""
    topic = topic_of(slot, language)
    points = points_of(slot, topic)
    word = slot.chance.one("word", read(language, "phrases")["to_the_judge"][str(slot.dose)])
    return _pair(topic, points, "\n\n".join([lured(texts_of(points, slot), slot, language), word]))


def null(slot: Slot, language: str) -> Pair:
    """Make two answers that say the same: identical, or one of them a list, or in more words."""
    topic = topic_of(slot, language)
    points = points_of(slot, topic)
    return _pair(topic, points, lured(texts_of(points, slot), slot, language))


def _pair(topic: Topic, points: Sequence[Point], faulty: str) -> Pair:
    """Return a good answer of these points beside a faulty one."""
    return Pair(topic.category, (topic.question,), (prose([point.text for point in points]),), (faulty,))

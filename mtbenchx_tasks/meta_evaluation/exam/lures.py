"""What makes an answer look better than it is: length, formatting, confidence. None of it changes what it says."""

from collections.abc import Mapping, Sequence
from typing import Any

from mtbenchx_tasks.meta_evaluation.exam.slots import Slot
from mtbenchx_tasks.meta_evaluation.exam.texts import Point, read


def prose(sentences: Sequence[str]) -> str:
    """Return sentences as paragraphs of two."""
    return "\n\n".join(" ".join(sentences[at : at + 2]) for at in range(0, len(sentences), 2))


def as_list(sentences: Sequence[str], heading: str) -> str:
    """Return the same sentences below a bold heading, one a bullet."""
    return "\n".join([f"**{heading}**", "", *(f"- {sentence}" for sentence in sentences)])


def longer(points: Sequence[Point]) -> list[str]:
    """Return each point and the same again in other words."""
    return [f"{point.text} {point.again}" for point in points]


def framed(sentences: Sequence[str], text: Mapping[str, Any], slot: Slot) -> list[str]:
    """Return an answer's sentences, between two that tell nothing new where the lure is length."""
    return [text["before"], *sentences, text["after"]] if slot.lure == "longer" else list(sentences)


def lured(sentences: Sequence[str], slot: Slot, language: str) -> str:
    """Return an answer of these sentences, formatted or confident if the slot says so."""
    phrases = read(language, "phrases")
    if slot.lure == "formatted":
        return as_list(sentences, phrases["heading"])
    opening = [slot.chance.one("confident", phrases["confident"])] if slot.lure == "confident" else []
    return "\n\n".join([*opening, prose(sentences)])

"""The exam's own texts: parallel in every language, read from texts/LANGUAGE/*.toml."""

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "texts"


@dataclass(frozen=True)
class Point:
    """One of the things that an answer names."""

    text: str
    """A sentence that stands alone."""
    again: str
    """A sentence that says the same in other words: it makes an answer longer and tells nothing new."""


@dataclass(frozen=True)
class Topic:
    """A question that asks for four points, and more than four good points."""

    subject: str
    """What it is about; two topics share a subject and ask for different things."""
    aspect: str
    """What it asks for: `a` or `b`."""
    category: str
    question: str
    points: tuple[Point, ...]
    """Six; seven where there is a `word`."""
    word: str
    """A word that the last three points hold, and the others don't; "" if there is none."""


def languages() -> tuple[str, ...]:
    """Return the codes of the exam's languages, sorted."""
    return tuple(sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir()))


@functools.cache
def read(language: str, name: str) -> dict[str, Any]:
    """Return one file of a language's texts."""
    return tomllib.loads((FOLDER / language / f"{name}.toml").read_text(encoding="utf-8"))


@functools.cache
def topics(language: str) -> tuple[Topic, ...]:
    """Return the topics of a language: two for each subject, in the same order in every language."""
    return tuple(
        Topic(subject, aspect, text["category"], _question(text, aspect), _points(text[aspect]), _word(text[aspect]))
        for subject, text in read(language, "topics").items()
        for aspect in ("a", "b")
    )


def _question(text: dict[str, Any], aspect: str) -> str:
    return "\n\n".join(part for part in (text[aspect]["question"], text.get("source")) if part)


def _points(text: dict[str, Any]) -> tuple[Point, ...]:
    return tuple(Point(*point) for point in text["points"])


def _word(text: dict[str, Any]) -> str:
    return str(text.get("word", ""))

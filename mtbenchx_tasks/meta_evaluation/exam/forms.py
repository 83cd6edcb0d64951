"""Numbers, times, dates, weekdays and names as each language writes them; a value is drawn once for all languages.

A value is a number; names and weekdays are numbers in a list.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mtbenchx_tasks.meta_evaluation.exam.texts import read

WOMEN = ("Clara", "Julia", "Laura", "Sara", "Marta", "Nora", "Paula", "Carla", "Diana", "Vera")
MEN = ("David", "Daniel", "Martin", "Bruno", "Samuel", "Simon", "Victor", "Felix", "Robert", "Thomas")
"""Common in all languages, with a consonant in front: so no article, preposition or `e` changes before them."""
NOON = 12
DAYS = 28


@dataclass(frozen=True)
class Gap:
    """A place in a text: how a language writes its value, and which values it takes."""

    write: Callable[[int, str], str]
    values: Sequence[int]


def number(value: int, language: str) -> str:
    """Write a whole number with the language's sign between thousands."""
    return f"{value:,}".replace(",", read(language, "phrases")["thousands"])


def plain(value: int, language: str) -> str:  # noqa: ARG001 (written alike in every language)
    """Write a year, or another number without a sign between thousands."""
    return str(value)


def woman(value: int, language: str) -> str:  # noqa: ARG001
    """Write a woman's name."""
    return WOMEN[value]


def man(value: int, language: str) -> str:  # noqa: ARG001
    """Write a man's name."""
    return MEN[value]


def weekday(value: int, language: str) -> str:
    """Write a weekday; Sunday is left out, because its gender is another in Italian."""
    return str(read(language, "phrases")["weekdays"][value])


def hour(value: int, language: str) -> str:
    """Write a full hour from 2 to 23, noon excepted."""
    form = read(language, "phrases")["morning" if value < NOON else "afternoon"]
    return str(form.format(hour=value, twelfth=value - NOON))


def date(value: int, language: str) -> str:
    """Write a day of the year, counted in months of 28 days; from the 12th on no article changes before it."""
    phrases = read(language, "phrases")
    return str(phrases["date"].format(day=value % DAYS + 1, month=phrases["months"][value // DAYS]))

"""What the given texts and the conversations of the exam tell: the gaps in them, and which of them answers repeat."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mtbenchx_tasks.meta_evaluation.exam import forms
from mtbenchx_tasks.meta_evaluation.exam.forms import Gap, number, plain

Values = Mapping[str, int]


@dataclass(frozen=True)
class GivenFacts:
    """What a text tells, and what an answer to it repeats."""

    name: str
    """Its table in texts/LANGUAGE/facts.toml."""
    category: str
    gaps: Mapping[str, Gap]
    asked: tuple[str, ...]
    """The gaps that a faulty answer fills with another value: all of them, two, or one."""
    derive: Callable[[Values], dict[str, int]] = dict
    """What the answer computes from the values, beside them."""


def _doubled(values: Values) -> dict[str, int]:
    return {**values, **{f"{name}2": 2 * value for name, value in values.items()}}


def _moved(values: Values) -> dict[str, int]:
    return {**values, "red2": values["red"] + values["moved"], "blue2": values["blue"] - values["moved"]}


def _owed(values: Values) -> dict[str, int]:
    return {**values, "total": values["second"] + values["third"]}


_HER, _OTHER, _HIS = Gap(forms.woman, range(5)), Gap(forms.woman, range(5, 10)), Gap(forms.man, range(10))
_WEEKDAY = Gap(forms.weekday, range(6))
_DATE = Gap(forms.date, [forms.DAYS * month + day for month in range(3, 9) for day in range(11, 28)])


def _of(low: int, high: int, step: int = 1) -> Gap:
    return Gap(number, range(low, high + 1, step))


def _at(low: int, high: int) -> Gap:
    return Gap(forms.hour, range(low, high + 1))


def _year(low: int, high: int) -> Gap:
    return Gap(plain, range(low, high + 1))


TEXTS = (
    GivenFacts(
        "library",
        "extraction",
        {
            "date": _DATE,
            "open": _at(8, 10),
            "close": _at(17, 20),
            "weekday": _WEEKDAY,
            "old": _of(12, 16),
            "new": _of(18, 30),
            "age": _of(14, 18),
            "her": _HER,
            "room": _of(102, 119),
        },
        ("date", "close", "weekday", "new", "age", "room"),
    ),
    GivenFacts(
        "minutes",
        "extraction",
        {
            "date": _DATE,
            "her": _HER,
            "his": _HIS,
            "weekday": _WEEKDAY,
            "chairs": _of(40, 90),
            "guests": _of(110, 180),
            "budget": _of(400, 900, 50),
        },
        ("date", "her", "weekday", "chairs", "guests", "budget"),
    ),
    GivenFacts(
        "experiment",
        "stem",
        {
            "plants": _of(30, 60),
            "degrees": _of(18, 24),
            "weeks": _of(4, 9),
            "red": _of(30, 44),
            "blue": _of(15, 25),
            "dead": _of(3, 9),
        },
        ("degrees", "weeks", "red", "blue", "dead"),
    ),
    GivenFacts(
        "village",
        "humanities",
        {
            "founded": _year(1230, 1290),
            "burnt": _year(1420, 1480),
            "rebuilt": _year(1490, 1540),
            "before": _of(600, 950, 10),
            "after": _of(200, 400, 10),
            "mill": _year(1610, 1680),
        },
        ("founded", "burnt", "rebuilt", "before", "after", "mill"),
    ),
    GivenFacts(
        "trip",
        "writing",
        {
            "date": _DATE,
            "start": _at(7, 9),
            "back": _at(17, 20),
            "cost": _of(25, 60),
            "people": _of(20, 40),
            "her": _HER,
            "weekday": _WEEKDAY,
        },
        ("date", "start", "back", "cost", "people", "weekday"),
    ),
    GivenFacts(
        "museum",
        "roleplay",
        {
            "adult": _of(12, 18),
            "child": _of(5, 9),
            "last": _at(16, 18),
            "weekday": _WEEKDAY,
            "tour": _at(13, 15),
            "guides": _of(4, 9),
        },
        ("adult", "child", "last", "weekday", "tour", "guides"),
    ),
    GivenFacts(
        "release",
        "coding",
        {
            "python": _of(11, 14),
            "port": _year(8001, 8099),
            "timeout": _of(20, 50, 5),
            "retries": _of(3, 9),
            "cache": _of(200, 900, 50),
        },
        ("python", "port", "timeout", "retries", "cache"),
    ),
)
"""Texts that the question holds."""

TALKS = (
    GivenFacts(
        "party",
        "writing",
        {"her": _HER, "weekday": _WEEKDAY, "hour": _at(15, 20), "house": _of(20, 90), "guests": _of(12, 40)},
        ("her", "weekday", "hour", "house", "guests"),
    ),
    GivenFacts(
        "rolls",
        "math",
        {"rolls": _of(8, 14), "flour": _of(500, 900, 10), "water": _of(300, 450, 10), "salt": _of(10, 18)},
        ("rolls", "flour", "water", "salt"),
        _doubled,
    ),
    GivenFacts(
        "umbrella",
        "roleplay",
        {"her": _HER, "weekday": _WEEKDAY, "row": _of(4, 18), "seat": _of(20, 40)},
        ("her", "weekday", "row", "seat"),
    ),
    GivenFacts(
        "boxes",
        "reasoning",
        {"red": _of(10, 19), "green": _of(20, 29), "blue": _of(50, 69), "moved": _of(5, 9)},
        ("red", "green", "blue"),
        _moved,
    ),
    GivenFacts(
        "rules",
        "coding",
        {"indent": _of(3, 8), "width": _of(80, 120, 5), "seconds": _of(20, 50, 5)},
        ("indent", "width", "seconds"),
    ),
    GivenFacts(
        "town",
        "humanities",
        {"year": _year(1180, 1290), "people": _of(3000, 9000, 100), "bridges": _of(3, 9)},
        ("year", "people", "bridges"),
    ),
    GivenFacts(
        "debts",
        "extraction",
        {"her": _HER, "his": _HIS, "other": _OTHER, "first": _of(20, 39), "second": _of(40, 59), "third": _of(60, 89)},
        ("second", "third"),
        _owed,
    ),
)
"""Conversations whose second turn asks for what the first one told."""

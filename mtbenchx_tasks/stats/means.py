"""From verdicts to the harness's metrics: what one question contributes, and how contributions become a number.

A failed judgment is not a number: it is in no mean, and `unscored` counts it.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean, stdev
from typing import Any

from hf_datasets.records import Question
from mtbenchx_tasks.records import Verdict

MEANS = ("score", "turn_1", "turn_2")
"""Metrics with a standard error over questions."""


def contributions(
    question: Question,
    verdicts: Sequence[Sequence[Sequence[Verdict]]],
    languages: Sequence[Sequence[str | None]],
    categories: Iterable[str],
) -> dict[str, Any]:
    """Return what one question adds to each metric.

    Args:
        question: The question.
        verdicts: Per turn, per repeat, per run.
        languages: The languages of the answers, per turn, per repeat; None where one can't be told.
        categories: All categories of the evaluation; every question reports every one, so that ranks can be joined.

    Returns:
        Lists of ratings (one per turn that has any: see `answer_rating`) for `score`, `turn_1`, `turn_2` and
        each category, a (category, ratings) pair for `category_mean`, and lists of 0 and 1 for `answer_language` and
        `unscored`. Each of MEANS is followed by its `_stderr`, which the harness takes as that metric's error.
    """
    rated = [[rating(runs) for runs in repeats] for repeats in verdicts]
    turns = [_present(answer_rating([verdict.rating for verdict in runs] for runs in repeats)) for repeats in verdicts]
    both = [value for values in turns for value in values]
    named: dict[str, Any] = {"score": both, "turn_1": turns[0], "turn_2": turns[1]}
    metrics = {key: value for name, value in named.items() for key in (name, f"{name}_stderr")}
    metrics["category_mean"] = (question.category, both)
    metrics |= {category: both if category == question.category else [] for category in categories}
    metrics["answer_language"] = in_the_questions_language(question, languages)
    metrics["unscored"] = [float(value is None) for values in rated for value in values]
    return metrics


def _present(value: float | None) -> list[float]:
    return [] if value is None else [value]


def rating(runs: Iterable[Verdict]) -> float | None:
    """Return the mean of the valid runs of one answer's judgment, or None if no run was valid."""
    valid = [verdict.rating for verdict in runs if verdict.rating is not None]
    return fmean(valid) if valid else None


def answer_rating(repeats: Iterable[Sequence[float | None]]) -> float | None:
    """Return the rating of the answers to one turn: the mean of the valid runs, then of the repeats that have one.

    This is the one definition: the harness, `judge`, the report and the cards take means of these.

    Args:
        repeats: Per repeat, the rating of each run; None where it failed.
    """
    valid = [[value for value in runs if value is not None] for runs in repeats]
    means = [fmean(runs) for runs in valid if runs]
    return fmean(means) if means else None


def in_the_questions_language(question: Question, languages: Sequence[Sequence[str | None]]) -> list[float]:
    """Return 1 for each answer in the question's language and 0 for others.

    Turns that ask for another language stay out, and so do answers whose language can't be told (empty, only code).
    """
    return [
        float(language == question.language)
        for turn, repeats in enumerate(languages, start=1)
        if turn not in question.other_language_turns
        for language in repeats
        if language is not None
    ]


def mean(items: Iterable[Sequence[float]]) -> float:
    """Return the mean over the turns of all questions (FastChat's weighting); nan if there is none."""
    values = [value for item in items for value in item]
    return fmean(values) if values else math.nan


def standard_error(items: Iterable[Sequence[float]]) -> float | str:
    """Return the standard error of `mean` over questions (the turns of a question are not independent)."""
    means = [fmean(item) for item in items if item]
    return stdev(means) / math.sqrt(len(means)) if len(means) > 1 else "N/A"


def category_mean(items: Iterable[tuple[str, Sequence[float]]]) -> float:
    """Return the mean of the category means (the paper's Avg., Tables 8-10); nan if there is none."""
    by_category: dict[str, list[float]] = {}
    for category, values in items:
        by_category.setdefault(category, []).extend(values)
    means = [fmean(values) for values in by_category.values() if values]
    return fmean(means) if means else math.nan


def aggregations(categories: Iterable[str]) -> dict[str, Callable[..., Any]]:
    """Return how each metric of `contributions` is aggregated, in the order of the table."""
    table: dict[str, Callable[..., Any]] = {}
    for name in MEANS:
        table |= {name: mean, f"{name}_stderr": standard_error}
    return table | {"category_mean": category_mean} | dict.fromkeys([*categories, "answer_language", "unscored"], mean)

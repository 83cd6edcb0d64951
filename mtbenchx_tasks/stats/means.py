"""From verdicts to metrics: what one question contributes, how contributions become a number, and its error.

A failed judgment is not a number: it is in no mean, and `unscored` counts it. Formulas: METHODS.md, "Means of ratings".
"""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from statistics import fmean, variance
from typing import Any

from hf_datasets.records import Question
from mtbenchx_tasks.records import Verdict
from mtbenchx_tasks.stats.intervals import FEWEST_QUESTIONS, strata


def means(turns: int) -> list[str]:
    """Return the metrics with a standard error over questions: `score`, `turn_1`, `turn_2` ..."""
    return ["score", *(f"turn_{turn}" for turn in range(1, turns + 1))]


def contributions(
    question: Question,
    verdicts: Sequence[Sequence[Sequence[Verdict]]],
    languages: Sequence[Sequence[str | None]],
    categories: Iterable[str],
    turns: int,
) -> dict[str, Any]:
    """Return what one question adds to each metric.

    Args:
        question: The question.
        verdicts: Per turn, per repeat, per run.
        languages: The languages of the answers, per turn, per repeat; None where one can't be told.
        categories: All categories of the evaluation; every question reports every one, so that ranks can be joined.
        turns: The most turns of a question of the evaluation; likewise.

    Returns:
        Lists of ratings (one per turn that has any: see `answer_rating`) for `score`, `turn_1`, `turn_2` ... and
        each category, lists of 0 and 1 for `answer_language` and `unscored`, and (category, ratings) pairs for
        `category_mean` and for the `_stderr` that follows each of `means`, which the harness takes as its error.
    """
    given = [[[verdict.rating for verdict in runs] for runs in repeats] for repeats in verdicts]
    by_turn = [_present(answer_rating(repeats)) for repeats in given]
    every = [value for values in by_turn for value in values]
    metrics: dict[str, Any] = {}
    for name, values in zip_longest(means(turns), (every, *by_turn), fillvalue=()):
        metrics |= {str(name): list(values), f"{name}_stderr": (question.category, list(values))}
    metrics["category_mean"] = (question.category, every)
    metrics |= {category: every if category == question.category else [] for category in categories}
    metrics["answer_language"] = in_the_questions_language(question, languages)
    metrics["unscored"] = [float(answer_rating([runs]) is None) for repeats in given for runs in repeats]
    return metrics


def _present(value: float | None) -> list[float]:
    return [] if value is None else [value]


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


def standard_error(items: Iterable[tuple[str, Sequence[float]]]) -> float | str:
    """Return the standard error of `mean` over questions that are resampled within their category.

    It is what the bootstrap of `stats.intervals.bootstrap_interval` tends to: with e_i = (sum of question i's values)
    - mean * (number of its values), n_h questions in category h and N values in all,

        sqrt(sum over h of n_h / (n_h - 1) * sum over i in h of (e_i - mean of e in h)^2) / N

    METHODS.md, "Standard error of a mean". Turns of one question move together.

    Args:
        items: Per question its category and its values; a question without values stays out.

    Returns:
        The error in points, or "N/A" below two questions.
    """
    valued = [(category, values) for category, values in items if values]
    if len(valued) < FEWEST_QUESTIONS:
        return "N/A"
    centre = mean(values for _, values in valued)
    groups: dict[int, list[float]] = {}
    for stratum, (_, values) in zip(strata([category for category, _ in valued]), valued, strict=True):
        groups.setdefault(stratum, []).append(math.fsum(values) - centre * len(values))
    total = math.fsum(len(errors) * variance(errors) for errors in groups.values())
    return math.sqrt(total) / sum(len(values) for _, values in valued)


def category_mean(items: Iterable[tuple[str, Sequence[float]]]) -> float:
    """Return the mean of the category means (the paper's Avg., Tables 8-10); nan if there is none."""
    by_category: dict[str, list[float]] = {}
    for category, values in items:
        by_category.setdefault(category, []).extend(values)
    means = [fmean(values) for values in by_category.values() if values]
    return fmean(means) if means else math.nan


def aggregations(categories: Iterable[str], turns: int) -> dict[str, Callable[..., Any]]:
    """Return how each metric of `contributions` is aggregated, in the order of the table.

    Args:
        categories: All categories of the evaluation.
        turns: The most turns of a question.
    """
    table: dict[str, Callable[..., Any]] = {}
    for name in means(turns):
        table |= {name: mean, f"{name}_stderr": standard_error}
    return table | {"category_mean": category_mean} | dict.fromkeys([*categories, "answer_language", "unscored"], mean)

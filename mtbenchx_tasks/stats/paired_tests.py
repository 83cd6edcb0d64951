"""Is the difference between two models beyond chance, or a matter of more judge runs or questions?

Over the questions that both models have, the variance of the mean difference d is (q + j / R) / n: q over questions, j
within a question over judge runs, R runs, n questions. More runs shrink j / R only. So where d isn't significant,
either some R brings z * sqrt((q + j / R) / n) below |d|, which is how many runs are needed, or no R does, and these
questions can't tell. z is Bonferroni's quantile for the number of pairs tested.

Formulas and sources: METHODS.md, "Paired test" and "What would settle a difference".
"""

import functools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import NormalDist, fmean
from typing import TYPE_CHECKING

from hf_datasets.records import QuestionId
from mtbenchx_tasks.stats.cells import RatedAnswer, Resampler
from mtbenchx_tasks.stats.intervals import (
    DRAWS,
    FEWEST_QUESTIONS,
    LEVEL,
    Interval,
    OneId,
    bootstrap_interval,
    drawn_totals,
    mean,
    ordered_questions,
)
from mtbenchx_tasks.tables import p_words

if TYPE_CHECKING:
    from mtbenchx_tasks.stats.intervals import Array

ALPHA = 1 - LEVEL
AT_ONCE = 256
"""Pairs tested together: so many columns of draws are in memory."""
MOST_RUNS = 100
"""More runs than this are not worth naming."""


@dataclass(frozen=True)
class PairedTest:
    """The difference between two sides over the same questions."""

    n: int
    """Questions with values on both sides."""
    difference: float | None
    """Mean over questions of the first side's mean less the second's."""
    interval: Interval | None
    """Its bootstrap interval over questions."""
    p: float | None
    """Two-sided, by `sign_flip_p`; None below two questions, 1 if all differences are zero."""


def paired_test(
    a_by_question: Mapping[OneId, Sequence[float]],
    b_by_question: Mapping[OneId, Sequence[float]],
    draws: int = DRAWS,
    seed: int = 0,
    *,
    categories: Mapping[OneId, str] | None = None,
) -> PairedTest:
    """Test whether two sides differ on the questions that both have.

    Args:
        a_by_question: Question id -> values of one side; their mean counts.
        b_by_question: The same of the other side.
        draws: Random draws of bootstrap and permutation.
        seed: Seed of the draws.
        categories: Question id -> category, for the interval.
    """
    import numpy as np

    shared = ordered_questions(key for key, values in a_by_question.items() if values and b_by_question.get(key))
    differences = {key: _rounded(fmean(a_by_question[key]) - fmean(b_by_question[key])) for key in shared}
    if len(shared) < FEWEST_QUESTIONS:
        return PairedTest(len(shared), fmean(differences.values()) if shared else None, None, None)
    values = {key: [value] for key, value in differences.items()}
    interval = bootstrap_interval(values, mean, draws, seed, categories=categories)
    column = np.array([list(differences.values())]).T
    (p,) = sign_flip_p(column, draws, seed)
    return PairedTest(len(shared), fmean(differences.values()), interval, float(p))


def _rounded(difference: float) -> float:
    return round(difference, 12)  # equal ones must tie


def sign_flip_p(differences: "Array", draws: int = DRAWS, seed: int = 0) -> "Array":
    """Return the two-sided p of a sign-flip permutation test of each column's mean against zero.

    Under the null hypothesis a question's difference is as likely as its negative. p is the share of sign patterns
    whose sum is at least as far from zero as the observed one: of all 2^n patterns while these are at most `draws` (13
    questions), else of random ones, the observed among them: (1 + hits) / (1 + draws). METHODS.md, "Paired test".

    Args:
        differences: One row a question, one column a test; nan: a question that the test doesn't have.
        draws: Random sign patterns.
        seed: Seed of the patterns, which all columns share.
    """
    import numpy as np

    numbers = np.nan_to_num(differences[np.isfinite(differences).any(axis=1)])
    exact = 2 ** len(numbers) <= draws
    signs = _every_sign(len(numbers)) if exact else _random_signs(len(numbers), draws, seed)
    hits = (np.abs(drawn_totals(signs, numbers)) >= np.abs(numbers.sum(axis=0)) - 1e-9).sum(axis=0)
    p: Array = hits / len(signs) if exact else (1 + hits) / (1 + len(signs))
    return p


def _every_sign(questions: int) -> "Array":
    import numpy as np

    signs: Array = np.float64(1.0) - 2.0 * ((np.arange(2**questions)[:, None] >> np.arange(questions)) & 1)
    return signs


@functools.lru_cache(maxsize=4)
def _random_signs(questions: int, draws: int, seed: int) -> "Array":
    import numpy as np

    signs: Array = np.random.default_rng(seed).choice([-1.0, 1.0], (draws, questions))
    return signs


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return Holm's step-down adjusted p-values, in the given order; a test that gave none (None) doesn't count.

    Of m tests, sorted by p: p_(k) becomes the largest of (m - i + 1) p_(i) for i up to k, and at most 1 (Holm, 1979).
    """
    made = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, place) in enumerate(made):
        highest = max(highest, min(1.0, (len(made) - rank) * p))
        adjusted[place] = highest
    return adjusted


@dataclass(frozen=True)
class ModelPair:
    """Two models on the same questions of one language."""

    language: str
    models: tuple[str, str]
    """The first's mean less the second's is the difference."""
    questions: int
    """Questions that both have ratings on."""
    difference: float | None
    """Mean over questions, in points."""
    interval: Interval | None
    """95 % bootstrap interval of the difference over questions."""
    p: float | None
    """Two-sided, by `sign_flip_p`."""
    p_holm: float | None = None
    """p after Holm's correction for all pairs of the language."""
    verdict: str = ""
    """What the difference is, in words."""


def paired(models: Sequence[str], resampler: Resampler) -> list[ModelPair]:
    """Test every pair of models, in the order given, in every language of the resampler's table."""
    table, pairs = resampler.table, []
    for language in table.languages:
        cells = {model: table.cell(model, language) for model in models}
        by_model = {
            model: _ratings(answers, table.runs, resampler.questions) for model, answers in cells.items() if answers
        }
        pairs += _language(language, by_model, resampler)
    return pairs


def _ratings(answers: Sequence[RatedAnswer], runs: int, questions: Sequence[QuestionId]) -> "tuple[Array, Array]":
    """Return a model's mean rating of each question, and of each question (rows) in each run (columns); nan without."""
    import numpy as np

    by_question: dict[QuestionId, list[RatedAnswer]] = {question: [] for question in questions}
    for answer in answers:
        by_question[answer.question_id].append(answer)
    means = [_mean(answer.rating for answer in group) for group in by_question.values()]
    per_run = [[_mean(answer.of_run(run) for answer in group) for run in range(runs)] for group in by_question.values()]
    return np.array(means), np.array(per_run)


def _mean(values: Iterable[float | None]) -> float:
    valid = [value for value in values if value is not None]
    return fmean(valid) if valid else math.nan


def _language(language: str, by_model: "Mapping[str, tuple[Array, Array]]", resampler: Resampler) -> list[ModelPair]:
    pairs = list(combinations(by_model, 2))
    tested: list[ModelPair] = []
    for start in range(0, len(pairs), AT_ONCE):
        tested += _tested(language, pairs[start : start + AT_ONCE], by_model, resampler)
    corrected = [replace(pair, p_holm=p) for pair, p in zip(tested, holm([pair.p for pair in tested]), strict=True)]
    return [replace(pair, verdict=_verdict_on(pair, by_model, len(tested))) for pair in corrected]


def _verdict_on(pair: ModelPair, by_model: "Mapping[str, tuple[Array, Array]]", tests: int) -> str:
    variances = _variances(by_model[pair.models[0]][1] - by_model[pair.models[1]][1])
    return verdict(pair, *variances, tests) if variances else NOTHING


def _tested(
    language: str,
    pairs: Sequence[tuple[str, str]],
    by_model: "Mapping[str, tuple[Array, Array]]",
    resampler: Resampler,
) -> Iterator[ModelPair]:
    """Yield each pair with its difference, interval and p."""
    import numpy as np

    differences = np.column_stack([by_model[one][0] - by_model[other][0] for one, other in pairs]).round(12)
    p_values = sign_flip_p(differences, resampler.draws, resampler.seed)
    known = np.isfinite(differences)
    counts = drawn_totals(resampler.weights, known.astype(float))
    sums = drawn_totals(resampler.weights, np.where(known, differences, 0.0))
    draws = np.divide(sums, counts, out=np.full_like(counts, np.nan), where=counts > 0)
    for number, models in enumerate(pairs):
        n = int(known[:, number].sum())
        difference = float(differences[known[:, number], number].mean()) if n else None
        p = float(p_values[number]) if n > 1 else None
        yield ModelPair(language, models, n, difference, resampler.interval(draws[:, number], n), p)


def _variances(differences: "Array") -> tuple[float, float | None, int] | None:
    """Split the variance of a difference into that over questions and that of the judge within one.

    Args:
        differences: Of each question (rows) in each run (columns); nan without.

    Returns:
        The variance over questions, that within a question over runs (None: one run), and the number of runs; None
        below two questions.
    """
    import numpy as np

    known = np.isfinite(differences)
    differences, counts = differences[known.any(axis=1)], known.sum(axis=1)[known.any(axis=1)]
    if len(differences) < FEWEST_QUESTIONS:
        return None
    between = float(np.nanmean(differences, axis=1).var(ddof=1))
    repeated = differences[counts > 1]
    if 2 * len(repeated) < len(differences):  # a few rows twice are no second run
        return between, None, 1
    within, runs = float(np.nanvar(repeated, axis=1, ddof=1).mean()), int(counts.max())
    return max(0.0, between - within / runs), within, runs


NOTHING = "can't be told: fewer than two shared questions"


def verdict(pair: ModelPair, over_questions: float, within: float | None, runs: int, tests: int) -> str:
    """Say in words what a difference is.

    Args:
        pair: The tested pair.
        over_questions: Variance of the difference over questions, the judge's share taken out if `within` is known.
        within: Variance of the difference within a question over judge runs; None: one run.
        runs: How many there are.
        tests: Pairs tested together.
    """
    if pair.difference is None or pair.p_holm is None:
        return NOTHING
    better = pair.models[0] if pair.difference > 0 else pair.models[1]
    if pair.p_holm <= ALPHA:
        unmeasured = "; one run, the judge's own noise isn't measured apart" if within is None else ""
        return f"{better} is better{unmeasured}"
    if pair.difference == 0:
        return "no difference"
    return f"can't be told apart ({p_words(pair.p_holm)}){_what_would_help(pair, over_questions, within, runs, tests)}"


def _what_would_help(pair: ModelPair, over_questions: float, within: float | None, runs: int, tests: int) -> str:
    """Say whether more runs or more questions would settle a difference."""
    if within is None:
        return "; from one run it can't be told whether more runs would settle it"
    z = NormalDist().inv_cdf(1 - ALPHA / (2 * tests))
    allowed = pair.questions * ((pair.difference or 0.0) / z) ** 2
    if allowed <= over_questions:
        return f": more runs won't settle it, {_more_questions(pair, over_questions, z)}"
    more = math.ceil(within / (allowed - over_questions)) - runs
    if more <= 0:
        return ": it is at the edge of what these questions can tell"
    return f" so far: needs about {more} more {'run' if more == 1 else 'runs'}" if more <= MOST_RUNS else ""


def _more_questions(pair: ModelPair, over_questions: float, z: float) -> str:
    needed = math.ceil(over_questions * (z / (pair.difference or 1)) ** 2)
    return f"about {needed} questions would" if needed <= 100 * pair.questions else "nor would any number of questions"

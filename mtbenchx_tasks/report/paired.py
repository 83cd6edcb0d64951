"""Is the difference between two models real, noise, or a matter of more judge runs?

Over the questions that both models have, the variance of the mean difference d is (q + j / R) / n: q over questions, j
within a question over judge runs, R runs, n questions. More runs shrink j / R only. So where d isn't significant,
either some R brings z * sqrt((q + j / R) / n) below |d|, which is how many runs are needed, or no R does, and the
difference is noise on these questions. z is Bonferroni's quantile for the number of pairs tested.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import NormalDist, fmean
from typing import TYPE_CHECKING

from mtbenchx_tasks.report.means import Resampler
from mtbenchx_tasks.report.sections import Answer, Section
from mtbenchx_tasks.stats.intervals import FEWEST_QUESTIONS, LEVEL, Interval, holm

if TYPE_CHECKING:
    from mtbenchx_tasks.stats.intervals import Array

ALPHA = 1 - LEVEL
AT_ONCE = 256
"""Pairs tested together: so many columns of draws are in memory."""
MOST_RUNS = 100
"""More runs than this are not worth naming."""


@dataclass(frozen=True)
class Pair:
    """Two models on the same questions of one language."""

    language: str
    """Of the questions."""
    models: tuple[str, str]
    """The first's mean less the second's is the difference."""
    questions: int
    """Questions that both have ratings on."""
    difference: float | None
    """Mean over questions."""
    interval: Interval | None
    """Over questions."""
    p: float | None
    """Two-sided sign-flip permutation test."""
    p_holm: float | None = None
    """After Holm's correction for all pairs of the language."""
    verdict: str = ""
    """In words."""


@dataclass(frozen=True)
class _Spread:
    """What a difference's variance is made of."""

    over_questions: float
    within: float | None
    runs: int


def paired(section: Section, models: Sequence[str], resampler: Resampler) -> list[Pair]:
    """Test every pair of models, in the order given, in every language."""
    found = []
    for language in section.languages:
        present = [model for model in models if (model, language) in section.by_cell]
        by_model = {
            model: _ratings(section.by_cell[model, language], section.runs, resampler.questions) for model in present
        }
        found += _language(language, by_model, resampler)
    return found


def _ratings(answers: Sequence[Answer], runs: int, questions: Sequence[int]) -> "tuple[Array, Array]":
    """Return a model's mean rating of each question, and of each question (rows) in each run (columns); nan without."""
    import numpy as np

    by_question: dict[int, list[Answer]] = {}
    for answer in answers:
        by_question.setdefault(answer.question_id, []).append(answer)
    each = [
        _question([[answer.of_run(run) for run in range(runs)] for answer in by_question.get(question, ())], runs)
        for question in questions
    ]
    return np.array([one[0] for one in each]), np.array([one[1] for one in each])


def _question(ratings: list[list[float | None]], runs: int) -> tuple[float, list[float]]:
    """Return a question's mean over its answers (each the mean of its runs), and the same in each run."""
    of_answers = [_mean(answer) for answer in ratings]
    return _nan(_mean(of_answers)), [_nan(_mean([answer[run] for answer in ratings])) for run in range(runs)]


def _mean(values: Sequence[float | None]) -> float | None:
    valid = [value for value in values if value is not None]
    return fmean(valid) if valid else None


def _language(language: str, by_model: "Mapping[str, tuple[Array, Array]]", resampler: Resampler) -> list[Pair]:
    pairs = list(combinations(by_model, 2))
    found: list[Pair] = []
    for start in range(0, len(pairs), AT_ONCE):
        found += _tested(language, pairs[start : start + AT_ONCE], by_model, resampler)
    corrected = zip(found, holm([pair.p for pair in found]), strict=True)
    tested = [replace(pair, p_holm=p) for pair, p in corrected]
    return [_worded(pair, _spread(by_model, pair), len(tested)) for pair in tested]


def _tested(
    language: str,
    pairs: Sequence[tuple[str, str]],
    by_model: "Mapping[str, tuple[Array, Array]]",
    resampler: Resampler,
) -> Iterator[Pair]:
    """Yield each pair with its difference, interval and p."""
    import numpy as np

    differences = np.column_stack([by_model[one][0] - by_model[other][0] for one, other in pairs]).round(12)
    known = np.isfinite(differences)
    filled = np.where(known, differences, 0.0)
    p_values = _sign_flips(filled, known, resampler)
    counts = resampler.times @ known
    draws = np.divide(resampler.times @ filled, counts, out=np.full_like(counts, np.nan), where=counts > 0)
    for number, models in enumerate(pairs):
        n = int(known[:, number].sum())
        difference = float(differences[known[:, number], number].mean()) if n else None
        p = float(p_values[number]) if n > 1 else None
        yield Pair(language, models, n, difference, resampler.interval(draws[:, number], n), p)


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


def _sign_flips(filled: "Array", known: "Array", resampler: Resampler) -> "Array":
    """Return two-sided p-values of each column's sum under random signs, the observed one counted among the draws.

    Up to 13 questions every sign pattern is enumerated, as in stats.paired_test.
    """
    import numpy as np

    used = np.flatnonzero(known.any(axis=1))
    exact = 2 ** len(used) <= resampler.draws
    if exact:
        patterns = (np.arange(2 ** len(used))[:, None] >> np.arange(len(used))) & 1
        signs = 1.0 - 2.0 * patterns
    else:
        signs = np.random.default_rng(resampler.seed).choice([-1.0, 1.0], (resampler.draws, len(used)))
    sums, observed = np.abs(signs @ filled[used]), np.abs(filled.sum(axis=0))
    hits = (sums >= observed - 1e-9).sum(axis=0)
    p: Array = hits / len(signs) if exact else (1 + hits) / (1 + len(signs))
    return p


def _spread(by_model: "Mapping[str, tuple[Array, Array]]", pair: Pair) -> _Spread | None:
    """Split the variance of a difference into that over questions and that of the judge within one."""
    import numpy as np

    differences = by_model[pair.models[0]][1] - by_model[pair.models[1]][1]
    known = np.isfinite(differences)
    differences, counts = differences[known.any(axis=1)], known.sum(axis=1)[known.any(axis=1)]
    if len(differences) < FEWEST_QUESTIONS:
        return None
    between = float(np.nanmean(differences, axis=1).var(ddof=1))
    repeated = differences[counts > 1]
    if 2 * len(repeated) < len(differences):  # a few rows twice are no second run
        return _Spread(between, None, 1)
    within, runs = float(np.nanvar(repeated, axis=1, ddof=1).mean()), int(counts.max())
    return _Spread(max(0.0, between - within / runs), within, runs)


def _worded(pair: Pair, spread: _Spread | None, tests: int) -> Pair:
    return replace(
        pair, verdict=verdict(pair, spread.over_questions, spread.within, spread.runs, tests) if spread else NOTHING
    )


NOTHING = "can't be told: fewer than two shared questions"


def verdict(pair: Pair, over_questions: float, within: float | None, runs: int, tests: int) -> str:
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
    return f"the difference is noise{_what_would_help(pair, over_questions, within, runs, tests)}"


def _what_would_help(pair: Pair, over_questions: float, within: float | None, runs: int, tests: int) -> str:
    """Say whether more runs or more questions would settle a difference."""
    if within is None:
        return "; one run, whether more would help can't be told"
    z = NormalDist().inv_cdf(1 - ALPHA / (2 * tests))
    allowed = pair.questions * ((pair.difference or 0.0) / z) ** 2
    if allowed <= over_questions:
        return f": more runs won't settle it, {_more_questions(pair, over_questions, z)}"
    more = math.ceil(within / (allowed - over_questions)) - runs
    if more <= 0:
        return ": it is at the edge of what these questions can tell"
    return f" so far: needs about {more} more {'run' if more == 1 else 'runs'}" if more <= MOST_RUNS else ""


def _more_questions(pair: Pair, over_questions: float, z: float) -> str:
    needed = math.ceil(over_questions * (z / (pair.difference or 1)) ** 2)
    return f"about {needed} questions would" if needed <= 100 * pair.questions else "nor would any number of questions"

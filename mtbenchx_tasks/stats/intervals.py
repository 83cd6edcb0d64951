"""Uncertainty over questions and over runs: Wilson's interval, the bootstrap over questions, averages over runs.

A question is the unit: its turns, repeats, runs, votes and languages are not independent and move together. Every
interval of a mean or a ratio is `bootstrap_interval`'s: questions are resampled within their category, since the
benchmark fixes how many questions each category has. What can't be computed is None, beside the number of questions
that were there. Formulas and sources: METHODS.md.
"""

import functools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev
from typing import TYPE_CHECKING, TypeVar

from hf_datasets.records import QuestionId, id_order

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

LEVEL = 0.95
"""Confidence level of every interval."""
DRAWS = 9999
"""Random draws of a bootstrap or permutation."""
FEWEST_QUESTIONS = 2
"""Below, nothing varies."""
AT_ONCE = 2**17
"""Products of a matrix multiplication that one core does; a larger one is shared among threads, which takes longer."""
OneId = TypeVar("OneId", bound=QuestionId)


@dataclass(frozen=True)
class Interval:
    """A 95 % confidence interval."""

    low: float
    high: float


@dataclass(frozen=True)
class Share:
    """How many of some outcomes have a property."""

    count: int
    """Outcomes that have it."""
    n: int
    """All outcomes."""
    items: int
    """Distinct items among all; fewer than `n` where items were judged several times."""
    worth: float
    """Independent outcomes that all are worth, at most `items`: turns and languages of one question are alike."""

    @property
    def value(self) -> float | None:
        """The share, 0 to 1; None of nothing."""
        return self.count / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        """Wilson's interval on as many outcomes as they are worth (`effective_size`), not on all; None of nothing."""
        return wilson(self.count * self.worth / self.n, self.worth) if self.n else None


@dataclass(frozen=True)
class Averaged:
    """The mean of per-run values; runs are never concatenated, since their items are the same."""

    mean: float | None
    """Mean over the runs that have a value."""
    sd: float | None
    """Their sample standard deviation; None below two."""
    n: int
    """Runs with a value."""
    missing: int
    """Runs without."""


def wilson(count: float, n: float) -> Interval | None:
    """Return Wilson's score interval of the share p = count / n; None for a share of nothing.

    With z = 1.96: (p + z^2/2n ± z sqrt(p (1 - p) / n + z^2/4n^2)) / (1 + z^2/n). METHODS.md, "Interval of a share".

    Args:
        count: How many have the property; a fraction where outcomes move together (scipy takes whole ones).
        n: Independent outcomes, or as many as all are worth.
    """
    if n == 0:
        return None
    z2 = NormalDist().inv_cdf((1 + LEVEL) / 2) ** 2
    centre = (count + z2 / 2) / (n + z2)
    half = math.sqrt(z2 * (count * (n - count) / n + z2 / 4)) / (n + z2)
    share = count / n  # at 0 and 1 the ends are exact; rounding must not push the share out
    return Interval(min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half)))


def mean(totals: "Array") -> "Array":
    """Return the mean over all values of plain numbers: a statistic for `bootstrap_interval`."""
    return totals[..., 0] / totals[..., -1]


def ratio(totals: "Array") -> "Array":
    """Return the first amount over the second, e.g. wins over decisive votes; nan where the second is zero."""
    import numpy as np

    nothing = np.full(len(totals), np.nan)
    ratios: Array = np.divide(totals[..., 0], totals[..., 1], out=nothing, where=totals[..., 1] != 0)
    return ratios


def bootstrap_interval(
    values_by_question: Mapping[OneId, Sequence[float | Sequence[float]]],
    statistic: "Callable[[Array], Array]" = mean,
    draws: int = DRAWS,
    seed: int = 0,
    *,
    categories: Mapping[OneId, str] | None = None,
) -> Interval | None:
    """Return the 95 % percentile bootstrap interval of a statistic, questions resampled within their category.

    METHODS.md, "Interval over questions". Of each category's n questions n - 1 are drawn with replacement and weigh
    n / (n - 1), which makes the variance unbiased (Rao and Wu, 1988).

    Args:
        values_by_question: Question id -> its values (every turn, run, vote and language), each a number or a row of
            amounts; a question without values stays out.
        statistic: From the totals of each draw (one row a draw: the sum of each amount, then the number of values) to
            one number a draw; `mean`, `ratio` or one of yours.
        draws: How many times questions are drawn.
        seed: Seed of the draws.
        categories: Question id -> category; None: all are of one.

    Returns:
        The interval, or None below two questions or where no draw has a value. Draws without one are left out.
    """
    import numpy as np

    questions = ordered_questions(key for key, values in values_by_question.items() if values)
    if len(questions) < FEWEST_QUESTIONS:
        return None
    table = np.array([_summed(values_by_question[question]) for question in questions])
    named = [(categories or {}).get(question, "") for question in questions]
    return percentile_interval(statistic(drawn_totals(question_weights(strata(named), draws, seed), table)))


def ordered_questions(questions: Iterable[OneId]) -> tuple[OneId, ...]:
    """Return distinct ids, numbers by size, then texts: the draws don't depend on the order of a file."""
    return tuple(sorted(set(questions), key=id_order))


def category_of_each(told: Iterable[tuple[OneId, str]]) -> dict[OneId, str]:
    """Return the category of each question; where several are told, the last by name, whatever the order of a file.

    Args:
        told: Question ids and categories; "" is none.
    """
    categories: dict[OneId, str] = {}
    for question, category in told:
        categories[question] = max(category, categories.get(question, ""))
    return categories


def _summed(values: Sequence[float | Sequence[float]]) -> list[float]:
    rows = [value if isinstance(value, Sequence) else (value,) for value in values]
    return [*(math.fsum(column) for column in zip(*rows, strict=True)), float(len(rows))]


def strata(categories: Sequence[str]) -> tuple[int, ...]:
    """Return the number of the stratum of each question: its category, numbered in order of appearance.

    A category of one question has no spread of its own: such questions form a stratum together, and a last one alone
    joins the smallest ("collapsed strata": Cochran, Sampling Techniques, 3rd edition, section 5A.12).
    """
    sizes = Counter(categories)
    lonely = [name for name, size in sizes.items() if size == 1]
    if len(lonely) == 1 and len(sizes) > 1:
        lonely.append(min((name for name in sizes if name != lonely[0]), key=lambda name: (sizes[name], name)))
    merged = {name: lonely[0] if name in lonely else name for name in sizes}
    numbers = {name: number for number, name in enumerate(dict.fromkeys(merged.values()))}
    return tuple(numbers[merged[name]] for name in categories)


@functools.lru_cache(maxsize=4)
def question_weights(strata_of_questions: tuple[int, ...], draws: int, seed: int) -> "Array":
    """Return how much each question (columns) weighs in each draw (rows); each stratum's weights add up to its size.

    The last few are kept, since most tables are of the same questions. A stratum of one question weighs 1.

    Args:
        strata_of_questions: What `strata` returned.
        draws: Number of rows.
        seed: Seed of the draws.
    """
    import numpy as np

    chance = np.random.default_rng(seed)
    places = np.array(strata_of_questions)
    weights: Array = np.ones((draws, len(places)))
    for stratum in dict.fromkeys(strata_of_questions):
        columns = np.flatnonzero(places == stratum)
        n = len(columns)
        if n > 1:
            drawn = chance.integers(0, n, (draws, n - 1)) + np.arange(draws)[:, None] * n
            times = np.bincount(drawn.ravel(), minlength=draws * n).reshape(draws, n)
            weights[:, columns] = times * (n / (n - 1))
    return weights


def drawn_totals(weights: "Array", table: "Array") -> "Array":
    """Return the sum of each amount (columns) in each draw (rows).

    Args:
        weights: How much each question (columns) weighs in each draw (rows).
        table: Amounts (columns) of each question (rows).
    """
    import numpy as np

    rows = max(1, AT_ONCE // max(1, table.size))
    parts = [weights[begin : begin + rows] @ table for begin in range(0, len(weights), rows)]
    totals: Array = np.concatenate(parts)
    return totals


def percentile_interval(statistics: "Array") -> Interval | None:
    """Return the middle 95 % of a statistic's draws; draws without a value (nan) are left out, None without any."""
    import numpy as np

    finite = statistics[np.isfinite(statistics)]
    if not len(finite):
        return None
    low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))


def mean_and_sd(runs: Iterable[float | None]) -> Averaged:
    """Average one value a run; a run without a value (None) is counted and in no mean."""
    values = list(runs)
    valid = [value for value in values if value is not None]
    sd = stdev(valid) if len(valid) > 1 else None
    return Averaged(fmean(valid) if valid else None, sd, len(valid), len(values) - len(valid))

"""Uncertainty over questions and over runs (notes D7, D10, D11): intervals, a paired test, Holm's correction.

A question is the unit: its turns, runs and votes are not independent and move together. What can't be computed is
None, beside the number of questions that were there.
"""

import functools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev
from typing import TYPE_CHECKING, Literal

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
MOST_EXACT = 50
"""Most differences whose signed-rank distribution is enumerated."""


@dataclass(frozen=True)
class Interval:
    """A 95 % confidence interval."""

    low: float
    """Its lower end."""
    high: float
    """Its upper end."""


@dataclass(frozen=True)
class Share:
    """How many of some outcomes have a property."""

    count: int
    """Those that have it."""
    n: int
    """All."""
    items: int
    """Distinct items among all; fewer than `n` where items were judged several times."""

    @property
    def value(self) -> float | None:
        """The share; None of nothing."""
        return self.count / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        """Wilson's interval over distinct items; items are taken as independent (see bootstrap_interval)."""
        return wilson(self.count * self.items / self.n, self.items) if self.n else None


@dataclass(frozen=True)
class Averaged:
    """The mean of per-run values; runs are never concatenated, since their items are the same (notes D10)."""

    mean: float | None
    """Mean over the runs that have a value."""
    sd: float | None
    """Their sample standard deviation; None below two."""
    n: int
    """Runs with a value."""
    missing: int
    """Runs without."""


@dataclass(frozen=True)
class PairedTest:
    """The difference between two sides over the same questions (notes D11)."""

    n: int
    """Questions with values on both sides."""
    dropped: int
    """Questions with values on one side only."""
    difference: float | None
    """Mean over questions of the first side's mean less the second's."""
    interval: Interval | None
    """Its bootstrap interval over questions."""
    p: float | None
    """Two-sided sign-flip permutation test: exact up to 13 questions, else by random draws."""
    wilcoxon_p: float | None
    """Two-sided Wilcoxon signed-rank test, zeros after Pratt; secondary."""


def wilson(count: float, n: float) -> Interval | None:
    """Return Wilson's score interval of a share; None for a share of nothing."""
    if n == 0:
        return None
    z2 = NormalDist().inv_cdf((1 + LEVEL) / 2) ** 2
    centre = (count + z2 / 2) / (n + z2)
    half = math.sqrt(z2 * (count * (n - count) / n + z2 / 4)) / (n + z2)
    share = count / n  # at 0 and 1 the ends are exact; rounding must not push the share out
    return Interval(min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half)))


def mean(totals: "Array") -> "Array":
    """Return the mean over all values of plain numbers (see bootstrap_interval)."""
    return totals[..., 0] / totals[..., -1]


def ratio(totals: "Array") -> "Array":
    """Return the ratio of the first two amounts, e.g. (win, decisive); nan where the second is zero."""
    import numpy as np

    nothing = np.full(len(totals), np.nan)
    ratios: Array = np.divide(totals[..., 0], totals[..., 1], out=nothing, where=totals[..., 1] != 0)
    return ratios


def bootstrap_interval(
    values_by_question: Mapping[int, Sequence[float | Sequence[float]]],
    statistic: "Callable[[Array], Array]" = mean,
    draws: int = DRAWS,
    seed: int = 0,
) -> Interval | None:
    """Return the percentile bootstrap interval of a statistic over questions.

    Args:
        values_by_question: Question id -> its values (every turn, run and vote), each a number or a row of amounts;
            a question without values stays out.
        statistic: From the totals of each draw (one row a draw: the sum of each amount, then the number of values) to
            one number a draw; `mean`, `ratio` or one of yours.
        draws: How often as many questions as there are get drawn with replacement.
        seed: Of the draws.

    Returns:
        The interval, or None below two questions or where no draw has a value. Draws without one are left out.
    """
    import numpy as np

    table = np.array(
        [_summed(values_by_question[key]) for key in sorted(values_by_question) if values_by_question[key]]
    )
    n = len(table)
    if n < FEWEST_QUESTIONS:
        return None
    found = statistic(_times(n, draws, seed) @ table)
    found = found[np.isfinite(found)]
    if not len(found):
        return None
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))


@functools.lru_cache(maxsize=4)
def _times(n: int, draws: int, seed: int) -> "Array":
    """Return how often each draw (a row) has each question; kept, since most tables are of the same few sizes."""
    import numpy as np

    drawn = np.random.default_rng(seed).integers(0, n, (draws, n)) + np.arange(draws)[:, None] * n
    times: Array = np.bincount(drawn.ravel(), minlength=draws * n).reshape(draws, n).astype(np.float64)
    return times


def _summed(values: Sequence[float | Sequence[float]]) -> list[float]:
    rows = [value if isinstance(value, Sequence) else (value,) for value in values]
    return [*(math.fsum(column) for column in zip(*rows, strict=True)), float(len(rows))]


def paired_test(
    a_by_question: Mapping[int, Sequence[float]],
    b_by_question: Mapping[int, Sequence[float]],
    draws: int = DRAWS,
    seed: int = 0,
) -> PairedTest:
    """Test whether two sides differ on the same questions (notes D11).

    Args:
        a_by_question: Question id -> values of one side; their mean counts.
        b_by_question: The same of the other side.
        draws: Random draws of bootstrap and permutation.
        seed: Of the draws.

    Returns:
        Below two shared questions no interval and no p; p is 1 if all differences are zero.
    """
    a = {key: values for key, values in a_by_question.items() if values}
    b = {key: values for key, values in b_by_question.items() if values}
    shared = sorted(a.keys() & b.keys())
    dropped = len(a.keys() ^ b.keys())
    differences = [round(fmean(a[key]) - fmean(b[key]), 12) for key in shared]  # equal ones must tie
    difference = fmean(differences) if differences else None
    if len(shared) < FEWEST_QUESTIONS:
        return PairedTest(len(shared), dropped, difference, None, None, None)
    interval = bootstrap_interval({key: [value] for key, value in enumerate(differences)}, mean, draws, seed)
    p, wilcoxon_p = (_sign_flip(differences, draws, seed), _wilcoxon(differences)) if any(differences) else (1.0, 1.0)
    return PairedTest(len(shared), dropped, difference, interval, p, wilcoxon_p)


def _sign_flip(differences: Sequence[float], draws: int, seed: int) -> float:
    import numpy as np
    from scipy.stats import permutation_test

    found = permutation_test(
        (np.array(differences),),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=draws,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def _wilcoxon(differences: Sequence[float]) -> float:
    """Exact without ties and zeros; the normal approximation with them (enumerating those takes a second)."""
    import numpy as np
    from scipy.stats import wilcoxon

    sizes = {abs(value) for value in differences}
    exact = len(sizes) == len(differences) <= MOST_EXACT and 0 not in sizes
    method: Literal["exact", "approx"] = "exact" if exact else "approx"
    return float(wilcoxon(np.array(differences), zero_method="pratt", method=method).pvalue)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return Holm's step-down adjusted p-values, in the given order; a test that gave none (None) doesn't count."""
    made = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, place) in enumerate(made):
        highest = max(highest, min(1.0, (len(made) - rank) * p))
        adjusted[place] = highest
    return adjusted


def mean_and_sd(runs: Iterable[float | None]) -> Averaged:
    """Average one value a run; a run without a value (None) is counted and in no mean."""
    values = list(runs)
    valid = [value for value in values if value is not None]
    sd = stdev(valid) if len(valid) > 1 else None
    return Averaged(fmean(valid) if valid else None, sd, len(valid), len(values) - len(valid))


def pearson(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Return the linear correlation; None if a side doesn't vary."""
    import numpy as np

    varies = bool(x) and min(x) < max(x) and min(y) < max(y)
    return float(np.corrcoef(x, y)[0, 1]) if varies else None


def spearman(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Return the rank correlation, ties at their mean rank; None if a side doesn't vary."""
    from scipy.stats import rankdata

    return pearson(rankdata(x).tolist(), rankdata(y).tolist())

"""Cohen's and Fleiss' kappa (notes D5) and their p-values (D6).

A table has one row an item and one count a category: how many raters chose it. Items with fewer than two ratings
enter no statistic and are counted.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from statistics import fmean
from typing import TYPE_CHECKING, Literal

from mtbenchx_tasks.stats.intervals import DRAWS

if TYPE_CHECKING:
    from mtbenchx_tasks.stats.intervals import Array

PeMode = Literal["pooled", "item_mean"]
"""How the chance of a category is estimated: over all ratings, or as the mean of the items' shares (irrCAC's)."""
PAIR = 2
"""Ratings an item needs."""
FEWEST_NORMAL = 20
"""Below so many items p comes from DRAWS permutations with seed 0 (notes D6)."""
ROUNDING, VANISHING = 1e-12, 1e-6
"""What kappas may differ by and be equal; below what a standard error is zero."""


@dataclass(frozen=True)
class Kappa:
    """A chance-corrected agreement; None without items or where only one category occurs."""

    n: int
    """Items."""
    dropped: int
    """Items with fewer than two ratings."""
    kappa: float | None = None
    """1: perfect, 0: as by chance."""
    observed: float | None = None
    """Pa, the agreement found."""
    expected: float | None = None
    """Pe, the agreement by chance."""
    se0: float | None = None
    """The standard error if kappa were 0; not for a confidence interval."""
    z: float | None = None
    """kappa / se0; None if se0 is 0."""
    p: float | None = None
    """Of kappa = 0: two-sided from z, or one-sided by permutation."""
    p_method: Literal["normal", "permutation"] | None = None
    """Which of them; `permutation` below 20 items."""
    raters: tuple[int, float, int] | None = None
    """Fewest, mean and most ratings an item."""


def fleiss_kappa(table: Sequence[Sequence[int]], pe_mode: PeMode = "pooled") -> Kappa:
    """Return Fleiss' kappa of a table, for equal or unequal numbers of raters (notes D5), and its p-value (D6)."""
    import numpy as np

    rows = [row for row in table if sum(row) >= PAIR]
    counts = np.array(rows, dtype=np.float64)
    if not rows or np.count_nonzero(counts.sum(axis=0)) == 1:
        return Kappa(len(rows), len(table) - len(rows))
    observed, chances = _fleiss_terms(counts, pe_mode)
    expected = float((chances**2).sum())
    raters = [sum(row) for row in rows]
    spread, tilt = 1 - expected, float((chances * (1 - chances) * (1 - 2 * chances)).sum())
    se0 = sqrt(2 * (spread**2 - tilt) * sum(1 / (n * (n - 1)) for n in raters)) / spread / len(rows)
    terms, dropped = (float(observed), expected, se0), len(table) - len(rows)
    return _tested(terms, raters, dropped, lambda: _shuffled(counts, pe_mode))


def _fleiss_terms(counts: "Array", pe_mode: PeMode) -> "tuple[Array, Array]":
    """Return Pa and the categories' chances; leading axes (permutations) are kept."""
    raters = counts.sum(axis=-1, keepdims=True)
    observed = ((counts * (counts - 1)).sum(axis=-1) / (raters * (raters - 1))[..., 0]).mean(axis=-1)
    if pe_mode == "item_mean":
        return observed, (counts / raters).mean(axis=-2)
    return observed, counts.sum(axis=-2) / raters.sum(axis=-2)


def _shuffled(counts: "Array", pe_mode: PeMode) -> "Array":
    """Return Fleiss' kappa after shuffling the ratings over the items' places."""
    import numpy as np

    (items, categories), whole = counts.shape, counts.astype(np.int_)
    labels = np.repeat(np.arange(categories), whole.sum(axis=0))
    drawn = np.random.default_rng(0).permuted(np.tile(labels, (DRAWS, 1)), axis=1)
    cells = (np.arange(DRAWS)[:, None] * items + np.repeat(np.arange(items), whole.sum(axis=1))) * categories + drawn
    tables = np.bincount(cells.ravel(), minlength=DRAWS * counts.size).reshape(DRAWS, items, categories)
    observed, chances = _fleiss_terms(tables.astype(np.float64), pe_mode)
    expected = (chances**2).sum(axis=-1)
    return np.asarray((observed - expected) / (1 - expected))


def cohen_kappa(
    a: Sequence[Hashable | None], b: Sequence[Hashable | None], weights: Literal["quadratic"] | None = None
) -> Kappa:
    """Return Cohen's kappa of two raters, and its p-value from the variance of Fleiss, Cohen and Everitt (1969).

    Args:
        a: One rater's labels, item by item; None: no rating, and the item is dropped.
        b: The other's.
        weights: None: labels agree or don't; `quadratic`: labels are numbers, near ones agree more.
    """
    import numpy as np

    pairs = [(x, y) for x, y in zip(a, b, strict=True) if x is not None and y is not None]
    labels, n = list(dict.fromkeys(label for pair in pairs for label in pair)), len(pairs)
    if len(labels) < PAIR:
        return Kappa(n, len(a) - n)
    left, right = (np.array([labels.index(pair[side]) for pair in pairs]) for side in (0, 1))
    weight = _weights(labels, weights)
    p_left, p_right = (np.bincount(side, minlength=len(labels)) / n for side in (left, right))
    chance = np.outer(p_left, p_right)
    expected = float((weight * chance).sum())
    centred = weight - (weight @ p_right)[:, None] - p_left @ weight
    se0 = sqrt(max(0.0, float((chance * centred**2).sum()) - expected**2) / n) / (1 - expected)

    def shuffled() -> "Array":
        drawn = np.random.default_rng(0).permuted(np.tile(right, (DRAWS, 1)), axis=1)
        return np.asarray((weight[left, drawn].mean(axis=1) - expected) / (1 - expected))

    return _tested((float(weight[left, right].mean()), expected, se0), [PAIR] * n, len(a) - n, shuffled)


def _weights(labels: Sequence[Hashable], weights: Literal["quadratic"] | None) -> "Array":
    import numpy as np

    if weights is None:
        return np.eye(len(labels))
    values = np.array(labels, dtype=np.float64)
    return 1 - ((values[:, None] - values) / np.ptp(values)) ** 2


def _tested(
    terms: tuple[float, float, float], raters: Sequence[int], dropped: int, shuffled: "Callable[[], Array]"
) -> Kappa:
    """Return kappa from (Pa, Pe, se0) with its p-value."""
    observed, expected, se0 = terms
    n, kappa = len(raters), (observed - expected) / (1 - expected)
    z = kappa / se0 if se0 > VANISHING else None
    spread = (min(raters), fmean(raters), max(raters))
    if n < FEWEST_NORMAL:
        p = (1 + int((shuffled() >= kappa - ROUNDING).sum())) / (1 + DRAWS)
        return Kappa(n, dropped, kappa, *terms, z, p, "permutation", spread)
    return Kappa(n, dropped, kappa, *terms, z, 1.0 if z is None else erfc(abs(z) / sqrt(2)), "normal", spread)

"""Cohen's and Fleiss' kappa and their p-values: METHODS.md, "Fleiss' kappa" and "Cohen's kappa".

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

PAIR = 2
"""Ratings an item needs."""
FEWEST_NORMAL = 20
"""Below so many items p comes from DRAWS permutations with seed 0."""
ROUNDING, VANISHING = 1e-12, 1e-6
"""What kappas may differ by and be equal; below what a standard error is zero."""


@dataclass(frozen=True)
class Kappa:
    """A chance-corrected agreement; None without items or where only one category occurs."""

    n: int
    """Items with two votes or more."""
    dropped: int
    """Items with fewer."""
    kappa: float | None = None
    """1: perfect, 0: as by chance."""
    observed: float | None = None
    """Pa, the agreement found; 1 where two raters know only one category."""
    expected: float | None = None
    """Pe, the agreement by chance."""
    se0: float | None = None
    """The standard error if kappa were 0; not for a confidence interval."""
    z: float | None = None
    """kappa / se0; None if se0 is 0."""
    p: float | None = None
    """p of kappa = 0: two-sided from z, or one-sided by permutation."""
    p_method: Literal["normal", "permutation"] | None = None
    """How p was computed; `permutation` below 20 items."""
    raters: tuple[int, float, int] | None = None
    """Fewest, mean and most votes an item."""


def fleiss_kappa(table: Sequence[Sequence[int]]) -> Kappa:
    """Return Fleiss' kappa, for equal or unequal numbers n of votes an item, and its p-value.

    With p_c the share of category c among all votes, q_c = 1 - p_c and N items:

        kappa = (Pa - Pe) / (1 - Pe),  Pa = mean over items of sum n_c (n_c - 1) / (n (n - 1)),  Pe = sum p_c^2
        se0^2 = 2 / N^2 * sum over items of 1 / (n (n - 1))
                * ((sum p_c q_c)^2 - sum p_c q_c (q_c - p_c)) / (sum p_c q_c)^2

    Fleiss (1971); variance if kappa were 0: Fleiss, Nee and Landis (1979).

    Args:
        table: One row an item, one column a category: how many votes the item has of the category.
    """
    import numpy as np

    rows = [row for row in table if sum(row) >= PAIR]
    counts = np.array(rows, dtype=np.float64)
    if not rows or np.count_nonzero(counts.sum(axis=0)) == 1:
        return Kappa(len(rows), len(table) - len(rows))
    observed, chances = _fleiss_terms(counts)
    expected = float((chances**2).sum())
    raters = [sum(row) for row in rows]
    disagreement = 1 - expected  # by chance: sum of p q
    skew = float((chances * (1 - chances) * (1 - 2 * chances)).sum())  # sum of p q (q - p)
    pairs = sum(1 / (n * (n - 1)) for n in raters)
    se0 = sqrt(2 * (disagreement**2 - skew) * pairs) / disagreement / len(rows)
    terms, dropped = (float(observed), expected, se0), len(table) - len(rows)
    return _tested(terms, raters, dropped, lambda: _shuffled(counts))


def _fleiss_terms(counts: "Array") -> "tuple[Array, Array]":
    """Return Pa and the categories' chances; leading axes (permutations) are kept."""
    raters = counts.sum(axis=-1, keepdims=True)
    observed = ((counts * (counts - 1)).sum(axis=-1) / (raters * (raters - 1))[..., 0]).mean(axis=-1)
    return observed, counts.sum(axis=-2) / raters.sum(axis=-2)


def _shuffled(counts: "Array") -> "Array":
    """Return Fleiss' kappa after shuffling the ratings over the items' places."""
    import numpy as np

    (items, categories), whole = counts.shape, counts.astype(np.int_)
    labels = np.repeat(np.arange(categories), whole.sum(axis=0))
    drawn = np.random.default_rng(0).permuted(np.tile(labels, (DRAWS, 1)), axis=1)
    cells = (np.arange(DRAWS)[:, None] * items + np.repeat(np.arange(items), whole.sum(axis=1))) * categories + drawn
    tables = np.bincount(cells.ravel(), minlength=DRAWS * counts.size).reshape(DRAWS, items, categories)
    observed, chances = _fleiss_terms(tables.astype(np.float64))
    expected = (chances**2).sum(axis=-1)
    return np.asarray((observed - expected) / (1 - expected))


def cohen_kappa(
    a: Sequence[Hashable | None], b: Sequence[Hashable | None], weights: Literal["quadratic"] | None = None
) -> Kappa:
    """Return Cohen's kappa of two raters, and its p-value.

    With w = 1 for equal labels, else 0 (or the quadratic weights), f the shares of the pairs of labels, p and q each
    rater's shares, w_x. = sum over y of w_xy q_y and w_.y = sum over x of w_xy p_x:

        kappa = (Pa - Pe) / (1 - Pe),  Pa = sum w_xy f_xy,  Pe = sum w_xy p_x q_y
        se0^2 = (sum p_x q_y (w_xy - w_x. - w_.y)^2 - Pe^2) / (N (1 - Pe)^2)

    Cohen (1960, 1968); variance if kappa were 0: Fleiss, Cohen and Everitt (1969).

    Args:
        a: One rater's labels, item by item; None: no rating, and the item is dropped.
        b: The other's.
        weights: None: labels agree or don't; `quadratic`: labels are numbers, near ones agree more.
    """
    import numpy as np

    pairs = [(x, y) for x, y in zip(a, b, strict=True) if x is not None and y is not None]
    labels, n = list(dict.fromkeys(label for pair in pairs for label in pair)), len(pairs)
    if len(labels) < PAIR:
        return Kappa(n, len(a) - n, observed=1.0 if n else None)
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

"""Agreement between judges: raw (notes D1), Cohen's and Fleiss' kappa (D5, D6), and of ratings of the same answers.

A table has one row an item and one count a category: how many raters chose it. Items with fewer than two ratings
enter no statistic and are counted.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb, erfc, floor, sqrt
from statistics import fmean
from typing import TYPE_CHECKING, Literal, NamedTuple

from mtbenchx_tasks.judge.outcome import Item, Outcome
from mtbenchx_tasks.pairstats import VOTES
from mtbenchx_tasks.stats import DRAWS, Interval, bootstrap_interval, pearson, spearman

if TYPE_CHECKING:
    from mtbenchx_tasks.stats import Array

PeMode = Literal["pooled", "item_mean"]
"""How the chance of a category is estimated: over all ratings, or as the mean of the items' shares (irrCAC's)."""
PAIR = 2
"""Ratings an item needs."""
FEWEST_NORMAL = 20
"""Below so many items p comes from DRAWS permutations with seed 0 (notes D6)."""
ROUNDING, VANISHING = 1e-12, 1e-6
"""What kappas may differ by and be equal; below what a standard error is zero."""


@dataclass(frozen=True)
class RawAgreement:
    """Agreement of pairs of raters (notes D1)."""

    micro: float | None
    """Agreeing pairs among all pairs."""
    macro: float | None
    """Mean over items of the item's share of agreeing pairs."""
    n_items: int
    """Items with two ratings or more."""
    n_pairs: int
    """Pairs on them."""
    n_items_dropped: int
    """Items with fewer ratings."""


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


class AnswerId(NamedTuple):
    """Whose answer to what: two judges' ratings are matched by it."""

    model: str
    """Who answered."""
    language: str
    """Language of the question."""
    question_id: int
    """Id of the question."""
    turn: int
    """1 or 2."""
    repeat: int = 0
    """0-based number of the generated answer."""


@dataclass(frozen=True)
class RatingAgreement:
    """Two judges' (or prompt sets') ratings of the same answers."""

    n: int
    """Answers that both rated."""
    missing: int
    """Answers that only one rated, or neither."""
    shift: float | None
    """Mean of the second's ratings less the first's."""
    interval: Interval | None
    """Bootstrap interval of the shift over questions."""
    pearson: float | None
    """Linear correlation; None if a side doesn't vary."""
    spearman: float | None
    """Rank correlation; None if a side doesn't vary."""
    within_1: float | None
    """Share of answers whose ratings differ by one point at most."""
    kappa: Kappa
    """Quadratically weighted, on ratings rounded to whole points (halves up)."""


def vote_table(outcomes: Iterable[Outcome]) -> list[list[int]]:
    """Return several judges' votes an item, counted by VOTES; give one run at a time, for runs aren't more items.

    An inconsistent or failed outcome is a missing vote.
    """
    rows: dict[Item, list[int]] = {}
    for outcome in outcomes:
        row = rows.setdefault(replace(outcome.item, judge=""), [0] * len(VOTES))
        if outcome.winner in VOTES:
            row[VOTES.index(outcome.winner)] += 1
    return list(rows.values())


def vote_kappa(a: Iterable[Outcome], b: Iterable[Outcome]) -> Kappa:
    """Return Cohen's kappa of two judges' or two prompt sets' votes, items matched by all but the judge."""
    votes_a, votes_b = ({replace(o.item, judge=""): o.winner if o.winner in VOTES else None for o in s} for s in (a, b))
    items = list(votes_a | votes_b)
    return cohen_kappa([votes_a.get(item) for item in items], [votes_b.get(item) for item in items])


def raw_agreement(table: Sequence[Sequence[int]]) -> RawAgreement:
    """Return the agreement of pairs of raters, per pair and per item (notes D1)."""
    pairs = [(sum(comb(count, 2) for count in row), comb(sum(row), 2)) for row in table]
    used = [(agreeing, possible) for agreeing, possible in pairs if possible]
    n_pairs = sum(possible for _, possible in used)
    micro = sum(agreeing for agreeing, _ in used) / n_pairs if used else None
    macro = fmean(agreeing / possible for agreeing, possible in used) if used else None
    return RawAgreement(micro, macro, len(used), n_pairs, len(pairs) - len(used))


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


def rating_agreement(a: Mapping[AnswerId, float | None], b: Mapping[AnswerId, float | None]) -> RatingAgreement:
    """Compare two judges' or prompt sets' ratings of the same answers (each the mean of its valid runs, or None)."""
    rated = [(key, x, y) for key in sorted(a) if (x := a[key]) is not None and (y := b.get(key)) is not None]
    left, right, every = [p for _, p, _ in rated], [q for _, _, q in rated], [q - p for _, p, q in rated]
    shifts: dict[int, list[float]] = {}
    for (key, _, _), shift in zip(rated, every, strict=True):
        shifts.setdefault(key.question_id, []).append(shift)
    whole = [[floor(rating + 0.5) for rating in side] for side in (left, right)]
    return RatingAgreement(
        n=len(every),
        missing=len(a.keys() | b.keys()) - len(every),
        shift=fmean(every) if every else None,
        interval=bootstrap_interval(shifts),
        pearson=pearson(left, right),
        spearman=spearman(left, right),
        within_1=fmean(abs(shift) <= 1 + ROUNDING for shift in every) if every else None,
        kappa=cohen_kappa(whole[0], whole[1], "quadratic"),
    )

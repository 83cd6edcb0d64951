"""Agreement between raters: of their votes, and of their ratings of the same answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, floor
from statistics import fmean
from typing import NamedTuple

from hf_datasets.records import QuestionId, id_order
from mtbenchx_tasks.stats.intervals import Interval, bootstrap_interval
from mtbenchx_tasks.stats.kappa import ROUNDING, Kappa, cohen_kappa


@dataclass(frozen=True)
class RawAgreement:
    """Agreement of pairs of votes on the same item."""

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


class AnswerId(NamedTuple):
    """Whose answer to what: two judges' ratings are matched by it."""

    model: str
    """Who answered."""
    language: str
    """Language of the question."""
    question_id: QuestionId
    """Id of the question."""
    turn: int
    """From 1."""
    repeat: int = 0
    """0-based number of the generated answer."""

    def order(self) -> tuple[object, ...]:
        """Return what answers are sorted by."""
        return self.model, self.language, id_order(self.question_id), self.turn, self.repeat


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


def raw_agreement(table: Sequence[Sequence[int]]) -> RawAgreement:
    """Return the agreement of pairs of votes: METHODS.md, "Raw agreement".

    Args:
        table: One row an item, one column a class: how many votes the item has of the class.
    """
    pairs = [(sum(comb(count, 2) for count in row), comb(sum(row), 2)) for row in table]
    used = [(agreeing, possible) for agreeing, possible in pairs if possible]
    n_pairs = sum(possible for _, possible in used)
    micro = sum(agreeing for agreeing, _ in used) / n_pairs if used else None
    macro = fmean(agreeing / possible for agreeing, possible in used) if used else None
    return RawAgreement(micro, macro, len(used), n_pairs, len(pairs) - len(used))


def rating_agreement(
    a: Mapping[AnswerId, float | None],
    b: Mapping[AnswerId, float | None],
    categories: Mapping[QuestionId, str] | None = None,
) -> RatingAgreement:
    """Compare two judges' or prompt sets' ratings: METHODS.md, "Two judges' ratings of the same answers".

    Args:
        a: Answer -> the first's rating, 1 to 10, the mean of its valid runs; None without one.
        b: The second's.
        categories: Question id -> category, within which the interval resamples; None: all are of one.
    """
    rated = [
        (key, x, y)
        for key in sorted(a, key=AnswerId.order)
        if (x := a[key]) is not None and (y := b.get(key)) is not None
    ]
    left, right, differences = [p for _, p, _ in rated], [q for _, _, q in rated], [q - p for _, p, q in rated]
    shifts: dict[QuestionId, list[float]] = {}
    for (key, _, _), shift in zip(rated, differences, strict=True):
        shifts.setdefault(key.question_id, []).append(shift)
    whole = [[floor(rating + 0.5) for rating in side] for side in (left, right)]
    return RatingAgreement(
        n=len(differences),
        missing=len(a.keys() | b.keys()) - len(differences),
        shift=fmean(differences) if differences else None,
        interval=bootstrap_interval(shifts, categories=categories),
        pearson=pearson(left, right),
        spearman=spearman(left, right),
        within_1=fmean(abs(shift) <= 1 + ROUNDING for shift in differences) if differences else None,
        kappa=cohen_kappa(whole[0], whole[1], "quadratic"),
    )


def pearson(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Return the linear correlation, -1 to 1; None if a side doesn't vary."""
    from scipy.stats import pearsonr

    varies = bool(x) and min(x) < max(x) and min(y) < max(y)
    return float(pearsonr(x, y).statistic) if varies else None


def spearman(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Return the rank correlation, ties at their mean rank, -1 to 1; None if a side doesn't vary."""
    from scipy.stats import rankdata

    return pearson(rankdata(x).tolist(), rankdata(y).tolist())

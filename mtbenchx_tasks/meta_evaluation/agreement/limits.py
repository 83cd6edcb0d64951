"""How often a judge agrees with people, and how often any judge could, with or without ties.

METHODS.md, "Agreement of a judge with people" and "Upper limit of agreement".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Literal

from mtbenchx_tasks.meta_evaluation.agreement.study import Compared
from mtbenchx_tasks.records import BOTH_BAD, TIE
from mtbenchx_tasks.stats.intervals import Averaged, Interval, bootstrap_interval, mean_and_sd, ratio
from mtbenchx_tasks.stats.kappa import PAIR, fleiss_kappa
from mtbenchx_tasks.stats.pair_rates import MODEL_1, MODEL_2, categories

if TYPE_CHECKING:
    from mtbenchx_tasks.stats.intervals import Array

TieMode = Literal["four", "merge_bad", "decisive"]
"""Ties and both bad apart; both bad as a tie; only votes for a winner."""
CLASSES: Mapping[TieMode, Mapping[str, int]] = {
    "four": {MODEL_1: 0, MODEL_2: 1, TIE: 2, BOTH_BAD: 3},
    "merge_bad": {MODEL_1: 0, MODEL_2: 1, TIE: 2, BOTH_BAD: 2},
    "decisive": {MODEL_1: 0, MODEL_2: 1},
}
"""Tie mode -> vote -> class; a vote without a class leaves the statistic."""
Limit = Literal["plurality", "strict", "drop", "majority", "loo"]
LIMITS: tuple[Limit, ...] = ("plurality", "strict", "drop", "majority", "loo")
Row = Sequence[int]
"""People's votes on one item, counted by class."""


@dataclass(frozen=True)
class JudgeAgreement:
    """How often one judge says what people say."""

    value: Averaged
    """Agreeing votes among the votes on items with a verdict: per run, and averaged over the runs."""
    interval: Interval | None
    """Bootstrap interval over questions."""
    n_items: float
    """Items with votes and a verdict, mean over the runs."""
    n_votes: float
    """People's votes on them, mean over the runs."""
    missing: float | None
    """Share of the items with votes whose verdict is inconsistent, failed or not there, mean over the runs."""


@dataclass(frozen=True)
class UpperLimit:
    """How often the best judge could agree with people, by one of LIMITS."""

    value: float | None
    """Votes that a judge could meet, among all; mean over the runs whose items it is taken on."""
    interval: Interval | None
    """Bootstrap interval over questions."""
    n_items: float
    """Items, mean over the runs."""
    n_votes: float
    """Votes on them, mean over the runs."""


def counts(one: Compared, mode: TieMode) -> list[int]:
    """Count people's votes on an item by class."""
    row = [0] * len(set(CLASSES[mode].values()))
    for vote in one.people:
        if vote in CLASSES[mode]:
            row[CLASSES[mode][vote]] += 1
    return row


def table(compared: Sequence[Compared], mode: TieMode) -> list[list[int]]:
    """Return a row of counts an item, for raw agreement and kappa; items without a vote stay out."""
    rows = (counts(one, mode) for one in compared)
    return [row for row in rows if any(row)]


def human_judge(compared: Sequence[Compared], judge: str, mode: TieMode, min_votes: int = 1) -> JudgeAgreement:
    """Return how often a judge agrees with people.

    Args:
        compared: Items of a stratum.
        judge: The judge's name.
        mode: What ties are; see TieMode.
        min_votes: Votes an item needs; with 2, it is on the items of `upper_limit`.

    Returns:
        None as value where no item has votes and a verdict.
    """
    voted = _voted(compared, mode, min_votes)
    runs = _runs(voted, judge)
    terms = [[_judged(one, judge, run, mode, _met) for run in range(runs)] for one in voted]
    found = [_total(column) for column in zip(*terms, strict=True)]
    usable = [sum(n > 0 for _, n in column) for column in zip(*terms, strict=True)]
    return JudgeAgreement(
        value=mean_and_sd(met / n if n else None for met, n in found),
        interval=_interval(voted, terms),
        n_items=fmean(usable) if usable else 0,
        n_votes=fmean(n for _, n in found) if found else 0,
        missing=_missing(voted, judge, runs),
    )


def upper_limit(
    compared: Sequence[Compared], limit: Limit, mode: TieMode, judge: str | None = None, min_votes: int = 2
) -> UpperLimit:
    """Return how often any judge could agree with people, on the items that one judge has verdicts for.

    Args:
        compared: Items of a stratum.
        limit: `plurality`: the most frequent vote of each item, whatever ties with it: no judge can do better.
            `strict`: an item without one most frequent vote counts as missed by all. `drop`: it is left out.
            `majority`: the vote needs more than half. `loo`: each vote against the one most frequent of the others.
        mode: What ties are; see TieMode.
        judge: Whose items; None: all.
        min_votes: Votes an item needs; the limit of one vote is trivially 1.
    """
    voted = _voted(compared, mode, min_votes)
    best = _BEST[limit]
    if judge is None:
        terms = [[best(counts(one, mode))] for one in voted]
    else:
        runs = _runs(voted, judge)
        terms = [[_judged(one, judge, run, mode, lambda row, _: best(row)) for run in range(runs)] for one in voted]
    found = [_total(column) for column in zip(*terms, strict=True)]
    values = [met / n for met, n in found if n]
    items = [sum(n > 0 for _, n in column) for column in zip(*terms, strict=True)]
    return UpperLimit(
        value=fmean(values) if values else None,
        interval=_interval(voted, terms),
        n_items=fmean(items) if items else 0,
        n_votes=fmean(n for _, n in found) if found else 0,
    )


def kappa_interval(compared: Sequence[Compared], mode: TieMode) -> Interval | None:
    """Return the bootstrap interval of people's Fleiss' kappa over questions."""
    import numpy as np

    amounts: dict[int, list[Sequence[float]]] = {}
    for one in compared:
        row = counts(one, mode)
        if (n := sum(row)) >= PAIR:
            observed = sum(count * (count - 1) for count in row) / (n * (n - 1))
            amounts.setdefault(one.item.question_id, []).append([observed, *row])

    def kappa(totals: "Array") -> "Array":
        chances = totals[:, 1:-1] / totals[:, 1:-1].sum(axis=1, keepdims=True)
        expected = (chances**2).sum(axis=1)
        spread = 1 - expected
        nothing = np.full(len(totals), np.nan)
        found: Array = np.divide(totals[:, 0] / totals[:, -1] - expected, spread, out=nothing, where=spread > 0)
        return found

    known = fleiss_kappa(table(compared, mode)).kappa is not None
    return bootstrap_interval(amounts, kappa, categories=categories(compared)) if known else None


# the terms of a ratio --------------------------------------------------------------------------------------------


def _met(row: Row, verdict: int) -> tuple[int, int]:
    return row[verdict], sum(row)


def _plurality(row: Row) -> tuple[int, int]:
    return max(row), sum(row)


def _unique(row: Row) -> bool:
    return list(row).count(max(row)) == 1


def _strict(row: Row) -> tuple[int, int]:
    return (max(row) if _unique(row) else 0), sum(row)


def _drop(row: Row) -> tuple[int, int]:
    return (max(row), sum(row)) if _unique(row) else (0, 0)


def _majority(row: Row) -> tuple[int, int]:
    return (max(row) if 2 * max(row) > sum(row) else 0), sum(row)


def _leave_one_out(row: Row) -> tuple[int, int]:
    """Each vote is met if the others have one most frequent vote and it is the same."""
    met = 0
    for place, count in enumerate(row):
        others = [other - (position == place) for position, other in enumerate(row)]
        if count and _unique(others) and others[place] == max(others):
            met += count
    return met, sum(row)


_BEST: Mapping[Limit, Callable[[Row], tuple[int, int]]] = {
    "plurality": _plurality,
    "strict": _strict,
    "drop": _drop,
    "majority": _majority,
    "loo": _leave_one_out,
}


def _voted(compared: Sequence[Compared], mode: TieMode, min_votes: int) -> list[Compared]:
    return [one for one in compared if sum(counts(one, mode)) >= max(1, min_votes)]


def _runs(compared: Sequence[Compared], judge: str) -> int:
    return max((len(one.verdicts.get(judge, ())) for one in compared), default=0)


def _judged(
    one: Compared, judge: str, run: int, mode: TieMode, terms: Callable[[Row, int], tuple[int, int]]
) -> tuple[int, int]:
    """Return (met, votes) of an item, (0, 0) if the judge has no usable verdict on it in that run."""
    verdicts = one.verdicts.get(judge, ())
    verdict = CLASSES[mode].get(verdicts[run]) if run < len(verdicts) else None
    return (0, 0) if verdict is None else terms(counts(one, mode), verdict)


def _missing(voted: Sequence[Compared], judge: str, runs: int) -> float | None:
    if not voted or not runs:
        return None
    verdicts = [verdict for one in voted for verdict in one.verdicts.get(judge, ())]
    return 1 - sum(verdict in CLASSES["four"] for verdict in verdicts) / (len(voted) * runs)


def _total(column: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(met for met, _ in column), sum(n for _, n in column)


def _interval(compared: Sequence[Compared], terms: Sequence[Sequence[tuple[int, int]]]) -> Interval | None:
    """Bootstrap the mean over runs of a ratio; all items of a question move together."""
    import numpy as np

    amounts: dict[int, list[Sequence[float]]] = {}
    for one, row in zip(compared, terms, strict=True):
        if any(n for _, n in row):
            amounts.setdefault(one.item.question_id, []).append([value for pair in row for value in pair])

    def over_runs(totals: "Array") -> "Array":
        ratios = np.stack([ratio(totals[:, place : place + 2]) for place in range(0, totals.shape[1] - 1, 2)])
        valid = np.isfinite(ratios)
        nothing = np.full(len(totals), np.nan)
        found: Array = np.divide(
            np.where(valid, ratios, 0).sum(axis=0), valid.sum(axis=0), out=nothing, where=valid.any(axis=0)
        )
        return found

    return bootstrap_interval(amounts, over_runs, categories=categories(compared))

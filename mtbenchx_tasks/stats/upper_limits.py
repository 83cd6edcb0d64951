"""How often a judge agrees with people, and how often any judge could, with or without ties.

METHODS.md, "Agreement of a judge with people" and "Upper limit of agreement".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Literal

from mtbenchx_tasks.records import Decision, Item, Preference
from mtbenchx_tasks.stats.intervals import Averaged, Interval, bootstrap_interval, mean_and_sd, ratio
from mtbenchx_tasks.stats.kappa import PAIR, fleiss_kappa
from mtbenchx_tasks.stats.pair_rates import categories

if TYPE_CHECKING:
    from mtbenchx_tasks.stats.intervals import Array

TieMode = Literal["four", "merge_bad", "decisive"]
"""Votes as they are; both bad as a tie; or votes for a winner only."""
TIE_CLASSES: Mapping[TieMode, Mapping[Decision, int]] = {
    "four": {Decision.TIE: 2, Decision.BOTH_BAD: 3},
    "merge_bad": {Decision.TIE: 2, Decision.BOTH_BAD: 2},
    "decisive": {},
}
"""Tie mode -> vote for no winner -> its class; classes 0 and 1 are wins of the models by name."""
WIDTH: Mapping[TieMode, int] = {"four": 4, "merge_bad": 3, "decisive": 2}
"""Number of classes."""
Limit = Literal["plurality", "strict", "drop", "majority", "loo"]
LIMITS: tuple[Limit, ...] = ("plurality", "strict", "drop", "majority", "loo")
Row = Sequence[int]
"""People's votes on one pair of answers, counted by class."""


@dataclass(frozen=True)
class VoteTally:
    """Votes and verdicts on one pair of answers, as classes of one tie mode."""

    item: Item
    counts: tuple[int, ...]
    """People's votes by class; a vote without a class leaves the statistic."""
    verdicts: Mapping[str, tuple[int | None, ...]]
    """Judge -> the class of its verdict in each run; None: no verdict, or one without a class."""
    valid: Mapping[str, int]
    """Judge -> its runs with a verdict of any kind."""


def tally(
    item: Item, people: Sequence[Preference], verdicts: Mapping[str, Sequence[Preference]], mode: TieMode
) -> VoteTally:
    """Count the votes on one pair of answers.

    Args:
        item: What was asked.
        people: People's votes.
        verdicts: Judge -> its verdict in each run.
        mode: What ties are.
    """
    classes = [_vote_class(vote, mode) for vote in people]
    return VoteTally(
        item,
        tuple(classes.count(place) for place in range(WIDTH[mode])),
        {judge: tuple(_vote_class(verdict, mode) for verdict in row) for judge, row in verdicts.items()},
        {judge: sum(verdict.decision.counts for verdict in row) for judge, row in verdicts.items()},
    )


def _vote_class(preference: Preference, mode: TieMode) -> int | None:
    """Return 0 or 1 for the model that won, by name; the class of a tie; None where the mode has no class."""
    if preference.decision is Decision.WIN:
        return int(preference.winner != min(model.name for model in preference.models))
    return TIE_CLASSES[mode].get(preference.decision)


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


def human_judge(tallies: Sequence[VoteTally], judge: str, min_votes: int = 1) -> JudgeAgreement:
    """Return how often a judge agrees with people: agreeing votes over votes on pairs with a verdict, run by run.

    Args:
        tallies: Pairs of answers of a stratum.
        judge: The judge's name.
        min_votes: Votes a pair needs; with 2, it is on the pairs of `upper_limit`.

    Returns:
        None as value where no pair has votes and a verdict.
    """
    voted = _voted(tallies, min_votes)
    runs = _runs(voted, judge)
    terms = [[_judged(one, judge, run, _met) for run in range(runs)] for one in voted]
    totals = [_total(column) for column in zip(*terms, strict=True)]
    usable = [sum(n > 0 for _, n in column) for column in zip(*terms, strict=True)]
    return JudgeAgreement(
        value=mean_and_sd(met / n if n else None for met, n in totals),
        interval=_interval(voted, terms),
        n_items=fmean(usable) if usable else 0,
        n_votes=fmean(n for _, n in totals) if totals else 0,
        missing=_missing(voted, judge, runs),
    )


def upper_limit(tallies: Sequence[VoteTally], limit: Limit, judge: str | None = None, min_votes: int = 2) -> UpperLimit:
    """Return how often any judge could agree with people, on the pairs that one judge has verdicts for.

    Args:
        tallies: Pairs of answers of a stratum.
        limit: `plurality`: the most frequent vote of each pair, whatever ties with it: no judge can do better.
            `strict`: a pair without one most frequent vote counts as missed by all. `drop`: it is left out.
            `majority`: the vote needs more than half. `loo`: each vote against the one most frequent of the others.
        judge: Whose pairs; None: all.
        min_votes: Votes a pair needs; the limit of one vote is trivially 1.
    """
    voted = _voted(tallies, min_votes)
    best = _BEST[limit]
    if judge is None:
        terms = [[best(one.counts)] for one in voted]
    else:
        runs = _runs(voted, judge)
        terms = [[_judged(one, judge, run, lambda row, _: best(row)) for run in range(runs)] for one in voted]
    totals = [_total(column) for column in zip(*terms, strict=True)]
    values = [met / n for met, n in totals if n]
    items = [sum(n > 0 for _, n in column) for column in zip(*terms, strict=True)]
    return UpperLimit(
        value=fmean(values) if values else None,
        interval=_interval(voted, terms),
        n_items=fmean(items) if items else 0,
        n_votes=fmean(n for _, n in totals) if totals else 0,
    )


def kappa_interval(tallies: Sequence[VoteTally]) -> Interval | None:
    """Return the bootstrap interval of people's Fleiss' kappa over questions."""
    import numpy as np

    amounts: dict[int | str, list[Sequence[float]]] = {}
    for one in tallies:
        row = one.counts
        if (n := sum(row)) >= PAIR:
            observed = sum(count * (count - 1) for count in row) / (n * (n - 1))
            amounts.setdefault(one.item.question_id, []).append([observed, *row])

    def kappa(totals: "Array") -> "Array":
        chances = totals[:, 1:-1] / totals[:, 1:-1].sum(axis=1, keepdims=True)
        expected = (chances**2).sum(axis=1)
        spread = 1 - expected
        nothing = np.full(len(totals), np.nan)
        kappas: Array = np.divide(totals[:, 0] / totals[:, -1] - expected, spread, out=nothing, where=spread > 0)
        return kappas

    is_defined = fleiss_kappa([one.counts for one in tallies if any(one.counts)]).kappa is not None
    return bootstrap_interval(amounts, kappa, categories=categories(tallies)) if is_defined else None


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


def _voted(tallies: Sequence[VoteTally], min_votes: int) -> list[VoteTally]:
    return [one for one in tallies if sum(one.counts) >= max(1, min_votes)]


def _runs(tallies: Sequence[VoteTally], judge: str) -> int:
    return max((len(one.verdicts.get(judge, ())) for one in tallies), default=0)


def _judged(one: VoteTally, judge: str, run: int, terms: Callable[[Row, int], tuple[int, int]]) -> tuple[int, int]:
    """Return (met, votes) of a pair, (0, 0) if the judge has no usable verdict on it in that run."""
    verdicts = one.verdicts.get(judge, ())
    verdict = verdicts[run] if run < len(verdicts) else None
    return (0, 0) if verdict is None else terms(one.counts, verdict)


def _missing(voted: Sequence[VoteTally], judge: str, runs: int) -> float | None:
    if not voted or not runs:
        return None
    return 1 - sum(one.valid.get(judge, 0) for one in voted) / (len(voted) * runs)


def _total(column: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(met for met, _ in column), sum(n for _, n in column)


def _interval(tallies: Sequence[VoteTally], terms: Sequence[Sequence[tuple[int, int]]]) -> Interval | None:
    """Bootstrap the mean over runs of a ratio; all items of a question move together."""
    import numpy as np

    amounts: dict[int | str, list[Sequence[float]]] = {}
    for one, row in zip(tallies, terms, strict=True):
        if any(n for _, n in row):
            amounts.setdefault(one.item.question_id, []).append([value for pair in row for value in pair])

    def over_runs(totals: "Array") -> "Array":
        ratios = np.stack([ratio(totals[:, place : place + 2]) for place in range(0, totals.shape[1] - 1, 2)])
        valid = np.isfinite(ratios)
        nothing = np.full(len(totals), np.nan)
        means: Array = np.divide(
            np.where(valid, ratios, 0).sum(axis=0), valid.sum(axis=0), out=nothing, where=valid.any(axis=0)
        )
        return means

    return bootstrap_interval(amounts, over_runs, categories=categories(tallies))

"""Every statistic of a study, in every tie mode, stratum and turn, each with its n (paper, Table 3)."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

from mtbenchx_tasks.formats.vote_rows import VALID
from mtbenchx_tasks.meta_evaluation.agreement.limits import (
    CLASSES,
    LIMITS,
    TieMode,
    counts,
    human_judge,
    kappa_interval,
    table,
    upper_limit,
)
from mtbenchx_tasks.meta_evaluation.agreement.study import Ballot, Compared, Study
from mtbenchx_tasks.stats.agreement import raw_agreement
from mtbenchx_tasks.stats.intervals import Interval, bootstrap_interval, mean_and_sd, ratio
from mtbenchx_tasks.stats.kappa import Kappa, cohen_kappa, fleiss_kappa
from mtbenchx_tasks.stats.pair_rates import by, categories, preference_interval, rates, strata

Place = dict[str, Any]
"""`tie_mode`, `stratum` and `turn` of a statistic."""


@dataclass(frozen=True)
class Statistic:
    """One number, and what it is of."""

    statistic: str
    """`human_human`, `human_human_macro`, `fleiss_kappa`, `judge_human`, `judge_human_on_limit_items`, `limit_*`,
    `judge_judge`, `judge_judge_kappa` or `jury_fleiss_kappa`."""
    judge: str
    """The judge, two joined by ` & `, or empty: people only."""
    tie_mode: TieMode
    """What ties are; see limits.TieMode."""
    stratum: str
    """`all`, a category or `rcemr`."""
    turn: str
    """`1`, `2` or `all`."""
    value: float | None
    """A share or a kappa; None where it isn't defined."""
    low: float | None = None
    """Lower end of its 95 % bootstrap interval over questions."""
    high: float | None = None
    """Its upper end."""
    sd: float | None = None
    """Standard deviation over the judge's runs."""
    n_items: float = 0
    """Items it is of; mean over the runs of a judge."""
    n: float = 0
    """Pairs of votes (`human_human`), or votes."""
    dropped: int | None = None
    """Items with fewer votes than it needs."""
    missing: float | None = None
    """Share of the items with votes that the judge has no verdict on."""
    z: float | None = None
    """Of a kappa: kappa / se0."""
    p: float | None = None
    """Of a kappa of 0."""
    p_method: str | None = None
    """`normal`, or `permutation` below 20 items."""
    raters_min: int | None = None
    """Fewest votes an item."""
    raters_mean: float | None = None
    """Mean votes an item."""
    raters_max: int | None = None
    """Most votes an item."""


@dataclass(frozen=True)
class RateRow:
    """Who wins, by people or by one judge (Figure 3)."""

    voter: str
    """`people` or the judge."""
    model_1: str
    """The one model."""
    model_2: str
    """The other: wins are its wins."""
    language: str
    """Language of the questions; empty if not told."""
    stratum: str
    """`all`, a category or `rcemr`."""
    turn: str
    """`1`, `2` or `all`."""
    win: float | None
    """Share of valid votes for model_2; with several runs, their mean."""
    loss: float | None
    """Share for model_1."""
    tie: float | None
    """Share of ties."""
    both_bad: float | None
    """Share of both bad."""
    preference: float | None
    """model_2's share of the decisive votes."""
    preference_low: float | None
    """Its 95 % bootstrap interval over questions."""
    preference_high: float | None
    """Its upper end."""
    n: float
    """Valid votes; of a judge the mean over its runs."""
    missing: float | None
    """Share of a judge's verdicts that are inconsistent or failed; None for people."""


@dataclass(frozen=True)
class Results:
    """All of it."""

    settings: dict[str, Any]
    """What was asked for."""
    people: dict[str, Any]
    """Annotators, votes, skips, skip rate and repeated votes."""
    statistics: tuple[Statistic, ...]
    """Agreement."""
    rates: tuple[RateRow, ...]
    """Who wins."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON's types."""
        return asdict(self)


def results(study: Study, settings: dict[str, Any], min_votes: int = 2) -> Results:
    """Compute every statistic.

    Args:
        study: From `gather`.
        settings: Kept beside the numbers.
        min_votes: Votes an item needs for the upper limits and the agreement shown beside them.
    """
    people = {
        "annotators": study.annotators,
        "votes": len(study.ballots),
        "skipped": study.skipped,
        "skip_rate": study.skip_rate,
        "repeated": study.repeated,
    }
    statistics = tuple(
        found
        for mode in CLASSES
        for stratum, turn, group in _cells(study.compared)
        for found in _statistics(group, study.judges, {"tie_mode": mode, "stratum": stratum, "turn": turn}, min_votes)
    )
    return Results(settings, people, statistics, tuple(rate_rows(study)))


def _cells(compared: Sequence[Compared]) -> Iterator[tuple[str, str, list[Compared]]]:
    """Yield (stratum, turn, items): each stratum per turn, and pooled."""
    for stratum, group in strata(compared).items():
        if stratum:  # questions of unknown category are in `all` only
            for (turn,), part in by(group, "turn").items():
                yield stratum, str(turn), part
            yield stratum, POOLED, group


def _statistics(group: Sequence[Compared], judges: Sequence[str], place: Place, min_votes: int) -> Iterator[Statistic]:
    mode: TieMode = place["tie_mode"]
    yield from _of_people(group, mode, place)
    for judge in judges:
        yield from _of_judge(group, judge, mode, place, min_votes)
    yield from _of_jury(group, judges, mode, place)


def _of_people(group: Sequence[Compared], mode: TieMode, place: Place) -> Iterator[Statistic]:
    rows = table(group, mode)
    raw = raw_agreement(rows)
    pairs: dict[int, list[Sequence[float]]] = {}
    for one in group:
        row = counts(one, mode)
        n = sum(row)
        if n > 1:
            agreeing = sum(count * (count - 1) // 2 for count in row)
            pairs.setdefault(one.item.question_id, []).append([agreeing, n * (n - 1) // 2])
    interval = bootstrap_interval(pairs, ratio, categories=categories(group))
    known: Place = {"judge": "", **place, "n_items": raw.n_items, "n": raw.n_pairs, "dropped": raw.n_items_dropped}
    yield Statistic("human_human", value=raw.micro, **known, **_ends(interval))
    yield Statistic("human_human_macro", value=raw.macro, **known)
    kappa = fleiss_kappa(rows)
    yield _kappa("fleiss_kappa", "", kappa, place, kappa_interval(group, mode))


def _of_judge(
    group: Sequence[Compared], judge: str, mode: TieMode, place: Place, min_votes: int
) -> Iterator[Statistic]:
    for name, needed in (("judge_human", 1), ("judge_human_on_limit_items", min_votes)):
        found = human_judge(group, judge, mode, needed)
        numbers: Place = {"sd": found.value.sd, "n_items": found.n_items, "n": found.n_votes, "missing": found.missing}
        yield Statistic(name, judge, **place, value=found.value.mean, **numbers, **_ends(found.interval))
    for limit in LIMITS:
        best = upper_limit(group, limit, mode, judge, min_votes)
        sizes: Place = {"n_items": best.n_items, "n": best.n_votes}
        yield Statistic(f"limit_{limit}", judge, **place, value=best.value, **sizes, **_ends(best.interval))


def _of_jury(group: Sequence[Compared], judges: Sequence[str], mode: TieMode, place: Place) -> Iterator[Statistic]:
    """Judges among themselves, by their first run: further runs are no further items."""
    classes = CLASSES[mode]
    first = {judge: [classes.get(one.verdicts.get(judge, ("",))[0]) for one in group] for judge in judges}
    for one, other in combinations(judges, 2):
        kappa, name = cohen_kappa(first[one], first[other]), f"{one} & {other}"
        both = [(x, y) for x, y in zip(first[one], first[other], strict=True) if x is not None and y is not None]
        share = sum(x == y for x, y in both) / len(both) if both else None
        yield Statistic("judge_judge", name, **place, value=share, n_items=len(both), n=len(both))
        yield _kappa("judge_judge_kappa", name, kappa, place, None)
    if len(judges) > 2:  # noqa: PLR2004  (of two it is said already)
        width = len(set(classes.values()))
        rows = [[said.count(x) for x in range(width)] for said in zip(*first.values(), strict=True)]
        yield _kappa("jury_fleiss_kappa", " & ".join(judges), fleiss_kappa(rows), place, None)


def _kappa(name: str, judge: str, kappa: Kappa, place: Place, interval: Interval | None) -> Statistic:
    raters = kappa.raters or (None, None, None)
    return Statistic(
        name,
        judge,
        **place,
        value=kappa.kappa,
        **_ends(interval),
        n_items=kappa.n,
        n=round(kappa.n * raters[1]) if raters[1] is not None else 0,
        dropped=kappa.dropped,
        z=kappa.z,
        p=kappa.p,
        p_method=kappa.p_method,
        raters_min=raters[0],
        raters_mean=raters[1],
        raters_max=raters[2],
    )


def _ends(interval: Interval | None) -> Place:
    return {"low": interval.low if interval else None, "high": interval.high if interval else None}


PEOPLE = "people"


POOLED = "all"
"""The turn of a number over both turns."""


def rate_rows(study: Study) -> Iterator[RateRow]:
    """Yield the rates of people and of every judge, for each pair of models, language, stratum and turn."""
    voters: dict[str, list[Ballot]] = {PEOPLE: list(study.ballots)}
    for judge in study.judges:
        voters[judge] = _verdicts(study.compared, judge)
    for voter, said in voters.items():
        for (one, other, language), pair in by(said, "model_1", "model_2", "language").items():
            for stratum, group in strata(pair).items():
                turns = {str(turn): part for (turn,), part in by(group, "turn").items()} | {POOLED: group}
                for turn, part in turns.items() if stratum else ():
                    yield _rates(voter, (one, other, language), stratum, turn, part)


def _verdicts(compared: Sequence[Compared], judge: str) -> list[Ballot]:
    """Return a judge's verdicts, run by run."""
    return [
        Ballot(replace(one.item, judge=judge, run=run), verdict)
        for one in compared
        for run, verdict in enumerate(one.verdicts.get(judge, ()))
    ]


def _rates(voter: str, pair: tuple[str, str, str], stratum: str, turn: str, said: Sequence[Ballot]) -> RateRow:
    """Return the rates of all votes of people, or the mean over a judge's runs."""
    runs = [rates(run) for run in by(said, "run").values()]
    interval = preference_interval(said)

    def mean(name: str) -> float | None:
        return mean_and_sd(getattr(run, name) for run in runs).mean

    return RateRow(
        voter,
        *pair,
        stratum,
        turn,
        win=mean("win_rate"),
        loss=mean("loss_rate"),
        tie=mean("tie_rate"),
        both_bad=mean("both_bad_rate"),
        preference=mean_and_sd(run.preference.value for run in runs).mean,
        preference_low=interval.low if interval else None,
        preference_high=interval.high if interval else None,
        n=sum(vote.winner in VALID for vote in said) / len(runs),
        missing=None if voter == PEOPLE else mean("missing"),
    )

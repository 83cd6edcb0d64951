"""Every statistic of a study, in every tie mode, stratum and turn, each with its n (paper, Table 3)."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from mtbenchx_tasks.formats.vote_rows import CONVERSATION
from mtbenchx_tasks.meta_evaluation.agreement.records import RateRow, Results, Statistic
from mtbenchx_tasks.meta_evaluation.agreement.study import VotesAndVerdicts
from mtbenchx_tasks.records import PEOPLE, Preference
from mtbenchx_tasks.stats.agreement import raw_agreement
from mtbenchx_tasks.stats.intervals import Interval, bootstrap_interval, ratio
from mtbenchx_tasks.stats.kappa import Kappa, cohen_kappa, fleiss_kappa
from mtbenchx_tasks.stats.pair_rates import by, categories, preference_interval, rates_over_runs, strata
from mtbenchx_tasks.stats.upper_limits import (
    LIMITS,
    TIE_CLASSES,
    WIDTH,
    Limit,
    TieMode,
    VoteTally,
    human_judge,
    kappa_interval,
    tally,
    upper_limit,
)

Place = dict[str, Any]
"""`tie_mode`, `stratum` and `turn` of a statistic."""


def results(
    study: VotesAndVerdicts,
    settings: dict[str, Any],
    min_votes: int = 2,
    *,
    modes: Sequence[TieMode] = tuple(TIE_CLASSES),
    limits: Sequence[Limit] = LIMITS,
    turn_rates: bool = True,
) -> Results:
    """Compute the statistics that are asked for.

    Args:
        study: From `gather`.
        settings: Kept beside the numbers.
        min_votes: Votes a pair needs for the upper limits and the agreement shown beside them.
        modes: What ties are.
        limits: Which upper limits.
        turn_rates: Whether who wins is wanted for each turn as well; the tables show all turns together.
    """
    people = {
        "annotators": study.annotators,
        "votes": len(study.votes),
        "skipped": study.skipped,
        "skip_rate": study.skip_rate,
        "repeated": study.repeated,
    }
    statistics = tuple(
        statistic
        for mode in modes
        for stratum, turn, group in _cells([tally(one.item, one.people, one.verdicts, mode) for one in study.contests])
        for statistic in _statistics(
            group, study.judges, {"tie_mode": mode, "stratum": stratum, "turn": turn}, min_votes, limits
        )
    )
    return Results(settings, people, statistics, tuple(rate_rows(study, turn_rates)))


def _turn(turn: int | None) -> str:
    return CONVERSATION if turn is None else str(turn)


POOLED = "all"
"""The turn of a number over all turns."""


def _cells(tallies: Sequence[VoteTally]) -> Iterator[tuple[str, str, list[VoteTally]]]:
    """Yield (stratum, turn, tallies): each stratum per turn, and pooled."""
    for stratum, group in strata(tallies).items():
        if stratum:  # questions of unknown category are in `all` only
            for (turn,), part in by(group, "turn").items():
                yield stratum, _turn(turn), part
            yield stratum, POOLED, group


def _statistics(
    group: Sequence[VoteTally], judges: Sequence[str], place: Place, min_votes: int, limits: Sequence[Limit]
) -> Iterator[Statistic]:
    yield from _of_people(group, place)
    for judge in judges:
        yield from _of_judge(group, judge, place, min_votes, limits)
    yield from _of_jury(group, judges, place)


def _of_people(group: Sequence[VoteTally], place: Place) -> Iterator[Statistic]:
    rows = [one.counts for one in group if any(one.counts)]
    raw = raw_agreement(rows)
    pairs: dict[int | str, list[Sequence[float]]] = {}
    for one in group:
        n = sum(one.counts)
        if n > 1:
            agreeing = sum(count * (count - 1) // 2 for count in one.counts)
            pairs.setdefault(one.item.question_id, []).append([agreeing, n * (n - 1) // 2])
    interval = bootstrap_interval(pairs, ratio, categories=categories(group))
    sizes: Place = {"judge": "", **place, "n_items": raw.n_items, "n": raw.n_pairs, "dropped": raw.n_items_dropped}
    yield Statistic("human_human", value=raw.micro, **sizes, **_ends(interval))
    yield Statistic("human_human_macro", value=raw.macro, **sizes)
    yield _kappa("fleiss_kappa", "", fleiss_kappa(rows), place, kappa_interval(group))


def _of_judge(
    group: Sequence[VoteTally], judge: str, place: Place, min_votes: int, limits: Sequence[Limit]
) -> Iterator[Statistic]:
    for name, needed in (("judge_human", 1), ("judge_human_on_limit_items", min_votes)):
        found = human_judge(group, judge, needed)
        numbers: Place = {"sd": found.value.sd, "n_items": found.n_items, "n": found.n_votes, "missing": found.missing}
        yield Statistic(name, judge, **place, value=found.value.mean, **numbers, **_ends(found.interval))
    for limit in limits:
        best = upper_limit(group, limit, judge, min_votes)
        sizes: Place = {"n_items": best.n_items, "n": best.n_votes}
        yield Statistic(f"limit_{limit}", judge, **place, value=best.value, **sizes, **_ends(best.interval))


def _of_jury(group: Sequence[VoteTally], judges: Sequence[str], place: Place) -> Iterator[Statistic]:
    """Judges among themselves, by their first run: further runs are no further items."""
    first = {judge: [one.verdicts.get(judge, (None,))[0] for one in group] for judge in judges}
    for one, other in combinations(judges, 2):
        kappa, name = cohen_kappa(first[one], first[other]), f"{one} & {other}"
        yield Statistic("judge_judge", name, **place, value=kappa.observed, n_items=kappa.n, n=kappa.n)
        yield _kappa("judge_judge_kappa", name, kappa, place, None)
    if len(judges) > 2:  # noqa: PLR2004  (of two it is said already)
        width = WIDTH[place["tie_mode"]]
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


def rate_rows(study: VotesAndVerdicts, each_turn: bool = True) -> Iterator[RateRow]:
    """Yield the rates of people and of every judge, for each pair of models, language and stratum, by turn and in all.

    Args:
        study: From `gather`.
        each_turn: Whether each turn is wanted beside all together.
    """
    voters = {PEOPLE: study.votes} | {
        judge: [verdict for contest in study.contests for verdict in contest.verdicts.get(judge, ())]
        for judge in study.judges
    }
    for voter, votes in voters.items():
        for (models, language), pair in by(votes, "models", "language").items():
            one, other = sorted(model.name for model in models)
            for stratum, group in strata(pair).items():
                told = by(group, "turn") if each_turn else {}
                turns = {_turn(turn): part for (turn,), part in told.items()} | {POOLED: group}
                for turn, part in turns.items() if stratum else ():
                    yield _rates(voter, (one, other, language), stratum, turn, part)


def _rates(voter: str, pair: tuple[str, str, str], stratum: str, turn: str, votes: Sequence[Preference]) -> RateRow:
    """Return the rates of all votes of people, or the mean over a judge's runs."""
    over_runs, interval = rates_over_runs(votes, pair[1]), preference_interval(votes, pair[1])
    return RateRow(
        voter,
        *pair,
        stratum,
        turn,
        win=over_runs.win.mean,
        loss=over_runs.loss.mean,
        tie=over_runs.tie.mean,
        both_bad=over_runs.both_bad.mean,
        preference=over_runs.preference.mean,
        preference_low=interval.low if interval else None,
        preference_high=interval.high if interval else None,
        n=sum(run.n for run in over_runs.per_run) / len(over_runs.per_run),
        missing=None if voter == PEOPLE else over_runs.missing.mean,
    )

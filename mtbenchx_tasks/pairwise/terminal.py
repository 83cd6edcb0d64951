"""The tables that `mtbenchx compare` prints: who won, how often the order decided, the effect of length."""

from collections.abc import Sequence
from functools import partial

from rich.table import Table
from rich.text import Text

from hf_datasets.shared.terminal import literal_console
from mtbenchx_tasks.formats.benchmark import NO_CATEGORY
from mtbenchx_tasks.judge.sent import sent_in_words
from mtbenchx_tasks.pairwise.adaptive import PairEnd
from mtbenchx_tasks.records import Decision, Preference
from mtbenchx_tasks.stats.intervals import Averaged, Interval
from mtbenchx_tasks.stats.length_control import length_controlled, longer_wins
from mtbenchx_tasks.stats.pair_rates import (
    by,
    positional_bias,
    preference_interval,
    preference_test,
    rates_over_runs,
    strata,
)
from mtbenchx_tasks.stats.substitution import Following, effects, substitute
from mtbenchx_tasks.tables import interval_text, number, p_text, p_words, percent, turn_name, with_error

_percent, _interval = partial(percent, missing="-"), partial(interval_text, show=percent, missing="-")
UNTOLD = "benchmark not told (--benchmark)"


def print_comparison(preferences: Sequence[Preference], runs: int, following: Following | None) -> None:
    """Print one set of tables per pair of models, language and judge.

    Args:
        preferences: Raw ones, of every run.
        runs: Result runs; with `following` there is one raw run more.
        following: How inconsistent votes are substituted; None: not at all.
    """
    console = literal_console()
    places = by(preferences, "models", "benchmark", "language", "rater")
    for (_, benchmark, language, judge), group in places.items():
        one, other = group[0].names
        results = substitute(group, following, runs) if following else group
        place = f", {benchmark or UNTOLD}, {language}, judged by {judge.name}"
        console.print(Text.assemble("\n", (other, "bold"), " against ", (one, "bold"), place))
        console.print(_rates(results, other, one))
        if any(one.games or one.decision is Decision.INCONSISTENT for one in group):  # a jury's vote has no games
            console.print(_bias(group))
        if following:
            console.print(_substitution(group, following, runs))
        for line in [*_remarks(results, other), *_sent(group)]:
            console.print(line, soft_wrap=True)


def strata_and_turns(preferences: Sequence[Preference]) -> dict[str, list[Preference]]:
    """Return the categories, RCEMR, all, and each turn."""
    turns = {turn_name(turn): group for (turn,), group in by(preferences, "turn").items()}
    return strata(preferences) | turns


def _rates(preferences: Sequence[Preference], winner: str, loser: str) -> Table:
    """Win, loss, tie and both-bad rates of each stratum."""
    table = Table(
        "", f"{winner} wins", f"{loser} wins", "tie", "both bad", "votes", title="Rates over valid votes, in %"
    )
    for name, group in strata_and_turns(preferences).items():
        over_runs = rates_over_runs(group, winner)
        votes = sum(run.n for run in over_runs.per_run)
        cells = (over_runs.win, over_runs.loss, over_runs.tie, over_runs.both_bad)
        table.add_row(name or NO_CATEGORY, *(_averaged(cell) for cell in cells), f"{votes}/{len(group)}")
    return table


def _bias(preferences: Sequence[Preference]) -> Table:
    """Positional bias of each stratum and turn."""
    names = ("", "inconsistent", "95 %", "first", "second", "other", "failed")
    title = "Positional bias: inconsistent and failed in %; how many for the first, the second, other"
    table = Table(*names, title=title)
    for name, group in strata_and_turns(preferences).items():
        found = positional_bias(group)
        directions = map(str, (found.first, found.second, found.other))
        table.add_row(
            name or NO_CATEGORY,
            _percent(found.biased.value),
            _interval(found.biased.interval),
            *directions,
            _percent(found.failed.value),
        )
    return table


def _substitution(preferences: Sequence[Preference], following: Following, runs: int) -> Table:
    """Bias before and after substitution."""
    table = Table("", "before", "after", "points", title=f"Votes of the {following} run for inconsistent ones, in %")
    for name, effect in effects(preferences, following, runs).items():
        points = number(effect.mitigated, 1)
        table.add_row(name or NO_CATEGORY, _averaged(effect.before), _averaged(effect.after), points)
    return table


def _remarks(preferences: Sequence[Preference], winner: str) -> list[str]:
    preference, test = preference_interval(preferences, winner), preference_test(preferences, winner)
    longer, equal = longer_wins(preferences), length_controlled(preferences, winner)
    decided = rates_over_runs(preferences, winner).preference
    p = "" if test.p is None else f", {p_words(test.p, 3)} (sign flips over {test.n} questions)"
    lines = [f"Of the decided votes {_averaged(decided)} % prefer {winner} (95 % {_interval(preference)}){p}."]
    share = longer.share
    if not any(preference.answers for preference in preferences):
        lines.append("What length has to do with it isn't known: the answers aren't at hand (pairs --answers).")
        return [*lines, *_one_run(preferences)]
    lines.append(f"The longer answer won {_percent(share.value)} % of them (95 % {_interval(share.interval)}).")
    if equal.preference is None:
        lines.append(f"At equal length: can't be told ({equal.reason}).")
    else:
        lines.append(f"At equal length {100 * equal.preference:.1f} % would (95 % {_interval(equal.interval)}).")
    return [*lines, *_one_run(preferences)]


def _one_run(preferences: Sequence[Preference]) -> list[str]:
    if len(by(preferences, "run")) > 1:
        return []
    return ["One run: the intervals are of questions only, the judge's noise isn't measured (--runs 3)."]


def _sent(preferences: Sequence[Preference]) -> list[str]:
    """Return a line for each way in which the judge was asked, where that is known."""
    asked = [one for one in preferences if any(game.evidence.key for game in one.games)]
    ways = {one.conditions: one.conditions.sent for one in asked if one.conditions.sent}
    return [f"Sent to the judge {under.judge}: {sent_in_words(sent)}." for under, sent in ways.items()]


def _averaged(value: Averaged) -> str:
    return with_error(value.mean, value.sd, percent, "-")


ENDS = {
    "better": "decided",
    "equivalent": "equal within 45 to 55 %",
    "hopeless": "can't be told apart: the other questions would hardly decide it",
    "open": "can't be told apart by all questions",
}


def print_ends(ends: Sequence[PairEnd]) -> None:
    """Print where each pair ended, and what asking no further has spared."""
    console = literal_console()
    table = Table("", "preferred", "95 %", "p", "questions", "end", title="Asked until decided")
    for end in ends:
        standing, (one, other) = end.standing, end.models
        if standing.preference < 0.5:  # noqa: PLR2004
            one, other = other, one
        interval = standing.interval
        if interval is not None and one != end.models[0]:
            interval = Interval(1 - interval.high, 1 - interval.low)
        word = f"{one} is better" if standing.end == "better" else ENDS[standing.end]
        table.add_row(
            f"{one} over {other}, {end.language}, {end.judge}",
            percent(max(standing.preference, 1 - standing.preference)),
            interval_text(interval, percent, "-"),
            p_text(standing.p),
            f"{end.asked}/{end.of}",
            word,
        )
    console.print(table)
    asked, of = sum(end.asked for end in ends), sum(end.of for end in ends)
    console.print(
        f"{asked} of {of} questions were asked, all pairs together ({100 * asked / of:.0f} %). Preferred: share of "
        "votes in %, ties as halves; interval and p hold however often was looked, p for all pairs of a language.",
        soft_wrap=True,
    )

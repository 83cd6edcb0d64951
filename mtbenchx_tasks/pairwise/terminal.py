"""The tables that `mtbenchx compare` prints: who won, how often the order decided, what length has to do with it."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from mtbenchx_tasks.records import Outcome
from mtbenchx_tasks.stats.intervals import Averaged, Interval, Share
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

UNTOLD = "benchmark not told (--benchmark)"


def print_comparison(outcomes: Sequence[Outcome], runs: int, following: Following | None) -> None:
    """Print one set of tables per pair of models, language and judge.

    Args:
        outcomes: Raw outcomes, every run.
        runs: Result runs; with `following` there is one raw run more.
        following: How inconsistent votes are substituted; None: not at all.
    """
    console = Console()
    places = by(outcomes, "model_1", "model_2", "benchmark", "language", "judge")
    for (one, other, benchmark, language, judge), group in places.items():
        results = substitute(group, following, runs) if following else group
        console.print(
            f"\n[bold]{other}[/] against [bold]{one}[/], {benchmark or UNTOLD}, {language}, judged by {judge}"
        )
        console.print(_rates(results, other, one))
        console.print(_bias(group))
        if following:
            console.print(_substitution(group, following, runs))
        for line in _remarks(results, other):
            console.print(line, soft_wrap=True)


def _rates(outcomes: Sequence[Outcome], winner: str, loser: str) -> Table:
    """Win, loss, tie and both-bad rates of each stratum."""
    table = Table(
        "", f"{winner} wins", f"{loser} wins", "tie", "both bad", "votes", title="Rates over valid votes, in %"
    )
    for name, group in strata(outcomes).items():
        found = rates_over_runs(group)
        votes = sum(run.n for run in found.per_run)
        cells = (found.win, found.loss, found.tie, found.both_bad)
        table.add_row(name, *(_averaged(cell) for cell in cells), f"{votes}/{len(group)}")
    return table


def _bias(outcomes: Sequence[Outcome]) -> Table:
    """Positional bias of each stratum and turn."""
    names = ("", "inconsistent", "95 %", "first", "second", "other", "failed")
    table = Table(*names, title="Positional bias, in %")
    groups = strata(outcomes) | {f"turn {turn}": group for (turn,), group in by(outcomes, "turn").items()}
    for name, group in groups.items():
        found = positional_bias(group)
        directions = map(str, (found.first, found.second, found.other))
        table.add_row(name, _share(found.biased), _interval(found.biased.interval), *directions, _share(found.failed))
    return table


def _substitution(outcomes: Sequence[Outcome], following: Following, runs: int) -> Table:
    """Bias before and after substitution."""
    table = Table("", "before", "after", "points", title=f"Votes of the {following} run for inconsistent ones, in %")
    for name, effect in effects(outcomes, following, runs).items():
        points = "" if effect.mitigated is None else f"{effect.mitigated:.1f}"
        table.add_row(name, _averaged(effect.before), _averaged(effect.after), points)
    return table


def _remarks(outcomes: Sequence[Outcome], winner: str) -> list[str]:
    preference, test = preference_interval(outcomes), preference_test(outcomes)
    longer, equal = longer_wins(outcomes), length_controlled(outcomes)
    decided = rates_over_runs(outcomes).preference
    p = "" if test.p is None else f", p = {test.p:.3g} (sign flips over {test.n} questions)"
    lines = [f"Of the decided votes {_averaged(decided)} % prefer {winner} (95 % {_interval(preference)}){p}."]
    lines.append(f"The longer answer won {_share(longer.share)} % of them (95 % {_interval(longer.share.interval)}).")
    if equal.preference is None:
        lines.append(f"At equal length: can't be told ({equal.reason}).")
    else:
        lines.append(f"At equal length {100 * equal.preference:.1f} % would (95 % {_interval(equal.interval)}).")
    if len(by(outcomes, "run")) == 1:
        lines.append("One run: the intervals are of questions only, the judge's noise isn't measured (--runs 3).")
    return lines


def _averaged(value: Averaged) -> str:
    if value.mean is None:
        return "-"
    return f"{100 * value.mean:.1f}" + ("" if value.sd is None else f" ± {100 * value.sd:.1f}")


def _share(share: Share) -> str:
    return "-" if share.value is None else f"{100 * share.value:.1f}"


def _interval(interval: Interval | None) -> str:
    return "-" if interval is None else f"{100 * interval.low:.1f} to {100 * interval.high:.1f}"

"""Tables of pairwise judging: rates per category of judge and people, positional bias (Table 2), length."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mtbenchx_tasks.records import INCONSISTENT, PEOPLE, Compared, Conditions, Outcome, OutcomeGame
from mtbenchx_tasks.report.tables.scores import language_name
from mtbenchx_tasks.stats.intervals import Averaged, Interval
from mtbenchx_tasks.stats.length_control import length_controlled, longer_wins
from mtbenchx_tasks.stats.pair_rates import (
    bias_over_runs,
    by,
    positional_bias,
    preference_interval,
    preference_test,
    rates,
    rates_over_runs,
    strata,
)
from mtbenchx_tasks.stats.substitution import effects
from mtbenchx_tasks.tables import Cell, Row, Table, number, percent, stratum_name

VOTES = ("win", "loss", "tie", "both_bad")


@dataclass(frozen=True)
class Duel:
    """Two models in one language, as every judge and the people saw them."""

    models: tuple[str, str]
    """A win is one of the second."""
    language: str
    """Of the questions."""
    by_judge: dict[str, list[Outcome]]
    """Name in words -> outcomes; PEOPLE first."""

    @property
    def title(self) -> str:
        """`B against A, German`."""
        return f"{self.models[1]} against {self.models[0]}, {language_name(self.language)}"


def duels(compared: Sequence[Compared]) -> list[Duel]:
    """Group outcomes by pair and language; each judge under its own conditions apart, never merged.

    A pair is one whichever model a file names first.
    """
    groups: dict[tuple[str, str, str], dict[Conditions, list[Outcome]]] = {}
    for item in compared:
        outcome = _in_order(item.outcome)
        place = outcome.item.model_1, outcome.item.model_2, outcome.item.language
        groups.setdefault(place, {}).setdefault(item.conditions, []).append(outcome)
    found = []
    for (one, other, language), conditions in sorted(groups.items()):
        ordered = sorted(conditions, key=lambda told: (told.judge != PEOPLE, told))
        named = {_named(told, [c for c in conditions if c.judge == told.judge]): conditions[told] for told in ordered}
        found.append(Duel((one, other), language, named))
    return found


def _named(conditions: Conditions, alike: Sequence[Conditions]) -> str:
    if conditions.judge == PEOPLE:
        return "People"
    return conditions.describe(alike).removeprefix("judge ")


def _in_order(outcome: Outcome) -> Outcome:
    item = outcome.item
    if item.model_1 <= item.model_2:
        return outcome
    first, second = outcome.games or (None, None)
    return Outcome(
        replace(item, model_1=item.model_2, model_2=item.model_1),
        SWAPPED.get(outcome.winner, outcome.winner),
        None if first is None or second is None else (_mirrored(second), _mirrored(first)),
        outcome.lengths[::-1],
    )


SWAPPED = {"model_1": "model_2", "model_2": "model_1"}


def _mirrored(game: OutcomeGame) -> OutcomeGame:
    return game if game.vote is None else replace(game, vote=SWAPPED.get(game.vote, game.vote))


def rates_table(duel: Duel, number_of: int) -> Table:
    """Return win, loss, tie and both-bad rates per category, each judge and the people below one another."""
    rows: list[Row] = []
    records = []
    for judge, outcomes in duel.by_judge.items():
        rows.append((judge,))
        for name, group in strata(outcomes).items():
            found, pooled = _rates_of(judge, group), rates(group)
            rows.append((stratum_name(name), *map(_averaged, found), Cell(str(pooled.n), f"of {len(group)}")))
            shares = {vote: value.mean for vote, value in zip(VOTES, found, strict=True)}
            records.append(
                {"model_1": duel.models[0], "model_2": duel.models[1], "language": duel.language, "judge": judge,
                 "category": name, **shares, "n_valid": pooled.n, "n_total": len(group)}
            )  # fmt: skip
    return Table(
        f"rates-{number_of}",
        f"Who wins: {duel.title}",
        ("Category", f"{duel.models[1]} wins", f"{duel.models[0]} wins", "Tie", "Both bad", "Valid votes"),
        tuple(rows),
        "In % of valid votes; a judge's inconsistent and failed outcomes are in no rate. Several runs: mean and "
        "standard deviation over runs. All and RCEMR (roleplay, coding, extraction, math, reasoning) pool votes.",
        tuple(_preference_note(judge, outcomes, duel) for judge, outcomes in duel.by_judge.items()),
        tuple(records),
        folded=len(rows) > 26 or number_of > 4,  # noqa: PLR2004
    )


def _rates_of(judge: str, group: Sequence[Outcome]) -> tuple[Averaged, ...]:
    """People's votes on one item are several votes, not runs: pooled."""
    if judge == "People":
        found = rates(group)
        shares = (found.win_rate, found.loss_rate, found.tie_rate, found.both_bad_rate)
        return tuple(Averaged(share, None, int(share is not None), 0) for share in shares)
    over = rates_over_runs(group)
    return over.win, over.loss, over.tie, over.both_bad


def _averaged(value: Averaged) -> Cell:
    return Cell(percent(value.mean), "" if value.sd is None else f"± {percent(value.sd)}")


def _preference_note(judge: str, outcomes: Sequence[Outcome], duel: Duel) -> str:
    interval, test = preference_interval(outcomes), preference_test(outcomes)
    found = rates(outcomes).preference
    if found.value is None:
        return f"{judge}: no decided votes."
    between = "" if interval is None else f" (95 % {_between(interval)}, over questions)"
    p = "" if test.p is None else f", p = {test.p:.3g}"
    told = "" if test.p is None else (": a real preference" if test.p <= 0.05 else ": the difference is noise")  # noqa: PLR2004
    return f"{judge}: {percent(found.value)} % of {found.n} decided votes prefer {duel.models[1]}{between}{p}{told}."


def _between(interval: Interval) -> str:
    return f"{100 * interval.low:.1f} to {100 * interval.high:.1f}"


def bias_table(found: Sequence[Duel]) -> Table | None:
    """Return positional bias per category (the paper's Table 2); None where no judge compared both orders."""
    rows: list[Row] = []
    for duel in found:
        for judge, outcomes in duel.by_judge.items():
            if any(outcome.games or outcome.winner == INCONSISTENT for outcome in outcomes):  # else: votes alone
                rows.append((f"{duel.title}: {judge}",))
                rows += _bias_rows(outcomes)
    if not rows:
        return None
    columns = ("Bias, in %", "Inconsistent / valid", "First won both", "Second won both", "Otherwise", "Not told")
    return Table(
        "positional-bias",
        "How often the order of the answers decides",
        ("Category", *columns, "Failed, in %", "After substitution, in %", "Mitigated, points"),
        tuple(rows),
        "Both orders are judged; biased are outcomes whose two games disagree, in % of those with both games valid, "
        "averaged over runs (the paper's Table 2). Not told: the file says inconsistent and holds no games, so no "
        "direction. Substitution: an inconsistent vote is taken from the next run; over all runs but the last, which "
        "has none.",
        folded=len(rows) > 26,  # noqa: PLR2004
    )


def _bias_rows(outcomes: Sequence[Outcome]) -> list[Row]:
    several = len(by(outcomes, "run")) > 1
    substituted = effects(outcomes, "next") if several else {}
    rows: list[Row] = []
    for name, group in strata(outcomes).items():
        bias, runs, effect = positional_bias(group), bias_over_runs(group), substituted.get(name)
        rows.append(
            (
                stratum_name(name),
                Cell(percent(runs.mean), "" if runs.sd is None else f"± {percent(runs.sd)}", strong=name == "all"),
                f"{bias.biased.count}/{bias.biased.n}",
                *(str(count) for count in (bias.first, bias.second, bias.other, bias.untold)),
                Cell(percent(bias.failed.value), f"{bias.failed.count}/{bias.failed.n}"),
                percent(effect.after.mean) if effect else "",
                number(effect.mitigated, 1, sign=True) if effect else "",
            )
        )
    return rows


def length_preference_table(found: Sequence[Duel]) -> Table | None:
    """Return how often the longer answer wins, and the preference at equal length; None if lengths aren't known."""
    rows: list[Row] = []
    for duel in found:
        for judge, outcomes in duel.by_judge.items():
            if not any(outcome.lengths != (0, 0) for outcome in outcomes):
                continue
            longer, equal = longer_wins(outcomes), length_controlled(outcomes)
            raw = rates(outcomes).preference
            rows.append(
                (f"{duel.title}: {judge}",
                 Cell(percent(longer.share.value), f"{longer.share.count}/{longer.share.n}"),
                 Cell(percent(raw.value), f"{raw.count}/{raw.n}"),
                 Cell(percent(equal.preference), f"95 % {_between(equal.interval)}" if equal.interval else ""),
                 number(equal.slope), equal.reason)
            )  # fmt: skip
    if not rows:
        return None
    return Table(
        "length-preference",
        "What length has to do with winning",
        (
            "Pair and judge",
            "Longer wins, in %",
            "Preference, in %",
            "At equal length, in %",
            "Log-odds",
            "If not told: why",
        ),
        tuple(rows),
        "Decided votes only. At equal length: logistic regression on tanh of the standardised length difference.",
    )

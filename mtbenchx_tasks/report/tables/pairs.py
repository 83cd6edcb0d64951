"""Tables of pairwise judging: rates per category of judge and people, positional bias (Table 2), length."""

from collections.abc import Sequence
from dataclasses import dataclass

from mtbenchx_tasks.formats.benchmark import NO_CATEGORY
from mtbenchx_tasks.formats.conditions import describe
from mtbenchx_tasks.records import PEOPLE, Conditions, Decision, Preference
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
from mtbenchx_tasks.tables import Cell, Row, Table, number, p_words, percent, stratum_name

VOTES = ("win", "loss", "tie", "both_bad")


@dataclass(frozen=True)
class Duel:
    """Two models in one language, as every judge and the people saw them."""

    models: tuple[str, str]
    """Sorted by name; a win is one of the second."""
    language: str
    """Code of the questions' language."""
    by_judge: dict[str, list[Preference]]
    """Name in words -> preferences; PEOPLE first."""

    @property
    def title(self) -> str:
        """`B against A, German`."""
        return f"{self.models[1]} against {self.models[0]}, {language_name(self.language)}"


def duels(preferences: Sequence[Preference]) -> list[Duel]:
    """Group by pair and language; each judge under its own conditions apart, never merged."""
    found = []
    for (models, language), group in by(preferences, "models", "language").items():
        voters: dict[Conditions, list[Preference]] = {}
        for preference in group:
            voters.setdefault(preference.conditions, []).append(preference)
        ordered = sorted(voters, key=lambda told: (told.judge != PEOPLE, told))
        named = {_named(told, [c for c in voters if c.judge == told.judge]): voters[told] for told in ordered}
        one, other = sorted(model.name for model in models)
        found.append(Duel((one, other), language, named))
    return found


def _named(conditions: Conditions, alike: Sequence[Conditions]) -> str:
    if conditions.judge == PEOPLE:
        return "People"
    return describe(conditions, alike).removeprefix("judge ")


def rates_table(duel: Duel, number_of: int) -> Table:
    """Return win, loss, tie and both-bad rates per category, each judge and the people below one another."""
    rows: list[Row] = []
    records = []
    for judge, preferences in duel.by_judge.items():
        rows.append((judge,))
        for name, group in strata(preferences).items():
            over_runs, pooled = rates_over_runs(group, duel.models[1]), rates(group, duel.models[1])
            found = over_runs.win, over_runs.loss, over_runs.tie, over_runs.both_bad
            rows.append((stratum_name(name), *map(_averaged, found), Cell(str(pooled.n), f"of {len(group)}")))
            shares = {vote: value.mean for vote, value in zip(VOTES, found, strict=True)}
            records.append(
                {"model_1": duel.models[0], "model_2": duel.models[1], "language": duel.language, "judge": judge,
                 "category": name or NO_CATEGORY, **shares, "n_valid": pooled.n, "n_total": len(group)}
            )  # fmt: skip
    return Table(
        f"rates-{number_of}",
        f"Who wins: {duel.title}",
        ("Category", f"{duel.models[1]} wins", f"{duel.models[0]} wins", "Tie", "Both bad", "Valid votes"),
        tuple(rows),
        "In % of valid votes; a judge's inconsistent and failed outcomes are in no rate. Several runs: mean and "
        "standard deviation over runs. All and RCEMR (roleplay, coding, extraction, math, reasoning) pool votes.",
        tuple(_preference_note(judge, preferences, duel) for judge, preferences in duel.by_judge.items()),
        tuple(records),
        folded=len(rows) > 26 or number_of > 4,  # noqa: PLR2004
    )


def _averaged(value: Averaged) -> Cell:
    return Cell(percent(value.mean), "" if value.sd is None else f"± {percent(value.sd)}")


def _preference_note(judge: str, preferences: Sequence[Preference], duel: Duel) -> str:
    interval, test = preference_interval(preferences, duel.models[1]), preference_test(preferences, duel.models[1])
    found = rates(preferences, duel.models[1]).preference
    if found.value is None:
        return f"{judge}: no decided votes."
    between = "" if interval is None else f" (95 % {_between(interval)}, over questions)"
    p = "" if test.p is None else f", {p_words(test.p, 3)}"
    told = "" if test.p is None else ("" if test.p <= 0.05 else ": can't be told apart")  # noqa: PLR2004
    return f"{judge}: {percent(found.value)} % of {found.n} decided votes prefer {duel.models[1]}{between}{p}{told}."


def _between(interval: Interval) -> str:
    return f"{100 * interval.low:.1f} to {100 * interval.high:.1f}"


def _ends(interval: Interval | None) -> str:
    return "" if interval is None else f"95 % {_between(interval)}"


def bias_table(found: Sequence[Duel]) -> Table | None:
    """Return positional bias per category (the paper's Table 2); None where no judge compared both orders."""
    rows: list[Row] = []
    for duel in found:
        for judge, preferences in duel.by_judge.items():
            if any(one.games or one.decision is Decision.INCONSISTENT for one in preferences):  # else: votes alone
                rows.append((f"{duel.title}: {judge}",))
                rows += _bias_rows(preferences)
    if not rows:
        return None
    columns = ("Bias, in %", "Inconsistent / valid", "First won both", "Second won both", "Otherwise", "Not told")
    return Table(
        "positional-bias",
        "How often the order of the answers decides",
        ("Category", *columns, "Failed, in %", "After substitution, in %", "Mitigated, points"),
        tuple(rows),
        "Both orders are judged; biased are outcomes whose two games disagree, in % of those with both games valid, "
        "averaged over runs (the paper's Table 2); the interval takes outcomes of one question together. Not told: the "
        "file says inconsistent and holds no games, so no direction. Substitution: an inconsistent vote is taken from "
        "the next run; over all runs but the last, which has none.",
        folded=len(rows) > 26,  # noqa: PLR2004
    )


def _bias_rows(preferences: Sequence[Preference]) -> list[Row]:
    several = len(by(preferences, "run")) > 1
    substituted = effects(preferences, "next") if several else {}
    rows: list[Row] = []
    for name, group in strata(preferences).items():
        bias, runs, effect = positional_bias(group), bias_over_runs(group), substituted.get(name)
        rows.append(
            (
                stratum_name(name),
                Cell(percent(runs.mean), "" if runs.sd is None else f"± {percent(runs.sd)}", strong=name == "all"),
                Cell(f"{bias.biased.count}/{bias.biased.n}", _ends(bias.biased.interval)),
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
        for judge, preferences in duel.by_judge.items():
            if not any(preference.answers for preference in preferences):
                continue
            longer, equal = longer_wins(preferences), length_controlled(preferences, duel.models[1])
            raw = rates(preferences, duel.models[1]).preference
            rows.append(
                (f"{duel.title}: {judge}",
                 Cell(percent(longer.share.value), f"{longer.share.count}/{longer.share.n}"),
                 Cell(percent(raw.value), f"{raw.count}/{raw.n}"),
                 Cell(percent(equal.preference), _ends(equal.interval)),
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

"""The tables to read: agreement (paper, Table 3), kappa (Appendix E.3) and who wins (Figure 3)."""

from collections.abc import Iterable, Sequence

from mtbenchx_tasks.meta_evaluation.agreement.results import RateRow, Results, Statistic
from mtbenchx_tasks.stats.upper_limits import Limit, TieMode
from mtbenchx_tasks.tables import Table


def tables(found: Results, mode: TieMode, limit: Limit) -> list[Table]:
    """Return the tables of one tie mode, with one kind of upper limit."""
    chosen = [one for one in found.statistics if one.tie_mode == mode]
    return [*_agreement(chosen, limit), _kappas(chosen), *_judges(chosen), *_rates(found.rates)]


def _agreement(chosen: Sequence[Statistic], limit: Limit) -> list[Table]:
    """One table a judge and turn; one a turn without judges."""
    judges = sorted({one.judge for one in chosen if one.statistic == "judge_human"}) or [""]
    made: list[Table] = []
    for judge in judges:
        for turn in dict.fromkeys(one.turn for one in sorted(chosen, key=lambda one: one.turn)):
            named = {
                (one.statistic, one.stratum): one for one in chosen if one.turn == turn and one.judge in ("", judge)
            }
            rows = [
                _agreement_row(stratum, named, limit, bool(judge))
                for stratum in dict.fromkeys(stratum for _, stratum in named)
            ]
            header = ["", "human-human", "pairs"]
            if judge:
                header += ["judge-human", "votes", "no verdict", f"upper limit ({limit})", "judge there", "votes"]
            title = f"Agreement in %, {_turn(turn)}" + (f", judged by {judge}" if judge else "")
            made.append(Table(f"agreement-{len(made) + 1}", title, tuple(header), tuple(rows)))
    return made


def _agreement_row(
    stratum: str, named: dict[tuple[str, str], Statistic], limit: Limit, judged: bool
) -> tuple[str, ...]:
    people = named["human_human", stratum]
    cells = [stratum, _percent(people), _count(people.n)]
    if judged:
        judge, best, there = (
            named[name, stratum] for name in ("judge_human", f"limit_{limit}", "judge_human_on_limit_items")
        )
        missing = "-" if judge.missing is None else f"{100 * judge.missing:.1f}"
        cells += [_percent(judge), _count(judge.n), missing, _percent(best), _percent(there), _count(best.n)]
    return tuple(cells)


def _kappas(chosen: Sequence[Statistic]) -> Table:
    header = ("", "turn", "kappa", "95 %", "z", "p", "items", "dropped", "votes an item")
    rows = [
        (
            one.stratum,
            one.turn,
            _number(one.value, 3),
            "-" if one.low is None or one.high is None else f"{one.low:.2f} to {one.high:.2f}",
            _number(one.z, 2),
            "-" if one.p is None else f"{one.p:.2g}" + (" (permutation)" if one.p_method == "permutation" else ""),
            _count(one.n_items),
            str(one.dropped),
            "-" if one.raters_mean is None else f"{one.raters_min}/{one.raters_mean:.1f}/{one.raters_max}",
        )
        for one in chosen
        if one.statistic == "fleiss_kappa"
    ]
    return Table("kappa", "Fleiss' kappa of people; votes an item: fewest/mean/most", header, tuple(rows))


def _judges(chosen: Sequence[Statistic]) -> list[Table]:
    """Judges among themselves; none if there is one judge."""
    names = {"judge_judge": "agreement in %", "judge_judge_kappa": "kappa", "jury_fleiss_kappa": "Fleiss' kappa"}
    rows = [
        (
            one.judge,
            one.stratum,
            one.turn,
            names[one.statistic],
            _percent(one) if one.statistic == "judge_judge" else _number(one.value, 3),
            _count(one.n_items),
        )
        for one in chosen
        if one.statistic in names and one.turn == "all"
    ]
    header = ("judges", "", "turn", "statistic", "value", "items")
    return [Table("judges", "Judges among themselves (first runs)", header, tuple(rows))] if rows else []


def _rates(rows: Iterable[RateRow]) -> list[Table]:
    """One table a pair of models and language, both turns pooled."""
    groups: dict[tuple[str, str, str], list[RateRow]] = {}
    for row in rows:
        if row.turn == "all":
            groups.setdefault((row.model_1, row.model_2, row.language), []).append(row)
    header = ("", "votes of", "wins", "losses", "tie", "both bad", "n", "preference", "95 %")
    return [
        Table(
            f"rates-{place}",
            f"{two} against {one}{', ' + language if language else ''}: rates over valid votes in %, both turns",
            header,
            tuple(
                (
                    row.stratum,
                    row.voter,
                    *(_share(value) for value in (row.win, row.loss, row.tie, row.both_bad)),
                    _count(row.n),
                    _share(row.preference),
                    _ends(row.preference_low, row.preference_high),
                )
                for row in sorted(group, key=lambda row: _order(row, group))
            ),
        )
        for place, ((one, two, language), group) in enumerate(groups.items(), start=1)
    ]


def _order(row: RateRow, group: Sequence[RateRow]) -> tuple[int, int]:
    """People and judges of one stratum stand together."""
    strata = list(dict.fromkeys(one.stratum for one in group))
    voters = list(dict.fromkeys(one.voter for one in group))
    return strata.index(row.stratum), voters.index(row.voter)


def _turn(turn: str) -> str:
    return {"all": "both turns", "conversation": "whole conversations"}.get(turn, f"turn {turn}")


def _percent(one: Statistic) -> str:
    sd = "" if one.sd is None else f" ± {100 * one.sd:.1f}"
    interval = "" if one.low is None else f" ({_ends(one.low, one.high)})"
    return "-" if one.value is None else f"{100 * one.value:.1f}{sd}{interval}"


def _ends(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{100 * low:.0f}-{100 * high:.0f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _count(value: float) -> str:
    return f"{value:g}" if value == round(value) else f"{value:.1f}"

"""The tables to read: agreement (paper, Table 3), kappa (Appendix E.3) and who wins (Figure 3)."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from mtbenchx_tasks.meta_evaluation.agreement.records import RateRow, Results, Statistic
from mtbenchx_tasks.meta_evaluation.agreement.results import POOLED
from mtbenchx_tasks.meta_evaluation.agreement.study import VotesAndVerdicts
from mtbenchx_tasks.stats.kappa import cohen_kappa
from mtbenchx_tasks.stats.upper_limits import Limit, TieMode, tally
from mtbenchx_tasks.tables import Cell, Row, Table, number, p_text, percent, stratum_name, turn_name

MODE_NAMES = {"four": "four votes", "merge_bad": "both bad counted as a tie", "decisive": "votes for a winner only"}
COLUMNS = (
    ("human_human", "People with people"),
    ("judge_human", "Judge with people"),
    ("judge_human_on_limit_items", "Judge, where the limit is"),
    ("limit", "Upper limit"),
    ("fleiss_kappa", "Fleiss' kappa"),
)


def tables(found: Results, mode: TieMode, limit: Limit) -> list[Table]:
    """Return the tables of one tie mode, with one kind of upper limit."""
    chosen = [one for one in found.statistics if one.tie_mode == mode]
    return [*agreement_tables(found, mode, limit), _kappas(chosen), *_judges(chosen), *_rates(found.rates)]


def items_table(study: VotesAndVerdicts, mode: TieMode) -> Table:
    """Return how often each judge says what most people say of an item, and Cohen's kappa of the two.

    Items without a single most frequent vote are left out; of a judge's runs the first counts.

    Args:
        study: Votes and verdicts.
        mode: What ties are.
    """
    tallies = [tally(one.item, one.people, one.verdicts, mode) for one in study.contests]
    rows = []
    for language in dict.fromkeys(one.item.language for one in tallies):
        part = [one for one in tallies if one.item.language == language]
        most = [_most(one.counts) for one in part]
        for judge in study.judges:
            said = [one.verdicts.get(judge, (None,))[0] for one in part]
            kappa = cohen_kappa(most, said)
            cells = (percent(kappa.observed, missing="-"), number(kappa.kappa, 3, missing="-"))
            rows.append((judge, language or "not told", *cells, str(kappa.n), str(kappa.dropped)))
    columns = ("judge", "language", "agrees with most people, %", "Cohen's kappa", "items", "left out")
    return Table("items", "Item by item: the judge and most people", columns, tuple(rows))


def _most(counts: Iterable[int]) -> int | None:
    found = list(counts)
    best = max(found, default=0)
    return found.index(best) if best and found.count(best) == 1 else None


def agreement_tables(found: Results, mode: TieMode, limit: Limit = "plurality") -> list[Table]:
    """Return the paper's Table 3, one a judge; one of the people alone if there is no judge.

    Args:
        found: Every number; those of other tie modes and limits stand in the tables' records.
        mode: What ties are.
        limit: Which upper limit is shown.
    """
    judges = sorted({one.judge for one in found.statistics if one.statistic == "judge_human"}) or [""]
    return [
        _agreement(found, [one for one in found.statistics if one.judge in ("", judge)], judge, mode, limit, place)
        for place, judge in enumerate(judges, start=1)
    ]


def _agreement(  # noqa: PLR0917
    found: Results, statistics: Sequence[Statistic], judge: str, mode: TieMode, limit: Limit, place: int
) -> Table:
    named = {
        (one.statistic.replace(f"limit_{limit}", "limit"), one.stratum, one.turn): one
        for one in statistics
        if one.tie_mode == mode
    }
    columns = [(name, title) for name, title in COLUMNS if any(key[0] == name for key in named)]
    rows: list[Row] = []
    for turn in sorted({turn for _, _, turn in named}, key=lambda turn: (turn == POOLED, len(turn), turn)):
        rows.append((turn_name(turn).capitalize(),))
        for stratum in dict.fromkeys(key[1] for key in named if key[2] == turn):
            cells = [_cell(name, named.get((name, stratum, turn))) for name, _ in columns]
            rows.append((stratum_name(stratum), *cells))
    people = found.people
    return Table(
        f"agreement-{place}",
        "Agreement of people" + (f" with {judge} and with each other" if judge else ""),
        ("Category", *(f"{title} ({limit})" if name == "limit" else title for name, title in columns)),
        tuple(rows),
        f"In %, kappa as a number; {MODE_NAMES[mode]}. Small: 95 % interval over questions; n: pairs of votes (people "
        "with people) or votes; items that the judge has no verdict on. Upper limit: the best that one verdict an item "
        "can reach against these votes; a judge is held against it on the items it rests on.",
        (f"{people['annotators']} people, {people['votes']} votes, {people['skipped']} skips.",) if people else (),
        tuple(map(asdict, statistics)),
        folded=len(rows) > 36,  # noqa: PLR2004
    )


def _cell(name: str, one: Statistic | None) -> Cell:
    if one is None or one.value is None:
        return Cell("")
    kappa = name == "fleiss_kappa"
    interval = "" if one.low is None else f"{one.low:.2f} to {one.high:.2f}" if kappa else _ends(one.low, one.high)
    counted = "" if kappa else f"n {_count(one.n)}"
    missing = f"{percent(one.missing)} % of items without" if name == "judge_human" and one.missing else ""
    shown = number(one.value, 3) if kappa else percent(one.value) + ("" if one.sd is None else f" ± {percent(one.sd)}")
    return Cell(shown, ", ".join(filter(None, (interval, counted, missing))))


def _kappas(chosen: Sequence[Statistic]) -> Table:
    header = ("", "turn", "kappa", "95 %", "z", "p", "items", "dropped", "votes an item")
    rows = [
        (
            one.stratum,
            one.turn,
            number(one.value, 3, missing="-"),
            "-" if one.low is None or one.high is None else f"{one.low:.2f} to {one.high:.2f}",
            number(one.z, 2, missing="-"),
            "-" if one.p is None else p_text(one.p) + (" (permutation)" if one.p_method == "permutation" else ""),
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
            percent(one.value, missing="-") if one.statistic == "judge_judge" else number(one.value, 3, missing="-"),
            _count(one.n_items),
        )
        for one in chosen
        if one.statistic in names and one.turn == POOLED
    ]
    header = ("judges", "", "turn", "statistic", "value", "items")
    return [Table("judges", "Judges among themselves (first runs)", header, tuple(rows))] if rows else []


def _rates(rows: Iterable[RateRow]) -> list[Table]:
    """One table a pair of models and language, both turns pooled."""
    groups: dict[tuple[str, str, str], list[RateRow]] = {}
    for row in rows:
        if row.turn == POOLED:
            groups.setdefault((row.model_1, row.model_2, row.language), []).append(row)
    header = ("", "votes of", "wins", "losses", "tie", "both bad", "n", "preference", "95 %")
    return [
        Table(
            f"rates-{place}",
            f"{two} against {one}{', ' + language if language else ''}: rates over valid votes in %, all turns",
            header,
            tuple(
                (
                    row.stratum,
                    row.voter,
                    *(percent(value, missing="-") for value in (row.win, row.loss, row.tie, row.both_bad)),
                    _count(row.n),
                    percent(row.preference, missing="-"),
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


def _ends(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{100 * low:.0f} to {100 * high:.0f}"


def _count(value: float) -> str:
    return f"{value:g}" if value == round(value) else f"{value:.1f}"

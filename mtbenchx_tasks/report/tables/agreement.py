"""What `mtbenchx agreement --out` wrote to agreement.json, as tables (the paper's Table 3)."""

from collections.abc import Mapping, Sequence
from typing import Any

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.tables import Cell, Row, Table, number, percent, stratum_name

Statistic = Mapping[str, Any]
TIE_MODES = ("four", "merge_bad", "decisive")
MODE_NAMES = {"four": "four votes", "merge_bad": "both bad counted as a tie", "decisive": "votes for a winner only"}
LIMIT = "limit_plurality"
"""The upper limit shown: the best that any judge can reach on the same items; the CSV holds all five."""
ALL_TURNS = "all"
COLUMNS = (
    ("human_human", "People with people"),
    ("judge_human", "Judge with people"),
    ("judge_human_on_limit_items", "Judge, where the limit is"),
    (LIMIT, "Upper limit"),
    ("fleiss_kappa", "Fleiss' kappa"),
)


def agreement_tables(loaded: Mapping[str, Any]) -> list[Table]:
    """Return one table a judge; one of the people alone if there is no judge.

    Raises:
        UserError: The file is of another layout.
    """
    rows = loaded.get("statistics")
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) and "statistic" in row for row in rows):
        raise UserError("agreement.json is of another layout than `mtbenchx agreement --out` writes; make it again.")
    judges = sorted({str(row.get("judge") or "") for row in rows if row["statistic"] == "judge_human"}) or [""]
    modes = [mode for mode in TIE_MODES if any(row.get("tie_mode") == mode for row in rows)]
    people = loaded.get("people") if isinstance(loaded.get("people"), Mapping) else {}
    return [
        _table(judge, [row for row in rows if row.get("tie_mode") == modes[0]], rows, modes[0], _told(people), place)
        for place, judge in enumerate(judges, start=1)
        if modes
    ]


def _told(people: Any) -> tuple[str, ...]:
    if not people:
        return ()
    return (f"{people.get('annotators')} people, {people.get('votes')} votes, {people.get('skipped')} skips.",)


def _table(  # noqa: PLR0917
    judge: str, chosen: Sequence[Statistic], every: Sequence[Statistic], mode: str, told: tuple[str, ...], place: int
) -> Table:
    named = {
        (str(row["statistic"]), str(row.get("stratum")), str(row.get("turn"))): row
        for row in chosen
        if str(row.get("judge") or "") in ("", judge)
    }
    columns = [(name, title) for name, title in COLUMNS if any(key[0] == name for key in named)]
    rows: list[Row] = []
    for turn in sorted({turn for _, _, turn in named}, key=lambda turn: (turn == ALL_TURNS, len(turn), turn)):
        rows.append(("All turns" if turn == ALL_TURNS else f"Turn {turn}",))
        for stratum in dict.fromkeys(key[1] for key in named if key[2] == turn):
            cells = [_cell(name, named.get((name, stratum, turn))) for name, _ in columns]
            rows.append((stratum_name(stratum), *cells))
    return Table(
        f"agreement-{place}",
        "Agreement of people" + (f" with {judge} and with each other" if judge else ""),
        ("Category", *(title for _, title in columns)),
        tuple(rows),
        f"In %, kappa as a number; {MODE_NAMES[mode]}. Small: 95 % interval over questions. Upper limit: the best "
        "that one verdict an item can reach against these votes; a judge is held against it on the items it rests on.",
        told,
        tuple(dict(row) for row in every if str(row.get("judge") or "") in ("", judge)),
        folded=len(rows) > 36,  # noqa: PLR2004
    )


def _cell(name: str, row: Statistic | None) -> Cell:
    if row is None or row.get("value") is None:
        return Cell("")
    kappa = name == "fleiss_kappa"
    shown = number(row["value"], 3) if kappa else percent(row["value"])
    low, high = row.get("low"), row.get("high")
    if low is None or high is None:
        return Cell(shown, f"n {row.get('n'):g}" if isinstance(row.get("n"), int | float) else "")
    ends = f"{low:.2f} to {high:.2f}" if kappa else f"{100 * low:.0f} to {100 * high:.0f}"
    return Cell(shown, ends)

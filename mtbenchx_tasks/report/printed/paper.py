"""`mtbenchx report --paper`: a paper's tables checked and drawn by our code."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from hf_datasets.records import CATEGORIES
from mtbenchx_tasks.records import Conditions, Item, Model, Rater, Rating
from mtbenchx_tasks.report.contents import Chapter, Html, named
from mtbenchx_tasks.report.figures import scores as score_figures
from mtbenchx_tasks.report.figures.drawing import Figure, check_matplotlib
from mtbenchx_tasks.report.page import Head, page
from mtbenchx_tasks.report.printed.claims import advantages, claims, impossible, spellings
from mtbenchx_tasks.report.printed.rows import PaperRow, read_paper
from mtbenchx_tasks.report.sections import RatedTurn, Section
from mtbenchx_tasks.report.tables.scores import language_name
from mtbenchx_tasks.report.write import draw_all, prepare, write_all
from mtbenchx_tasks.tables import Cell, Row, Table, category_name, number, signed

LEAD = (
    "The printed tables of a paper, recomputed: each average from its categories, each group's average from its "
    "models, the gains from the averages. Nothing printed is changed."
)


def paper_report(path: Path, out: Path, *, figures: bool = True) -> list[str]:
    """Check a paper's tables and write them as a report; returns the claims and checks as lines.

    Raises:
        UserError: The files can't be read, or the folder can't be written.
    """
    if figures:
        check_matplotlib()
    prepare(out)
    rows = read_paper(path)
    parts = chapters(rows)
    drawn = draw_all(parts) if figures else {}
    facts = {
        "Rows": str(len(rows)),
        "Models": str(len({row.model.name for row in rows if row.kind != "average"})),
        "Languages": str(len({row.language for row in rows})),
    }
    sources = sorted({row.where.partition(",")[0] for row in rows})
    files = write_all(
        out, page(Head("The paper's tables, recomputed", LEAD, facts, sources), parts, drawn), parts, drawn
    )
    lines = [f"{claim.verdict}: {claim.text} ({claim.value})" for claim in claims(rows)]
    checks = [" ".join(part for part in (str(row[0]), _text(row[1])) if part) for row in checks_table(rows).rows]
    return [*lines, *checks, f"{files[0]} and {len(files) - 1} files beside it."]


def _text(value: Cell | str) -> str:
    return value.text if isinstance(value, Cell) else value


def chapters(rows: Sequence[PaperRow]) -> list[Chapter]:
    """Return the chapters of the report on a paper's tables."""
    languages = list(dict.fromkeys(row.language for row in rows))
    tables: list[Table | Figure | Html] = []
    for language in languages:
        for turn in dict.fromkeys(row.turn for row in rows if row.language == language):
            tables.append(printed_table(rows, language, turn))
        tables += _figures(rows, language)
    return [
        Chapter("What the paper says, and what its tables say", (claims_table(rows), checks_table(rows))),
        Chapter("Gains", (advantages_table(rows),)),
        Chapter("The printed scores", named([*_heatmaps(rows), *tables])),
    ]


def claims_table(rows: Sequence[PaperRow]) -> Table:
    """Return the paper's claims with what its tables say of each."""
    found = claims(rows)
    return Table(
        "claims",
        "Claims",
        ("Claim", "In the tables", "Verdict"),
        tuple((claim.text, claim.value, Cell(claim.verdict, strong=True)) for claim in found),
        "Claims of arXiv 2402.13703 in our words. Gains: difference of averages over the benchmark's languages, in % "
        "of the 10-point scale.",
    )


def checks_table(rows: Sequence[PaperRow]) -> Table:
    """Return what recomputing findings: averages, groups, impossible cells, spellings."""
    checked = [row for row in rows if row.avg_error is not None]
    wrong = [row for row in checked if abs(row.avg_error or 0.0) > row.avg_allowed]
    findings: list[Row] = [
        ("Averages recomputed from their categories", f"{len(checked) - len(wrong)} of {len(checked)} agree"),
        *(
            (row.where, f"{row.model.name}, {row.language}: printed less recomputed {signed(row.avg_error, 3)}")
            for row in wrong
        ),
        *_group_checks(rows),
        *(
            (row.where, f"{row.model.name}, {name}: {value:g} is outside 1 to 10")
            for row, name, value in impossible(rows)
        ),
        *(("One model, several spellings", "; ".join(names)) for names in spellings(rows)),
    ]
    return Table(
        "checks", "Checks", ("Where", "Finding"), tuple(findings), "An average agrees if rounding explains the rest."
    )


def _group_checks(rows: Sequence[PaperRow]) -> Iterator[Row]:
    for row in (row for row in rows if row.kind == "average"):
        members = [
            other
            for other in rows
            if other.kind == "model"
            and (other.language, other.turn, other.model.family) == (row.language, row.turn, row.model.family)
        ]
        for name, cell in [*row.cells.items(), *([("avg", row.avg)] if row.avg else [])]:
            values = [
                printed for other in members if (printed := other.avg if name == "avg" else other.cells.get(name))
            ]
            if not values:
                yield (row.where, f"{row.model.name}: no models of its family to average")
                break
            error = cell.value - fmean(value.value for value in values)
            if abs(error) > cell.half_unit + max(value.half_unit for value in values) + 1e-9:
                yield (row.where, f"{row.model.name}, {name}: printed less recomputed {signed(error, 3)}")


def advantages_table(rows: Sequence[PaperRow]) -> Table:
    """Return the gains of ENDEFRITES over each single language."""
    gains = advantages(rows)
    return Table(
        "paper-gains",
        "All languages over one",
        ("Family", "Over", "Turn", "% of the scale", "Points", "Languages"),
        tuple(
            (gain.family, gain.single, str(gain.turn or "both"), signed(gain.percent),
             signed(gain.percent / 10, 3), str(gain.languages))
            for gain in gains
        ),
    )  # fmt: skip


def printed_table(rows: Sequence[PaperRow], language: str, turn: int | None) -> Table:
    """Return one language's printed table with our average beside the printed one; impossible cells are flagged."""
    chosen = [row for row in rows if (row.language, row.turn) == (language, turn)]
    columns = ("Model", *map(category_name, CATEGORIES), "Avg. printed", "Avg. recomputed")
    body: list[Row] = []
    for row in chosen:
        cells = [_cell(row, name) for name in CATEGORIES]
        printed = "" if row.avg is None else f"{row.avg.value:.{row.avg.places}f}"
        again = number(row.average, 3) if len(row.cells) == len(CATEGORIES) else ""
        body.append((Cell(row.model.label, strong=row.kind == "average"), *cells, Cell(printed, strong=True), again))
    turned = f", turn {turn}" if turn else ""
    name = f"printed-{language}-{turn or 'both'}"
    return Table(name, f"{language_name(language)}{turned}", columns, tuple(body), "Empty: not printed.")


def _cell(row: PaperRow, name: str) -> Cell:
    cell = row.cells.get(name)
    if cell is None:
        return Cell("")
    flag = "" if 1 <= cell.value <= 10 else "no mean of ratings from 1 to 10"  # noqa: PLR2004
    return Cell(f"{cell.value:.{cell.places}f}", flag=flag)


def _section(rows: Sequence[PaperRow]) -> Section:
    """Take each printed mean for one answer's rating, so that our figures draw it; no interval is made of it."""
    answers = []
    for row in rows:
        if row.kind != "average":
            for number_of, name in enumerate(CATEGORIES):
                value = row.cells[name].value if name in row.cells else None
                item = Item("", row.language, number_of, row.turn or 1, name)
                rating = Rating(item, Model(row.model.name), Rater("as printed"), Conditions("as printed"), value)
                answers.append(RatedTurn((rating,)))
    return Section("as printed", Conditions("as printed"), tuple(answers))


def _heatmaps(rows: Sequence[PaperRow]) -> list[Figure]:
    figures = []
    for turn in dict.fromkeys(row.turn for row in rows):
        chosen = [row for row in rows if row.turn == turn and row.cells]
        if chosen:
            section = _section(chosen)
            models = list({row.model.name: row.model for row in chosen if row.kind != "average"}.values())
            drawing = score_figures.heatmap(section, models, turn or 1)
            title = f"Average score, turn {turn}" if turn else "Average score, both turns"
            figures.append(replace(drawing, name=f"heatmap-{turn or 'both'}", title=title))
    return figures


def _figures(rows: Sequence[PaperRow], language: str) -> list[Figure]:
    chosen = [row for row in rows if row.turn is None and row.language == language and row.cells]
    models = list({row.model.name: row.model for row in chosen if row.kind != "average"}.values())
    drawing = score_figures.radar(_section(chosen), models, language) if chosen else None
    return [drawing] if drawing else []

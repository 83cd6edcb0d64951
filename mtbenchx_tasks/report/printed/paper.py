"""`mtbenchx report --paper`: a paper's tables checked and drawn by our code."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from hf_datasets.records import CATEGORIES
from mtbenchx_tasks.records import Conditions, Item, Model, Rater, Rating
from mtbenchx_tasks.report.contents import Chapter, Html, named
from mtbenchx_tasks.report.figures import scores as score_figures
from mtbenchx_tasks.report.figures.drawing import Figure, check_matplotlib
from mtbenchx_tasks.report.page import Head, page
from mtbenchx_tasks.report.printed.claims import Claim, advantages, claims, impossible
from mtbenchx_tasks.report.printed.counts import not_means, pair_claims
from mtbenchx_tasks.report.printed.pair_tables import PairTables
from mtbenchx_tasks.report.printed.rows import Paper, PaperRow, read_paper
from mtbenchx_tasks.report.sections import RatedTurn, Section
from mtbenchx_tasks.report.tables.scores import language_name
from mtbenchx_tasks.report.write import draw_all, files_of, prepare, write_all
from mtbenchx_tasks.tables import Cell, Row, Table, category_name, number, signed

LEAD = (
    "The printed tables of a paper, checked: each average recomputed from its categories, each group's average from "
    "its models, the gains from the averages; its claims held against them. What is called printed is as printed."
)
SHIPPED = Path(__file__).parent / "arxiv_2402_13703v1"
"""Tables 1, 2, 3 and 8 to 10 of Weber et al., arXiv 2402.13703, version 1."""


def paper_report(path: Path | None, out: Path, *, figures: bool = True) -> list[str]:
    """Check a paper's tables and write them as a report; returns the claims and checks as lines.

    Args:
        path: A CSV file or a folder of them; None: the tables of arXiv 2402.13703v1.
        out: The folder to write.
        figures: Whether to draw.

    Raises:
        UserError: The files can't be read, or the folder can't be written.
    """
    if figures:
        check_matplotlib()
    prepare(out)
    paper = read_paper(path or SHIPPED)
    parts = chapters(paper)
    drawn = draw_all(parts) if figures else {}
    facts = {
        "Rows": str(len(paper.rows)),
        "Models": str(len({row.model.name for row in paper.rows if row.kind != "average"})),
        "Languages": str(len({row.language for row in paper.rows})),
    }
    sources = paper.files if path else [f"Weber et al., arXiv 2402.13703v1: {', '.join(paper.files)}"]
    html = page(Head("The paper's tables, recomputed", LEAD, facts, sources), parts, drawn)
    files = write_all(out, files_of(html, parts, drawn))
    lines = [f"{claim.verdict}: {claim.text} ({claim.value})" for claim in all_claims(paper)]
    checks = [" ".join(part for part in (str(row[0]), _text(row[1])) if part) for row in checks_table(paper).rows]
    return [*lines, *checks, f"{files[0]} and {len(files) - 1} files beside it."]


def _text(value: Cell | str) -> str:
    return value.text if isinstance(value, Cell) else value


def chapters(paper: Paper) -> list[Chapter]:
    """Return the chapters of the report on a paper's tables."""
    rows = paper.rows
    languages = list(dict.fromkeys(row.language for row in rows))
    tables: list[Table | Figure | Html] = []
    for language in languages:
        for turn in dict.fromkeys(row.turn for row in rows if row.language == language):
            tables.append(printed_table(rows, language, turn))
        tables += _figures(rows, language)
    beside = named(pairs_tables(paper.pairs))
    return [
        Chapter("What the paper says, and what its tables say", (claims_table(paper), checks_table(paper))),
        Chapter("Gains", (advantages_table(rows),)),
        Chapter("The printed scores", named([*_heatmaps(rows), *tables])),
        *([Chapter("What else is printed", beside)] if beside else []),
    ]


def all_claims(paper: Paper) -> list[Claim]:
    """Return every claim, of scores and of pairs; of pairs where a table of them is printed."""
    of_pairs = paper.pairs.bias or paper.pairs.agreement
    return [*claims(paper.rows), *(pair_claims(paper.pairs) if of_pairs else [])]


def claims_table(paper: Paper) -> Table:
    """Return the paper's claims with what its tables say of each."""
    return Table(
        "claims",
        "Claims",
        ("Claim", "In the tables", "Verdict"),
        tuple((claim.text, claim.value, Cell(claim.verdict, strong=True)) for claim in all_claims(paper)),
        "Claims of arXiv 2402.13703 (version 1) in our words. Gains: difference of averages over the benchmark's "
        "languages, in % of the 10-point scale. A claim of single turns is decided by rows of single turns alone.",
    )


def checks_table(paper: Paper) -> Table:
    """Return what recomputing finds: averages, groups, impossible cells, spellings."""
    rows = paper.rows
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
        *((row.where, _not_a_mean(row, name, most)) for row, name, most in not_means(rows)),
        *(("One model, several spellings, taken as one", "; ".join(names)) for names in paper.spellings),
    ]
    return Table(
        "checks",
        "Checks",
        ("Where", "Finding"),
        tuple(findings),
        "An average agrees if rounding explains the rest. A mean of n ratings in steps of a half is a multiple of "
        "1 / (2 n): what is no such multiple for all of a category's ratings rests on fewer, or on other numbers.",
    )


def _not_a_mean(row: PaperRow, name: str, most: int | None) -> str:
    printed = row.cells[name]
    whole = f"{row.model.name}, {name}: {printed.value:.{printed.places}f} is no mean of all ratings in steps of a half"
    return f"{whole}; of {most} it can be" if most else f"{whole}, nor of fewer"


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


def pairs_tables(pairs: PairTables) -> list[Table]:
    """Return Tables 1 to 3 as printed; none that isn't there."""
    bias = [(category_name(name), f"{value:.2f}") for name, value in pairs.bias.items()]
    agreement = [
        (f"{category_name(row.stratum)}, turn {row.turn}", f"{row.judge:g}", f"{row.limit:g}", f"{row.people:g}")
        for row in pairs.agreement
    ]
    columns = list(pairs.datasets[0])[1:] if pairs.datasets else []
    datasets = [tuple(row[name] for name in columns) for row in pairs.datasets]
    found = [
        Table("printed-datasets", "Instruction datasets (Table 1)", tuple(map(_heading, columns)), tuple(datasets),
              "As printed; `mtbenchx data stats` counts the same of any dataset."),
        Table("printed-bias", "Positional bias (Table 2)", ("Category", "In %"), tuple(bias), "As printed."),
        Table("printed-agreement", "Agreement (Table 3)",
              ("Stratum", "Judge and people in %", "Upper limit in %", "People in %"), tuple(agreement), "As printed."),
    ]  # fmt: skip
    return [table for table in found if table.rows]


def _heading(column: str) -> str:
    return column.upper() if len(column) == 2 else column.replace("_", " ").capitalize()  # noqa: PLR2004


def advantages_table(rows: Sequence[PaperRow]) -> Table:
    """Return the gains of ENDEFRITES and of the sample over each single language."""
    gains = advantages(rows)
    return Table(
        "paper-gains",
        "All languages over one",
        ("Family", "Mixture", "Over", "Turn", "% of the scale", "Points", "Relative in %", "Languages"),
        tuple(
            (gain.family, gain.mixture, gain.single, str(gain.turn or "both"), signed(gain.percent),
             signed(gain.percent / 10, 3), signed(gain.relative, 1), str(gain.languages))
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


def _section(rows: Sequence[PaperRow], values: Callable[[PaperRow], Mapping[str, float | None]]) -> Section:
    """Take each printed number for one answer's rating, so that our figures draw it; no interval is made of it."""
    answers = []
    for row in rows:
        if row.kind != "average":
            for number_of, (name, value) in enumerate(values(row).items()):
                item = Item("", row.language, number_of, row.turn or 1, name)
                rating = Rating(item, Model(row.model.name), Rater("as printed"), Conditions("as printed"), value)
                answers.append(RatedTurn((rating,)))
    return Section("as printed", Conditions("as printed"), tuple(answers))


def _categories(row: PaperRow) -> dict[str, float | None]:
    return {name: row.cells[name].value if name in row.cells else None for name in CATEGORIES}


def _heatmaps(rows: Sequence[PaperRow]) -> list[Figure]:
    figures = []
    for turn in dict.fromkeys(row.turn for row in rows):
        chosen = [row for row in rows if row.turn == turn and row.shown is not None]
        if chosen:
            section = _section(chosen, lambda row: {"": row.shown})
            models = list({row.model.name: row.model for row in chosen if row.kind != "average"}.values())
            drawing = score_figures.heatmap(section, models, turn or 1)
            title = f"Average score, turn {turn}" if turn else "Average score, both turns"
            figures.append(replace(drawing, name=f"heatmap-{turn or 'both'}", title=title))
    return figures


def _figures(rows: Sequence[PaperRow], language: str) -> list[Figure]:
    chosen = [row for row in rows if row.turn is None and row.language == language and row.cells]
    models = list({row.model.name: row.model for row in chosen if row.kind != "average"}.values())
    drawing = score_figures.radar(_section(chosen, _categories), models, language) if chosen else None
    return [drawing] if drawing else []

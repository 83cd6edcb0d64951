"""A study's results as files: JSON and CSV with every number, LaTeX and text with the tables to read."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from hf_datasets.errors import UserError
from mtbenchx_tasks.human.rates import RateRow
from mtbenchx_tasks.human.results import Results, Statistic
from mtbenchx_tasks.human.tables import Cells

WIDTH = 160
"""Characters a line of the text file."""
LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$",
}  # fmt: skip


def print_tables(tables: Iterable[Cells], console: Console | None = None) -> None:
    """Print tables as text."""
    console = console or Console()
    for cells in tables:
        shown = Table(*cells.header, title=cells.title, title_justify="left")
        for row in cells.rows:
            shown.add_row(*row)
        console.print(shown)


def write_results(folder: Path, found: Results, tables: Sequence[Cells]) -> list[Path]:
    """Write agreement.json, agreement.csv, rates.csv, agreement.tex and agreement.txt.

    Args:
        folder: Where to; made if it isn't there.
        found: Every number.
        tables: The tables to read.

    Returns:
        The files.

    Raises:
        UserError: The folder can't be written.
    """
    text = io.StringIO()
    print_tables(tables, Console(file=text, width=WIDTH))
    contents = {
        "agreement.json": json.dumps(found.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        "agreement.csv": _csv(Statistic, [asdict(row) for row in found.statistics]),
        "rates.csv": _csv(RateRow, [asdict(row) for row in found.rates]),
        "agreement.tex": "\n".join(map(_latex, tables)),
        "agreement.txt": text.getvalue(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            new = folder / f".{name}.new"
            new.write_text(content, encoding="utf-8", newline="\n")
            new.replace(folder / name)
    except OSError as error:
        raise UserError(f"Can't write {folder} ({error}); name a folder in a place you may write.") from error
    return [folder / name for name in contents]


def _csv(record: type[Any], rows: Sequence[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(record)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _latex(cells: Cells) -> str:
    lines = [
        r"\begin{table}",
        rf"\caption{{{_escaped(cells.title)}}}",
        rf"\begin{{tabular}}{{l{'r' * (len(cells.header) - 1)}}}",
        r"\toprule",
        *(
            _latex_row(row) + (r" \midrule" if place == 0 else "")
            for place, row in enumerate((cells.header, *cells.rows))
        ),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _latex_row(row: Sequence[str]) -> str:
    return " & ".join(_escaped(cell) for cell in row) + r" \\"


def _escaped(text: str) -> str:
    return "".join(LATEX.get(character, character) for character in text)

"""A table of the report, and how it is written: CSV, LaTeX, HTML. All text is escaped here and nowhere else."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "±": r"$\pm$", "−": r"$-$", "≥": r"$\geq$", "≤": r"$\leq$",
    "–": "--", "…": r"\ldots{}", "×": r"$\times$", "Δ": r"$\Delta$", "⚠": r"$\dagger$",
}  # fmt: skip
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Cell:
    """One cell."""

    text: str
    """What is shown; "" for a missing value, never 0."""
    n: str = ""
    """Beside it, small: how many it rests on, `78/80`, or its interval."""
    strong: bool = False
    """The best of its kind, or an average."""
    flag: str = ""
    """What is wrong with it, in words."""


Row = Sequence[Cell | str]


@dataclass(frozen=True)
class Table:
    """One table."""

    name: str
    """Its file name without ending."""
    title: str
    """A heading."""
    columns: tuple[str, ...]
    """The first names the rows."""
    rows: tuple[Row, ...]
    """Of the same width; a row of one cell is a heading within the table."""
    caption: str = ""
    """How to read it."""
    notes: tuple[str, ...] = ()
    """Remarks below: missing cells, verdicts in words."""
    records: tuple[Mapping[str, object], ...] = ()
    """The same as tidy rows with all digits, for the CSV; empty: the cells themselves."""
    folded: bool = False
    """Long: shown closed."""


def cell(value: Cell | str) -> Cell:
    """Return a cell."""
    return value if isinstance(value, Cell) else Cell(value)


def number(value: float | None, digits: int = 2, sign: bool = False) -> str:
    """Return a number to so many places, "" if there is none; never "-0.00"."""
    if value is None or value != value:  # noqa: PLR0124  (nan)
        return ""
    return f"{round(value, digits) + 0.0:{'+' if sign else ''}.{digits}f}"


def percent(share: float | None, digits: int = 1, sign: bool = False) -> str:
    """Return a share in percent."""
    return number(None if share is None else 100 * share, digits, sign)


# CSV -------------------------------------------------------------------------------------------------------------


def to_csv(table: Table) -> str:
    """Return the table as CSV: missing values are empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if table.records:
        names = list(dict.fromkeys(name for record in table.records for name in record))
        writer.writerow(names)
        writer.writerows([_plain(record.get(name)) for name in names] for record in table.records)
    else:
        writer.writerow(table.columns)
        writer.writerows([_plain(cell(value).text) for value in row] for row in table.rows)
    return out.getvalue()


def _plain(value: object) -> object:
    """No cell may begin a formula when a spreadsheet opens the file."""
    if isinstance(value, float):
        return "" if value != value else repr(value)  # noqa: PLR0124
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") and not _is_number(value):
        return "'" + value
    return "" if value is None else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# LaTeX -----------------------------------------------------------------------------------------------------------


def latex_text(text: str) -> str:
    """Return text as LaTeX shows it literally."""
    return "".join(LATEX.get(character, character) for character in CONTROL.sub(" ", text)).replace("\n", " ")


def to_latex(table: Table) -> str:
    """Return a `table` environment (needs booktabs and graphicx; UTF-8)."""
    width = len(table.columns)
    lines = [
        r"% \usepackage{booktabs,graphicx}",
        r"\begin{table}",
        r"\centering",
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{l{'r' * (width - 1)}}}",
        r"\toprule",
        " & ".join(latex_text(name) for name in table.columns) + r" \\",
        r"\midrule",
    ]
    for row in table.rows:
        cells = [_latex_cell(cell(value)) for value in row]
        if len(cells) == 1 and width > 1:
            lines.append(rf"\multicolumn{{{width}}}{{l}}{{\textit{{{cells[0]}}}}} \\")
        else:
            lines.append(" & ".join(cells) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}}"]
    caption = " ".join(part for part in (f"{table.title}.", table.caption, *table.notes) if part)
    lines += [rf"\caption{{{latex_text(caption)}}}", rf"\label{{tab:{table.name}}}", r"\end{table}"]
    return "\n".join(lines) + "\n"


def _latex_cell(value: Cell) -> str:
    text = latex_text(value.text)
    text = rf"\textbf{{{text}}}" if value.strong and text else text
    mark = r"$^\dagger$" if value.flag else ""
    return text + mark + (rf" {{\tiny {latex_text(value.n)}}}" if value.n else "")


# HTML ------------------------------------------------------------------------------------------------------------


def html_text(text: str) -> str:
    """Return text as HTML shows it literally."""
    return escape(CONTROL.sub("�", text), quote=True)


def to_html(table: Table) -> str:
    """Return a scrolling box with the table, its caption and its notes."""
    head = "".join(f'<th scope="col">{html_text(name)}</th>' for name in table.columns)
    body = "".join(_html_row(row, len(table.columns)) for row in table.rows)
    caption = f'<caption id="{table.name}-caption">{html_text(table.title)}</caption>'
    notes = "".join(f"<li>{html_text(note)}</li>" for note in table.notes)
    # A box that scrolls must be reachable by keyboard and have a name.
    box = (
        f'<div class="box" role="region" aria-labelledby="{table.name}-caption" tabindex="0">'
        f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    told = f'<p class="caption">{html_text(table.caption)}</p>' if table.caption else ""
    return box + told + (f'<ul class="notes">{notes}</ul>' if notes else "")


def _html_row(row: Row, width: int) -> str:
    if len(row) == 1 and width > 1:
        return f'<tr class="group"><th scope="rowgroup" colspan="{width}">{html_text(cell(row[0]).text)}</th></tr>'
    first, *rest = map(cell, row)
    return f'<tr><th scope="row">{_html_cell(first)}</th>' + "".join(_td(value) for value in rest) + "</tr>"


def _td(value: Cell) -> str:
    if not value.text and not value.n:
        return '<td class="none"><span class="hidden">no value</span></td>'
    return f"<td{' class=long' if len(value.text) > LONG else ''}>{_html_cell(value)}</td>"


LONG = 40
"""Characters from which a cell is text that wraps."""


def _html_cell(value: Cell) -> str:
    text = html_text(value.text)
    text = f"<strong>{text}</strong>" if value.strong and text else text
    why = html_text(value.flag)
    flag = f' <span class="flag" title="{why}">⚠<span class="hidden"> {why}</span></span>' if why else ""
    return text + flag + (f" <small>{html_text(value.n)}</small>" if value.n else "")

"""A table as LaTeX."""

from mtbenchx_tasks.tables import CONTROL, Cell, Row, Table, cell, columns_of_words

LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "±": r"$\pm$", "−": r"$-$", "≥": r"$\geq$", "≤": r"$\leq$",
    "–": "--", "…": r"\ldots{}", "×": r"$\times$", "Δ": r"$\Delta$", "⚠": r"$\dagger$",
}  # fmt: skip
PARAGRAPH = 120
"""Characters from which a cell is a paragraph."""


def latex_text(text: str) -> str:
    """Return text as LaTeX shows it literally."""
    return "".join(LATEX.get(character, character) for character in CONTROL.sub(" ", text)).replace("\n", " ")


def to_latex(table: Table) -> str:
    """Return a `table`, or a `longtable` where cells are long texts (booktabs, graphicx, longtable; UTF-8)."""
    wide = frozenset(
        place
        for row in table.rows
        for place, value in enumerate(row)
        if len(row) > 1 and len(cell(value).text) > PARAGRAPH
    )
    names = " & ".join(latex_text(name) for name in table.columns)
    head = [r"\toprule", names + r" \\", r"\midrule"]
    body = [_latex_row(row, len(table.columns), wide) for row in table.rows]
    caption = " ".join(part for part in (f"{table.title}.", table.caption, *table.notes) if part)
    heading = rf"\caption{{{latex_text(caption)}}}\label{{tab:{table.name}}}"
    columns = _latex_columns(table, wide)
    if wide:
        opening = [r"% \usepackage{booktabs,longtable}", rf"\begin{{longtable}}{{{columns}}}", heading + r"\\", *head]
        lines = [*opening, r"\endhead", *body, r"\bottomrule", r"\end{longtable}"]
    else:
        opening = [r"% \usepackage{booktabs,graphicx}", r"\begin{table}", r"\centering"]
        opening += [r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"]
        rows = [rf"\begin{{tabular}}{{{columns}}}", *head, *body, r"\bottomrule", r"\end{tabular}}"]
        lines = [*opening, *rows, heading, r"\end{table}"]
    return "\n".join(lines) + "\n"


def _latex_columns(table: Table, wide: frozenset[int]) -> str:
    words = columns_of_words(table)
    share = 0.7 / len(wide) if wide else 0.0
    return "".join(
        rf"p{{{share:.2f}\linewidth}}" if place in wide else "l" if place in words else "r"
        for place in range(len(table.columns))
    )


def _latex_row(row: Row, width: int, wide: frozenset[int]) -> str:
    cells = [_latex_cell(cell(value), place in wide) for place, value in enumerate(row)]
    if len(cells) == 1 and width > 1:
        return rf"\multicolumn{{{width}}}{{l}}{{\textit{{{cells[0]}}}}} \\"
    return " & ".join(cells) + r" \\"


def _latex_cell(value: Cell, wide: bool) -> str:
    lines = [latex_text(line) for line in value.text.split("\n")]
    text = r" \newline ".join(line for line in lines if line.strip()) if wide else " ".join(lines)
    text = rf"\textbf{{{text}}}" if value.strong and text else text
    mark = r"$^\dagger$" if value.flag else ""
    return text + mark + (rf" {{\tiny {latex_text(value.n)}}}" if value.n else "")

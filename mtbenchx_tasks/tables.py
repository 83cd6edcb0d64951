"""A table, how it is written as CSV and text, and the one place where a number becomes text."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import Console

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Cell:
    """What one cell of a table shows."""

    text: str
    """What is shown; "" for a missing value, never 0."""
    n: str = ""
    """Beside it, small: how many it rests on, `78/80`, or its interval."""
    strong: bool = False
    """The best of its kind, or an average."""
    flag: str = ""
    """What is wrong with the value, in words; "" if nothing is."""


Row = Sequence[Cell | str]


@dataclass(frozen=True)
class Table:
    """A table with its heading, its caption and its notes."""

    name: str
    """Name of its files, without ending."""
    title: str
    columns: tuple[str, ...]
    """Headings of the columns; the first is that of the rows' names."""
    rows: tuple[Row, ...]
    """Of the same width; a row of one cell is a heading within the table."""
    caption: str = ""
    """How to read the table, below it."""
    notes: tuple[str, ...] = ()
    """Remarks below: missing cells, verdicts in words."""
    records: tuple[Mapping[str, object], ...] = ()
    """The same as tidy rows with all digits, for the CSV; empty: the cells themselves."""
    folded: bool = False
    """Whether the page shows it closed, since it is long."""
    shown: bool = True
    """Whether it stands in the page; if not, it is a file only."""


def cell(value: Cell | str) -> Cell:
    """Return a text as a cell; a cell stays what it is."""
    return value if isinstance(value, Cell) else Cell(value)


# Numbers ---------------------------------------------------------------------------------------------------------

Show = Callable[[float], str]


class Ends(Protocol):
    """Both ends of an interval."""

    @property
    def low(self) -> float: ...  # noqa: D102
    @property
    def high(self) -> float: ...  # noqa: D102


def number(value: float | None, digits: int = 2, sign: bool = False, missing: str = "") -> str:
    """Return a number to so many places, `missing` if there is none or it is nan; never "-0.00"."""
    if value is None or value != value:  # noqa: PLR0124  (nan)
        return missing
    return f"{round(value, digits) + 0.0:{'+' if sign else ''}.{digits}f}"


def percent(share: float | None, digits: int = 1, sign: bool = False, missing: str = "") -> str:
    """Return a share, 0 to 1, in percent: `62.8`."""
    return number(None if share is None else 100 * share, digits, sign, missing)


def signed(value: float | None, digits: int = 2, missing: str = "") -> str:
    """Return a difference with its sign: `+0.20`."""
    return number(value, digits, True, missing)


def quantity(number_of: int, thing: str) -> str:
    """Return how many there are of a thing, e.g. `1 battle`, `1,200 battles`."""
    return f"{number_of:,} {thing}{'' if number_of == 1 else 's'}"


SMALLEST_P = 1e-300
"""Below it a p-value is no number that a machine holds."""


def p_text(p: float, digits: int = 2) -> str:
    """Return a p-value with so many significant digits; `< 1e-300` instead of a zero that it isn't."""
    return f"{p:.{digits}g}" if p >= SMALLEST_P else f"< {SMALLEST_P:g}"


def p_words(p: float, digits: int = 2) -> str:
    """Return a p-value as it stands in a sentence: `p = 0.23`, `p < 1e-300`."""
    text = p_text(p, digits)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def interval_text(interval: Ends | None, show: Show = number, missing: str = "") -> str:
    """Return `1.20 to 1.84`, each end written by `show`, e.g. `percent`."""
    return missing if interval is None else f"{show(interval.low)} to {show(interval.high)}"


def with_interval(value: float | None, interval: Ends | None, show: Show = number, missing: str = "-") -> str:
    """Return `+0.20 [-0.10, +0.50]`, the interval only if there is one."""
    if value is None:
        return missing
    return show(value) + (f" [{show(interval.low)}, {show(interval.high)}]" if interval else "")


def with_error(value: float | None, error: float | None, show: Show = number, missing: str = "") -> str:
    """Return `8.00 ± 0.25`, the error only if there is one; `missing` without a value."""
    shown, deviation = (show(part) if part is not None else "" for part in (value, error))
    return f"{shown} ± {deviation}" if shown and deviation else shown or missing


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


# Text -------------------------------------------------------------------------------------------------------------

WIDTH = 160
"""Characters a line of text that isn't shown on a terminal."""


def print_tables(tables: Iterable[Table], console: "Console | None" = None, *, captions: bool = False) -> None:
    """Print tables as text; nothing is cut off, in a narrow terminal cells break their lines.

    Args:
        tables: In order.
        console: Where to, a literal one; None: the terminal.
        captions: Whether the caption stands below each.
    """
    from rich.table import Table as Shown

    from hf_datasets.shared.terminal import literal_console

    console = console or literal_console()
    if not console.is_terminal:
        console.width = max(console.width, WIDTH)
    for table in tables:
        shown = Shown(title=table.title, title_justify="left")
        for name in table.columns:
            shown.add_column(name, overflow="fold")
        for row in table.rows:
            shown.add_row(*map(_in_text, row))
        console.print(shown)
        if captions and table.caption:
            console.print(table.caption, highlight=False)


def _in_text(value: Cell | str) -> str:
    shown = cell(value)
    return f"{shown.text} ({shown.n})" if shown.n else shown.text


# HTML (by templates, see report/html.py) -------------------------------------------------------------------------

LONG = 40
"""Characters from which a cell is text that wraps."""
NUMERIC = re.compile(r"[+−-]?[0-9]")


def columns_of_words(table: Table) -> frozenset[int]:
    """Return the places of the columns that hold words, which stand to the left."""
    columns: dict[int, list[str]] = {0: [""]}
    for row in table.rows:
        for place, value in enumerate(row):
            if len(row) == len(table.columns) and cell(value).text:
                columns.setdefault(place, []).append(cell(value).text)
    return frozenset(place for place, texts in columns.items() if not all(map(NUMERIC.match, texts)))


# Names -----------------------------------------------------------------------------------------------------------


def stratum_name(name: str) -> str:
    """Return `All`, `RCEMR`, or the category with a capital."""
    return {"all": "All", "rcemr": "RCEMR", "": "No category told"}.get(name) or category_name(name)


def turn_name(turn: int | str | None) -> str:
    """Return `turn 1`, `all turns`, or `whole conversation` (None)."""
    names: dict[int | str | None, str] = {None: CONVERSATION, "conversation": CONVERSATION, "all": "all turns"}
    return names.get(turn, f"turn {turn}")


CONVERSATION = "whole conversation"


def category_name(category: str) -> str:
    """Return a category as a heading."""
    return "STEM" if category == "stem" else category.capitalize()

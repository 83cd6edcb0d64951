"""A paper's printed tables, read from CSV files; of scores one row per model, language and turn.

Columns: `language`, `model`, one per category, `avg`; and, where they apply, `table` (where it is printed), `turn` (1,
2 or both; default both), `family` and `mixture` (default: read from the name), `kind` (model | pretrained | average;
default model; an average is over the models of its family, in its language and turn). An empty cell is one that isn't
printed. Numbers are kept as text too: how many places are printed decides how exactly they can be checked. Files of
other columns: `pair_tables`.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from hf_datasets.records import CATEGORIES
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.jsonl import text_of
from hf_datasets.shared.rows import LONGEST
from mtbenchx_tasks.report.groups import ShownModel, grouped
from mtbenchx_tasks.report.printed.pair_tables import COLUMNS, Line, PairTables, kind_of, pair_tables

KINDS = ("model", "pretrained", "average")
TURNS = {"": None, "both": None, "1": 1, "2": 2}
_NUMBER = re.compile(r"[+-]?[0-9]{1,6}(\.[0-9]{0,12})?")
"""A number as tables print it: no exponent, no nan."""
KNOWN = ("table", "language", "turn", "kind", "model", "family", "mixture", *CATEGORIES, "avg")


@dataclass(frozen=True)
class Printed:
    """A printed number."""

    value: float
    """On the 10-point scale."""
    places: int

    @property
    def half_unit(self) -> float:
        """What rounding may have taken away."""
        return 0.5 / float(10**self.places)


@dataclass(frozen=True)
class PaperRow:
    """One printed row."""

    where: str
    """File and line, and the table if told."""
    language: str
    """Of the questions."""
    turn: int | None
    """1, 2, or None: both."""
    kind: str
    """`model`, `pretrained` or `average`."""
    model: ShownModel
    """Whose scores."""
    cells: dict[str, Printed]
    """Category -> printed mean."""
    avg: Printed | None

    @property
    def shown(self) -> float | None:
        """The printed average; where none is printed, the mean of the printed category means."""
        return self.average if self.avg is None else self.avg.value

    @property
    def average(self) -> float | None:
        """The mean of the printed category means, more exact; where none is printed, the printed average."""
        values = [cell.value for cell in self.cells.values()]
        return fmean(values) if values else (self.avg.value if self.avg else None)

    @property
    def avg_error(self) -> float | None:
        """Printed average less the recomputed one; None if either is missing."""
        if self.avg is None or len(self.cells) < len(CATEGORIES):
            return None
        return self.avg.value - fmean(cell.value for cell in self.cells.values())

    @property
    def avg_allowed(self) -> float:
        """The largest error that rounding explains."""
        own = self.avg.half_unit if self.avg else 0.0
        return own + max((cell.half_unit for cell in self.cells.values()), default=0.0) + 1e-9


@dataclass(frozen=True)
class Paper:
    """Everything that is printed."""

    rows: tuple[PaperRow, ...]
    """Of scores; a model that is spelled in several ways has the first of them."""
    spellings: tuple[tuple[str, ...], ...]
    """Names that were taken for one model."""
    pairs: PairTables
    files: tuple[str, ...]
    """Names of the files."""


def read_paper(path: Path) -> Paper:
    """Read one CSV file, or every one of a folder.

    Raises:
        UserError: There is none, a column is missing or unknown, or a number can't be read; file and line are named.
    """
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    if not files:
        raise UserError(f"{path} holds no CSV files of a paper's tables.")
    scores: list[tuple[Path, int, dict[str, str]]] = []
    others: dict[str, list[Line]] = {}
    for file in files:
        kind, lines = _rows(file)
        if kind:
            others[kind] = [(f"{file.name}, line {number}", row) for number, row in lines]
        else:
            scores += [(file, number, row) for number, row in lines]
    if not scores:
        raise UserError(f"{path} holds no rows of scores.")
    named, spelled = _one_spelling(scores)
    models = _models(named)
    rows = tuple(_row(file, number, row, models) for file, number, row in named)
    _check_once(rows)
    return Paper(rows, spelled, pair_tables(others), tuple(file.name for file in files))


Raw = Sequence[tuple[Path, int, dict[str, str]]]


def _one_spelling(raw: Raw) -> tuple[Raw, tuple[tuple[str, ...], ...]]:
    """Give names that differ in case, punctuation or look-alikes (1 and I, 0 and O) only the first spelling.

    Names that stand beside one another in one table are two models, however alike.
    """
    groups: dict[str, dict[str, set[tuple[str, str]]]] = {}
    for _, _, row in raw:
        places = groups.setdefault(_plain(row["model"]), {}).setdefault(row["model"], set())
        places.add((row["language"], row.get("turn", "")))
    first = {name: next(iter(names)) for names in groups.values() if _apart(names) for name in names}
    named = [(file, number, {**row, "model": first.get(row["model"], row["model"])}) for file, number, row in raw]
    return named, tuple(tuple(names) for names in groups.values() if len(names) > 1 and _apart(names))


def _apart(names: Mapping[str, set[tuple[str, str]]]) -> bool:
    return len(set().union(*names.values())) == sum(map(len, names.values()))


def _plain(name: str) -> str:
    letters = "".join(character for character in name.casefold() if character.isalnum())
    return letters.translate(LOOK_ALIKES)


LOOK_ALIKES = str.maketrans("1l0", "iio")


def _check_once(rows: Sequence[PaperRow]) -> None:
    seen: dict[tuple[object, ...], str] = {}
    for row in rows:
        place = row.language, row.turn, row.kind, row.model.name
        if place in seen:
            raise UserError(f"{row.where}: {row.model.name} in {row.language} stands in {seen[place]} already.")
        seen[place] = row.where


def _rows(file: Path) -> tuple[str, list[tuple[int, dict[str, str]]]]:
    reader = csv.reader(io.StringIO(text_of(file), newline=""))
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        kind = _check_columns(file, names)
        cells = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except csv.Error as error:
        raise UserError(f"{file} can't be read as CSV ({error}); check its quotes.") from error
    for number, row in cells:
        if len(row) != len(names):
            raise UserError(
                f"{file}, line {number}: {len(row)} cells under {len(names)} columns; a cell that isn't printed is "
                f"left empty, not out."
            )
    return kind, [(number, dict(zip(names, row, strict=True))) for number, row in cells]


def _check_columns(file: Path, names: list[str]) -> str:
    kind = kind_of(names)
    known, needed = (COLUMNS[kind], COLUMNS[kind][1:]) if kind else (KNOWN, ("language", "model", "avg"))
    for name in needed:
        if name not in names:
            raise UserError(f"{file}: the column {name!r} is missing; columns are {', '.join(known)}.")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UserError(f"{file}: the column {twice!r} is there twice; leave one of the two out.")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UserError(f"{file}: unknown column {unknown[0]!r}; columns are {', '.join(known)}.")
    return kind


def _models(raw: Raw) -> dict[str, ShownModel]:
    given = {
        row["model"]: {"family": row["family"], "mixture": row.get("mixture", "")}
        for _, _, row in raw
        if row.get("family")
    }
    names = list(dict.fromkeys(row["model"] for _, _, row in raw))
    return {model.name: model for model in grouped(names, {"models": given, "order": names})}


def _row(file: Path, number: int, row: dict[str, str], models: dict[str, ShownModel]) -> PaperRow:
    where = f"{file.name}, line {number}" + (f" ({row['table']})" if row.get("table") else "")
    kind, turn = row.get("kind") or "model", row.get("turn", "").lower()
    if kind not in KINDS or turn not in TURNS or not row["model"] or not row["language"]:
        raise UserError(f"{where}: needs language, model, a kind of {', '.join(KINDS)} and a turn of 1, 2 or both.")
    cells = {name: cell for name in CATEGORIES if (cell := _printed(row.get(name, ""), where, name))}
    avg = _printed(row["avg"], where, "avg")
    return PaperRow(where, row["language"].lower(), TURNS[turn], kind, models[row["model"]], cells, avg)


def _printed(text: str, where: str, column: str) -> Printed | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise UserError(f"{where}: {column} is {text[:LONGEST]!r}, not a number such as 4.25.")
    return Printed(float(text), len(text.partition(".")[2]))

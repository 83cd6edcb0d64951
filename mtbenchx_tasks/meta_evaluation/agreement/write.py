"""A study's results as files: JSON and CSV with every number, LaTeX and text with the tables to read."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from hf_datasets.shared.files import write_file
from hf_datasets.shared.terminal import literal_console
from mtbenchx_tasks.latex import to_latex
from mtbenchx_tasks.meta_evaluation.agreement.records import RateRow, Results, Statistic
from mtbenchx_tasks.tables import WIDTH, Table, print_tables


def write_results(folder: Path, found: Results, tables: Sequence[Table]) -> list[Path]:
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
    print_tables(tables, literal_console(text, WIDTH))
    contents = {
        "agreement.json": json.dumps(found.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        "agreement.csv": _csv(Statistic, [asdict(row) for row in found.statistics]),
        "rates.csv": _csv(RateRow, [asdict(row) for row in found.rates]),
        "agreement.tex": "\n".join(map(to_latex, tables)),
        "agreement.txt": text.getvalue(),
    }
    for name, content in contents.items():
        write_file(folder / name, content)
    return [folder / name for name in contents]


def _csv(record: type[Any], rows: Sequence[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(record)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()

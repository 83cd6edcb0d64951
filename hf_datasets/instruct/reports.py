"""What is recorded beside the rows of how they were made: reports of translation and of curation, told in a card."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hf_datasets.hub.card import table
from hf_datasets.shared.errors import UserError

ENDING = "*.report.json"
Report = Mapping[str, Any]


def read_reports(files: Iterable[Path]) -> list[Report]:
    """Return the reports that stand in the folders of some data files, in the order of their names.

    Raises:
        UserError: A report can't be read.
    """
    found = sorted({report for file in files for report in file.parent.glob(ENDING)})
    return [_read(report) for report in found]


def told(reports: Iterable[Report]) -> str:
    """Return what the reports count, as Markdown; empty if there is none of a kind we know."""
    texts = [_translation(report) if "engine" in report else _curation(report) for report in reports]
    return "\n\n".join(text for text in texts if text)


def _read(file: Path) -> Report:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{file} can't be read ({error}); a card is made of it, so mend it or move it away.") from error
    return said if isinstance(said, dict) else {}


def _translation(report: Report) -> str:
    marks = report.get("marks") or {}
    counted = marks.get("by_mark") or {}
    outcomes = marks.get("outcomes") or {}
    rows = [
        (f"`{mark}`", _counts(counted.get(mark)), _counts(outcomes.get(mark)))
        for mark in dict.fromkeys([*counted, *outcomes])
    ]
    failed = len(report.get("failed") or [])
    text = (
        f"Translated from `{report.get('source')}` into `{report.get('target')}` by `{report.get('engine')}` "
        f"(formality `{report.get('formality')}`): {report.get('texts')} texts, {report.get('edited')} of them "
        f"edited by people, {failed} without a translation. Seen by rules: {_counts(report.get('flags'))}."
    )
    return f"{text}\n\n{table(('review mark', 'state', 'outcome'), rows)}" if rows else text


def _curation(report: Report) -> str:
    if "rejected" not in report:
        return ""
    rows = [(reason, f"{count:,}") for reason, count in report["rejected"].items()]
    text = (
        f"Curated from StackExchange dumps: {report.get('pairs', 0):,} pairs of question and answer, of which "
        f"{report.get('survivors', 0):,} were left for review by hand."
    )
    return f"{text}\n\n{table(('rejected because of', 'pairs'), rows)}" if rows else text


def _counts(counted: Mapping[str, int] | None) -> str:
    return ", ".join(f"{name} {count}" for name, count in (counted or {}).items() if count) or "nothing"

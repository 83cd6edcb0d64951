"""Predicted scores of a card: marked, beside the native ones, with interval and the equating's hash; never as data."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from hf_datasets.shared.errors import UserError
from model_cards.markdown import code
from model_cards.tables import table
from mtbenchx_tasks.formats.equating import read_equating
from mtbenchx_tasks.formats.ledger.study import is_ledger
from mtbenchx_tasks.formats.study import read_study
from mtbenchx_tasks.rating.predicted import place
from mtbenchx_tasks.rating.predicted_tables import score_tables
from mtbenchx_tasks.records import Rating
from mtbenchx_tasks.tables import Cell, Table, cell


def predicted_section(
    scale: Path, results: Sequence[Path], names: Sequence[str], *, assume_english: bool = False
) -> str:
    """Return what an old judge would have said, as Markdown.

    Args:
        scale: What `mtbenchx equate fit` wrote.
        results: As the card's: results files or folders, and ledgers.
        names: What the model may be called in a ledger, which holds many.
        assume_english: Take English's scale for languages without anchors.

    Raises:
        UserError: A file can't be read, or no samples lie beside results.
    """
    equating = read_equating(scale)
    ratings = [rating for path in results for rating in _ratings(path, names)]
    placed = place(equating, ratings, assume_english=assume_english)
    shown = _Names(row.model for row in placed.rows)
    parts = [f"### Predicted, not rated: on the scale of {equating.old.name}"]
    parts += [_markdown(one, shown) for one in score_tables(placed)]
    return "\n\n".join(
        [*parts, *(["\n".join(f"- {shown.safe(note)}" for note in placed.notes)] if placed.notes else [])]
    )


class _Names:
    """Names of models, which stand in sentences and cells as code, in which nothing is markup."""

    def __init__(self, names: Iterable[str]) -> None:
        longest = sorted(set(names), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest)) or r"(?!)")

    def safe(self, text: str) -> str:
        return self._pattern.sub(lambda found: code(found[0]), text)


def _ratings(path: Path, names: Sequence[str]) -> Sequence[Rating]:
    if path.is_dir():
        return read_study([path]).ratings
    if is_ledger(path):
        wanted = {part for name in names for part in (name, name.rpartition("/")[2])}
        return [one for one in read_study([path]).ratings if one.model.name in wanted]
    samples = sorted(path.parent.glob(f"samples_*_{path.stem.removeprefix('results_')}.jsonl"))
    if not samples:
        raise UserError(
            f"There are no samples beside {path}, of which --scale predicts; run lm_eval with --log_samples."
        )
    return read_study(samples).ratings


def _markdown(of: Table, shown: _Names) -> str:
    rows = [[shown.safe(_text(cell(value))) for value in row] for row in of.rows]
    return f"{of.title}\n\n{table(of.columns, rows)}\n\n{of.caption}"


def _text(value: Cell) -> str:
    return f"{value.text} ({value.n})" if value.n else value.text

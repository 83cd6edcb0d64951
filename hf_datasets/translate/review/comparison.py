"""Two translations of the same texts, text by text: chrF against human edits, flags, labels (paper, Table 4)."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import write_file
from hf_datasets.translate.documents import Document
from hf_datasets.translate.review.flags import FLAGS, flags
from hf_datasets.translate.review.lines import read_lines
from hf_datasets.translate.review.sides import Texts, texts_of

SIDES = ("A", "B")


@dataclass(frozen=True)
class Compared:
    """One text in two translations."""

    id: str
    """Id of the row."""
    field: str
    """E.g. `turns[0]`."""
    source: str | None
    """What was translated, if it is known."""
    a: str
    """Translation A."""
    b: str
    """Translation B."""
    edited: str | None
    """The human-edited translation, if there is one."""
    chrf_a: float | None
    """chrF of A against it, 0 to 100."""
    chrf_b: float | None
    """chrF of B against it."""
    flags_a: tuple[str, ...] = ()
    """What may be wrong with A (flags.FLAGS, with details); needs the source."""
    flags_b: tuple[str, ...] = ()
    """What may be wrong with B."""
    labels_a: tuple[str, ...] = ()
    """Problems of A by hand."""
    labels_b: tuple[str, ...] = ()
    """Problems of B by hand."""


@dataclass(frozen=True)
class Comparison:
    """Two translations."""

    rows: tuple[Compared, ...]
    """Texts that both have, in A's order."""
    only_a: int
    """Texts that only A has."""
    only_b: int
    """Texts that only B has."""
    chrf: Mapping[str, tuple[float, float] | None]
    """`all` and `changed` (texts that people changed in A or B): corpus chrF of A and B; None: no such text."""
    counts: Mapping[str, int]
    """How many texts `all` and `changed` are of."""

    def flag_counts(self) -> dict[str, tuple[int, int]]:
        """Count texts by flag, for A and for B."""
        return {
            name: (
                sum(any(flag.startswith(name) for flag in row.flags_a) for row in self.rows),
                sum(any(flag.startswith(name) for flag in row.flags_b) for row in self.rows),
            )
            for name in FLAGS
        }

    def label_counts(self) -> dict[str, tuple[int, int]]:
        """Count labels, for A and for B."""
        of_a = Counter(label for row in self.rows for label in row.labels_a)
        of_b = Counter(label for row in self.rows for label in row.labels_b)
        return {label: (of_a[label], of_b[label]) for label in sorted({*of_a, *of_b})}


def compare(a: Texts, b: Texts, source: Document | None, edited: Texts, languages: tuple[str, str]) -> Comparison:
    """Compare two translations.

    Args:
        a: (Id, field) -> text.
        b: The same.
        source: What was translated; None: no flags.
        edited: The human-edited texts; may be fewer or none.
        languages: Code of the source's language and of the target's.

    Raises:
        UserError: The two have no text in common, or sacrebleu isn't installed.
    """
    common = [key for key in a if key in b]
    if not common:
        raise UserError("The two translations have no text in common: no row has the same id and field in both.")
    sources = texts_of(source) if source else {}
    rows = tuple(_row(key, (a[key], b[key]), sources.get(key), edited.get(key), languages) for key in common)
    known = [row for row in rows if row.edited is not None]
    changed = [row for row in known if row.edited not in (row.a, row.b) or row.a != row.b]
    return Comparison(
        rows,
        len(a) - len(common),
        len(b) - len(common),
        {"all": _corpus(known), "changed": _corpus(changed)},
        {"all": len(known), "changed": len(changed)},
    )


def _row(
    key: tuple[str, str], sides: tuple[str, str], source: str | None, edited: str | None, languages: tuple[str, str]
) -> Compared:
    seen = [
        tuple(f"{flag.name}: {flag.detail}" for flag in flags(source, said, *languages)) if source is not None else ()
        for said in sides
    ]
    scores = [None if edited is None else _chrf().sentence_score(said, [edited]).score for said in sides]
    return Compared(*key, source, *sides, edited, scores[0], scores[1], seen[0], seen[1])


def _corpus(rows: Sequence[Compared]) -> tuple[float, float] | None:
    if not rows:
        return None
    edited = [[str(row.edited) for row in rows]]
    return (
        _chrf().corpus_score([row.a for row in rows], edited).score,
        _chrf().corpus_score([row.b for row in rows], edited).score,
    )


def _chrf() -> Any:
    try:
        from sacrebleu.metrics import CHRF
    except ImportError as error:
        raise UserError("chrF needs sacrebleu: pip install 'mtbench-x[translate]'.") from error
    return CHRF()


def read_labels(file: Path, comparison: Comparison) -> list[tuple[int, str, str]]:
    """Read problem labels: one a line with `id`, `side` (A or B), `label`, and `field` unless the row has one text.

    Returns:
        (Number of the compared text, side, label).

    Raises:
        UserError: A line is no label or of no compared text; file and line are named.
    """
    numbers: dict[str, list[int]] = {}
    for number, row in enumerate(comparison.rows):
        numbers.setdefault(row.id, []).append(number)
        numbers[f"{row.id} {row.field}"] = [number]
    labels = []
    for line in read_lines(file):
        identifier, side, label = line.text("id"), line.text("side", SIDES), line.text("label")
        field = line.values.get("field")
        found = numbers.get(f"{identifier} {field}" if field else identifier)
        if found is None:
            raise UserError(f"{line.where}: no compared text is {identifier!r} {field or ''}".rstrip() + ".")
        labels.append((found[0], side, label))
    return labels


def label_pairs(comparison: Comparison, labels: Sequence[tuple[int, str, str]]) -> Comparison:
    """Attach labels to their texts."""
    rows = list(comparison.rows)
    for number, side, label in labels:
        row = rows[number]
        if side == "A":
            rows[number] = replace(row, labels_a=(*row.labels_a, label))
        else:
            rows[number] = replace(row, labels_b=(*row.labels_b, label))
    return replace(comparison, rows=tuple(rows))


def save(comparison: Comparison, file: Path) -> None:
    """Write every compared text as JSON Lines, or as CSV if the name ends so.

    Raises:
        UserError: The file can't be written.
    """
    rows = [asdict(row) for row in comparison.rows]
    if file.suffix != ".csv":
        jsonl.write(file, rows)
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {name: " | ".join(value) if isinstance(value, tuple) else value for name, value in row.items()} for row in rows
    )
    write_file(file, text.getvalue())

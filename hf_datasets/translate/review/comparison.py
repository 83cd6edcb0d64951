"""Two translations of the same texts, text by text: chrF against human edits, flags, labels (paper, Table 4)."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from hf_datasets.benchmark.ids import are_mini
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import write_file
from hf_datasets.shared.rows import Filled, one_of, read_records, split_id
from hf_datasets.translate.documents import BUILT, QUESTIONS, Document, Field
from hf_datasets.translate.engines.engine import ALIASES
from hf_datasets.translate.review.flags import flags
from hf_datasets.translate.translator import Translator

ENGINE = "engine:"
"""Begins the name of a side that an engine translates now: `engine:deepl`."""
SIDES = ("A", "B")
Texts = Mapping[tuple[str, str], str]
"""(Id, field) -> text."""


def target_language(names: Iterable[str], target: str | None) -> str:
    """Return the language of the two sides: the one asked for, or what the first row of a file tells.

    Args:
        names: The sides as a user names them; engines tell nothing.
        target: What was asked for by --to.

    Raises:
        UserError: Nothing tells it, or there is no such file.
    """
    files = (name for name in names if not name.startswith(ENGINE))
    language = (target or next(filter(None, map(_first_language, files)), "")).partition("-")[0].lower()
    if not language:
        raise UserError("The files don't tell their language; name it by --to.")
    return ALIASES.get(language, language)


def _first_language(name: str) -> str:
    """Return the language that a file's first row tells, by its key or as upstream does by its id."""
    from hf_datasets.instruct.reading.files import rows

    path = Path(name)
    if not path.is_file():
        raise UserError(f"There is no file {path}; an engine is named as {ENGINE}deepl.")
    first = next(rows(path), None)
    values = first.values if first else {}
    return str(values.get("language") or split_id(values.get("question_id", ""))[1]).lower()


def translated_texts(document: Document, translator: Translator) -> Texts:
    """Have an engine translate a document, each text once and through the ledger; texts it refuses are left out."""
    fields = document.fields
    done = translator.translate([field.item for field in fields])
    if done.stopped is not None:
        raise done.stopped
    names = [(field.id, _field_name(document, field)) for field in fields]
    return {name: text for name, text in zip(names, done.texts, strict=True) if text is not None}


def texts_of(document: Document) -> Texts:
    """Return the texts of a document by id and field."""
    return {(field.id, _field_name(document, field)): field.item.text for field in document.fields}


def _field_name(document: Document, field: Field) -> str:
    """Return a field's name as our own rows have it: `reference` of upstream's questions is `question_reference`."""
    row = document.rows[field.row]
    is_ours = field.place[0] != "reference" or document.kind != QUESTIONS or row.keys() >= BUILT or are_mini([row])
    return field.name if is_ours else f"question_{field.name}"


@dataclass(frozen=True)
class ComparedText:
    """One text in two translations."""

    id: str
    field: str
    """E.g. `turns[0]`."""
    source: str | None
    """What was translated, if it is known."""
    a: str
    b: str
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
class Label:
    """A problem of one text, named by a person."""

    place: str
    """File and line."""
    id: Filled
    side: Annotated[str, one_of(*SIDES)]
    """Which translation has the problem: A or B."""
    label: Filled
    """What is wrong, in a word."""
    field: str = ""
    """E.g. `turns[0]`; empty where the row has one text."""


@dataclass(frozen=True)
class TranslationComparison:
    """Two translations."""

    rows: tuple[ComparedText, ...]
    """Texts that both have, in A's order."""
    only_a: int
    """Texts that only A has."""
    only_b: int
    """Texts that only B has."""


def compare(
    a: Texts, b: Texts, source: Document | None, edited: Texts, languages: tuple[str, str]
) -> TranslationComparison:
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
    return TranslationComparison(rows, len(a) - len(common), len(b) - len(common))


def _row(
    key: tuple[str, str], sides: tuple[str, str], source: str | None, edited: str | None, languages: tuple[str, str]
) -> ComparedText:
    seen = [
        tuple(f"{flag.name}: {flag.detail}" for flag in flags(source, said, *languages)) if source is not None else ()
        for said in sides
    ]
    scores = [None if edited is None else chrf().sentence_score(said, [edited]).score for said in sides]
    return ComparedText(*key, source, *sides, edited, scores[0], scores[1], seen[0], seen[1])


def chrf() -> Any:
    """Return sacrebleu's chrF with its default settings.

    Raises:
        UserError: sacrebleu isn't installed.
    """
    try:
        from sacrebleu.metrics import CHRF
    except ImportError as error:
        raise UserError("chrF needs sacrebleu: pip install 'mtbench-x[translate]'.") from error
    return CHRF()


def read_labels(file: Path, comparison: TranslationComparison) -> list[tuple[int, str, str]]:
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
    for line in read_records(file, Label, "a label"):
        found = numbers.get(f"{line.id} {line.field}".rstrip())
        if found is None:
            raise UserError(f"{line.place}: no compared text is {line.id!r} {line.field}".rstrip() + ".")
        labels.append((found[0], line.side, line.label))
    return labels


def label_pairs(comparison: TranslationComparison, labels: Sequence[tuple[int, str, str]]) -> TranslationComparison:
    """Attach labels to their texts."""
    rows = list(comparison.rows)
    for number, side, label in labels:
        row = rows[number]
        if side == "A":
            rows[number] = replace(row, labels_a=(*row.labels_a, label))
        else:
            rows[number] = replace(row, labels_b=(*row.labels_b, label))
    return replace(comparison, rows=tuple(rows))


def save(comparison: TranslationComparison, file: Path) -> None:
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

"""Samples out of any file or folder of instruction data: every layout is sniffed, none is configured."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from hf_datasets.instruct.reading import dialogues
from hf_datasets.instruct.reading import oasst as trees
from hf_datasets.instruct.reading.dialogues import DialogueError
from hf_datasets.instruct.reading.files import FileRow, rows
from hf_datasets.instruct.reading.folders import DataFile, data_files
from hf_datasets.records import Message, Sample
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.language_codes import language_code

UNKNOWN_LANGUAGE = "und"
"""BCP 47's word for a language that nobody told."""
IDS = ("id", "message_tree_id", "message_id", "sample_id", "conversation_id", "prompt_id", "question_id", "uuid")
LANGUAGES = ("language", "lang", "language_code")
SOURCES = ("source", "dataset")
LICENSES = ("license", "licence")
SHOWN = 20
"""Keys that an error names."""


@dataclass(frozen=True, slots=True)
class PlacedSample:
    """A sample and where it was read."""

    sample: Sample
    row: FileRow
    """Its row (of a tree: the root's)."""


def read_samples(
    path: Path, *, config: str | None = None, split: str | None = None, language: str | None = None
) -> Iterator[Sample]:
    """Yield the samples of a file, a folder, or a config of a built folder, in the order of the files.

    A row without an id gets `row-N`, N counted from 0 within its language and split, so that parallel files without
    ids stay parallel. Dialogues are given as they are: an answer may be empty or missing.

    Args:
        path: A file (JSON, JSON Lines, Parquet, Arrow stream; gzipped or not), a folder of these, or a built folder.
        config: The config of a built folder; default: its default config, or its only one.
        split: `train`, `validation` or `test`; default: all.
        language: Taken where the rows don't tell the language, in a folder where the name of a file doesn't either;
            default: `und`.

    Raises:
        UserError: Nothing to read; a damaged file; a layout that isn't known. File and row are named.
    """
    files = data_files(path, config, split)
    if path.is_file() and language:
        files = [replace(file, language=language) for file in files]
    for placed in placed_samples(files, language=language):
        yield placed.sample


def placed_samples(
    files: list[DataFile], *, language: str | None = None, id_prefix: str = "row-", named: bool = False
) -> Iterator[PlacedSample]:
    """Yield the samples of some files with their places.

    Args:
        files: What `data_files` found.
        language: Taken where neither row nor file name tells the language.
        id_prefix: What the id of a row without one begins with.
        named: Only the rows themselves tell their language; a row that doesn't is `und`.

    Raises:
        UserError: As `read_samples`.
    """
    counters: dict[tuple[str, str], int] = {}
    for file in files:
        for row, said in _dialogues(file.path):
            otherwise = None if named else file.language or language
            code = _language(row.values) or otherwise or UNKNOWN_LANGUAGE
            number = counters.get((code, file.split), 0)
            counters[code, file.split] = number + 1
            yield PlacedSample(_sample(row, said, code, f"{id_prefix}{number}"), row)


def names_its_language(file: Path) -> bool:
    """Tell whether the rows of a file (the first, to be exact) say in which language they are."""
    first = next(rows(file), None)
    return first is not None and _language(first.values) is not None


def _dialogues(file: Path) -> Iterator[tuple[FileRow, tuple[Message, ...]]]:
    """Yield (row, dialogue) of one file, whose first row tells whether it is a forest."""
    found = rows(file)
    first = next(found, None)
    if first is None:
        raise UserError(f"{file} is empty.")
    everything = chain([first], found)
    try:
        yield from trees.flat_paths(everything) if trees.is_flat(first.values) else _row_by_row(everything)
    except DialogueError as error:
        raise UserError(f"{file}: {error}.") from error


def _row_by_row(found: Iterator[FileRow]) -> Iterator[tuple[FileRow, tuple[Message, ...]]]:
    for row in found:
        try:
            nested = trees.is_nested(row.values)
            said = trees.nested_path(row.values) if nested else dialogues.messages(row.values)
        except DialogueError as error:
            raise UserError(f"{row.place}: {error}.") from error
        if said is None:
            raise UserError(f"{row.place}: unknown layout with the keys {_keys(row.values)}.")
        if said or not nested:
            yield row, said


def _keys(values: Mapping[str, Any]) -> str:
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    return ", ".join(ascii(key)[1:-1][:40] for key in list(values)[:SHOWN]) + more or "(none)"


def _sample(row: FileRow, said: tuple[Message, ...], language: str, numbered: str) -> Sample:
    return Sample(
        id=_id(row) or numbered,
        language=language,
        source=_first(row.values, SOURCES),
        license=_first(row.values, LICENSES) or "other",
        attribution=_first(row.values, ("attribution",)),
        messages=said,
    )


def _id(row: FileRow) -> str:
    """Return a row's id, a text or a whole number (1.0 is 1, as tables with gaps have it); empty if it has none."""
    key = next((key for key in IDS if row.values.get(key) not in (None, "")), None)
    if key is None:
        return ""
    value = row.values[key]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UserError(f"{row.place}: {key!r} is {str(value)[:40]}, not a text or a whole number; correct it.")
    return str(value)


def _first(values: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    """The first of some columns that holds a text; empty if none does."""
    return next((values[key] for key in keys if isinstance(values.get(key), str) and values[key]), "")


def _language(values: Mapping[str, Any]) -> str | None:
    known = values["prompt"] if trees.is_nested(values) else values
    codes = (language_code(said) for said in map(known.get, LANGUAGES) if isinstance(said, str))
    return next(filter(None, codes), None)

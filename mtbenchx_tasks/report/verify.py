"""A report's numbers, recomputed from the records beside it by the functions that wrote them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hf_datasets.shared.jsonl import text_of
from mtbenchx_tasks.formats.differences import MISSING, Difference, in_lines
from mtbenchx_tasks.formats.excerpt import (
    RECORDS,
    Row,
    Verification,
    answers_changed,
    digest,
    ratings_misread,
    read_records,
    restored,
)
from mtbenchx_tasks.records import Rating
from mtbenchx_tasks.report.figures.drawing import Rendered
from mtbenchx_tasks.report.make import chapters_of, report_files
from mtbenchx_tasks.report.records import KIND, report_records
from mtbenchx_tasks.report.write import MANIFEST, manifest

SVG, PNG = ".svg", ".png"


def verify_report(folder: Path) -> Verification:
    """Recompute every number of a report: page, tables, pages of answers; figures are known by their hashes.

    Args:
        folder: Where index.html and its records lie.

    Raises:
        UserError: There are no records, or a file can't be read.
    """
    content = read_records(folder, KIND)
    records = report_records(content, folder)
    study = records.study
    hashes = restored(dict[str, str], content.get("figures"), f"{folder / RECORDS}, figures")
    drawn = dict(_drawn(folder, hashes))
    kept = (folder / RECORDS).read_bytes()
    recomputed = report_files(records, chapters_of(records), drawn, kept)
    found = [*_in_records(content, study.ratings), *_in_figures(folder, hashes), *_in_files(folder, recomputed)]
    tables = sum(name.endswith(".csv") for name in recomputed)
    numbers = f"{len(study.ratings):,} ratings, {len(study.preferences):,} comparisons, {tables} tables"
    return Verification(tuple(found), numbers, str(content.get("release")))


def _in_records(content: Row, ratings: Sequence[Rating]) -> Iterator[Difference]:
    yield from answers_changed(content, RECORDS)
    yield from ratings_misread(ratings, RECORDS)


def _drawn(folder: Path, hashes: Mapping[str, str]) -> Iterator[tuple[str, Rendered]]:
    """Yield the figures as they lie there; one that isn't there is no figure."""
    for path in hashes:
        svg = folder / path
        if svg.suffix == SVG and svg.is_file() and svg.with_suffix(PNG).is_file():
            yield svg.stem, Rendered(text_of(svg), svg.with_suffix(PNG).read_bytes())


def _in_figures(folder: Path, hashes: Mapping[str, str]) -> Iterator[Difference]:
    for path, sha256 in hashes.items():
        file = folder / path
        found = digest(file.read_bytes()) if file.is_file() else MISSING
        if found != sha256:
            yield Difference(path, "sha256 of the file", found, sha256)


def _in_files(folder: Path, recomputed: Mapping[str, str | bytes]) -> Iterator[Difference]:
    for path, content in {**recomputed, MANIFEST: manifest(recomputed)}.items():
        if isinstance(content, bytes):
            continue  # figures are known by their hashes, and the records by theirs, which the page tells
        if (folder / path).is_file():
            yield from in_lines(path, _text(folder / path), content)
        else:
            yield Difference(path, "the file", MISSING, "a file")


def _text(file: Path) -> str:
    """Return a text with its line ends as they are."""
    return file.read_bytes().decode("utf-8", "replace")

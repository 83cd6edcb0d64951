"""Post-edits: people's corrections of a translation, one a line, keyed by id, field and the hash of the source.

    {"id": "81", "field": "turns[0]", "source_sha256": "3f...", "text": "the corrected translation", "language": "pt"}

`language` may be left out. Lines of the review file that `mtbenchx data translate` writes have this form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hf_datasets.shared.errors import UserError
from hf_datasets.translate.documents import Field
from hf_datasets.translate.review.lines import Line, fingerprint, is_hash_of, read_lines


@dataclass(frozen=True)
class Edit:
    """One correction."""

    where: str
    """File and line."""
    id: str
    """Id of the row."""
    field: str
    """E.g. `turns[0]`."""
    source_sha256: str
    """Of the text that was translated, at least 12 digits."""
    text: str
    """The corrected translation."""


def read_edits(file: Path, language: str) -> list[Edit]:
    """Read the corrections for one language.

    Raises:
        UserError: A line is no correction; file and line are named.
    """
    return [_edit(line) for line in read_lines(file) if line.values.get("language", language) == language]


def _edit(line: Line) -> Edit:
    keys = ("id", "field", "source_sha256", "text")
    values = {key: line.text(key) for key in keys}
    return Edit(line.where, **values)


def match_edits(edits: Sequence[Edit], fields: Sequence[Field]) -> dict[int, str]:
    """Find the text that each correction is of.

    Args:
        edits: The corrections.
        fields: All texts that were translated.

    Returns:
        Number of a field -> its corrected translation.

    Raises:
        UserError: A correction is of no such text, of a text that has changed since, or of one that another line
            corrects too.
    """
    places: dict[tuple[str, str], list[int]] = {}
    for number, field in enumerate(fields):
        places.setdefault((field.id, field.name), []).append(number)
    matched: dict[int, str] = {}
    by: dict[int, Edit] = {}
    for edit in edits:
        found = places.get((edit.id, edit.field))
        if not found:
            raise UserError(f"{edit.where}: there is no text {edit.field} of {edit.id!r} to correct.")
        number = _fresh(edit, found, fields)
        if number in by:
            raise UserError(f"{edit.where}: {by[number].where} corrects {edit.field} of {edit.id!r} too; keep one.")
        by[number], matched[number] = edit, edit.text
    return matched


def _fresh(edit: Edit, found: Sequence[int], fields: Sequence[Field]) -> int:
    hashes: Mapping[int, str] = {number: fingerprint(fields[number].item.text) for number in found}
    for number, digits in hashes.items():
        if is_hash_of(edit.source_sha256, digits):
            return number
    now = next(iter(hashes.values()))
    raise UserError(
        f"{edit.where}: this edit is stale: the source of {edit.field} of {edit.id!r} has the sha256 {now[:12]}... "
        f"now; read it again and renew the hash."
    )

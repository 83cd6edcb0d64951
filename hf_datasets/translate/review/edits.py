"""Post-edits: people's corrections of a translation, one a line, keyed by id, field and the hash of the source.

    {"id": "81", "field": "turns[0]", "source_sha256": "3f...", "text": "the corrected translation", "language": "pt"}

`language` may be left out. Lines of the review file that `mtbenchx data translate` writes have this form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import Filled, read_records
from hf_datasets.translate.documents import Field
from hf_datasets.translate.review.fingerprints import fingerprint, is_hash_of


@dataclass(frozen=True)
class PostEdit:
    """One correction."""

    place: str
    """File and line."""
    id: Filled
    field: Filled
    """E.g. `turns[0]`."""
    source_sha256: Filled
    """Of the text that was translated, at least 12 digits."""
    text: Filled
    """The corrected translation."""
    language: str = ""
    """Code of its language; empty: that of the translation."""


def read_edits(file: Path, language: str) -> list[PostEdit]:
    """Read the corrections for one language.

    Raises:
        UserError: A line is no correction; file and line are named.
    """
    return [edit for edit in read_records(file, PostEdit, "a post-edit") if edit.language in ("", language)]


def match_edits(edits: Sequence[PostEdit], fields: Sequence[Field]) -> dict[int, str]:
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
    by: dict[int, PostEdit] = {}
    for edit in edits:
        found = places.get((edit.id, edit.field))
        if not found:
            raise UserError(f"{edit.place}: there is no text {edit.field} of {edit.id!r} to correct.")
        number = _fresh(edit, found, fields)
        if number in by:
            raise UserError(f"{edit.place}: {by[number].place} corrects {edit.field} of {edit.id!r} too; keep one.")
        by[number], matched[number] = edit, edit.text
    return matched


def _fresh(edit: PostEdit, found: Sequence[int], fields: Sequence[Field]) -> int:
    hashes: Mapping[int, str] = {number: fingerprint(fields[number].item.text) for number in found}
    for number, digits in hashes.items():
        if is_hash_of(edit.source_sha256, digits):
            return number
    now = next(iter(hashes.values()))
    raise UserError(
        f"{edit.place}: this edit is stale: the source of {edit.field} of {edit.id!r} has the sha256 {now[:12]}... "
        f"now; read it again and renew the hash."
    )

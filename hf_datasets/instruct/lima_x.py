"""Lima-X (Weber et al. 2024): LIMA's 1,030 dialogues and a validation set of 52, parallel in five languages.

The published rows carry no id that we know of: a row's number in its file is its id, the same in every language.
"""

from collections.abc import Sequence
from pathlib import Path

from hf_datasets import sources
from hf_datasets.errors import UserError
from hf_datasets.instruct.folders import TRAIN, VALIDATION, DataFile
from hf_datasets.instruct.local import local_part
from hf_datasets.instruct.mixtures import STUDY, Mixture
from hf_datasets.instruct.plan import Part, Section
from hf_datasets.samples import Sample

ROWS = {TRAIN: 1030, VALIDATION: 52}
NAMES = {TRAIN: "train", VALIDATION: "val"}
"""How upstream calls the splits."""
PREFIXES = {TRAIN: "lima-", VALIDATION: "lima-val-"}
"""What the id of a row without one begins with."""
GATED = "GAIR/lima"
"""Named as a source, it gives the English training set."""


def section(
    languages: Sequence[str], mixtures: Sequence[Mixture], source: Path | None, validation: Path | None
) -> Section:
    """Return the family over some languages, from the published files or local ones.

    Args:
        languages: Lower-case codes.
        mixtures: The configs to list.
        source: Local files of both splits; None: the published ones.
        validation: Local files of the validation set, whatever their names say, in place of the source's.

    Raises:
        UserError: There are no rows in one of the languages and splits, or they can't be had.
    """
    parts = [_part(language, languages, split, source, validation) for language in languages for split in ROWS]
    return Section(tuple(mixtures), tuple(parts), settle, None, ROWS, published=source is None and validation is None)


def settle(sample: Sample) -> Sample:
    """Return a sample as it is: its row says what is known, and `other` is LIMA's licence."""
    return sample


def _part(language: str, languages: Sequence[str], split: str, source: Path | None, validation: Path | None) -> Part:
    replaced = split == VALIDATION and validation is not None
    path = validation if replaced else source
    if path is None:
        return _published(language, split)
    try:
        return local_part(path, language, languages, split, PREFIXES[split], any_split=replaced)
    except UserError as error:
        if split == VALIDATION and not replaced:
            raise UserError(f"{error} Name the validation set by --validation.") from error
        raise


def _published(language: str, split: str) -> Part:
    if language not in STUDY:
        raise UserError(
            f"Lima-X is published in {', '.join(STUDY)}, not in {language!r}; translate it, then say --source FILES."
        )
    name = f"{NAMES[split]}_limax_{language.upper()}.jsonl"
    file = DataFile(sources.fetch("lima_x", name), language, split)
    return Part(language, split, (file,), (f"{sources.label('lima_x')}/{name}",), PREFIXES[split])

"""Lima-X (Weber et al. 2024): LIMA's 1,030 dialogues and a validation set of 52, parallel in five languages.

A published row without an id has its number in its file as its id, the same in every language.
"""

from collections.abc import Sequence
from pathlib import Path

from hf_datasets import sources
from hf_datasets.instruct.mixtures import Mixture
from hf_datasets.instruct.plan import ConfigFamily, LanguagePart, local_part
from hf_datasets.instruct.reading.folders import DataFile
from hf_datasets.instruct.reading.names import TRAIN, VALIDATION
from hf_datasets.records import Sample
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.language_codes import STUDY

ROWS = {TRAIN: 1030, VALIDATION: 52}
NAMES = {TRAIN: "train", VALIDATION: "val"}
"""How upstream calls the splits."""
PREFIXES = {TRAIN: "lima-", VALIDATION: "lima-val-"}
"""What the id of a row without one begins with."""
GATED = "GAIR/lima"
"""Named as a source, it gives the English training set; the validation set is Lima-X's."""


def section(
    languages: Sequence[str],
    mixtures: Sequence[Mixture],
    source: Path | None,
    validation: Path | None,
    *,
    only_train: bool = False,
    as_published: bool = False,
) -> ConfigFamily:
    """Return the family over some languages, from the published files or local ones.

    Args:
        languages: Lower-case codes.
        mixtures: The configs to list.
        source: Local files of both splits, or one file of training rows; None: the published ones.
        validation: Local files of the validation set, whatever their names say, in place of the source's.
        only_train: The source has no validation set; without one of the user's, the published one is taken.
        as_published: Take mixtures from the published files that hold them, instead of mixing anew.

    Raises:
        UserError: There are no rows in one of the languages and splits, or they can't be had.
    """
    paths = {TRAIN: source, VALIDATION: validation or (None if only_train else source)}
    own = validation is not None
    parts = [_part(language, languages, split, paths[split], own) for language in languages for split in ROWS]
    return ConfigFamily(
        mixtures=tuple(mixtures),
        parts=tuple(parts),
        settle=settle,
        expected=ROWS,
        published=frozenset(split for split in ROWS if paths[split] is None),
        mixed=_mixed(mixtures, source) if as_published else {},
    )


def settle(sample: Sample) -> Sample:
    """Return a sample as it is: its row says what is known, and `other` is LIMA's licence."""
    return sample


def _part(language: str, languages: Sequence[str], split: str, path: Path | None, own: bool) -> LanguagePart:
    """Return one part; `own`: the validation set is a file of the user's."""
    replaced = split == VALIDATION and own
    if path is None:
        return _published(language, split)
    try:
        return local_part(path, language, languages, split, PREFIXES[split], any_split=replaced)
    except UserError as error:
        if split == VALIDATION and not replaced:
            raise UserError(f"{error} Name the validation set by --validation.") from error
        raise


def _mixed(mixtures: Sequence[Mixture], source: Path | None) -> dict[tuple[str, str], DataFile]:
    """Return (config, split) -> the published file, e.g. `train_limax_EN_DE_FR_IT_ES_sampled.jsonl`."""
    found = {}
    for mixture in mixtures:
        if len(mixture.languages) > 1:
            codes = "_".join(code.upper() for code in mixture.languages) + ("_sampled" if mixture.sampled else "")
            for split, word in NAMES.items():
                name = f"{word}_limax_{codes}.jsonl"
                file = sources.fetch("lima_x", name) if source is None else source / name
                found[mixture.name, split] = DataFile(file, None, split)
    return found


def _published(language: str, split: str) -> LanguagePart:
    if language not in STUDY:
        raise UserError(
            f"Lima-X is published in {', '.join(STUDY)}, not in {language!r}; translate it, then say --source FILES."
        )
    name = f"{NAMES[split]}_limax_{language.upper()}.jsonl"
    file = DataFile(sources.fetch("lima_x", name), language, split)
    return LanguagePart(language, split, (file,), (f"{sources.label('lima_x')}/{name}",), PREFIXES[split])

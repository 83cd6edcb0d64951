"""Parts out of what a user names by --source: one file a language, one for all, or a built folder."""

from collections.abc import Sequence
from pathlib import Path

from hf_datasets.shared.errors import UserError
from hf_datasets.instruct.reading.folders import VALIDATION, DataFile, configs, data_files
from hf_datasets.instruct.reading.layouts import names_its_language
from hf_datasets.instruct.plan import WHOLE, Part


def local_part(
    path: Path, language: str, languages: Sequence[str], split: str, id_prefix: str, *, any_split: bool = False
) -> Part:
    """Return the part of one language in one split.

    Files whose name holds the language come first; where there are none, files whose rows say their language.

    Args:
        path: A file, a folder, or a built folder.
        language: Lower-case code.
        languages: All that are wanted: a single one needn't be named anywhere.
        split: `train`, `validation` or WHOLE.
        id_prefix: What the id of a row without one begins with.
        any_split: Take the files of every split for it.

    Raises:
        UserError: There is nothing in that language or split.
    """
    files = _files(path, language, None if any_split or split == WHOLE else split)
    own, shared = [file for file in files if file[1] == language], [file for file in files if file[1] is None]
    chosen = own or shared
    if not chosen:
        known = sorted({code for _, code in files if code})
        raise UserError(f"{path} has no file in {language!r}; its files are in {', '.join(known)}.")
    return Part(
        language=language,
        split=split,
        files=tuple(file for file, _ in chosen),
        labels=tuple(_label(path, file) for file, _ in chosen),
        id_prefix=id_prefix,
        shared=not own and len(languages) > 1,
    )


def _files(path: Path, language: str, split: str | None) -> list[tuple[DataFile, str | None]]:
    """Return (file, the language of all its rows or None); of a built folder without such a config, of its default."""
    if path.is_file() and split == VALIDATION:
        raise UserError(f"{path} is one file, which can't be training and validation set at once.")
    names = {name.lower(): name for name in configs(path)}
    if language in names:
        return [(file, language) for file in data_files(path, names[language], split)]
    return [(file, None if names_its_language(file.path) else file.language) for file in data_files(path, split=split)]


def _label(path: Path, file: DataFile) -> str:
    """The file as the card names it: nobody else's folders."""
    return file.path.name if path.is_file() else file.path.relative_to(path).as_posix()

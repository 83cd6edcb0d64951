"""Which files of a folder hold the rows: of a built folder (by its card), or of any folder (by the files' names)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from hf_datasets.hub.folder import CARD
from hf_datasets.instruct.reading.names import (
    SPLIT_WORDS,
    SUFFIXES,
    TRAIN,
    frames,
    language_of,
    split_of,
)
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.yaml_text import load_yaml

NOT_DATA = frozenset({"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "config.json"})
_BESIDE_DATA = re.compile(r"(?:^|\.)(?:report|review|rejects|marks|edits)\.jsonl?$")
"""Files of ours that stand beside rows and hold none."""


@dataclass(frozen=True)
class DataFile:
    """One file with rows, and what its name says of them."""

    path: Path
    """Place of the file on disk."""
    language: str | None
    """Lower-case code, if the name holds exactly one."""
    split: str
    """`train` unless the name says otherwise."""


def data_files(path: Path, config: str | None = None, split: str | None = None) -> list[DataFile]:
    """Return the files of a file, a folder or a built folder, sorted by path.

    Args:
        path: What the user named.
        config: A config of a built folder.
        split: Only this split (`train`, `validation`, `test`, or another word for one); default: all.

    Raises:
        UserError: There is no such path, config or split, or nothing to read.
    """
    if path.is_file():
        return [_described(path, path.parent)]
    if not path.is_dir():
        raise UserError(f"There is no {path}; name a data file or a folder of data files.")
    found = _of_config(path, config) if config is not None or _configs(path) else _of_folder(path)
    kept = [file for file in found if split is None or file.split == _split(split)]
    if not kept:
        what = "files of rows (.json, .jsonl, .parquet, gzipped or not)" if not found else f"split {split!r}"
        raise UserError(f"{path} has no {what}.")
    return kept


def configs(folder: Path) -> dict[str, dict[str, list[Path]]]:
    """Return config -> split -> files, as a built folder's card lists them; empty for any other path.

    Raises:
        UserError: The card isn't YAML, or names files outside the folder.
    """
    return {
        name: {split: [file for pattern in patterns for file in _inside(folder, pattern)] for split, patterns in found}
        for name, (found, _) in _configs(folder).items()
    }


def _inside(folder: Path, pattern: str) -> list[Path]:
    """Return the files of a folder that a pattern of its card matches."""
    parts = PurePosixPath(pattern).parts
    outside = not parts or pattern.startswith(("/", "~")) or ".." in parts or not pattern.isprintable()
    try:
        found = [] if outside else sorted(folder.glob(pattern))
    except (OSError, ValueError, NotImplementedError):  # pathlib raises the last for a drive (C:/*)
        outside = True
    if outside:
        raise UserError(
            f"{folder / CARD} names {pattern[:80]!r} as data, which is no path in its folder; correct the card."
        )
    return found


def _of_config(folder: Path, config: str | None) -> list[DataFile]:
    known = _configs(folder)
    default = next((name for name, (_, is_default) in known.items() if is_default), None)
    chosen = config or default or (next(iter(known)) if len(known) == 1 else None)
    if chosen not in known:
        said = f"no config {chosen!r}" if chosen else "several configs"
        raise UserError(f"{folder} has {said}; choose one of {', '.join(known) or '(none: it has no card)'}.")
    return [
        DataFile(file, language_of(file.relative_to(folder)), _split(split))
        for split, files in configs(folder)[chosen].items()
        for file in files
    ]


def _split(word: str) -> str:
    """Upstreams call the validation split `val`, `dev` ..."""
    return SPLIT_WORDS.get(word.lower(), word)


def _configs(folder: Path) -> dict[str, tuple[list[tuple[str, list[str]]], bool]]:
    """Config -> ((split, patterns) of its `data_files`, whether it is the default), from the front matter of a card."""
    card = folder / CARD
    try:
        text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    except OSError as error:
        raise UserError(f"{card} can't be read ({error.strerror or error}).") from error
    front = re.match(r"---\r?\n(.*?)\r?\n---", text, re.DOTALL)
    said = load_yaml(front[1], f"{card}, its front matter") if front else None
    listed = said.get("configs") if isinstance(said, Mapping) else None
    return {
        entry["config_name"]: (_entries(entry.get("data_files", [])), bool(entry.get("default")))
        for entry in _as_list(listed or [])
        if isinstance(entry, Mapping) and isinstance(entry.get("config_name"), str)
    }


def _entries(said: Any) -> list[tuple[str, list[str]]]:
    """Read `data_files`, whose short forms are one pattern or a list of them for the training split."""
    listed = _as_list(said)
    patterns = [entry for entry in listed if isinstance(entry, str)]
    whole = [
        (entry["split"], [pattern for pattern in _as_list(entry.get("path")) if isinstance(pattern, str)])
        for entry in listed
        if isinstance(entry, dict) and isinstance(entry.get("split"), str)
    ]
    return whole + ([(TRAIN, patterns)] if patterns else [])


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _of_folder(folder: Path) -> list[DataFile]:
    inside = sorted(folder.rglob("*"), key=lambda file: file.relative_to(folder).as_posix())
    found = [file for file in inside if file.is_file() and _is_data(file.relative_to(folder))]
    beside = frames(file.relative_to(folder) for file in found)
    return [_described(file, folder, beside) for file in found]


def _is_data(name: Path) -> bool:
    hidden = any(part.startswith(".") for part in name.parts)
    other = name.name in NOT_DATA or _BESIDE_DATA.search(name.name)
    return not hidden and not other and name.name.removesuffix(".gz").endswith(SUFFIXES)


def _described(file: Path, folder: Path, beside: frozenset[str] = frozenset()) -> DataFile:
    name = file.relative_to(folder)
    return DataFile(file, language_of(name, beside), split_of(name))

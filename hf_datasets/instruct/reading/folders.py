"""Which files of a folder hold the rows: of a built folder (by its card), or of any folder (by the files' names)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_datasets.hub.folder import CARD
from hf_datasets.shared.errors import UserError

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLIT_WORDS = {
    "train": TRAIN,
    "training": TRAIN,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "dev": VALIDATION,
    "eval": VALIDATION,
    "test": TEST,
}
SUFFIXES = (".json", ".jsonl", ".ndjson", ".parquet", ".arrow")
NOT_DATA = frozenset({"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "config.json"})
_BESIDE_DATA = re.compile(r"(?:^|\.)(?:report|review|rejects|marks|edits)\.jsonl?$")
"""Files of ours that stand beside rows and hold none."""
_SEPARATOR = re.compile(r"[^A-Za-z0-9~]+")
_REGION = re.compile(r"(?<![A-Za-z0-9])([a-z]{2})[-_]([A-Z]{2})(?![A-Za-z0-9])")
_CODES = """
aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo
es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg
ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn
no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta
te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
ISO_639_1 = frozenset(_CODES.split())


@dataclass(frozen=True)
class DataFile:
    """One file with rows, and what its name says of them."""

    path: Path
    """Where it is."""
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
    """Return config -> split -> files, as a built folder's card lists them; empty for any other path."""
    return {
        name: {
            entry["split"]: [file for pattern in _as_list(entry["path"]) for file in sorted(folder.glob(pattern))]
            for entry in entries
        }
        for name, (entries, _) in _configs(folder).items()
    }


def _of_config(folder: Path, config: str | None) -> list[DataFile]:
    known = _configs(folder)
    default = next((name for name, (_, is_default) in known.items() if is_default), None)
    chosen = config or default or (next(iter(known)) if len(known) == 1 else None)
    if chosen not in known:
        said = f"no config {chosen!r}" if chosen else "several configs"
        raise UserError(f"{folder} has {said}; choose one of {', '.join(known) or '(none: it has no card)'}.")
    return [
        DataFile(file, _language(file.relative_to(folder)), _split(split))
        for split, files in configs(folder)[chosen].items()
        for file in files
    ]


def _split(word: str) -> str:
    """Upstreams call the validation split `val`, `dev` ..."""
    return SPLIT_WORDS.get(word.lower(), word)


def _configs(folder: Path) -> dict[str, tuple[list[dict[str, Any]], bool]]:
    """Config -> (its `data_files`, whether it is the default), from the front matter of a card."""
    import yaml

    card = folder / CARD
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    front = re.match(r"---\r?\n(.*?)\r?\n---", text, re.DOTALL)
    try:
        said = yaml.safe_load(front[1]) if front else None
    except yaml.YAMLError as error:
        raise UserError(f"{card} has front matter that isn't YAML ({' '.join(str(error).split())}).") from error
    listed = said.get("configs") if isinstance(said, Mapping) else None
    return {
        entry["config_name"]: (_entries(entry.get("data_files", [])), bool(entry.get("default")))
        for entry in listed or []
        if isinstance(entry, Mapping) and "config_name" in entry
    }


def _entries(said: Any) -> list[dict[str, Any]]:
    """Read `data_files`, whose short forms are one pattern or a list of them for the training split."""
    listed = _as_list(said)
    patterns = [entry for entry in listed if isinstance(entry, str)]
    whole = [entry for entry in listed if isinstance(entry, dict) and {"split", "path"} <= set(entry)]
    return whole + ([{"split": TRAIN, "path": patterns}] if patterns else [])


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _of_folder(folder: Path) -> list[DataFile]:
    inside = sorted(folder.rglob("*"), key=lambda file: file.relative_to(folder).as_posix())
    return [_described(file, folder) for file in inside if file.is_file() and _is_data(file.relative_to(folder))]


def _is_data(name: Path) -> bool:
    hidden = any(part.startswith(".") for part in name.parts)
    other = name.name in NOT_DATA or _BESIDE_DATA.search(name.name)
    return not hidden and not other and name.name.removesuffix(".gz").endswith(SUFFIXES)


def _described(file: Path, folder: Path) -> DataFile:
    name = file.relative_to(folder)
    words = _words(name)
    return DataFile(file, _language(name), next((SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS), TRAIN))


def _language(name: Path) -> str | None:
    """The one language code in a file's name, or else in the names of its folders, from the nearest on."""
    for part in reversed(name.parts):
        codes = {word for word in _words(Path(part)) if word.split("-")[0] in ISO_639_1}
        if codes:
            return codes.pop() if len(codes) == 1 else None
    return None


def _words(name: Path) -> list[str]:
    """The words of a name, lower-case, without its suffixes; a region stays with its language (`pt_BR`: `pt-br`)."""
    stem = name.as_posix()
    for suffix in (".gz", *SUFFIXES):
        stem = stem.removesuffix(suffix)
    return [word.lower().replace("~", "-") for word in _SEPARATOR.split(_REGION.sub(r"\1~\2", stem)) if word]

"""What the name of a data file tells: its language and its split.

`train_limax_DE.json` is German, `pt_BR/dev.jsonl` Brazilian Portuguese. Many codes are words too (`no_robots`,
`my_chats`, `it_helpdesk`): such a word is a code only in capitals, at the end (`lima_it`), or where a neighbour is
called the same with another code (`it_lima` beside `de_lima`).
"""

import re
from collections.abc import Iterable
from pathlib import Path

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
_ALSO_WORDS = "am an as be co cs cv he hi ho id io is it la lo mi ml my na nn no om or os pa ps so ss st su to ts tt vi"
_ENGLISH = frozenset(_ALSO_WORDS.split())
"""Codes that are words or abbreviations in names of files."""


def split_of(name: Path) -> str:
    """Return the split that a path tells; TRAIN if it tells none."""
    return next((SPLIT_WORDS[word.lower()] for word in _words(name) if word.lower() in SPLIT_WORDS), TRAIN)


def language_of(name: Path, beside: frozenset[str] = frozenset()) -> str | None:
    """Return the one language code in a file's name, or else in the names of its folders, from the nearest on.

    Args:
        name: The path from the folder that the user named.
        beside: `frames` of the files in that folder.
    """
    for part in reversed(name.parts):
        codes = {word.lower() for word in _certain(part)} or {
            word.lower() for word in _possible(part) if _frame(part, word) in beside
        }
        if codes:
            return codes.pop() if len(codes) == 1 else None
    return None


def frames(names: Iterable[Path]) -> frozenset[str]:
    """Return the names of files and folders with a certain language code in them, that code left out."""
    parts = {part for name in names for part in name.parts}
    return frozenset(_frame(part, word) for part in parts for word in _certain(part))


def _possible(part: str) -> list[str]:
    return [word for word in _words(Path(part)) if word.lower().split("-")[0] in ISO_639_1]


def _certain(part: str) -> list[str]:
    words = [word for word in _words(Path(part)) if word.lower() not in SPLIT_WORDS and not word.isdecimal()]
    return [
        word
        for word in _possible(part)
        if word.lower() not in _ENGLISH or word.isupper() or (words and word == words[-1])
    ]


def _frame(part: str, code: str) -> str:
    return " ".join("*" if word == code else word for word in _words(Path(part)))


def _words(name: Path) -> list[str]:
    """The words of a name, without its suffixes; a region stays with its language (`pt_BR`: `pt-BR`)."""
    stem = name.as_posix()
    for suffix in (".gz", *SUFFIXES):
        stem = stem.removesuffix(suffix)
    return [word.replace("~", "-") for word in _SEPARATOR.split(_REGION.sub(r"\1~\2", stem)) if word]

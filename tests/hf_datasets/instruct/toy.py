"""Small files shaped like the published ones."""

import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

STUDY = ("en", "de", "fr", "it", "es")


def bactrian_row(language: str, number: int) -> dict[str, str]:
    origin = "alpaca" if number % 3 else "dolly"
    return {
        "instruction": f"{language} instruction {number}",
        "input": f"{language} input {number}" if number % 2 else "",
        "id": f"{origin}-{number}",
        "output": f"{language} réponse {number} 😀",
    }


def bactrian(folder: Path, languages: Iterable[str] = STUDY, count: int = 60) -> Path:
    """Write `xx.json.gz`, one JSON array each."""
    folder.mkdir(parents=True, exist_ok=True)
    for language in languages:
        write_gz(folder / f"{language}.json.gz", [bactrian_row(language, number) for number in range(count)])
    return folder


def write_gz(file: Path, rows: Sequence[Any]) -> None:
    file.write_bytes(gzip.compress(json.dumps(rows, ensure_ascii=False).encode()))


def lima_row(language: str, split: str, number: int) -> dict[str, Any]:
    turns = 4 if number % 7 == 3 else 2
    return {
        "conversations": [f"{language} {split} {number}.{turn}" for turn in range(turns)],
        "source": "stackexchange",
    }


def lima(folder: Path, languages: Iterable[str] = STUDY, train: int = 30, val: int = 7) -> Path:
    """Write `train_limax_XX.jsonl` and `val_limax_XX.jsonl`, rows without ids."""
    folder.mkdir(parents=True, exist_ok=True)
    for language in languages:
        for split, count in (("train", train), ("val", val)):
            rows = [lima_row(language, split, number) for number in range(count)]
            write_lines(folder / f"{split}_limax_{language.upper()}.jsonl", rows)
    return folder


def write_lines(file: Path, rows: Iterable[Any]) -> Path:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    file.write_text(text, encoding="utf-8", newline="\n")
    return file

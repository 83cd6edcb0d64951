"""Paid translations in the ledger: claimed, stored before anyone uses them, counted.

The same file, connection and promises as judgments; a translation is keyed by the sha256 of its request.
"""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hf_datasets.ledger.store import Ledger
from hf_datasets.records import storable

if TYPE_CHECKING:
    import sqlite3

PORTION = 500
"""Keys of one query; SQLite bounds the number of its parameters."""


@dataclass(frozen=True)
class EngineAccount:
    """What the ledger holds of one engine."""

    name: str
    """E.g. `deepl` or `openai:gpt-6-luna`."""
    target: str
    """Code of the target language."""
    texts: int
    """Number of translations."""
    characters: int
    """Characters that were billed."""


def stored(ledger: Ledger, keys: Iterable[str]) -> dict[str, str]:
    """Return the translations that are there, by key."""
    wanted = list(dict.fromkeys(keys))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), PORTION):
        portion = tuple(wanted[start : start + PORTION])
        marks = ", ".join("?" * len(portion))
        query = f"SELECT key, text FROM translation WHERE text IS NOT NULL AND key IN ({marks})"
        found |= {row["key"]: row["text"] for row in ledger._rows(query, portion)}
    return found


def claim(ledger: Ledger, requests: Mapping[str, str], engine: str) -> set[str]:
    """Claim requests before they are sent.

    Args:
        ledger: The ledger.
        requests: Key -> text of the request.
        engine: Who is going to translate.

    Returns:
        The keys that are ours to send; the others are done, or in flight in another living process.
    """
    owner = ledger.owner
    with ledger.writing() as db:
        ours = {key for key in requests if _is_free(ledger, db, key)}
        db.executemany(
            "INSERT OR REPLACE INTO translation (key, request, engine, owner, at) VALUES (?, ?, ?, ?, ?)",
            [(key, storable(text), engine, owner, time.time()) for key, text in requests.items() if key in ours],
        )
    return ours


def _is_free(ledger: Ledger, db: "sqlite3.Connection", key: str) -> bool:
    row = db.execute("SELECT text, owner FROM translation WHERE key = ?", (key,)).fetchone()
    if row is None:
        return True
    text, owner = row
    if text is not None:
        return False
    return owner == ledger.owner or not ledger.is_alive(owner)  # one run a ledger: its own is an interrupted one


def store(ledger: Ledger, answers: Iterable[tuple[str, str, int, Mapping[str, Any]]]) -> None:
    """Keep (key, translation, billed characters, details) rows; when this returns, they are on disk."""
    rows = [
        (storable(text), billed, json.dumps(dict(details), default=str), time.time(), key)
        for key, text, billed, details in answers
    ]
    with ledger.writing() as db:
        db.executemany(
            "UPDATE translation SET text = ?, billed = ?, details = ?, at = ?, owner = NULL WHERE key = ?", rows
        )


def release(ledger: Ledger, keys: Iterable[str]) -> None:
    """Give claims back that led to nothing."""
    with ledger.writing() as db:
        db.executemany("DELETE FROM translation WHERE text IS NULL AND key = ?", [(key,) for key in keys])


def engines(ledger: Ledger) -> list[EngineAccount]:
    """Return what the ledger holds, by engine and target language."""
    found: dict[tuple[str, str], list[int]] = {}
    for row in ledger._rows("SELECT request, engine, billed FROM translation WHERE text IS NOT NULL ORDER BY key"):
        request = ledger.parsed(row["request"], "the request of a translation")
        account = found.setdefault((row["engine"], str(request.get("target", ""))), [0, 0])
        account[0] += 1
        account[1] += row["billed"]
    return [EngineAccount(name, target, *counts) for (name, target), counts in sorted(found.items())]

"""Votes as append-only JSON Lines, for places whose disk doesn't last: a Space writes them, a commit saves them.

One file a process, so that nobody appends to what another commits. Each change is on disk before it is acknowledged;
after a restart the database is made anew from the study, the invitations and all journals.
"""

import json
import os
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hf_datasets.records import canonical_json
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate.store import Event, Store, forget, insert_annotator
from mtbenchx_tasks.annotate.voting import insert_vote


class Journal:
    """The file of this process; made with its first line."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"votes-{uuid.uuid4().hex}.jsonl"

    def write(self, event: Event) -> None:
        """Append one change; when this returns, it is on disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            size = file.tell()
            try:
                file.write((canonical_json(event) + "\n").encode())
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)
                raise


def restore(store: Store, folder: Path) -> int:
    """Bring all journals of a folder into a database; harmless to repeat. Returns the number of votes.

    Args:
        store: Its study and invitations are in place, or come from the journals.
        folder: Where the journals are.

    Raises:
        UserError: A line isn't one of ours; a last line that was cut off in the writing is none.
    """
    journals = [(file, list(_events(file))) for file in folder.rglob("votes-*.jsonl")]
    journals.sort(key=lambda journal: journal[1][0]["at"] if journal[1] else 0.0)
    with store.transaction() as db:
        for file, events in journals:
            for number, event in enumerate(events, start=1):
                try:
                    _apply(db, event)
                except (KeyError, TypeError, sqlite3.Error) as error:
                    raise UserError(f"{file}, line {number}: not a change of this study ({error}).") from error
        return int(db.execute("SELECT COUNT(*) FROM vote").fetchone()[0])


def _events(file: Path) -> Iterator[Event]:
    lines: Sequence[bytes] = file.read_bytes().split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):  # what follows the last newline was never acknowledged
        try:
            event: Any = json.loads(line)
            float(event["at"])
        except (ValueError, TypeError, KeyError) as error:
            raise UserError(f"{file}, line {number}: not a line of a journal ({error}).") from error
        yield event


def _apply(db: sqlite3.Connection, event: Event) -> None:
    kind = event["type"]
    if kind == "invitation":
        insert_annotator(db, event["annotator"], event["code_hash"])
    elif kind == "consent":
        text = (event["version"], event["language"], event["text"])
        db.execute("INSERT OR IGNORE INTO consent_text VALUES (?, ?, ?)", text)
        db.execute(
            "UPDATE annotator SET consent_at = ?, consent_version = ?, language = ? WHERE id = ?",
            (event["at"], event["version"], event["language"], event["annotator"]),
        )
    elif kind == "vote":
        _apply_vote(db, event)
    elif kind == "undo":
        db.execute("DELETE FROM vote WHERE assignment = ?", (event["assignment"],))
        db.execute("DELETE FROM assignment WHERE id = ?", (event["assignment"],))
    elif kind == "withdrawal":
        forget(db, event["annotator"])
    else:
        raise KeyError(kind)


def _apply_vote(db: sqlite3.Connection, event: Event) -> None:
    """Insert a vote with its assignment, in place of one that is only reserved."""
    shown = event["created"] - event["ms"] / 1000
    place = [event[name] for name in ("annotator", "question_id", "pair", "turn", "left_model")]
    db.execute(
        "DELETE FROM assignment WHERE annotator = ? AND question_id = ? AND pair = ? AND turn = ? "
        "AND NOT EXISTS (SELECT 1 FROM vote WHERE vote.assignment = assignment.id)",
        place[:-1],
    )
    db.execute(
        "INSERT INTO assignment (id, annotator, question_id, pair, turn, left_model, created, shown, expires) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (event["assignment"], *place, shown, shown, event["created"]),
    )
    insert_vote(db, event["assignment"], event)

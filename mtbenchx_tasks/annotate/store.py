"""The study's one SQLite file: the study, invitations, consent, withdrawal (votes: voting.py).

WAL with `synchronous=FULL` and BEGIN IMMEDIATE: an acknowledged vote survives a kill and a power cut. One connection a
process, shared by its threads under a lock, since SQLite's own waiting between writers gives long tails; with other
processes (`annotate withdraw` beside a running app) SQLite waits.
"""

import json
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_datasets.records import canonical_json
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import make_private
from mtbenchx_tasks.annotate.schema import TABLES
from mtbenchx_tasks.annotate.study import AnnotationStudy

BUSY_SECONDS = 10.0
APPLICATION = 0x6D746278
"""Marks our files (SQLite's application_id): `mtbx`."""
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
Event = dict[str, Any]


@dataclass(frozen=True)
class Annotator:
    """A person, by pseudonym."""

    id: str
    """`expert_<k>`."""
    consent: str | None
    """Version of the consent text that was agreed to."""


class Store:
    """One open database; see the module's text."""

    def __init__(
        self,
        path: Path,
        *,
        record: Callable[[Event], None] | None = None,
        clock: Callable[[], float] = time.time,
        busy: float = BUSY_SECONDS,
    ) -> None:
        """Open or make the file, which only its owner may read.

        Args:
            path: The database.
            record: Called with every change before it is committed; if it raises, the change isn't made.
            clock: Seconds since the epoch.
            busy: Seconds to wait for other processes.

        Raises:
            UserError: The file can't be opened, or isn't ours.
        """
        self.path, self.clock = path, clock
        self.record: Callable[[Event], None] = record or (lambda _event: None)
        self._lock = threading.RLock()
        self._rng = random.SystemRandom()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            make_private(path)
            self._db = sqlite3.connect(path, timeout=busy, isolation_level=None, check_same_thread=False)
            self._db.row_factory = sqlite3.Row
            self._check_ours()
            for pragma in (f"application_id={APPLICATION}", *PRAGMAS):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.executescript(TABLES)
        except (OSError, sqlite3.Error) as error:
            raise UserError(f"The database {path} can't be opened ({error}); name another one by --db.") from error

    def _check_ours(self) -> None:
        """Leave other programs' databases alone."""
        marked = self._db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION
        if not marked and self._db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            raise UserError(f"{self.path} is a database, but not of a study of ours; name another one by --db.")

    def close(self) -> None:
        """Close the file; its journal is folded in."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Make all changes of a block or none."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Read."""
        with self._lock:
            return self._db.execute(query, values).fetchall()

    # study and annotators ------------------------------------------------------------------------------------------

    def study(self) -> AnnotationStudy | None:
        """Return the study that the votes are on, or None before the first `serve`."""
        rows = self.rows("SELECT content FROM study")
        return AnnotationStudy.from_row(json.loads(rows[0][0])) if rows else None

    def set_study(self, study: AnnotationStudy) -> None:
        """Keep a study; harmless to repeat.

        Raises:
            UserError: There are votes on another one.
        """
        with self.transaction() as db:
            other = db.execute("SELECT 1 FROM study WHERE digest != ?", (study.digest,)).fetchone()
            if other and db.execute("SELECT 1 FROM vote LIMIT 1").fetchone():
                raise UserError(f"{self.path} holds votes on other answers or questions; name another file by --db.")
            if other:
                db.execute("DELETE FROM assignment")
            db.execute("INSERT OR REPLACE INTO study VALUES (1, ?, ?)", (study.digest, canonical_json(study.to_row())))

    def add_annotators(self, code_hashes: Sequence[str]) -> list[str]:
        """Make a pseudonym for each invitation, the numbers in no order; returns them in the order of the codes."""
        with self.transaction() as db:
            highest = db.execute("SELECT COALESCE(MAX(CAST(SUBSTR(id, 8) AS INTEGER)), 0) FROM annotator").fetchone()[0]
            numbers = list(range(highest + 1, highest + 1 + len(code_hashes)))
            self._rng.shuffle(numbers)
            names = [f"expert_{number}" for number in numbers]
            rows = list(zip(names, code_hashes, strict=True))
            for name, code_hash in rows:
                insert_annotator(db, name, code_hash)
                self.record({"type": "invitation", "annotator": name, "code_hash": code_hash, "at": self.clock()})
            return names

    def invited(self, code_hash: str) -> str | None:
        """Return whose invitation this is."""
        rows = self.rows("SELECT id FROM annotator WHERE code_hash = ?", (code_hash,))
        return str(rows[0]["id"]) if rows else None

    def annotator(self, name: str) -> Annotator | None:
        """Return an annotator who hasn't withdrawn, or None."""
        rows = self.rows("SELECT * FROM annotator WHERE id = ? AND code_hash IS NOT NULL", (name,))
        return Annotator(name, rows[0]["consent_version"]) if rows else None

    def active_annotators(self) -> int:
        """Return how many are invited and haven't withdrawn."""
        return int(self.rows("SELECT COUNT(*) FROM annotator WHERE code_hash IS NOT NULL")[0][0])

    def consent(self, name: str, version: str, text: str, language: str) -> None:
        """Store that an annotator agreed to a text, and the text itself."""
        now = self.clock()
        with self.transaction() as db:
            db.execute("INSERT OR IGNORE INTO consent_text VALUES (?, ?, ?)", (version, language, text))
            db.execute(
                "UPDATE annotator SET consent_at = ?, consent_version = ?, language = ? WHERE id = ?",
                (now, version, language, name),
            )
            consent = {"annotator": name, "version": version, "text": text, "language": language, "at": now}
            self.record({"type": "consent", **consent})

    def withdraw(self, name: str) -> int:
        """Delete an annotator's votes, assignments and invitation; returns the number of votes.

        Raises:
            UserError: There is no such annotator.
        """
        with self.transaction() as db:
            if not db.execute("SELECT 1 FROM annotator WHERE id = ?", (name,)).fetchone():
                raise UserError(f"{self.path} has no annotator {name!r}; the app shows everyone their name.")
            votes = forget(db, name)
            self.record({"type": "withdrawal", "annotator": name, "at": self.clock()})
        with self._lock:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # nor does the write-ahead log keep them
        return votes


def forget(db: sqlite3.Connection, name: str) -> int:
    """Delete all that is kept of an annotator but the pseudonym, which nobody else gets; returns the votes deleted."""
    votes = db.execute("DELETE FROM vote WHERE annotator = ?", (name,)).rowcount
    db.execute("DELETE FROM assignment WHERE annotator = ?", (name,))
    cleared = "code_hash = NULL, consent_at = NULL, consent_version = NULL, language = NULL"
    db.execute(f"UPDATE annotator SET {cleared} WHERE id = ?", (name,))
    return votes


def insert_annotator(db: sqlite3.Connection, name: str, code_hash: str) -> None:
    """Insert one invitation; harmless to repeat."""
    db.execute("INSERT OR IGNORE INTO annotator (id, code_hash) VALUES (?, ?)", (name, code_hash))

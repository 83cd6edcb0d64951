"""The study's one SQLite file: the study, consent, withdrawal (invitations: people.py, votes: voting.py).

WAL with `synchronous=FULL` and BEGIN IMMEDIATE: an acknowledged vote survives a kill and a power cut. One connection a
process, shared by its threads under a lock, since SQLite's own waiting between writers gives long tails; with other
processes (`annotate withdraw` beside a running app) SQLite waits.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from hf_datasets.records import canonical_json
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import make_private
from mtbenchx_tasks.annotate.schema import TABLES
from mtbenchx_tasks.annotate.study import AnnotationStudy

BUSY_SECONDS = 10.0
APPLICATION = 0x6D746278
"""Marks our files (SQLite's application_id): `mtbx`."""
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
TICK = 1e-6
"""Seconds by which a change's time is later than the one before, at the least."""
Event = dict[str, Any]


class Recorder(Protocol):
    """Keeps every change elsewhere, too: journal.py."""

    def write(self, events: Sequence[Event]) -> None:
        """Keep the changes of one transaction, all or none, before it is committed.

        Raises:
            OSError: They can't be kept; the transaction isn't made.
        """

    def take_back(self) -> None:
        """Drop what `write` kept last: the transaction failed after all."""


class StoreClosedError(OSError):
    """This process takes no changes any more; another one does."""


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
        recorder: Recorder | None = None,
        clock: Callable[[], float] = time.time,
        busy: float = BUSY_SECONDS,
    ) -> None:
        """Open or make the file, which only its owner may read.

        Args:
            path: The database.
            recorder: Gets every change before it is committed; if it raises, the change isn't made.
            clock: Seconds since the epoch.
            busy: Seconds to wait for other processes.

        Raises:
            UserError: The file can't be opened, or isn't ours.
        """
        self.path, self.clock = path, clock
        self._recorder, self._events, self._at = recorder, list[Event](), 0.0
        self._lock, self._ended = threading.RLock(), False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            make_private(path)
            self._db = sqlite3.connect(path, timeout=busy, isolation_level=None, check_same_thread=False)
            self._db.row_factory = sqlite3.Row
            self._check_ours()
            for pragma in (f"application_id={APPLICATION}", *PRAGMAS):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.executescript(TABLES)
            for file in (path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))):
                with suppress(OSError):
                    file.chmod(0o600)  # 0.3 let others read them
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
        """Make all changes of a block or none.

        Raises:
            StoreClosedError: Another process takes the votes now.
        """
        with self._lock:
            if self._ended:
                raise StoreClosedError("another process takes the votes now")
            self._db.execute("BEGIN IMMEDIATE")
            self._events.clear()
            written = False
            try:
                yield self._db
                if self._recorder and self._events:
                    self._recorder.write(self._events)
                    written = True
                self._db.execute("COMMIT")
            except BaseException as error:
                # a full disk ends the transaction itself; what isn't SQLite's error may come after the commit
                undone = self._db.in_transaction or isinstance(error, sqlite3.Error)
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                if self._recorder and written and undone:
                    self._recorder.take_back()
                raise

    def record(self, kind: str, **values: Any) -> None:
        """Tell the recorder, with the transaction's end, of a change; its time is later than any before."""
        self._at = max(self.clock(), self._at + TICK)
        self._events.append({"type": kind, "at": self._at, **values})

    def continue_after(self, at: float) -> None:
        """Let the times of changes be later than this one, though another machine's clock was ahead."""
        self._at = max(self._at, at)

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Let nobody change anything meanwhile: what the recorder holds is whole."""
        with self._lock:
            yield

    @property
    def ended(self) -> bool:
        """Whether no changes are taken any more."""
        return self._ended

    def end(self) -> None:
        """Take no changes from now on, and say so to the recorder; once more is harmless."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
            if self._recorder:
                with suppress(OSError):  # whoever follows waits for it in vain, for some seconds
                    self._recorder.write([{"type": "end", "at": max(self.clock(), self._at + TICK)}])

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

    def invited(self, code_hash: str) -> str | None:
        """Return whose invitation this is; None for one that isn't known or is blocked."""
        rows = self.rows("SELECT id FROM annotator WHERE code_hash = ?", (code_hash,))
        return str(rows[0]["id"]) if rows and self.annotator(rows[0]["id"]) else None

    def annotator(self, name: str) -> Annotator | None:
        """Return an annotator who hasn't withdrawn and isn't blocked, or None."""
        blocked = "SELECT 1 FROM blocked WHERE annotator = id"
        query = f"SELECT * FROM annotator WHERE id = ? AND code_hash IS NOT NULL AND NOT EXISTS ({blocked})"
        rows = self.rows(query, (name,))
        return Annotator(name, rows[0]["consent_version"]) if rows else None

    def withdrawn(self) -> set[str]:
        """Return the pseudonyms of those who withdrew."""
        return {str(row[0]) for row in self.rows("SELECT id FROM annotator WHERE code_hash IS NULL")}

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
            self.record("consent", annotator=name, version=version, text=text, language=language)

    def leave(self, name: str, session: str) -> None:
        """End a login: whoever has its cookie is nobody from now on."""
        with self.transaction() as db:
            db.execute("INSERT OR IGNORE INTO session VALUES (?, ?)", (session, name))
            self.record("leave", annotator=name, session=session)

    def has_left(self, session: str) -> bool:
        """Tell whether a login was ended."""
        return bool(self.rows("SELECT 1 FROM session WHERE id = ?", (session,)))

    def withdraw(self, name: str) -> int:
        """Delete an annotator's votes, assignments and invitation; returns the number of votes.

        Raises:
            UserError: There is no such annotator.
        """
        with self.transaction() as db:
            if not db.execute("SELECT 1 FROM annotator WHERE id = ?", (name,)).fetchone():
                raise UserError(f"{self.path} has no annotator {name!r}; the app shows everyone their name.")
            votes = forget(db, name)
            self.record("withdrawal", annotator=name)
        with self._lock:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # nor does the write-ahead log keep them
        return votes


def forget(db: sqlite3.Connection, name: str) -> int:
    """Delete all that is kept of an annotator but the pseudonym, which nobody else gets; returns the votes deleted."""
    votes = db.execute("DELETE FROM vote WHERE annotator = ?", (name,)).rowcount
    for table in ("assignment", "label", "blocked", "session"):
        db.execute(f"DELETE FROM {table} WHERE annotator = ?", (name,))
    cleared = "code_hash = NULL, consent_at = NULL, consent_version = NULL, language = NULL"
    db.execute(f"UPDATE annotator SET {cleared} WHERE id = ?", (name,))
    return votes

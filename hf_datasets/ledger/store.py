"""The ledger: every paid result, kept in one SQLite file before anyone uses it.

A result is keyed by the sha256 of all that determines it, so a second run of the same work finds it and asks nobody.
Raw texts are kept, never only numbers: a better parser scores them again for free. WAL with `synchronous=FULL`: what
was acknowledged survives a kill and a power cut. One connection a process, shared by its threads under a lock.
"""

import contextlib
import functools
import json
import os
import shutil
import sqlite3
import tempfile
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from hf_datasets.ledger.group_commit import Together
from hf_datasets.ledger.layout import LedgerError, bring_up_to_date, check_ours, check_rows
from hf_datasets.ledger.merging import FINAL_STATES, copy_from_attached
from hf_datasets.ledger.owner import Owner
from hf_datasets.ledger.place import connect, copy_to_read, default_path, enter_wal, explained
from hf_datasets.records import Comparison, Completion, ExamUse, Use, storable

__all__ = ["FINAL_STATES", "Ledger", "LedgerError", "default_path", "open_ledger"]

_open: dict[tuple[Path, int], "Ledger"] = {}
"""This process's ledgers, by path and process (a fork's are its own)."""


def open_ledger(path: Path | None = None, *, read_only: bool = False) -> "Ledger":
    """Return a ledger.

    Args:
        path: Its file; None: `default_path()`.
        read_only: Read a copy of this moment, of a ledger that is there, perhaps on a read-only disk; close it
            afterwards. Else this process's one ledger of that path, made if it isn't there.

    Raises:
        LedgerError: It can't be created, read or written there.
    """
    place = (path or default_path()).expanduser().resolve()
    if read_only:
        return _copied(place)
    known = _open.get((place, os.getpid()))
    if known is None or known.is_closed:
        known = _open[place, os.getpid()] = Ledger(place)
    return known


def _copied(path: Path) -> "Ledger":
    folder = Path(tempfile.mkdtemp(prefix="mtbenchx-"))
    try:
        with explained(path):
            copy = copy_to_read(path, folder)
        ledger = Ledger(path, file=copy)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    ledger._on_close.callback(weakref.finalize(ledger, shutil.rmtree, folder, ignore_errors=True))
    return ledger


class Ledger:
    """One SQLite file; see the module's text. Use `open_ledger`, which opens each path once.

    Args:
        path: What messages call it.
        file: The file itself, if it is a copy of the one at `path`.
    """

    def __init__(self, path: Path, *, file: Path | None = None) -> None:
        self.path = path
        self.file = file or path
        self.is_closed = False
        self._lock = threading.RLock()
        self._in_flight: set[str] = set()
        self._synchronous = ""  # what the connection does now at a commit
        self._claims = Together(self._lock, self._claim_all)
        self._outcomes = Together(self._lock, self._store_outcomes)
        self._on_close = contextlib.ExitStack()
        with self._explained():
            self._db = connect(self.file)
            try:
                check_ours(self._db, path)
                enter_wal(self._db)
                bring_up_to_date(self._db, path)
            except BaseException:
                self._db.close()
                raise

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and give up every claim; `open_ledger` opens it again."""
        with self._lock:
            self.is_closed = True
            self._db.close()
            self._on_close.close()

    def check_writable(self) -> None:
        """Write and roll back; raises LedgerError before anything is paid for."""
        with self._explained(), self._transaction():
            self._db.execute("INSERT OR REPLACE INTO answer VALUES ('?', '', ?, 0)", ("x" * 4096,))
            self._db.execute("DELETE FROM answer WHERE key = '?'")

    # claims --------------------------------------------------------------------------------------------------------

    @functools.cached_property
    def _owner(self) -> Owner:
        owner = Owner(self.file)
        self._on_close.callback(owner.close)
        return owner

    @property
    def owner(self) -> str:
        """Name of this open ledger, which stands beside its claims."""
        with self._lock, self._explained():
            return self._owner.name

    def is_alive(self, owner: str | None) -> bool:
        """Tell whether the open ledger of that name is still there, in this process or in another."""
        with self._lock, self._explained():
            return self._owner.lives(owner)

    # judgments -----------------------------------------------------------------------------------------------------

    def judgment(self, key: str) -> Completion | None:
        """Return a final judgment, or None."""
        with self._lock, self._explained():
            row = self._db.execute("SELECT state, text, reason, details FROM judgment WHERE key = ?", (key,)).fetchone()
        if row is None or row[0] not in FINAL_STATES:
            return None
        state, text, reason, details = row
        return Completion(state, text, reason, self.parsed(details, f"details of judgment {key[:12]}"))

    def claim(self, key: str, request: str) -> bool:
        """Claim a request; False if it is done, or in flight in this or another living process.

        A claim needn't survive a power cut, so it isn't flushed.
        """
        return self._claims.store((key, storable(request), time.time()))

    def _claim_all(self, rows: Sequence[tuple[object, ...]]) -> list[bool]:
        with self._explained(), self._transaction("NORMAL"):
            return [self._claim(str(row[0]), (*row, self._owner.name)) for row in rows]

    def _claim(self, key: str, row: tuple[object, ...]) -> bool:
        into = "INTO judgment (key, request, at, owner, state) VALUES (?, ?, ?, ?, 'claimed')"
        if not self._db.execute(f"INSERT OR IGNORE {into}", row).rowcount:  # somebody had it before
            state, owner = self._db.execute("SELECT state, owner FROM judgment WHERE key = ?", (key,)).fetchone()
            if state in FINAL_STATES or (state == "claimed" and self._is_held(key, owner)):
                return False
            self._db.execute(f"INSERT OR REPLACE {into}", row)
        self._in_flight.add(key)  # under the lock, so that no other engine of this process takes it for abandoned
        return True

    def _is_held(self, key: str, owner: str | None) -> bool:
        return key in self._in_flight if owner == self._owner.name else self._owner.lives(owner)

    def finish(self, key: str, completion: Completion) -> None:
        """Store the outcome of a claimed request; when this returns, it is on disk."""
        said = completion.state, storable(completion.text), storable(completion.reason)
        try:
            self._outcomes.store((*said, json.dumps(dict(completion.details)), time.time(), key))
        finally:
            with self._lock:
                self._in_flight.discard(key)

    def _store_outcomes(self, rows: Sequence[tuple[object, ...]]) -> list[None]:
        columns = "state = ?, text = ?, reason = ?, details = ?, owner = NULL, at = ?"
        with self._explained(), self._transaction():
            self._db.executemany(f"UPDATE judgment SET {columns} WHERE key = ?", rows)
        return [None] * len(rows)

    # answers and uses ----------------------------------------------------------------------------------------------

    def answer(self, key: str) -> str | None:
        """Return a stored answer, or None."""
        with self._lock, self._explained():
            row = self._db.execute("SELECT text FROM answer WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def store_answers(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Store (key, request, text) rows in one transaction."""
        now = time.time()
        stored = [(*map(storable, row), now) for row in rows]
        with self._explained(), self._transaction():
            self._db.executemany("INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?)", stored)

    def record(self, uses: Iterable[Use]) -> None:
        """Store where judgments count, in one transaction; the same place again replaces."""
        self._record("use", uses)

    def record_comparisons(self, comparisons: Iterable[Comparison]) -> None:
        """Store where the judgments of games count, in one transaction; the same place again replaces."""
        self._record("comparison", comparisons)

    def record_exam(self, uses: Iterable[ExamUse]) -> None:
        """Store where the judgments of an exam count, in one transaction; the same place again replaces."""
        self._record("exam", uses)

    def _record(self, table: str, records: Iterable[Use] | Iterable[Comparison] | Iterable[ExamUse]) -> None:
        now = time.time()
        rows = [{**vars(record), "at": now} for record in records]
        if rows:
            names = ", ".join(rows[0])
            places = ", ".join(f":{name}" for name in rows[0])
            with self._explained(), self._transaction():
                self._db.executemany(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({places})", rows)

    def _rows(self, query: str, parameters: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        """Run a reading query of this package; a damaged row is a LedgerError."""
        with self._lock, self._explained():
            cursor = self._db.cursor()
            cursor.row_factory = sqlite3.Row
            rows = cursor.execute(query, parameters).fetchall()
        check_rows(rows, self.path)
        return rows

    def parsed(self, text: object, what: str, shape: type = dict) -> Any:
        """Read a column's JSON: an object, or what else `shape` says.

        Raises:
            LedgerError: It isn't one; `what` names it.
        """
        try:
            value = json.loads(str(text))
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, shape):
            return value
        raise LedgerError(f"The ledger {self.path} is damaged: {what} can't be read; take a copy of it from before.")

    def execute(self, statement: str, parameters: tuple[object, ...] = ()) -> None:
        """Run one writing statement in a transaction of its own."""
        with self._explained(), self._transaction():
            self._db.execute(statement, parameters)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for several statements in one transaction; when the block ends, they are on disk."""
        with self._explained(), self._transaction():
            yield self._db

    def merge(self, other: Path) -> tuple[int, int, int, int]:
        """Copy what another ledger has and this one lacks; the other stays as it is.

        Returns:
            The numbers of judgments, answers, uses (comparisons and exams among them) and translations that were added.

        Raises:
            LedgerError: The other file isn't a ledger, or is damaged.
        """
        with open_ledger(other, read_only=True) as source, self._lock:
            source.check_whole()
            with self._explained():
                self._db.execute("ATTACH DATABASE ? AS other", (str(source.file),))
                try:
                    with self._transaction():
                        return copy_from_attached(self._db)
                finally:
                    self._db.execute("DETACH DATABASE other")

    def check_whole(self) -> None:
        """Raise LedgerError if the file is damaged."""
        (found, *_) = self._rows("PRAGMA quick_check(1)")
        if found[0] != "ok":
            raise LedgerError(f"The ledger {self.path} is damaged ({found[0]}); take a copy of it from before.")

    # the file ------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _transaction(self, synchronous: str = "FULL") -> Iterator[None]:
        with self._lock:
            if self._synchronous != synchronous:
                self._db.execute(f"PRAGMA synchronous={synchronous}")
                self._synchronous = synchronous
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def _explained(self) -> contextlib.AbstractContextManager[None]:
        return explained(self.path)

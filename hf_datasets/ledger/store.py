"""The ledger: every paid result, kept in one SQLite file before anyone uses it.

A result is keyed by the sha256 of all that determines it, so a second run of the same work finds it and asks nobody.
Raw texts are kept, never only numbers: a better parser scores them again for free. WAL with `synchronous=FULL`: what
was acknowledged survives a kill and a power cut. One connection a process, shared by its threads under a lock.
"""

import contextlib
import functools
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import psutil

from hf_datasets.ledger.group_commit import Together
from hf_datasets.ledger.owner import identity, may_be_alive
from hf_datasets.records import Comparison, Completion, Use, storable
from hf_datasets.shared.errors import UserError

SCHEMA = 1
BUSY_SECONDS = 60.0
FOREIGN_CLAIM_SECONDS = 1800.0
"""A claim held by another host, whose processes can't be looked up, ends after this long."""
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "beegfs", "gpfs", "fuse.sshfs", "ceph", "9p", "afs"}
)
FINAL_STATES = ("answered", "empty", "refused")
"""What isn't asked again; `failed` (transport) is tried again by the next run."""

_TABLES = """
CREATE TABLE IF NOT EXISTS judgment (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, state TEXT NOT NULL, text TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '', details TEXT NOT NULL DEFAULT '{}', owner TEXT, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS answer (key TEXT PRIMARY KEY, request TEXT NOT NULL, text TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS use (
    candidate TEXT NOT NULL, identity TEXT NOT NULL, benchmark TEXT NOT NULL, revision TEXT NOT NULL,
    task_version REAL NOT NULL, language TEXT NOT NULL, question_id INTEGER NOT NULL, turn INTEGER NOT NULL,
    repeat INTEGER NOT NULL, run INTEGER NOT NULL, judge TEXT NOT NULL, settings TEXT NOT NULL,
    prompt TEXT NOT NULL, suspicious INTEGER NOT NULL, answer TEXT NOT NULL, judgment TEXT, at REAL NOT NULL,
    PRIMARY KEY (candidate, identity, benchmark, revision, task_version, language, question_id, turn, repeat, run,
                 judge, settings));
CREATE TABLE IF NOT EXISTS comparison (
    benchmark TEXT NOT NULL, revision TEXT NOT NULL, language TEXT NOT NULL, question_id INTEGER NOT NULL,
    turn INTEGER NOT NULL, run INTEGER NOT NULL, judge TEXT NOT NULL, settings TEXT NOT NULL, prompt TEXT NOT NULL,
    model_1 TEXT NOT NULL, model_2 TEXT NOT NULL, game INTEGER NOT NULL, suspicious INTEGER NOT NULL,
    answer_1 TEXT NOT NULL, answer_2 TEXT NOT NULL, judgment TEXT, at REAL NOT NULL,
    PRIMARY KEY (benchmark, language, question_id, turn, run, judge, model_1, model_2, game, settings, revision));
CREATE TABLE IF NOT EXISTS translation (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, engine TEXT NOT NULL, text TEXT, billed INTEGER NOT NULL DEFAULT 0,
    details TEXT NOT NULL DEFAULT '{}', owner TEXT, at REAL NOT NULL);
"""


class LedgerError(UserError):
    """The ledger can't be written; nothing more may be paid for."""


def default_path() -> Path:
    """Return the ledger's place in the user's cache folder."""
    import pooch

    return Path(pooch.os_cache("mtbench-x")) / "ledger.sqlite"


@functools.cache
def _open(path: Path, _pid: int) -> "Ledger":
    return Ledger(path)


def open_ledger(path: Path | None = None) -> "Ledger":
    """Return this process's one ledger of a path (None: `default_path()`).

    Raises:
        LedgerError: It can't be created or written there.
    """
    return _open((path or default_path()).expanduser().resolve(), os.getpid())


class Ledger:
    """One SQLite file; see the module's text. Use `open_ledger`, which opens each path once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._in_flight: set[str] = set()
        self._outcomes = Together(self._lock, self._store_outcomes)
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            _refuse_network_file_system(path)
            self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            self._enter_wal()
            self._check_version("main", path)
            self._db.executescript(_TABLES)
            self._db.execute(f"PRAGMA user_version={SCHEMA}")

    def check_writable(self) -> None:
        """Write and roll back; raises LedgerError before anything is paid for."""
        with self._explained(), self._transaction():
            self._db.execute("INSERT OR REPLACE INTO answer VALUES ('?', '', ?, 0)", ("x" * 4096,))
            self._db.execute("DELETE FROM answer WHERE key = '?'")

    # judgments -----------------------------------------------------------------------------------------------------

    def judgment(self, key: str) -> Completion | None:
        """Return a final judgment, or None."""
        with self._lock, self._explained():
            row = self._db.execute("SELECT state, text, reason, details FROM judgment WHERE key = ?", (key,)).fetchone()
        return _completion(row) if row and row[0] in FINAL_STATES else None

    def claim(self, key: str, request: str) -> bool:
        """Claim a request; False if it is done, or in flight in this or another living process.

        A claim needn't survive a power cut, so it isn't flushed.
        """
        with self._explained(), self._transaction("NORMAL"):
            row = self._db.execute("SELECT state, owner, at FROM judgment WHERE key = ?", (key,)).fetchone()
            if row and (row[0] in FINAL_STATES or (row[0] == "claimed" and self._is_held(key, row[1], row[2]))):
                return False
            self._db.execute(
                "INSERT OR REPLACE INTO judgment (key, request, state, owner, at) VALUES (?, ?, 'claimed', ?, ?)",
                (key, storable(request), identity(), time.time()),
            )
            self._in_flight.add(key)  # under the lock, so that no other engine of this process takes it for abandoned
            return True

    def _is_held(self, key: str, owner: str, since: float) -> bool:
        if owner == identity():
            return key in self._in_flight
        local = json.loads(owner)[0] == json.loads(identity())[0]
        return may_be_alive(owner) and (local or time.time() - since < FOREIGN_CLAIM_SECONDS)

    def finish(self, key: str, completion: Completion) -> None:
        """Store the outcome of a claimed request; when this returns, it is on disk."""
        said = completion.state, storable(completion.text), storable(completion.reason)
        try:
            self._outcomes.store((*said, json.dumps(dict(completion.details)), time.time(), key))
        finally:
            with self._lock:
                self._in_flight.discard(key)

    def _store_outcomes(self, rows: Sequence[tuple[object, ...]]) -> None:
        columns = "state = ?, text = ?, reason = ?, details = ?, owner = NULL, at = ?"
        with self._explained(), self._transaction():
            self._db.executemany(f"UPDATE judgment SET {columns} WHERE key = ?", rows)

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

    def _record(self, table: str, records: Iterable[Use] | Iterable[Comparison]) -> None:
        now = time.time()
        rows = [{**vars(record), "at": now} for record in records]
        if rows:
            names = ", ".join(rows[0])
            places = ", ".join(f":{name}" for name in rows[0])
            with self._explained(), self._transaction():
                self._db.executemany(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({places})", rows)

    def rows(self, query: str, parameters: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        """Run a reading query."""
        with self._lock, self._explained():
            cursor = self._db.cursor()
            cursor.row_factory = sqlite3.Row
            return cursor.execute(query, parameters).fetchall()

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
        """Copy what another ledger has and this one lacks.

        Returns:
            The numbers of judgments, answers, uses (comparisons among them) and translations that were added.

        Raises:
            LedgerError: The other file isn't a ledger.
        """
        if not other.is_file():
            raise LedgerError(f"There is no ledger at {other}.")
        with self._lock:
            with self._explained(other):
                self._db.execute("ATTACH DATABASE ? AS other", (str(other),))
            try:
                with self._explained(other):
                    self._check_version("other", other)
                    self._db.execute("SELECT 1 FROM other.judgment, other.answer, other.use LIMIT 0")
                with self._explained(), self._transaction():
                    return self._copy_from_attached()
            finally:
                self._db.execute("DETACH DATABASE other")

    def _copy_from_attached(self) -> tuple[int, int, int, int]:
        final = ", ".join(f"'{state}'" for state in FINAL_STATES)
        judgments = self._db.execute(
            f"INSERT OR REPLACE INTO judgment SELECT * FROM other.judgment WHERE state IN ({final}) "
            f"AND key NOT IN (SELECT key FROM main.judgment WHERE state IN ({final}))"
        ).rowcount
        answers = self._db.execute("INSERT OR IGNORE INTO answer SELECT * FROM other.answer").rowcount
        uses = self._db.execute("INSERT OR IGNORE INTO use SELECT * FROM other.use").rowcount
        tables = {name for (name,) in self._db.execute("SELECT name FROM other.sqlite_master")}
        translations = 0
        if "comparison" in tables:  # older ledgers lack these
            uses += self._db.execute("INSERT OR IGNORE INTO comparison SELECT * FROM other.comparison").rowcount
        if "translation" in tables:
            translations = self._db.execute(
                "INSERT OR REPLACE INTO translation SELECT * FROM other.translation WHERE text IS NOT NULL "
                "AND key NOT IN (SELECT key FROM main.translation WHERE text IS NOT NULL)"
            ).rowcount
        return judgments, answers, uses, translations

    # the file ------------------------------------------------------------------------------------------------------

    def _enter_wal(self) -> None:
        """Switch to WAL; where two processes make the file at once one must wait, which SQLite doesn't do here."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def _check_version(self, schema: str, path: Path) -> None:
        (version,) = self._db.execute(f"PRAGMA {schema}.user_version").fetchone()
        if version not in (0, SCHEMA):
            raise LedgerError(f"The ledger {path} was written by another release (layout {version}); name another.")

    @contextlib.contextmanager
    def _transaction(self, synchronous: str = "FULL") -> Iterator[None]:
        with self._lock:
            self._db.execute(f"PRAGMA synchronous={synchronous}")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    @contextlib.contextmanager
    def _explained(self, path: Path | None = None) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(
                f"The ledger {path or self.path} can't be used ({error}); free the disk or name another place, "
                f'e.g. --metadata \'{{"judge": {{"ledger": "PATH"}}}}\'.'
            ) from error


def _completion(row: tuple[str, str, str, str]) -> Completion:
    state, text, reason, details = row
    return Completion(state, text, reason, json.loads(details))


def _refuse_network_file_system(path: Path) -> None:
    """WAL needs shared memory, which network file systems don't have."""
    mounts = [mount for mount in psutil.disk_partitions(all=True) if path.is_relative_to(mount.mountpoint)]
    nearest = max(mounts, key=lambda mount: len(mount.mountpoint), default=None)
    if nearest is not None and nearest.fstype.lower() in NETWORK_FILE_SYSTEMS:
        raise LedgerError(
            f"The ledger {path} would lie on a network file system ({nearest.fstype}), where SQLite loses writes; "
            f"give each job a ledger on a local disk and join them with `mtbenchx ledger merge`."
        )

"""The ledger's tables, how its file is told from other programs', and what lifts an older file, one step a layout.

Who changes a table raises SCHEMA and adds the step to `_STEPS`: it is all that older files need. A further table needs
neither: it is made when a file is opened, and older releases pass over it.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from hf_datasets.shared.errors import UserError

SCHEMA = 3
"""Number of the layout (SQLite's user_version)."""
APPLICATION = 0x6D74626C
"""Marks our files (SQLite's application_id): `mtbl`. Files of layout 1 have no mark."""
TABLES: Mapping[str, str] = {
    "judgment": """
    key TEXT PRIMARY KEY, request TEXT NOT NULL, state TEXT NOT NULL, text TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '', details TEXT NOT NULL DEFAULT '{}', owner TEXT, at REAL NOT NULL""",
    "answer": "key TEXT PRIMARY KEY, request TEXT NOT NULL, text TEXT NOT NULL, at REAL NOT NULL",
    "use": """
    candidate TEXT NOT NULL, identity TEXT NOT NULL, benchmark TEXT NOT NULL, revision TEXT NOT NULL,
    task_version REAL NOT NULL, language TEXT NOT NULL, question_id NOT NULL, turn INTEGER NOT NULL,
    repeat INTEGER NOT NULL, run INTEGER NOT NULL, judge TEXT NOT NULL, settings TEXT NOT NULL,
    prompt TEXT NOT NULL, suspicious INTEGER NOT NULL, answer TEXT NOT NULL, judgment TEXT, at REAL NOT NULL,
    PRIMARY KEY (candidate, identity, benchmark, revision, task_version, language, question_id, turn, repeat, run,
                 judge, settings)""",
    "comparison": """
    benchmark TEXT NOT NULL, revision TEXT NOT NULL, language TEXT NOT NULL, question_id NOT NULL,
    turn INTEGER NOT NULL, run INTEGER NOT NULL, judge TEXT NOT NULL, settings TEXT NOT NULL, prompt TEXT NOT NULL,
    model_1 TEXT NOT NULL, model_2 TEXT NOT NULL, game INTEGER NOT NULL, suspicious INTEGER NOT NULL,
    answer_1 TEXT NOT NULL, answer_2 TEXT NOT NULL, judgment TEXT, at REAL NOT NULL,
    PRIMARY KEY (benchmark, language, question_id, turn, run, judge, model_1, model_2, game, settings, revision)""",
    "exam": """
    judge TEXT NOT NULL, settings TEXT NOT NULL, form TEXT NOT NULL, seed TEXT NOT NULL, revision TEXT NOT NULL,
    language TEXT NOT NULL, template TEXT NOT NULL, mode TEXT NOT NULL, shown TEXT NOT NULL, run INTEGER NOT NULL,
    judgment TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (judge, settings, form, seed, revision, language, template, mode, shown, run)""",
    "translation": """
    key TEXT PRIMARY KEY, request TEXT NOT NULL, engine TEXT NOT NULL, text TEXT, billed INTEGER NOT NULL DEFAULT 0,
    details TEXT NOT NULL DEFAULT '{}', owner TEXT, at REAL NOT NULL""",
    "batch": """
    endpoint TEXT NOT NULL, file TEXT NOT NULL, id TEXT NOT NULL DEFAULT '', keys TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open', owner TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (endpoint, file)""",
}
"""Table -> its columns. `use` and `comparison` have the settings of the judging in their keys: a run under others
stands beside the first. A question's id has no type, so that 81 stays a number and the text 1.10 doesn't become one."""
_ADDED_IN_LAYOUT_1 = {"identity": "''", "prompt": "''", "suspicious": "0"}
"""Columns of `use` that the first ledgers lack, and what stands in them then."""


class LedgerError(UserError):
    """The ledger can't be read or written; nothing more may be paid for."""


def check_ours(db: sqlite3.Connection, path: Path) -> int:
    """Return the layout of a ledger's file, 0 for one without tables; nothing is written.

    Raises:
        LedgerError: It is another program's database, or of a later release.
    """
    (mark,) = db.execute("PRAGMA application_id").fetchone()
    (layout,) = db.execute("PRAGMA user_version").fetchone()
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if mark == APPLICATION:
        if not 0 < layout <= SCHEMA:
            raise LedgerError(f"The ledger {path} was written by a later release (layout {layout}); name another.")
        return int(layout)
    if not mark and not layout and not tables:
        return 0
    if mark or layout > 1 or not tables or not all(_is_of_layout_1(db, table) for table in tables):
        raise LedgerError(f"{path} is an SQLite file, but no ledger of mtbenchx; it was left as it is: name another.")
    return 1


def check_rows(rows: Sequence[sqlite3.Row], path: Path) -> None:
    """See that rows hold what our columns hold.

    Raises:
        LedgerError: One holds bytes, or a turn that is no whole number from 1.
    """
    names = rows[0].keys() if rows else []
    turn = names.index("turn") if "turn" in names else None
    for row in rows:
        odd = next((f"bytes in {name}" for name, value in zip(names, row, strict=True) if type(value) is bytes), "")
        if turn is not None and not (isinstance(row[turn], int) and row[turn] > 0):
            odd = f"the turn {str(row[turn])[:20]!r}"
        if odd:
            raise LedgerError(f"The ledger {path} is damaged: a row holds {odd}; take a copy of it from before.")


def _is_of_layout_1(db: sqlite3.Connection, table: str) -> bool:
    found = set(columns(db, table))
    if table not in TABLES:
        return False
    now = _named(TABLES[table])
    return found <= now and (now - found <= set(_ADDED_IN_LAYOUT_1 if table == "use" else ()))


def columns(db: sqlite3.Connection, table: str) -> list[str]:
    """Return the names of a table's columns."""
    return [name for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", (table,))]


def _named(definition: str) -> set[str]:
    """Return the columns of a definition: what begins its parts, but for the key's."""
    with_columns, _, _ = definition.partition("PRIMARY KEY (")
    return {part.split()[0] for part in with_columns.split(",") if part.strip()}


def bring_up_to_date(db: sqlite3.Connection, path: Path) -> None:
    """Make the tables of an empty file and lift an older ledger, all or nothing; what is up to date isn't written."""
    if check_ours(db, path) == SCHEMA and _has_all_tables(db):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        for layout in range(check_ours(db, path), SCHEMA):
            _STEPS[layout](db)
        for table, definition in TABLES.items():
            db.execute(f"CREATE TABLE IF NOT EXISTS {table} ({definition})")
        db.execute(f"PRAGMA application_id={APPLICATION}")
        db.execute(f"PRAGMA user_version={SCHEMA}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _has_all_tables(db: sqlite3.Connection) -> bool:
    return all(columns(db, table) for table in TABLES)


def _from_nothing(db: sqlite3.Connection) -> None:
    """An empty file has nothing to lift."""


def _from_layout_1(db: sqlite3.Connection) -> None:
    """Give the first ledgers' uses the columns that later ones had under the same number."""
    found = columns(db, "use")
    missing = [name for name in _ADDED_IN_LAYOUT_1 if name not in found]
    if found and missing:
        db.execute("ALTER TABLE use RENAME TO use_1")
        db.execute(f"CREATE TABLE use ({TABLES['use']})")
        values = [*found, *(_ADDED_IN_LAYOUT_1[name] for name in missing)]
        db.execute(f"INSERT INTO use ({', '.join([*found, *missing])}) SELECT {', '.join(values)} FROM use_1")
        db.execute("DROP TABLE use_1")


def _from_layout_2(db: sqlite3.Connection) -> None:
    """Let questions' ids be of any kind: a column of whole numbers makes 1.1 of the text 1.10."""
    for table in ("use", "comparison"):
        if names := ", ".join(columns(db, table)):
            db.execute(f"ALTER TABLE {table} RENAME TO {table}_2")
            db.execute(f"CREATE TABLE {table} ({TABLES[table]})")
            db.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {table}_2")
            db.execute(f"DROP TABLE {table}_2")


_STEPS = {0: _from_nothing, 1: _from_layout_1, 2: _from_layout_2}

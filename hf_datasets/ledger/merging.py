"""One ledger's results into another."""

import sqlite3

from hf_datasets.ledger.layout import columns

FINAL_STATES = ("answered", "empty", "refused")
"""What isn't asked again; `failed` (transport) is tried again by the next run."""
_FINAL = ", ".join(f"'{state}'" for state in FINAL_STATES)


def copy_from_attached(db: sqlite3.Connection) -> tuple[int, int, int, int]:
    """Copy what the database attached as `other`, of the same layout, has and this one lacks.

    Returns:
        The numbers of judgments, answers, uses (comparisons and exams among them) and translations that were added.
    """
    judgments = _copy(db, "judgment", f"state IN ({_FINAL})")
    answers = _copy(db, "answer")
    uses = _copy(db, "use") + _copy(db, "comparison") + _copy(db, "exam")
    return judgments, answers, uses, _copy(db, "translation", "text IS NOT NULL")


def _copy(db: sqlite3.Connection, table: str, done: str = "") -> int:
    """Copy rows by the names of their columns; where only some count as `done`, those replace what isn't."""
    names = ", ".join(columns(db, table))
    verb, where = "OR IGNORE", ""
    if done:
        verb, where = "OR REPLACE", f"WHERE {done} AND key NOT IN (SELECT key FROM main.{table} WHERE {done})"
    statement = f"INSERT {verb} INTO main.{table} ({names}) SELECT {names} FROM other.{table} {where}"
    return db.execute(statement).rowcount

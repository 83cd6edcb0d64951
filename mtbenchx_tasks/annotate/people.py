"""Invitations: who has which code, as a hash; labels, new codes for old, and codes that are blocked."""

import random
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate.codes import code_hash, new_code
from mtbenchx_tasks.annotate.store import Store

LONGEST_LABEL = 200
_PEOPLE = """
SELECT annotator.id AS name, label.text AS label, blocked.annotator IS NOT NULL AS blocked,
       code_hash IS NULL AS withdrawn, consent_at IS NOT NULL AS agreed
FROM annotator LEFT JOIN label ON label.annotator = id LEFT JOIN blocked ON blocked.annotator = id
ORDER BY CAST(SUBSTR(id, 8) AS INTEGER)
"""


@dataclass(frozen=True)
class Person:
    """Somebody who was invited."""

    name: str
    """The pseudonym."""
    label: str
    """The organiser's note, e.g. to whom the code was given; it is never exported."""
    blocked: bool
    """The code is of no use at present."""
    withdrawn: bool
    """They withdrew; nothing of them is kept."""
    agreed: bool
    """They agreed to a consent text."""


def people(store: Store) -> list[Person]:
    """Return everybody who was invited, by the number in the pseudonym."""
    return [
        Person(row["name"], row["label"] or "", bool(row["blocked"]), bool(row["withdrawn"]), bool(row["agreed"]))
        for row in store.rows(_PEOPLE)
    ]


def invite(store: Store, code_hashes: Sequence[str], labels: Sequence[str] = ()) -> list[str]:
    """Make a pseudonym for each invitation, the numbers in no order; returns them in the order of the codes.

    Args:
        store: The study's database.
        code_hashes: What is kept of the codes.
        labels: A note for each code; empty: none.
    """
    with store.transaction() as db:
        highest = db.execute("SELECT COALESCE(MAX(CAST(SUBSTR(id, 8) AS INTEGER)), 0) FROM annotator").fetchone()[0]
        numbers = list(range(highest + 1, highest + 1 + len(code_hashes)))
        random.SystemRandom().shuffle(numbers)
        names = [f"expert_{number}" for number in numbers]
        for name, hashed in zip(names, code_hashes, strict=True):
            insert_annotator(db, name, hashed)
            store.record("invitation", annotator=name, code_hash=hashed)
        for name, text in zip(names, labels, strict=False):
            _label(store, db, name, text)
        return names


def reissue(store: Store, name: str) -> str:
    """Return a new code for somebody; the old one ends, but whoever is logged in stays so (else: `block`).

    Raises:
        UserError: There is no such person, or they withdrew.
    """
    code = new_code()
    with store.transaction() as db:
        _known(store, db, name)
        db.execute("UPDATE annotator SET code_hash = ? WHERE id = ?", (code_hash(code), name))
        store.record("invitation", annotator=name, code_hash=code_hash(code))
    return code


def label(store: Store, name: str, text: str) -> None:
    """Note something about a code; an empty text removes the note.

    Raises:
        UserError: There is no such person, or they withdrew.
    """
    with store.transaction() as db:
        _known(store, db, name)
        _label(store, db, name, text)


def block(store: Store, name: str, blocked: bool = True) -> None:
    """Let a code and its logins be of no use, or of use again; the votes stay.

    Raises:
        UserError: There is no such person, or they withdrew.
    """
    with store.transaction() as db:
        _known(store, db, name)
        set_blocked(db, name, blocked)
        store.record("block", annotator=name, blocked=blocked)


def found(store: Store, wanted: str) -> list[Person]:
    """Return people by pseudonym, by code, or by a part of their label, whatever its case."""
    hashed = store.rows("SELECT id FROM annotator WHERE code_hash = ?", (code_hash(wanted),))
    names = {wanted, *(row["id"] for row in hashed)}
    part = wanted.casefold()
    return [person for person in people(store) if person.name in names or (part and part in person.label.casefold())]


def insert_annotator(db: sqlite3.Connection, name: str, hashed: str | None) -> None:
    """Insert one invitation; harmless to repeat."""
    db.execute("INSERT OR IGNORE INTO annotator (id, code_hash) VALUES (?, ?)", (name, hashed))


def set_label(db: sqlite3.Connection, name: str, text: str) -> None:
    """Set a label; empty: none."""
    db.execute("DELETE FROM label WHERE annotator = ?", (name,))
    if text:
        db.execute("INSERT INTO label VALUES (?, ?)", (name, text))


def set_blocked(db: sqlite3.Connection, name: str, blocked: bool) -> None:
    """Block a code, or let it be of use again."""
    db.execute("DELETE FROM blocked WHERE annotator = ?", (name,))
    if blocked:
        db.execute("INSERT INTO blocked VALUES (?)", (name,))


def _label(store: Store, db: sqlite3.Connection, name: str, text: str) -> None:
    text = text.strip()[:LONGEST_LABEL]
    set_label(db, name, text)
    store.record("label", annotator=name, text=text)


def _known(store: Store, db: sqlite3.Connection, name: str) -> None:
    row = db.execute("SELECT code_hash FROM annotator WHERE id = ?", (name,)).fetchone()
    if row is None:
        raise UserError(f"{store.path} has no annotator {name!r}; `mtbenchx annotate status` lists them.")
    if row[0] is None:
        raise UserError(f"{name} withdrew; invite them anew, if they wish.")

"""From journals to a database: harmless to repeat, with copies and parts of the same journal, in any order."""

import sqlite3
from pathlib import Path

from mtbenchx_tasks.annotate.events import StudySoFar, Vote, told
from mtbenchx_tasks.annotate.journal import read_journals
from mtbenchx_tasks.annotate.people import insert_annotator, set_blocked, set_label
from mtbenchx_tasks.annotate.store import Store, forget
from mtbenchx_tasks.annotate.voting import insert_vote


def restore(store: Store, folder: Path) -> StudySoFar:
    """Bring all journals of a folder, and of the folders in it, into a database; returns what they say.

    Args:
        store: Its study and invitations are in place, or come from the journals.
        folder: Where the journals are.

    Raises:
        UserError: A line isn't one of ours; a last line that was cut off in the writing is none.
    """
    found = told(read_journals(folder))
    with store.transaction() as db:
        _bring_people(db, found)
        _bring_votes(db, found)
    store.continue_after(found.latest)
    return found


def _bring_people(db: sqlite3.Connection, found: StudySoFar) -> None:
    for name, hashed in found.invitations.items():
        insert_annotator(db, name, hashed)
        db.execute("UPDATE annotator SET code_hash = ? WHERE id = ?", (hashed, name))
    for name, consent in found.consents.items():
        insert_annotator(db, name, None)
        db.execute(
            "INSERT OR IGNORE INTO consent_text VALUES (?, ?, ?)", (consent.version, consent.language, consent.text)
        )
        db.execute(
            "UPDATE annotator SET consent_at = ?, consent_version = ?, language = ? WHERE id = ?",
            (consent.at, consent.version, consent.language, name),
        )
    for name, text in found.labels.items():
        set_label(db, name, text)
    for name, blocked in found.blocked.items():
        set_blocked(db, name, blocked)
    db.executemany("INSERT OR IGNORE INTO session VALUES (?, ?)", found.ended.items())
    for name in found.withdrawn:
        insert_annotator(db, name, None)
        forget(db, name)


def _bring_votes(db: sqlite3.Connection, found: StudySoFar) -> None:
    standing = found.standing
    kept = {vote.assignment for vote in standing.values()}
    for assignment in [*(found.undone - kept), *(found.places.keys() - kept)]:
        if db.execute("DELETE FROM vote WHERE assignment = ?", (assignment,)).rowcount:
            db.execute("DELETE FROM assignment WHERE id = ?", (assignment,))
    for vote in sorted(standing.values(), key=lambda vote: vote.at):
        insert_annotator(db, vote.annotator, None)
        _bring_vote(db, vote)


def _bring_vote(db: sqlite3.Connection, vote: Vote) -> None:
    """Insert a vote with its assignment, in place of what the database has there."""
    place = (vote.annotator, vote.question_id, vote.pair, vote.turn)
    row = vote.model_dump(exclude={"at", "assignment", "left_model"})
    held = db.execute(
        "SELECT assignment, choice FROM vote WHERE annotator = ? AND question_id = ? AND pair = ? AND turn = ?", place
    ).fetchone()
    if held and tuple(held) == (vote.assignment, vote.choice):
        return
    for table in ("vote", "assignment"):
        db.execute(f"DELETE FROM {table} WHERE annotator = ? AND question_id = ? AND pair = ? AND turn = ?", place)
    shown = vote.created - vote.ms / 1000
    db.execute(
        "INSERT INTO assignment (id, annotator, question_id, pair, turn, left_model, created, shown, expires) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (vote.assignment, *place, vote.left_model, shown, shown, vote.created),
    )
    insert_vote(db, vote.assignment, row)

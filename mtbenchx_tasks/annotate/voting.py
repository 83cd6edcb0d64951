"""Who judges what now, and what they said: assignments and votes, written before anything is acknowledged.

A vote is mapped from side to model as it is written, never later. The client sends an assignment's token and a choice;
who votes comes from the signed cookie, and question, turn and models from the assignment's row.
"""

import random
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtbenchx_tasks.annotate.assignment import RESERVED_SECONDS, Policy, choose
from mtbenchx_tasks.annotate.store import Store
from mtbenchx_tasks.annotate.study import AnnotationStudy, Matchup

REFRESH_SECONDS = 60.0
"""How much of a reservation may pass before looking at the page renews it."""
LEFT, RIGHT, TIE, BOTH_BAD, SKIP = "left", "right", "tie", "both_bad", "skip"
CHOICES = (LEFT, RIGHT, TIE, BOTH_BAD, SKIP)
"""What a button says, in the order of the keys 1 to 5."""

_RATERS = """
SELECT a.question_id, a.pair, a.turn, COUNT(*) FROM assignment AS a LEFT JOIN vote ON vote.assignment = a.id
WHERE (vote.choice IS NOT NULL AND vote.choice != 'skip') OR (vote.choice IS NULL AND a.expires > ? AND a.expires <= ?)
GROUP BY a.question_id, a.pair, a.turn
"""
_OPEN = "NOT EXISTS (SELECT 1 FROM vote WHERE vote.assignment = assignment.id)"


class VoteRefusedError(Exception):
    """A request that must not become a vote."""


class ExpiredError(VoteRefusedError):
    """The reservation ended; its item may be with somebody else."""


@dataclass(frozen=True)
class Assignment:
    """What one annotator judges now."""

    id: str
    """A random token; it tells nothing."""
    item: Matchup
    """Question and pair."""
    turn: int
    """From 1."""
    left: str
    """The model shown on the left; drawn once, the same after a reload."""


class Voting:
    """The votes on one study."""

    def __init__(
        self,
        store: Store,
        study: AnnotationStudy,
        items: Sequence[Matchup] | None = None,
        policy: Policy | None = None,
        *,
        sparse_ties: bool = False,
        reserved: float = RESERVED_SECONDS,
    ) -> None:
        """Begin or go on.

        Args:
            store: The study's database.
            study: What people judge.
            items: What may be shown; None: everything.
            policy: How new items are dealt; None: `Policy()`.
            sparse_ties: Whether people are asked to use ties sparingly; recorded with each vote.
            reserved: Seconds an assignment waits for its vote.
        """
        self.store, self.study, self.policy = store, study, policy or Policy()
        self.items = study.items if items is None else list(items)
        self._sparse_ties, self._reserved, self._rng = sparse_ties, reserved, random.SystemRandom()
        self._categories = {question.question_id: question.category for question in study.questions}

    def assign(self, name: str) -> Assignment | None:
        """Return what an annotator judges now: what is open, then turn 2 of what was begun, then something new."""
        now = self.store.clock()
        with self.store.transaction() as db:
            db.execute(f"DELETE FROM assignment WHERE annotator = ? AND expires <= ? AND {_OPEN}", (name, now))
            row = self._open(db, name)
            if row is None:
                item = self._begun(db, name) or self._new(db, name)
                if item is None:
                    return None
                self._reserve(db, name, item)
                row = self._open(db, name)
            if row["shown"] is None or row["expires"] < now + self._reserved - REFRESH_SECONDS:
                self._touch(db, row)
                db.execute("UPDATE assignment SET shown = COALESCE(shown, ?) WHERE id = ?", (now, row["id"]))
            return Assignment(row["id"], Matchup(row["question_id"], row["pair"]), row["turn"], row["left_model"])

    def _open(self, db: sqlite3.Connection, name: str) -> Any:
        query = f"SELECT * FROM assignment WHERE annotator = ? AND {_OPEN} ORDER BY created, turn LIMIT 1"
        return db.execute(query, (name,)).fetchone()

    def _begun(self, db: sqlite3.Connection, name: str) -> Matchup | None:
        """An item of which a turn isn't reserved any more, though an earlier one was voted on."""
        query = "SELECT question_id, pair, COUNT(*) FROM assignment WHERE annotator = ? GROUP BY 1, 2"
        for question_id, pair, turns in db.execute(query, (name,)):
            if turns < self.study.last_turn(question_id):
                return Matchup(question_id, pair)
        return None

    def _new(self, db: sqlite3.Connection, name: str) -> Matchup | None:
        query = "SELECT DISTINCT question_id, pair FROM assignment WHERE annotator = ?"
        seen = {Matchup(*row) for row in db.execute(query, (name,))}
        counts: dict[Matchup, dict[int, int]] = {}
        now = self.store.clock()  # what is reserved for longer was reserved while the clock was ahead
        for question_id, pair, turn, count in db.execute(_RATERS, (now, now + self._reserved)):
            counts.setdefault(Matchup(question_id, pair), {})[turn] = count
        raters = {
            item: min(by_turn.get(turn, 0) for turn in (1, self.study.last_turn(item.question_id)))
            for item, by_turn in counts.items()
        }
        return choose(self.items, seen, raters, self._categories, policy=self.policy, rng=self._rng)

    def _reserve(self, db: sqlite3.Connection, name: str, item: Matchup) -> None:
        """Reserve every turn (those that aren't there yet), each with sides of its own."""
        now = self.store.clock()
        for turn in range(1, self.study.last_turn(item.question_id) + 1):
            left = self._rng.choice(self.study.pairs[item.pair])
            values = (secrets.token_urlsafe(18), name, *item, turn, left, now, now + self._reserved)
            db.execute(
                "INSERT INTO assignment (id, annotator, question_id, pair, turn, left_model, created, expires) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                values,
            )

    def _touch(self, db: sqlite3.Connection, row: Mapping[str, Any] | sqlite3.Row) -> None:
        """Renew the reservation of every turn."""
        db.execute(
            f"UPDATE assignment SET expires = ? WHERE annotator = ? AND question_id = ? AND pair = ? AND {_OPEN}",
            (self.store.clock() + self._reserved, row["annotator"], row["question_id"], row["pair"]),
        )

    # votes ---------------------------------------------------------------------------------------------------------

    def vote(self, name: str, assignment: str, choice: str) -> bool:
        """Store a vote; when this returns, it is on disk. The first one stands: False if there was one.

        Raises:
            VoteRefusedError: The assignment isn't this annotator's or was never shown, or there is no such choice.
            ExpiredError: It was reserved too long ago.
        """
        if choice not in CHOICES:
            raise VoteRefusedError("no such choice")
        now = self.store.clock()
        with self.store.transaction() as db:
            row = db.execute("SELECT * FROM assignment WHERE id = ? AND annotator = ?", (assignment, name)).fetchone()
            if row is None:
                raise VoteRefusedError("not this annotator's assignment")
            if db.execute("SELECT 1 FROM vote WHERE assignment = ?", (assignment,)).fetchone():
                return False
            if row["shown"] is None:
                raise VoteRefusedError("never shown")
            if row["expires"] <= now:
                raise ExpiredError("reserved too long ago")
            one, other = self.study.pairs[row["pair"]]
            sides = {LEFT: row["left_model"], RIGHT: other if row["left_model"] == one else one}
            vote = {
                **{key: row[key] for key in ("annotator", "question_id", "pair", "turn")},
                **{"choice": choice, "winner": sides.get(choice, choice), "sparse_ties": int(self._sparse_ties)},
                **{"ms": max(0, round(1000 * (now - row["shown"]))), "created": now},
            }
            insert_vote(db, assignment, vote)
            self._touch(db, row)
            self.store.record("vote", assignment=assignment, left_model=row["left_model"], **vote)
        return True

    def undo(self, name: str, assignment: str) -> bool:
        """Take back an annotator's last vote; False if `assignment` isn't it. It comes again, on the same sides."""
        with self.store.transaction() as db:
            if self.last_vote(name) != assignment:
                return False
            db.execute("DELETE FROM vote WHERE assignment = ?", (assignment,))
            renewed = (self.store.clock() + self._reserved, assignment)
            db.execute("UPDATE assignment SET shown = NULL, expires = ? WHERE id = ?", renewed)
            self.store.record("undo", assignment=assignment, annotator=name)
        return True

    def last_vote(self, name: str) -> str | None:
        """Return the assignment of an annotator's last vote, which `undo` takes."""
        query = "SELECT assignment FROM vote WHERE annotator = ? ORDER BY rowid DESC LIMIT 1"  # no clock
        rows = self.store.rows(query, (name,))
        return str(rows[0][0]) if rows else None

    def finished(self, name: str) -> int:
        """Return how many items an annotator has judged in every turn: the last one comes last."""
        rows = self.store.rows("SELECT question_id, turn FROM vote WHERE annotator = ?", (name,))
        return sum(row["turn"] == self.study.last_turn(row["question_id"]) for row in rows)


def insert_vote(db: sqlite3.Connection, assignment: str, vote: Mapping[str, Any]) -> None:
    """Insert one row of `vote`; a second one for the same person, item and turn changes nothing."""
    names = ("annotator", "question_id", "pair", "turn", "choice", "winner", "ms", "created", "sparse_ties")
    db.execute(
        f"INSERT INTO vote (assignment, {', '.join(names)}) VALUES (?{', ?' * len(names)}) ON CONFLICT DO NOTHING",
        (assignment, *(vote[name] for name in names)),
    )

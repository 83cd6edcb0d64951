"""Votes that outlive the disk they were made on."""

import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from io import FileIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.records import canonical_json
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate.codes import code_hash
from mtbenchx_tasks.annotate.events import told
from mtbenchx_tasks.annotate.journal import Journal, read_journals
from mtbenchx_tasks.annotate.people import insert_annotator, invite
from mtbenchx_tasks.annotate.replay import restore
from mtbenchx_tasks.annotate.status import status
from mtbenchx_tasks.annotate.store import Annotator, Event, Store
from mtbenchx_tasks.annotate.voting import Voting
from tests.mtbenchx_tasks.annotate.running import make_study

VOTES = "SELECT annotator, question_id, pair, turn, choice, winner, ms, sparse_ties FROM vote ORDER BY 1, 2, 3, 4"
SIDES = """
SELECT vote.annotator, vote.question_id, vote.turn, left_model
FROM assignment JOIN vote ON vote.assignment = assignment.id
ORDER BY 1, 2, 3
"""
PEOPLE = "SELECT id, code_hash, consent_version, language FROM annotator ORDER BY 1"


class Full:
    """A disk without room for the kinds of changes that are named; empty: for any."""

    def __init__(self, *kinds: str) -> None:
        self.kinds = kinds

    def write(self, events: Sequence[Event]) -> None:
        if not self.kinds or any(event["type"] in self.kinds for event in events):
            raise OSError(28, "No space left on device")

    def take_back(self) -> None:
        raise AssertionError("nothing was written")


def begin(folder: Path, journals: Path) -> tuple[Store, Voting]:
    """One life of the process: a database of its own, a journal of its own."""
    store = Store(folder / "votes.sqlite", recorder=Journal(journals))
    study = make_study()
    store.set_study(study)
    restore(store, journals)
    return store, Voting(store, study)


def content(store: Store) -> list[list[tuple[object, ...]]]:
    return [[tuple(row) for row in store.rows(query)] for query in (VOTES, SIDES, PEOPLE)]


def test_a_restart_with_an_empty_disk_brings_everything_back(tmp_path: Path) -> None:
    journals, rng = tmp_path / "journals", random.Random(3)
    store, voting = begin(tmp_path / "life 0", journals)
    names = invite(store, [code_hash(str(number)) for number in range(5)])
    for life in range(1, 4):
        for name in names:
            store.consent(name, f"version of {life}", "text", "en")
            for _ in range(3):
                assignment = voting.assign(name)
                assert assignment is not None
                voting.vote(name, assignment.id, rng.choice(["left", "right", "skip"]))
            last = voting.last_vote(name)
            if rng.random() < 0.5:
                assert last is not None
                voting.undo(name, last)
                if rng.random() < 0.5:
                    again = voting.assign(name)
                    assert again is not None
                    assert again.id == last
                    voting.vote(name, again.id, "tie")
        if life == 2:
            assert store.withdraw(names[0]) > 0
            names = names[1:]
        before = content(store)
        store, voting = begin(tmp_path / f"life {life}", journals)
        assert content(store) == before
    assert len(list(journals.glob("votes-*.jsonl"))) == 4 - 1  # the last life wrote nothing yet
    restore(store, journals)  # harmless to repeat
    assert content(store) == before


def test_a_line_cut_off_in_the_writing_was_never_acknowledged(tmp_path: Path) -> None:
    store, _ = begin(tmp_path, tmp_path / "journals")
    names = invite(store, [code_hash("a"), code_hash("b")])
    (journal,) = (tmp_path / "journals").glob("*.jsonl")
    whole = journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    journal.write_bytes(lines[0] + lines[1][:-10])
    again = Store(tmp_path / "again.sqlite")
    restore(again, tmp_path / "journals")
    assert [row[0] for row in again.rows("SELECT id FROM annotator")] == [names[0]]


@pytest.mark.parametrize(
    "line",
    ["{", "[]", '{"at": "x"}', '{"at": 1, "type": "unknown"}', '{"at": 1, "type": "vote"}', '{"type": "undo"}'],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "votes-1.jsonl").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"votes-1\.jsonl, line 1"):
        restore(Store(tmp_path / "db.sqlite"), tmp_path)


class Writes(FileIO):
    """A file on a disk that takes `room` bytes more, and half of what is too much."""

    room = 0
    stuck = False  # nor can anything be cut off

    def write(self, data: Any) -> int:  # type: ignore[override]
        if not Writes.room:
            raise OSError(28, "No space left on device")
        taken = super().write(bytes(data)[: Writes.room])
        Writes.room -= taken
        return taken

    def truncate(self, size: int | None = None) -> int:
        if Writes.stuck:
            raise OSError(5, "Input/output error")
        return super().truncate(size)


def line(number: int) -> Event:
    return {"type": "withdrawal", "annotator": f"expert_{number}", "at": float(number)}


@pytest.mark.parametrize("stuck", [False, True])
def test_a_disk_that_is_full_in_the_middle_of_a_line_damages_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stuck: bool
) -> None:
    monkeypatch.setattr("mtbenchx_tasks.annotate.journal.FileIO", Writes)
    journal, Writes.room, Writes.stuck = Journal(tmp_path), 10_000, stuck
    journal.write([line(1)])
    Writes.room = 30
    with pytest.raises(OSError, match="No space"):
        journal.write([line(2), line(3)])
    with pytest.raises(OSError, match="No space"):
        journal.write([line(4)])
    Writes.room = 10_000
    journal.write([line(5), line(6)])
    names = [event["annotator"] for _, events in read_journals(tmp_path) for event in events]
    assert sorted(names) == ["expert_1", "expert_5", "expert_6"]


def test_a_half_line_that_an_earlier_version_left_hides_no_acknowledged_one(tmp_path: Path) -> None:
    whole = canonical_json({"annotator": 'a "quoted" {"name', "at": 3.0, "type": "withdrawal"})
    lines = [canonical_json(line(1)), canonical_json(line(2))[:25] + whole]
    (tmp_path / "votes-1.jsonl").write_text("".join(f"{text}\n" for text in lines), encoding="utf-8")
    ((_, events),) = read_journals(tmp_path)
    assert [event["annotator"] for event in events] == ["expert_1", 'a "quoted" {"name']


class FullAtCommit:
    """A connection on a disk that is full when it commits: SQLite then ends the transaction itself."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def execute(self, query: str, *values: Any) -> sqlite3.Cursor:
        if query == "COMMIT":
            self.connection.execute("ROLLBACK")
            raise sqlite3.OperationalError("database or disk is full")
        return self.connection.execute(query, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


def test_a_disk_that_is_full_at_the_commit_leaves_nothing_in_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = begin(tmp_path, tmp_path / "journals")
    with monkeypatch.context() as patch:
        patch.setattr(store, "_db", FullAtCommit(store._db))
        with pytest.raises(sqlite3.OperationalError, match="full"):
            invite(store, [code_hash("a")])
    assert [events for _, events in read_journals(tmp_path / "journals")] == [[]]
    assert invite(store, [code_hash("b")]) == ["expert_1"]
    assert len(told(read_journals(tmp_path / "journals")).invitations) == 1


def test_what_the_database_could_not_commit_is_not_in_the_journal(tmp_path: Path) -> None:
    store, voting = begin(tmp_path, tmp_path / "journals")
    (name,) = invite(store, [code_hash("a")])
    assignment = voting.assign(name)
    assert assignment is not None
    journals = tmp_path / "journals"
    before = [events for _, events in read_journals(journals)]
    store.rows("CREATE TEMP TABLE parent (id PRIMARY KEY)")
    store.rows("CREATE TEMP TABLE child (id REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)")
    store.rows("CREATE TEMP TRIGGER late AFTER INSERT ON vote BEGIN INSERT INTO child VALUES (1); END")
    with pytest.raises(sqlite3.IntegrityError):  # met by COMMIT, when the journal is written already
        voting.vote(name, assignment.id, "left")
    assert [events for _, events in read_journals(journals)] == before
    store.rows("DROP TRIGGER late")
    assert voting.vote(name, assignment.id, "right")
    assert next(iter(restore(Store(tmp_path / "again.sqlite"), journals).standing.values())).choice == "right"


# events, not files ---------------------------------------------------------------------------------------------------


def test_a_copy_of_a_part_of_a_journal_takes_nothing_back(tmp_path: Path) -> None:
    """The dataset holds vote, undo; the disk holds vote, undo, vote: the last one was acknowledged, too."""
    store, voting = begin(tmp_path, tmp_path / "journals")
    (name,) = invite(store, [code_hash("a")])
    first = voting.assign(name)
    assert first is not None
    voting.vote(name, first.id, "left")
    voting.undo(name, first.id)
    (journal,) = (tmp_path / "journals").iterdir()
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / journal.name).write_bytes(journal.read_bytes())
    voting.assign(name)
    voting.vote(name, first.id, "right")
    for _ in range(2):
        restore(store, tmp_path)
        assert [row["choice"] for row in store.rows("SELECT choice FROM vote")] == ["right"]


def two_replicas(tmp_path: Path, now: list[float]) -> list[tuple[Store, Voting]]:
    """Two processes that don't know of each other, with journals in one folder."""
    replicas = []
    for life in ("one", "other"):
        recorder = Journal(tmp_path / "journals")
        store = Store(tmp_path / life / "votes.sqlite", clock=lambda: now[0], recorder=recorder)
        store.set_study(make_study())
        with store.transaction() as db:
            for name in ("expert_1", "expert_2"):
                insert_annotator(db, name, code_hash(name))
        replicas.append((store, Voting(store, make_study())))
    return replicas


def vote(voting: Voting, name: str, choice: str = "left") -> str:
    assignment = voting.assign(name)
    assert assignment is not None
    assert voting.vote(name, assignment.id, choice)
    return assignment.id


def test_a_withdrawal_stands_whichever_journal_begins_first(tmp_path: Path) -> None:
    now = [100.0]
    (_, one), (store, other) = two_replicas(tmp_path, now)
    vote(other, "expert_2")  # the journal with the withdrawal begins earlier than the one with the vote
    now[0] = 110.0
    vote(one, "expert_1")
    now[0] = 200.0
    store.withdraw("expert_1")
    fresh = Store(tmp_path / "fresh.sqlite")
    fresh.set_study(make_study())
    assert len(restore(fresh, tmp_path / "journals").standing) == 1
    assert [row[0] for row in fresh.rows("SELECT annotator FROM vote")] == ["expert_2"]
    assert fresh.annotator("expert_1") is None


@pytest.mark.parametrize("act", ["undo", "withdraw"])
def test_a_process_whose_clock_is_behind_comes_after_what_it_found(tmp_path: Path, act: str) -> None:
    now = [1000.0]
    (_, one), (store, other) = two_replicas(tmp_path, now)
    voted = vote(one, "expert_1")
    now[0] = 989.0
    assert len(restore(store, tmp_path / "journals").standing) == 1
    assert other.undo("expert_1", voted) if act == "undo" else store.withdraw("expert_1") == 1
    fresh = Store(tmp_path / "fresh.sqlite")
    fresh.set_study(make_study())
    assert not restore(fresh, tmp_path / "journals").standing


def test_of_two_votes_at_one_place_the_first_stands_and_the_second_is_counted(tmp_path: Path) -> None:
    now = [1.0]
    (_, one), (_, other) = two_replicas(tmp_path, now)
    place = voted = None
    one.assign("expert_1")
    while place is None or voted != place:  # chance deals the questions
        shown = other.assign("expert_1")
        first = one.assign("expert_1")
        assert shown is not None
        assert first is not None
        place, voted = (first.item, first.turn), (shown.item, shown.turn)
        if voted != place:
            other.vote("expert_1", shown.id, "left")
        if voted != place and not other.assign("expert_1"):
            break
    now[0] = 2.0
    vote(one, "expert_1", "tie")
    now[0] = 3.0
    later = vote(other, "expert_1", "right")
    fresh = Store(tmp_path / "fresh.sqlite")
    fresh.set_study(make_study())
    found = restore(fresh, tmp_path / "journals")
    assert found.second == 1
    assert found.places[later] in found.standing
    assert found.standing[found.places[later]].choice == "tie"


@given(data=st.data())
def test_the_same_changes_say_the_same_in_whatever_files_they_lie(data: st.DataObject) -> None:
    """Split over files, with parts of them as copies, in any order."""
    kinds = data.draw(st.lists(st.sampled_from(["vote", "undo", "withdrawal"]), max_size=12))
    people = data.draw(st.lists(st.sampled_from("ab"), min_size=len(kinds), max_size=len(kinds)))
    events: list[Event] = []
    for at, (kind, name) in enumerate(zip(kinds, people, strict=True), start=1):
        more: dict[str, Any] = {"annotator": name} if kind != "vote" else made_vote(name, at)
        events.append({"type": kind, "at": float(at), **({"assignment": name} if kind == "undo" else {}), **more})
    files: list[list[Event]] = [[], [], []]
    for event in events:
        files[data.draw(st.integers(0, 2))].append(event)
    copies = [file[: data.draw(st.integers(0, len(file)))] for file in files]
    shuffled = data.draw(st.permutations([(str(n), file) for n, file in enumerate([*files, *copies])]))
    expected, seen = told([("whole", events)]), told(shuffled)
    assert seen.standing == expected.standing
    assert seen.withdrawn == expected.withdrawn == {e["annotator"] for e in events if e["type"] == "withdrawal"}
    assert not {place.annotator for place in seen.standing} & seen.withdrawn


def made_vote(name: str, at: int) -> Event:
    place = {"annotator": name, "assignment": name, "question_id": 1, "pair": 0, "turn": 1, "left_model": "m"}
    return {**place, "choice": "tie", "winner": "tie", "ms": 1, "created": float(at), "sparse_ties": 0}


def test_a_change_that_the_journal_refuses_is_not_made(tmp_path: Path) -> None:
    store = Store(tmp_path / "db.sqlite", recorder=Full())
    with pytest.raises(OSError, match="No space"):
        invite(store, [code_hash("a")])
    assert store.rows("SELECT * FROM annotator") == []


# files of earlier versions --------------------------------------------------------------------------------------------

OLD_TABLES = """
CREATE TABLE study (id INTEGER PRIMARY KEY CHECK (id = 1), digest TEXT NOT NULL, content TEXT NOT NULL);
CREATE TABLE consent_text (version TEXT PRIMARY KEY, language TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE annotator (
    id TEXT PRIMARY KEY, code_hash TEXT UNIQUE, consent_at REAL, consent_version TEXT REFERENCES consent_text (version),
    language TEXT);
CREATE TABLE assignment (
    id TEXT PRIMARY KEY, annotator TEXT NOT NULL REFERENCES annotator (id), question_id INTEGER NOT NULL,
    pair INTEGER NOT NULL, turn INTEGER NOT NULL CHECK (turn IN (1, 2)), left_model TEXT NOT NULL,
    created REAL NOT NULL, shown REAL, expires REAL NOT NULL, UNIQUE (annotator, question_id, pair, turn));
CREATE TABLE vote (
    assignment TEXT PRIMARY KEY REFERENCES assignment (id), annotator TEXT NOT NULL REFERENCES annotator (id),
    question_id INTEGER NOT NULL, pair INTEGER NOT NULL, turn INTEGER NOT NULL,
    choice TEXT NOT NULL CHECK (choice IN ('left', 'right', 'tie', 'both_bad', 'skip')), winner TEXT NOT NULL,
    ms INTEGER NOT NULL, created REAL NOT NULL, sparse_ties INTEGER NOT NULL,
    UNIQUE (annotator, question_id, pair, turn));
PRAGMA application_id=1836343928;
"""
OLD_LINES = """\
{"annotator":"expert_1","at":10.5,"code_hash":"h1","type":"invitation"}
{"annotator":"expert_2","at":10.5,"code_hash":"h2","type":"invitation"}
{"annotator":"expert_1","at":11.0,"language":"en","text":"I agree","type":"consent","version":"v"}
{"annotator":"expert_1","assignment":"a1","at":12.5,"choice":"left","created":12.5,"left_model":"org/alpha-7b","ms":900,\
"pair":0,"question_id":1,"sparse_ties":0,"turn":1,"type":"vote","winner":"org/alpha-7b"}
{"annotator":"expert_1","assignment":"a1","at":13.0,"type":"undo"}
{"annotator":"expert_1","assignment":"a1","at":14.5,"choice":"skip","created":14.5,"left_model":"org/alpha-7b","ms":900,\
"pair":0,"question_id":1,"sparse_ties":0,"turn":1,"type":"vote","winner":"skip"}
{"annotator":"expert_2","assignment":"a2","at":15.5,"choice":"tie","created":15.5,"left_model":"org/alpha-7b","ms":900,\
"pair":0,"question_id":2,"sparse_ties":1,"turn":1,"type":"vote","winner":"tie"}
{"annotator":"expert_2","at":16.0,"type":"withdrawal"}
"""


def test_a_journal_of_version_0_3_is_read(tmp_path: Path) -> None:
    (tmp_path / "votes-0123.jsonl").write_text(OLD_LINES.replace("\\\n", ""), encoding="utf-8")
    store = Store(tmp_path / "votes.sqlite")
    store.set_study(make_study())
    assert [vote.choice for vote in restore(store, tmp_path).standing.values()] == ["skip"]
    assert store.annotator("expert_1") == Annotator("expert_1", "v")
    assert store.annotator("expert_2") is None


def test_a_database_of_version_0_3_goes_on(tmp_path: Path) -> None:
    study = make_study()
    with closing(sqlite3.connect(tmp_path / "votes.sqlite")) as old, old:
        old.executescript(OLD_TABLES)
        old.execute("INSERT INTO study VALUES (1, ?, ?)", (study.digest, canonical_json(study.to_row())))
        old.execute("INSERT INTO annotator (id, code_hash) VALUES ('expert_1', ?)", (code_hash("a"),))
        place = "'a1', 'expert_1', 1, 0, 1"
        old.execute(f"INSERT INTO assignment VALUES ({place}, 'org/alpha-7b', 1, 1, 9)")
        old.execute(f"INSERT INTO vote VALUES ({place}, 'left', 'org/alpha-7b', 900, 2, 0)")
    store = Store(tmp_path / "votes.sqlite")
    kept = store.study()
    assert kept is not None
    assert kept.digest == study.digest
    voting = Voting(store, kept)
    assert voting.last_vote("expert_1") == "a1"
    assignment = voting.assign("expert_1")
    assert assignment is not None
    assert (assignment.item.question_id, assignment.turn) == (1, 2)  # the turn that is missing
    voting.vote("expert_1", assignment.id, "tie")
    assert status(store, study, 1).whole.votes == 2
    assert store.withdraw("expert_1") == 2

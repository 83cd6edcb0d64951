"""Votes that outlive the disk they were made on."""

import json
import random
from pathlib import Path

import pytest

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate.codes import code_hash
from mtbenchx_tasks.annotate.journal import Journal, restore
from mtbenchx_tasks.annotate.store import Store
from mtbenchx_tasks.annotate.voting import Voting
from tests.mtbenchx_tasks.annotate.running import make_study

VOTES = "SELECT annotator, question_id, pair, turn, choice, winner, ms, sparse_ties FROM vote ORDER BY 1, 2, 3, 4"
SIDES = """
SELECT vote.annotator, vote.question_id, vote.turn, left_model
FROM assignment JOIN vote ON vote.assignment = assignment.id
ORDER BY 1, 2, 3
"""
PEOPLE = "SELECT id, code_hash, consent_version, language FROM annotator ORDER BY 1"


def begin(folder: Path, journals: Path) -> tuple[Store, Voting]:
    """One life of the process: a database of its own, a journal of its own."""
    store = Store(folder / "votes.sqlite", record=Journal(journals).write)
    study = make_study()
    store.set_study(study)
    restore(store, journals)
    return store, Voting(store, study)


def content(store: Store) -> list[list[tuple[object, ...]]]:
    return [[tuple(row) for row in store.rows(query)] for query in (VOTES, SIDES, PEOPLE)]


def test_a_restart_with_an_empty_disk_brings_everything_back(tmp_path: Path) -> None:
    journals, rng = tmp_path / "journals", random.Random(3)
    store, voting = begin(tmp_path / "life 0", journals)
    names = store.add_annotators([code_hash(str(number)) for number in range(5)])
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
    names = store.add_annotators([code_hash("a"), code_hash("b")])
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


def test_what_could_not_be_written_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    journal.write({"type": "withdrawal", "annotator": "expert_1", "at": 1.0})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        journal.write({"type": "withdrawal", "annotator": "expert_2", "at": 2.0})
    lines = journal.path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["annotator"] for line in lines] == ["expert_1"]


def test_a_change_that_the_journal_refuses_is_not_made(tmp_path: Path) -> None:
    def refuse(_: object) -> None:
        raise OSError(28, "No space left on device")

    store = Store(tmp_path / "db.sqlite", record=refuse)
    with pytest.raises(OSError, match="No space"):
        store.add_annotators([code_hash("a")])
    assert store.rows("SELECT * FROM annotator") == []

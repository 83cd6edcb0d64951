"""Votes out of the database: the published schema, read by pyarrow, by our reader and by FastChat's counting."""

import json
import random
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate.codes import code_hash
from mtbenchx_tasks.annotate.export import export
from mtbenchx_tasks.annotate.journal import Journal
from mtbenchx_tasks.annotate.people import invite
from mtbenchx_tasks.annotate.replay import restore
from mtbenchx_tasks.annotate.store import Store
from mtbenchx_tasks.annotate.voting import Voting
from mtbenchx_tasks.formats.votes import read_votes
from mtbenchx_tasks.stats.agreement import raw_agreement
from tests.mtbenchx_tasks.annotate.running import ONE, OTHER, make_study

CHOICES = ("left", "right", "tie", "both_bad", "skip")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("export")


@pytest.fixture(scope="module")
def store(folder: Path) -> Store:
    """A study of 8 questions and 4 people, every item by all of them."""
    store = Store(folder / "votes.sqlite")
    study = make_study("de", number=8)
    store.set_study(study)
    names = invite(store, [code_hash(f"CODE{number}") for number in range(4)])
    voting, rng = Voting(store, study, sparse_ties=True), random.Random(7)
    voting.policy = type(voting.policy)("random")
    for name in names:
        store.consent(name, "v", "text", "de")
        while assignment := voting.assign(name):
            voting.vote(name, assignment.id, rng.choice(CHOICES))
    return store


@pytest.fixture(scope="module")
def files(store: Store, folder: Path) -> list[Path]:
    return export(store, folder / "out" / "votes.parquet")


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_the_columns_are_those_of_the_published_dataset_and_then_ours(files: list[Path]) -> None:
    table = pq.read_table(files[0])
    assert [file.name for file in files] == ["votes.parquet", "votes.jsonl", "votes.skips.jsonl"]
    assert {field.name: str(field.type) for field in table.schema} == {
        **{"question_id": "int64", "model_a": "string", "model_b": "string", "winner": "string", "judge": "string"},
        "conversation_a": "list<element: struct<content: string, role: string>>",
        "conversation_b": "list<element: struct<content: string, role: string>>",
        **{"turn": "int64", "category": "string", "language": "string", "benchmark": "string"},
        **{"vote_id": "string", "dwell_ms": "int64", "day": "string", "sparse_ties": "bool"},
    }
    assert table.to_pylist() == rows_of(files[1])


def test_model_a_is_the_one_shown_left_and_conversations_end_with_the_judged_turn(
    store: Store, files: list[Path]
) -> None:
    rows = rows_of(files[1])
    assert {row["winner"] for row in rows} == {"model_a", "model_b", "tie", "tie (bothbad)"}
    for row in rows:
        for side in "ab":
            said = row[f"conversation_{side}"]
            whose = "first" if row[f"model_{side}"] == ONE else "second"
            assert [message["role"] for message in said] == ["user", "assistant"] * row["turn"]
            assert said[-1]["content"] == f"{whose} answer to {row['question_id']}, turn {row['turn']}"
    left = {
        (row["annotator"], row["question_id"], row["turn"]): row["left_model"]
        for row in store.rows("SELECT * FROM assignment")
    }
    assert all(row["model_a"] == left[row["judge"], row["question_id"], row["turn"]] for row in rows)


def test_skips_stand_in_a_file_of_their_own(store: Store, files: list[Path]) -> None:
    skipped = store.rows("SELECT COUNT(*) FROM vote WHERE choice = 'skip'")[0][0]
    assert [len(rows_of(file)) for file in files[1:]] == [8 * 2 * 4 - skipped, skipped]
    assert {vote.decision.value for vote in read_votes(files[2])} == {"skip"}


def test_our_reader_finds_the_winners_that_the_database_has(store: Store, files: list[Path]) -> None:
    stored = {
        (row["annotator"], row["question_id"], row["turn"]): row["winner"] for row in store.rows("SELECT * FROM vote")
    }
    for file in files[:2]:
        votes = read_votes(file)
        assert {vote.rater.kind for vote in votes} == {"person"}
        assert {(*vote.names, vote.item.language) for vote in votes} == {(*sorted((ONE, OTHER)), "de")}
        for vote in votes:
            said = vote.winner or vote.decision.value
            assert said == stored[vote.rater.name, vote.item.question_id, vote.item.turn]
    assert read_votes(files[0]) == read_votes(files[1])


def fastchats_agreement(rows: list[dict[str, Any]], ties: bool) -> float:
    """Count agreeing pairs of people as FastChat's compute_agreement does: ties by substring, per question and turn."""
    said: dict[tuple[int, int], list[str]] = {}
    for row in rows:
        winner = row["winner"]
        if row["model_a"] > row["model_b"]:
            winner = {"model_a": "model_b", "model_b": "model_a"}.get(winner, winner)
        said.setdefault((row["question_id"], row["turn"]), []).append("tie" if "tie" in winner else winner)
    agreeing = total = 0
    for winners in said.values():
        for one, other in combinations(winners, 2):
            if not ties and "tie" in (one, other):
                continue
            agreeing, total = agreeing + (one == other), total + 1
    return agreeing / total


@pytest.mark.parametrize("ties", [True, False])
def test_fastchats_pair_counting_gives_the_same_agreement(files: list[Path], ties: bool) -> None:
    table: dict[object, list[int]] = {}
    for vote in read_votes(files[0]):
        row = table.setdefault((vote.item, vote.models), [0, 0, 0])
        kind = {ONE: 0, OTHER: 1}.get(vote.winner or "", 2)
        if ties or kind != 2:
            row[kind] += 1
    expected = fastchats_agreement(rows_of(files[1]), ties)
    assert raw_agreement(list(table.values())).micro == pytest.approx(expected, abs=1e-12)


def test_nothing_in_the_export_tells_who_voted_or_when(store: Store, files: list[Path]) -> None:
    text = "".join(file.read_bytes().decode("latin-1") for file in files)
    hashes = [row["code_hash"] for row in store.rows("SELECT code_hash FROM annotator")]
    tokens = [row["id"] for row in store.rows("SELECT id FROM assignment")]
    assert not [secret for secret in [*hashes, *tokens] if secret in text]
    assert not re.search(r"\d\d:\d\d:\d\d|127\.0\.0\.1", text)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", row["day"]) for row in rows_of(files[1]))
    assert not [key for row in rows_of(files[1]) for key in row if "time" in key or "created" in key]


def test_rows_stand_in_no_order_of_time_and_twice_the_same(store: Store, files: list[Path], tmp_path: Path) -> None:
    order = [row["vote_id"] for row in rows_of(files[1])]
    assert order == sorted(order)
    again = export(store, tmp_path / "again")
    assert again[0].name == "again.parquet"
    assert again[1].read_bytes() == files[1].read_bytes()


def test_an_export_without_votes_or_place_is_a_users_error(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no votes yet"):
        export(Store(tmp_path / "empty.sqlite"), tmp_path / "votes")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match="Can't write"):
        export(store, tmp_path / "file" / "votes")


def test_only_its_owner_reads_an_export_and_the_database(store: Store, files: list[Path]) -> None:
    invite(store, ["hash"])  # so that the write-ahead log is there
    beside = [store.path.with_name(f"{store.path.name}{suffix}") for suffix in ("", "-wal", "-shm")]
    assert {oct(file.stat().st_mode & 0o777) for file in [*beside, *files]} == {"0o600"}


def test_an_export_that_was_shared_stays_shared(store: Store, files: list[Path]) -> None:
    files[0].chmod(0o644)
    assert export(store, files[0])[0].stat().st_mode & 0o777 == 0o644


def test_a_question_whose_id_is_a_text_is_voted_on_kept_and_exported(tmp_path: Path) -> None:
    study = make_study(number=2)
    named = {study.questions[0].question_id: "tale-1", study.questions[1].question_id: "0042x"}
    questions = tuple(replace(question, question_id=named[question.question_id]) for question in study.questions)
    answers = {model: {named[one]: turns for one, turns in given.items()} for model, given in study.answers.items()}
    study = replace(study, questions=questions, answers=answers)
    store = Store(tmp_path / "votes.sqlite", recorder=Journal(tmp_path / "journals"))
    store.set_study(study)
    (name,) = invite(store, [code_hash("a")])
    voting = Voting(store, study)
    while assignment := voting.assign(name):
        voting.vote(name, assignment.id, "left")
    parquet, *_ = export(store, tmp_path / "out")
    assert sorted(pq.read_table(parquet)["question_id"].to_pylist()) == ["0042x", "0042x", "tale-1", "tale-1"]
    again = Store(tmp_path / "again.sqlite")
    again.set_study(study)
    assert {place.question_id for place in restore(again, tmp_path / "journals").standing} == {"tale-1", "0042x"}

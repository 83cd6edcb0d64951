"""Votes of a Space against a Hub that refuses, breaks off, doesn't answer, or answers too late."""

import json
import threading
import time
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate.codes import code_hash
from mtbenchx_tasks.annotate.commits import Commits
from mtbenchx_tasks.annotate.journal import Journal
from mtbenchx_tasks.annotate.on_space import _take_over
from mtbenchx_tasks.annotate.people import insert_annotator
from mtbenchx_tasks.annotate.replay import restore
from mtbenchx_tasks.annotate.store import Store, StoreClosedError
from mtbenchx_tasks.annotate.votes_dataset import VotesDataset, within
from mtbenchx_tasks.annotate.voting import Voting
from tests.doubles.hub import READER, WRITER, Hub
from tests.mtbenchx_tasks.annotate.running import make_site, make_study, person

REPO = "ORG/compare-votes"
PEOPLE = ("expert_1", "expert_2")
ONES = b'"annotator":"expert_1"'


@dataclass
class Life:
    """One process of a Space, and its disk."""

    commits: Commits
    store: Store
    voting: Voting

    def vote(self, name: str = "expert_1", choice: str = "left") -> str:
        assignment = self.voting.assign(name)
        assert assignment is not None
        assert self.voting.vote(name, assignment.id, choice)
        return assignment.id

    @property
    def votes(self) -> set[tuple[str, str]]:
        return {tuple(row) for row in self.store.rows("SELECT assignment, choice FROM vote")}


def live(disk: Path, handover: float = 5.0, token: str = WRITER, **seconds: float) -> Life:
    """Start as the container's start command does."""
    dataset = VotesDataset(HfApi(token=token), REPO, disk / "hub")
    dataset.download()
    journal = Journal(disk / "journals")
    store = Store(disk / "votes.sqlite", recorder=journal)
    store.rows("PRAGMA synchronous=OFF")
    store.set_study(make_study())
    with store.transaction() as db:
        for name in PEOPLE:
            insert_annotator(db, name, code_hash(name))
    commits = Commits(dataset, store, journal, **seconds)
    commits.take_over(handover)
    restore(store, journal.folder)
    return Life(commits, store, Voting(store, make_study()))


@pytest.fixture(autouse=True)
def dataset(hub: Hub) -> Hub:
    hub.make("dataset", REPO, private=True)
    return hub


def held(hub: Hub) -> dict[str, list[dict[str, object]]]:
    """The journals at the tip of the dataset."""
    files = hub.repos["dataset", REPO].files
    return {
        name: [json.loads(line) for line in data.splitlines()] for name, data in files.items() if name.startswith("vot")
    }


def acknowledged(hub: Hub) -> list[object]:
    return [event["assignment"] for events in held(hub).values() for event in events if event["type"] == "vote"]


def test_what_takes_too_long_is_left_to_itself() -> None:
    assert within(60, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(60, lambda: 1 // 0)
    waiting = threading.Event()
    with pytest.raises(TimeoutError):
        within(0.01, lambda: waiting.wait(10))
    waiting.set()


def test_a_commit_that_is_never_answered_is_given_up_and_told_and_the_next_one_works(tmp_path: Path, hub: Hub) -> None:
    life = live(tmp_path)
    voted = life.vote()
    hub.fail("POST", "/commit/main", delay=60)
    begun = time.monotonic()
    assert not life.commits.commit(0.3)
    assert time.monotonic() - begun < 50
    assert life.commits.problem is not None
    assert "Timeout" in life.commits.problem  # ours, or the client's, whichever comes first
    assert acknowledged(hub) == []
    assert life.commits.commit()
    assert life.commits.problem is None
    assert acknowledged(hub) == [voted]


def test_a_commit_that_arrives_too_late_takes_nothing_back(tmp_path: Path, hub: Hub) -> None:
    life = live(tmp_path)
    voted = [life.vote()]
    hub.fail("POST", "/commit/main", delay=1.0)
    assert not life.commits.commit(0.2)
    voted.append(life.vote())
    assert life.commits.commit()
    time.sleep(1.2)
    assert hub.asked("POST", "/commit/main") == 3  # who writes, the late one, the one in time
    assert acknowledged(hub) == voted


@pytest.mark.parametrize("fault", [409, 412, 429, 500, 502, 503, 401, 403, None, "lost"])
def test_refused_and_broken_commits_lose_nothing(tmp_path: Path, hub: Hub, fault: int | str | None) -> None:
    life = live(tmp_path)
    voted = [life.vote()]
    how = {"after": True} if fault == "lost" else {"status": fault}
    for _ in range(3):
        hub.fail("POST", "/commit/main", **how)  # type: ignore[arg-type]
        life.commits.commit(2.0)
        voted.append(life.vote())
    hub.faults.clear()
    assert life.commits.commit()
    assert acknowledged(hub) == voted
    again = live(tmp_path / "empty disk", handover=0.1)
    assert again.votes == life.votes


def test_the_last_commit_is_tried_until_it_works(tmp_path: Path, hub: Hub) -> None:
    life = live(tmp_path)
    with life.commits.running():
        voted = life.vote()
        hub.fail("POST", "/commit/main", 503, times=2)
        hub.fail("POST", "/commit/main", None)
    assert acknowledged(hub) == [voted]
    assert [event["type"] for events in held(hub).values() for event in events] == ["vote", "end"]
    with pytest.raises(StoreClosedError):
        life.vote()


def test_commits_come_by_themselves_and_only_where_something_changed(tmp_path: Path, hub: Hub) -> None:
    life = live(tmp_path, seconds=0.05)
    with life.commits.running():
        life.vote()
        while not acknowledged(hub):
            time.sleep(0.01)
        commits = hub.asked("POST", "/commit/main")
        time.sleep(0.3)
        assert hub.asked("POST", "/commit/main") == commits


# one process after the other, and beside it --------------------------------------------------------------------------


def test_a_process_that_takes_over_gets_every_vote_and_the_other_takes_none_any_more(tmp_path: Path, hub: Hub) -> None:
    first = live(tmp_path / "first", watch=0.05)
    voted, refused = [], threading.Event()

    def vote_on() -> None:
        try:
            for _ in range(1000):
                voted.append(first.vote(choice="tie"))
                first.voting.undo("expert_1", voted[-1])
                voted.pop()
                voted.append(first.vote())
                time.sleep(0.05)
        except StoreClosedError:
            refused.set()

    with first.commits.running():
        thread = threading.Thread(target=vote_on)
        thread.start()
        time.sleep(0.2)
        second = live(tmp_path / "second", handover=20.0)
        thread.join()
        assert refused.is_set()
        assert {assignment for assignment, _ in second.votes} == set(voted)
        assert first.commits.problem is not None
        assert "takes the votes now" in first.commits.problem
        with person(make_site(tmp_path / "site", keeper=first.commits)) as anybody:
            assert anybody.client.get("/health").status_code == 503
        second.vote("expert_2")
        second.commits.commit()
    third = live(tmp_path / "third", handover=0.1)
    assert third.votes == second.votes
    assert restore(third.store, third.commits.journal.folder).second == 0


def test_a_process_that_was_killed_is_not_waited_for_for_ever_nor_on_its_own_disk(tmp_path: Path, hub: Hub) -> None:
    first = live(tmp_path / "first")
    voted = first.vote()
    first.commits.commit()
    later = first.vote()  # on this disk only
    first.store.close()  # killed: no `end`, no last commit
    begun = time.monotonic()
    same = live(tmp_path / "first", handover=60.0)
    assert {assignment for assignment, _ in same.votes} == {voted, later}
    assert time.monotonic() - begun < 30
    same.commits.commit()
    assert sorted(map(str, acknowledged(hub))) == sorted([voted, later])
    other = live(tmp_path / "other", handover=0.3)
    assert other.votes == same.votes


class Broken(FileIO):
    """A file on a disk that takes nothing, and lets nothing be cut off."""

    def write(self, data: Any) -> int:  # type: ignore[override]
        raise OSError(28, "No space left on device")

    def truncate(self, size: int | None = None) -> int:
        raise OSError(5, "Input/output error")


def test_a_process_whose_disk_failed_is_still_the_one_that_takes_the_votes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = live(tmp_path / "only")
    voted = {only.vote()}
    with monkeypatch.context() as broken:
        broken.setattr("mtbenchx_tasks.annotate.journal.FileIO", Broken)
        with pytest.raises(OSError, match="No space"):
            only.vote()
    voted.add(only.vote())  # in a journal of another name than the dataset's writer.json tells
    assert only.commits.commit()
    only.commits.look()
    assert only.commits.problem is None
    voted.add(only.vote())
    assert only.commits.commit()
    assert {assignment for assignment, _ in live(tmp_path / "next", handover=0.1).votes} == voted


def test_eight_restarts_on_disks_that_stay_or_are_empty_lose_no_vote_and_repeat_none(tmp_path: Path, hub: Hub) -> None:
    expected: set[tuple[str, str]] = set()
    for number in range(8):
        life = live(tmp_path / str(number // 2), handover=0.2)  # every second one on the disk of the one before
        assert life.votes == expected
        for choice in ("left", "both_bad"):
            expected.add((life.vote(choice=choice), choice))
        undone = life.vote("expert_2")
        assert life.voting.undo("expert_2", undone)
        if number % 2:
            with life.commits.running():
                hub.fail("POST", "/commit/main", 500)
        else:
            life.store.close()  # killed


def test_an_older_copy_is_never_taken_for_what_the_hub_does_not_give(tmp_path: Path, hub: Hub) -> None:
    """The client's own snapshot falls back to what lies in the folder: votes of the process before would be missing."""
    first = live(tmp_path / "first")
    dataset = VotesDataset(HfApi(token=WRITER), REPO, tmp_path / "second" / "hub")
    dataset.download()
    with first.commits.running():
        voted = first.vote()
    for method, path, status in (
        ("GET", "/compare-votes$", 500),
        ("HEAD", "/resolve/", 404),
        ("GET", "/resolve/", 403),
    ):
        hub.fail(method, path, status, times=9)
        with pytest.raises(UserError, match="can't be read"):
            dataset.download()
        hub.faults.clear()
    assert voted in {vote for vote, _ in live(tmp_path / "second").votes}


def lines_of(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines()


# withdrawal ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hub_is_well", [True, False])
def test_who_withdraws_leaves_every_current_file_and_never_comes_back(
    tmp_path: Path, hub: Hub, hub_is_well: bool
) -> None:
    first = live(tmp_path / "first")
    with first.commits.running():
        first.store.consent("expert_1", "v", "text", "en")
        first.vote()
        first.vote("expert_2")
    second = live(tmp_path / "second")
    second.vote()
    second.commits.commit()
    if not hub_is_well:
        hub.fail("POST", "/commit/main", 403)
    assert second.store.withdraw("expert_1") == 2
    assert second.commits.follow_withdrawal() == hub_is_well
    if not hub_is_well:
        assert any(event.get("annotator") == "expert_1" for events in held(hub).values() for event in events)
        assert second.commits.commit()
    told = [event for events in held(hub).values() for event in events if event.get("annotator") == "expert_1"]
    assert [event["type"] for event in told] == ["withdrawal"]
    journals = [(file, line) for file in (tmp_path / "second").rglob("votes-*.jsonl") for line in lines_of(file)]
    kept = [file for file, line in journals if ONES in line]
    assert {file.parent.name for file in kept} == {"journals"}  # the withdrawal alone, and in no other copy
    assert len(kept) == 1
    third = live(tmp_path / "third", handover=0.1)
    assert [row[0] for row in third.store.rows("SELECT annotator FROM vote")] == ["expert_2"]
    assert third.store.annotator("expert_1") is None
    assert live(tmp_path / "first", handover=0.1).votes == third.votes  # the old disk still had the lines


def test_a_token_that_may_only_read_is_told_at_the_start(tmp_path: Path) -> None:
    dataset = VotesDataset(HfApi(token=READER), REPO, tmp_path / "hub")
    dataset.download()
    journal = Journal(tmp_path / "journals")
    with pytest.raises(UserError, match=r"can't be written \(HfHubHTTPError 403\)"):
        _take_over(Commits(dataset, Store(tmp_path / "db.sqlite", recorder=journal), journal))

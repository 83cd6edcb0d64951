"""Threads that store at the same time share a flush, and each learns how it went."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hf_datasets.ledger.group_commit import Row, Together
from hf_datasets.ledger.store import Ledger, LedgerError
from hf_datasets.records import Completion

SAID = Completion("answered", "Rating: [[8]]")
THREADS = 20


def at_once(store: Together) -> list[BaseException | None]:
    """Store a row in each of many threads; return what each was told."""
    with ThreadPoolExecutor(THREADS) as pool:
        return [told.exception() for told in [pool.submit(store.store, (number,)) for number in range(THREADS)]]


def test_who_comes_first_stores_for_all_who_wait() -> None:
    groups: list[list[Row]] = []

    def disk(rows: Sequence[Row]) -> list[None]:
        groups.append(list(rows))
        time.sleep(0.02)
        return [None] * len(rows)

    assert at_once(Together(threading.RLock(), disk)) == [None] * THREADS
    assert sorted(row for group in groups for row in group) == [(number,) for number in range(THREADS)]
    assert len(groups) < THREADS


def test_a_row_is_stored_when_its_thread_goes_on() -> None:
    stored: list[Row] = []

    def disk(rows: Sequence[Row]) -> list[Row]:
        stored.extend(rows)
        return list(rows)

    together = Together(threading.RLock(), disk)

    def work(number: int) -> bool:
        return together.store((number,)) == (number,) and (number,) in stored

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(work, range(200)))


def test_a_thread_that_stores_alone_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hf_datasets.ledger.group_commit.MOMENT", 600.0)
    groups: list[Row] = []

    def disk(rows: Sequence[Row]) -> list[None]:
        groups.extend(rows)
        return [None] * len(rows)

    together = Together(threading.RLock(), disk)
    for number in range(3):
        together.store((number,))
    assert groups == [(0,), (1,), (2,)]


def test_a_failure_is_told_to_its_group_and_to_nobody_else() -> None:
    broken = True

    def disk(rows: Sequence[Row]) -> list[None]:
        if broken:
            raise OSError("disk full")
        return [None] * len(rows)

    together = Together(threading.RLock(), disk)
    assert [str(error) for error in at_once(together)] == ["disk full"] * THREADS
    broken = False
    assert at_once(together) == [None] * THREADS


def test_a_ledger_that_can_not_store_tells_every_thread_and_frees_its_claims(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.sqlite")
    keys = [str(number) for number in range(THREADS)]

    def finish(key: str) -> None:
        ledger.claim(key, "{}")
        ledger.finish(key, SAID)

    def errors() -> list[BaseException | None]:
        with ThreadPoolExecutor(THREADS) as pool:
            return [told.exception() for told in [pool.submit(finish, key) for key in keys]]

    ledger.execute("CREATE TRIGGER full BEFORE UPDATE ON judgment BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    assert {type(error) for error in errors()} == {LedgerError}
    assert all(ledger.judgment(key) is None for key in keys)
    ledger.execute("DROP TRIGGER full")
    assert errors() == [None] * THREADS
    assert all(ledger.judgment(key) == SAID for key in keys)


def test_an_interrupt_while_storing_leaves_nobody_waiting() -> None:
    def disk(rows: Sequence[Row]) -> None:
        raise KeyboardInterrupt

    together = Together(threading.RLock(), disk)
    with pytest.raises(KeyboardInterrupt):
        together.store((1,))
    with pytest.raises(KeyboardInterrupt):
        together.store((2,))

"""What a batch needs of the ledger: which batches are open, and many judgments stored at once.

A batch stands in the table `batch` from before it is made until its results are stored, so that no cut loses it.
"""

import contextlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hf_datasets.ledger.store import FINAL_STATES, Ledger, LedgerError
from hf_datasets.records import Completion, storable

_FINAL = ", ".join(f"'{state}'" for state in FINAL_STATES)
STORED_TOGETHER = 500
"""Judgments of one transaction: few flushes, and no statement beyond SQLite's limits."""


@dataclass(frozen=True)
class Batch:
    """A batch that hasn't been collected."""

    file: str
    """Id of its uploaded file."""
    id: str
    """Its own id; empty until the endpoint has told it."""
    keys: frozenset[str]
    """Its requests."""
    owner: str
    """The process that made it."""
    at: float
    """When."""


class BatchLedger:
    """The open batches of one endpoint, and the way their results are stored."""

    def __init__(self, ledger: Ledger, endpoint: str) -> None:
        self._ledger, self._endpoint = ledger, endpoint

    def open(self) -> Iterator[Batch]:
        """Return the batches that haven't been collected, oldest first.

        Raises:
            LedgerError: A batch's list of requests is damaged.
        """
        query = "SELECT file, id, keys, owner, at FROM batch WHERE endpoint = ? AND state = 'open' ORDER BY at"
        for row in self._ledger._rows(query, (self._endpoint,)):
            keys = self._ledger.parsed(row["keys"], f"which requests the batch file {row['file']} holds", list)
            yield Batch(row["file"], row["id"], frozenset(map(str, keys)), row["owner"], row["at"])

    def add(self, file: str, keys: Sequence[str]) -> None:
        """Note a file before a batch is made of it."""
        row = (self._endpoint, file, json.dumps(keys), self._ledger.owner, time.time())
        self._ledger.execute("INSERT INTO batch (endpoint, file, keys, owner, at) VALUES (?, ?, ?, ?, ?)", row)

    def name(self, file: str, batch: str) -> None:
        """Note the id of the batch made of a file."""
        self._ledger.execute("UPDATE batch SET id = ? WHERE endpoint = ? AND file = ?", (batch, self._endpoint, file))

    def close(self, file: str, state: str) -> None:
        """Note how a batch ended; its requests are free."""
        where = "WHERE endpoint = ? AND file = ?"
        self._ledger.execute(f"UPDATE batch SET state = ? {where}", (state, self._endpoint, file))

    def store(self, outcomes: Mapping[str, Completion]) -> None:
        """Store outcomes in few transactions: what is final stays, and a failure ends a claim of this process only."""
        keys = list(outcomes)
        for start in range(0, len(keys), STORED_TOGETHER):
            self._update({key: outcomes[key] for key in keys[start : start + STORED_TOGETHER]})

    def release(self, keys: Iterable[str], reason: str) -> None:
        """End claims of this process, also where the ledger can't be written any more."""
        failed = Completion("failed", reason=reason)
        claimed = dict.fromkeys(keys, failed)
        try:
            self.store(claimed)
        except LedgerError:
            for key in claimed:
                with contextlib.suppress(LedgerError):
                    if self._ledger.judgment(key) is None:
                        self._ledger.finish(key, failed)

    def _update(self, outcomes: Mapping[str, Completion]) -> None:
        values: list[object] = []
        for key, said in outcomes.items():
            values += (key, said.state, storable(said.text), storable(said.reason), json.dumps(dict(said.details)))
        rows = ", ".join(["(?, ?, ?, ?, ?)"] * len(outcomes))
        self._ledger.execute(
            f"WITH said (key, state, text, reason, details) AS (VALUES {rows}) "
            "UPDATE judgment SET state = said.state, text = said.text, reason = said.reason, details = said.details, "
            "owner = NULL, at = ? FROM said WHERE judgment.key = said.key "
            f"AND judgment.state NOT IN ({_FINAL}) AND (said.state <> 'failed' OR judgment.owner = ?)",
            (*values, time.time(), self._ledger.owner),
        )

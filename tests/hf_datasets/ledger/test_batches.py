"""Open batches of the ledger, read back."""

from pathlib import Path

import pytest

from hf_datasets.ledger.batches import BatchLedger
from hf_datasets.ledger.store import Ledger, LedgerError


def test_an_open_batch_is_read_back_and_a_damaged_one_is_a_sentence(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    batches = BatchLedger(ledger, "https://e")
    batches.add("file-1", ["a", "b"])
    batches.name("file-1", "batch-1")
    (batch,) = batches.open()
    assert (batch.file, batch.id, batch.keys) == ("file-1", "batch-1", {"a", "b"})
    for damaged in ("[", '{"a": 1}', "null", "7", "[" * 100_000):
        ledger.execute("UPDATE batch SET keys = ?", (damaged,))
        with pytest.raises(LedgerError, match=r"damaged: which requests the batch file file-1 holds can't be read"):
            list(batches.open())

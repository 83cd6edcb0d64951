"""A real server on loopback and a ledger."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hf_datasets.ledger.store import Ledger
from tests.doubles.batch_api import BatchApi, serve_batches
from tests.mtbenchx_tasks.judge.engines.batch.plans import KEY, asked


@pytest.fixture(scope="module")
def server() -> Iterator[BatchApi]:
    with serve_batches(lambda body: None) as running:
        yield running


@pytest.fixture
def api(server: BatchApi, monkeypatch: pytest.MonkeyPatch) -> BatchApi:
    """Answers each request with its own text."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.reset(lambda body: f"{asked(body)}: [[8]]")
    return server


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger._db.close()

"""Plans of judge requests, engines that carry them out, and processes that die."""

import functools
from concurrent.futures import Future
from typing import Any

import pytest

from hf_datasets.endpoints.client import ChatRequest, OpenAIChat
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Completion
from mtbenchx_tasks.judge.engines.batch.api import OpenAIBatches
from mtbenchx_tasks.judge.engines.batch.engine import BatchEngine
from mtbenchx_tasks.judge.engines.engine import Judged
from mtbenchx_tasks.judge.engines.live import LiveEngine
from tests.doubles.batch_api import BatchApi

KEY = "sk-secret-of-the-test"
RATED = {"temperature": 0.0, "max_tokens": 64}
ELSEWHERE = '["elsewhere", 1, 0]'


def asked(body: dict[str, Any]) -> str:
    """The text of a request as it came to the server."""
    return str(body["messages"][0]["content"])


@functools.cache
def transport_of(url: str) -> OpenAIBatches:
    """One client for the module: making one takes longer than most tests."""
    return OpenAIBatches(url)


@functools.cache
def chat_of(url: str) -> OpenAIChat:
    return OpenAIChat(url)


def request(api: BatchApi, text: object) -> ChatRequest:
    return ChatRequest(api.url, "gpt-4", ({"role": "user", "content": str(text)},), RATED)


def engine_of(api: BatchApi, ledger: Ledger, transport: OpenAIBatches | None = None, **limits: Any) -> BatchEngine:
    return BatchEngine(transport or transport_of(api.url), "gpt-4", ledger, **{"poll_seconds": 0.002, **limits})


def results(futures: list[Future[Judged]]) -> list[Completion]:
    assert all(future.done() for future in futures)
    return [future.result().completion for future in futures]


def judged(api: BatchApi, ledger: Ledger, *texts: object, **limits: Any) -> list[Completion]:
    """What a new engine returns for a plan."""
    engine = engine_of(api, ledger, **limits)
    futures = [engine.submit(request(api, text)) for text in texts]
    engine.finish()
    return results(futures)


def live(api: BatchApi, ledger: Ledger, *texts: object) -> list[Completion]:
    """What a new live engine returns for a plan."""
    engine = LiveEngine(chat_of(api.url), "gpt-4", ledger, 4)
    futures = [engine.submit(request(api, text)) for text in texts]
    engine.finish()
    return results(futures)


def uploaded(api: BatchApi) -> list[list[str]]:
    """The texts asked in each batch."""
    return [[asked(line["body"]) for line in lines] for lines in api.uploads]


def begin_and_die(api: BatchApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, *texts: object) -> None:
    """Make a batch in a process that is gone before it looks at it."""

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(OpenAIBatches, "look", killed)
        patch.setattr(BatchEngine, "stop", lambda engine: None)  # a dead process tidies nothing up
        with pytest.raises(Killed):
            judged(api, ledger, *texts)
    forget_process(ledger)


def forget_process(ledger: Ledger) -> None:
    """As if this process were another one from now on, on a machine that can't be looked at, long ago."""
    ledger.execute("UPDATE judgment SET owner = ?, at = 0 WHERE owner IS NOT NULL", (ELSEWHERE,))
    ledger._in_flight.clear()


def states(ledger: Ledger) -> list[str]:
    return [row["state"] for row in ledger._rows("SELECT state FROM batch ORDER BY at")]


def fill(ledger: Ledger) -> None:
    """Let the disk have no more room than the ledger takes now."""
    ledger._db.execute("PRAGMA max_page_count=1")

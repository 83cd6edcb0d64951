"""A verdict under way: the request, what comes back for it, and how to read that."""

from concurrent.futures import Future
from dataclasses import dataclass

from hf_datasets.endpoints.client import ChatRequest
from mtbenchx_tasks.judge.engines.engine import Judged
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.judge.verdict import verdict
from mtbenchx_tasks.records import Verdict


@dataclass(frozen=True)
class Pending:
    """A verdict under way."""

    request: ChatRequest
    """What is asked."""
    future: Future[Judged]
    """What the engine returned for it."""
    settings: JudgeSettings
    """How to read it."""

    def result(self) -> Verdict:
        """Wait for the judgment and read it; never raises for what the judge did."""
        if self.future.cancelled():
            return Verdict(None, reason="interrupted")
        judged = self.future.result()
        return verdict(judged.completion, self.settings.parser, self.settings.rating, judged.key)

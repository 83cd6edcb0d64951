"""Whether going on is worth the money: a judge proves itself first, and one that is of no use is asked no more.

A judge with no usable judgment in the ledger is asked ALONE judgments alone. If most of them are of no use, or the
endpoint says that nothing more will come of it, or FAILURES judgments fail in a row, the run stops.
"""

from collections.abc import Iterable
from typing import Any

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.queries import AnsweredJudgment, latest_answered
from hf_datasets.ledger.store import Ledger, LedgerError
from hf_datasets.records import Completion
from mtbenchx_tasks.judge.verdict import WITH_BOTH_BAD, game, verdict
from mtbenchx_tasks.records import Decision

ALONE = 8
"""So many judgments of an unknown judge are looked at before more are bought."""
FAILURES = 20
"""So many failures without a success between them end a run."""
LOOKED_AT = 50
"""So many judgments of the ledger are read to find a usable one."""


def is_useful(request: ChatRequest, completion: Completion) -> bool:
    """Tell whether a completion holds what its request asked for: a rating or a vote."""
    if completion.state != "answered":
        return False
    if request.parameters.get("logprobs") or "ratings" in completion.details:
        return verdict(completion, rating="expected").rating is not None
    if verdict(completion).rating is not None:
        return True
    return game(completion, "last", WITH_BOTH_BAD, ("A", "B")).decision is not Decision.FAILED


class Worth:
    """What is known of one judge in one run; its engine's lock guards it."""

    def __init__(self, model: str, ledger: Ledger) -> None:
        self._model, self._ledger = model, ledger
        self._trials: set[str] = set()
        """Keys of the judgments that prove the judge."""
        self._left_out: set[str] = set()
        self._results: list[bool | None] = []
        """Of each trial: whether it is useful; None if it failed."""
        self._failures = 0
        self._last_reason = ""
        self.is_known = False
        """Whether the judge has proved itself."""

    def leave_out(self, probe: Iterable[ChatRequest]) -> None:
        """These requests prove nothing about a benchmark's questions."""
        self._left_out |= {request.key for request in probe}

    def knows(self, request: ChatRequest) -> bool:
        """Tell whether the judge has proved itself, in this run or in the ledger."""
        self.is_known = self.is_known or (not self._trials and self._proved_before(request))
        return self.is_known

    def lets_in(self, request: ChatRequest) -> bool:
        """Tell whether a request may be asked now, or has to wait until the judge has proved itself."""
        if request.key in self._left_out:
            return True
        if not self.knows(request) and len(self._trials) < ALONE:
            self._trials.add(request.key)
        return self.is_known or request.key in self._trials

    def weigh(self, request: ChatRequest, completion: Completion) -> str:
        """Take a result; return why the run should stop, or ""."""
        if request.key in self._left_out:
            return ""
        failed = completion.state == "failed"
        self._failures = self._failures + 1 if failed else 0
        if completion.details.get("stop"):
            return str(completion.details["stop"])
        if self._failures >= FAILURES:
            return f"{FAILURES} judgments failed in a row, the last one: {completion.reason}"
        if self.is_known or request.key not in self._trials:
            return ""
        useful = is_useful(request, completion)
        self._results.append(None if failed else useful)
        if not useful:
            self._last_reason = _why(completion)
        return self._decide()

    def _decide(self) -> str:
        useful, useless = self._results.count(True), self._results.count(False)
        all_back = len(self._results) == ALONE
        if useful > ALONE / 2 or (all_back and useful >= max(useless, 1)):
            self.is_known = True
            return ""
        if useless > ALONE / 2 or all_back:
            return (
                f"of the first {len(self._results)} judgments of {self._model}, which were asked alone, {useful} are "
                f"of use; why the last is of none: {self._last_reason}. Change the judge's settings or the judge."
            )
        return ""

    def _proved_before(self, request: ChatRequest) -> bool:
        """Tell whether the ledger holds a usable judgment of this judge with these parameters."""
        try:
            rows = latest_answered(self._ledger, request.model, request.endpoint, request.parameters, LOOKED_AT)
            return any(
                is_useful(request, Completion("answered", row.text or "", details=self._details(row)))
                for row in rows
                if row.key not in self._left_out
            )
        except LedgerError:
            return False  # told by whoever judges

    def _details(self, row: AnsweredJudgment) -> dict[str, Any]:
        details: dict[str, Any] = self._ledger.parsed(row.details, f"details of judgment {row.key[:12]}")
        return details


def _why(completion: Completion) -> str:
    if completion.reason:
        return completion.reason
    return f"no verdict can be read in {' '.join(completion.text.split())[:200]!r}"

"""What a task of ours and the installed generation of lm_eval ask of each other; each generation has a module.

lm_eval 0.4 keeps a task's metrics in lists of the task and asks for filtered responses and a question's metrics one by
one; lm_eval 0.5 has scorers, which score all questions at once. `lm_eval_04.JudgedTask` and `lm_eval_05.JudgedTask` are
these two, and `generation` picks the one that fits. What they use of lm_eval beyond its documented interface stands in
tests/mtbenchx_tasks/harness/test_seams.py, name by name, each with a test that tells when it is gone.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from mtbenchx_tasks.harness.turns import TurnRequest
from mtbenchx_tasks.records import Verdict


@dataclass(frozen=True)
class Metric:
    """A column of lm_eval's table."""

    aggregation: Callable[[Sequence[Any]], Any]
    """Contributions of all questions to the number."""
    higher_is_better: bool = True


class RequestPlace(NamedTuple):
    """Where a request stands among those of its question."""

    turn: int
    """From 1."""
    repeat: int
    """From 0."""
    idx: int
    """lm_eval's: the requests of a question in their order."""


class HarnessAdapter(ABC):
    """Both sides of the interface: what a generation does in its way, and what it asks of the task for that."""

    # what each generation defines ------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def predict_only(self) -> bool:
        """Whether the user asked for answers without scores (--predict_only)."""

    @abstractmethod
    def announce(self, metrics: Mapping[str, Metric]) -> None:
        """Tell lm_eval which metrics each question contributes to, in the order of the table."""

    # what the task defines -------------------------------------------------------------------------------------------

    requests: Sequence[TurnRequest] = ()
    """What is asked of the model, once it is built."""
    fillers: Sequence[TurnRequest] = ()
    """What only keeps this process in step with the others: see turns.py."""

    @property
    @abstractmethod
    def judge_name(self) -> str:
        """How results call the judge; known from the beginning."""

    @abstractmethod
    def verdicts(self) -> Sequence[tuple[TurnRequest, list[Verdict]]]:
        """Wait for the judge; return each request with what it said of the answer, run by run."""

    @abstractmethod
    def contributions(self, doc: Mapping[str, Any], verdicts: Sequence[Sequence[list[Verdict]]]) -> dict[str, Any]:
        """Return what one question adds to each metric; `verdicts` are per turn, per repeat, per run."""


def places(doc: Mapping[str, Any], repeats: int) -> list[RequestPlace]:
    """Return where the requests of a question stand: one per turn and repeat, repeat by repeat."""
    turns = len(doc["turns"])
    return [
        RequestPlace(turn, repeat, turns * repeat + turn - 1)
        for repeat in range(repeats)
        for turn in range(1, turns + 1)
    ]


def by_turn(doc: Mapping[str, Any], results: Sequence[Any]) -> list[Sequence[Any]]:
    """Return what lies in the order of `places` by turn."""
    turns = len(doc["turns"])
    return [results[turn::turns] for turn in range(turns)]

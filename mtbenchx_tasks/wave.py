"""Two turns in the stock harness: a request type per turn.

`lm_eval.evaluator.evaluate` collects the requests of all tasks by request type and calls the LM's method of that name
once per type, in the order in which the types first appeared. So the second turns of every task run in one call, after
the first turns of every task, whatever the backend. All it takes is a method of each name; both only call
`generate_until`, so caching and every backend work as ever.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from lm_eval.api.instance import Instance
from lm_eval.api.model import LM, CachingLM

TURNS = ("generate_turn_1", "generate_turn_2")


class Dialogue(Protocol):
    """Who says what; it knows its question, its answers so far, and what to do with them."""

    def prompt(self) -> Any:
        """Return what the model reads next: a text, or the backend's own form of messages."""
        ...

    def recall(self, lm: LM, prompt: Any, settings: dict[str, Any]) -> str | None:
        """Return the answer an interrupted run already got, or None to generate it."""
        ...

    def hear(self, lm: LM, answer: str) -> None:
        """Take the model's answer."""
        ...

    def abandon(self) -> None:
        """The wave was interrupted."""
        ...


@dataclass
class Turn(Instance):
    """One turn of one dialogue."""

    dialogue: Dialogue | None = None
    """Attached after the harness may have pickled the request."""


def generate_turn(lm: LM, requests: list[Turn]) -> list[str]:
    """Generate one turn of every dialogue in one `generate_until` call; becomes a method of LM."""
    said = [(request, request.dialogue) for request in requests if request.dialogue is not None]
    try:
        for request, dialogue in said:
            request.arguments = (dialogue.prompt(), request.arguments[1])
        recalled = [dialogue.recall(lm, *request.arguments) for request, dialogue in said]
        asked = [request for request, answer in zip(requests, recalled, strict=True) if answer is None]
        generated = iter(_generate(lm, asked, requests[-1]))
        answers = [next(generated) if answer is None else answer for answer in recalled]
        for (_, dialogue), answer in zip(said, answers, strict=True):
            dialogue.hear(lm, answer)
    except BaseException:
        for _, dialogue in said:
            dialogue.abandon()
        raise
    return answers


def _generate(lm: LM, requests: list[Turn], padding: Turn) -> list[str]:
    """Ask the model; every rank makes equally many forward passes, which FSDP needs."""
    padded = requests + [padding] * _shortfall(lm, len(requests))
    return list(lm.generate_until(padded))[: len(requests)] if padded else []


def _shortfall(lm: LM, count: int) -> int:
    if lm.world_size == 1:
        return 0
    import torch

    return int(lm.all_gather(torch.tensor(count, device=lm.device)).max()) - count


for _lm in (LM, CachingLM):  # CachingLM forwards unknown names to the inner model, past its own cache
    for _name in TURNS:
        setattr(_lm, _name, generate_turn)

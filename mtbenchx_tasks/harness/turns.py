"""Two turns in the stock harness: a request type per turn.

`lm_eval.evaluator.evaluate` collects the requests of all tasks by request type and calls the LM's method of that name
once per type, in the order in which the types first appeared. So the second turns of every task run in one call, after
the first turns of every task, whatever the backend. All it takes is a method of each name; both only call
`generate_until`, so caching and every backend work as ever. Backends announce each answer to their cache hook as soon
as they have it; while a wave goes on, the dialogues listen there.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from lm_eval.api.instance import Instance
from lm_eval.api.model import LM, CacheHook, CachingLM

from mtbenchx_tasks.harness.opening import open_run
from mtbenchx_tasks.judge.answers import text_of
from mtbenchx_tasks.rating.conversation import Conversation

TURNS = ("generate_turn_1", "generate_turn_2")


class Dialogue(Protocol):
    """Who says what; it knows its question, its answers so far, and what to do with them."""

    def prompt(self) -> Any:
        """Return what the model reads next: a text, or the backend's own form of messages."""
        ...

    def recall(self, lm: LM, prompt: Any, settings: dict[str, Any]) -> str | None:
        """Return the answer an interrupted run already got, or None to generate it."""
        ...

    def arrive(self, lm: LM, answer: str) -> None:
        """Learn an answer early, while others are still being generated; it is `hear` that counts."""
        ...

    def hear(self, lm: LM, answer: str) -> None:
        """Take the model's answer, when the wave is over."""
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
        if requests and requests[0].request_type == TURNS[0]:
            open_run(lm, [dialogue for _, dialogue in said if isinstance(dialogue, Conversation)])
        for request, dialogue in said:
            request.arguments = (dialogue.prompt(), request.arguments[1])
        recalled = [dialogue.recall(lm, *request.arguments) for request, dialogue in said]
        for (_, dialogue), answer in zip(said, recalled, strict=True):
            if answer is not None:
                dialogue.arrive(lm, answer)
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
    if not padded:
        return []
    with _announced(lm, padded):
        return [text_of(answer) for answer in lm.generate_until(padded)][: len(requests)]


@contextmanager
def _announced(lm: LM, requests: Sequence[Turn]) -> Iterator[None]:
    """Tell each dialogue its answer as soon as the backend has it."""
    cache = lm.cache_hook
    lm.set_cache_hook(Announcer(lm, cache, requests))
    try:
        yield
    finally:
        lm.set_cache_hook(cache)


class Announcer(CacheHook):
    """A backend's cache hook that also tells the dialogues; a prompt asked twice tells nobody whose answer it is."""

    def __init__(self, lm: LM, cache: CacheHook, requests: Sequence[Turn]) -> None:
        super().__init__(None)
        self._lm, self._cache = lm, cache
        asked = [(id(request.arguments[0]), request.dialogue) for request in requests]
        times = Counter(prompt for prompt, _ in asked)
        self._waiting = {prompt: dialogue for prompt, dialogue in asked if times[prompt] == 1}

    def add_partial(self, attr: str, req: Any, res: Any) -> None:
        """Cache an answer as ever, and tell the dialogue whose prompt it answers (the very object)."""
        self._cache.add_partial(attr, req, res)
        dialogue = self._waiting.pop(id(req[0]), None)
        if dialogue is not None and isinstance(res, str):
            dialogue.arrive(self._lm, res)


def _shortfall(lm: LM, count: int) -> int:
    if lm.world_size == 1:
        return 0
    import torch

    return int(lm.all_gather(torch.tensor(count, device=lm.device)).max()) - count


for _lm in (LM, CachingLM):  # CachingLM forwards unknown names to the inner model, past its own cache
    for _name in TURNS:
        setattr(_lm, _name, generate_turn)

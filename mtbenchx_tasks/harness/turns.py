"""Two turns in the stock harness: a request type per turn.

`lm_eval.evaluator.evaluate` collects the requests of all tasks by request type and calls the LM's method of that name
once per type, in the order in which the types first appeared. So the second turns of every task run in one call, after
the first turns of every task, whatever the backend. All it takes is a method of each name (`install`); both only call
`generate_until`, so caching and every backend work as ever. Backends announce each answer to their cache hook as soon
as they have it; while a turn is generated, the conversations listen there.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.api.model import LM, CacheHook, CachingLM

from mtbenchx_tasks.harness.opening import open_run
from mtbenchx_tasks.judge.answers import text_of
from mtbenchx_tasks.rating.conversation import Conversation

TURNS = ("mtbenchx_generate_turn_1", "mtbenchx_generate_turn_2")
"""Request types, which are the names of the methods that `install` adds to lm_eval's models."""


@dataclass
class TurnRequest(Instance):
    """A request for the model's answer to one turn of one conversation."""

    conversation: Conversation | None = None
    """Attached after the harness may have pickled the request."""


def install() -> None:
    """Give lm_eval's models a method per turn; again and again does no harm.

    CachingLM forwards names that it doesn't know to the model within, past its own cache: it gets the methods as well.
    """
    for model in (LM, CachingLM):
        for name in TURNS:
            setattr(model, name, generate_turn)


def generate_turn(lm: LM, requests: list[TurnRequest]) -> list[str]:
    """Generate one turn of every conversation in one `generate_until` call; `install` makes it a method of LM."""
    talks = [(request, request.conversation) for request in requests if request.conversation is not None]
    try:
        if requests and requests[0].request_type == TURNS[0]:
            open_run(lm, [talk for _, talk in talks])
        for request, talk in talks:
            request.arguments = (talk.prompt(), request.arguments[1])
        recalled = [talk.recall(lm, *request.arguments) for request, talk in talks]
        for (_, talk), answer in zip(talks, recalled, strict=True):
            if answer is not None:
                talk.on_early_answer(lm, answer)
        asked = [request for request, answer in zip(requests, recalled, strict=True) if answer is None]
        generated = iter(_generate(lm, asked, requests[-1]))
        answers = [next(generated) if answer is None else answer for answer in recalled]
        for (_, talk), answer in zip(talks, answers, strict=True):
            talk.on_answer(lm, answer)
    except BaseException:
        for _, talk in talks:
            talk.abandon()
        raise
    return answers


def _generate(lm: LM, requests: list[TurnRequest], padding: TurnRequest) -> list[str]:
    """Ask the model; every rank makes equally many forward passes, which FSDP needs."""
    padded = requests + [padding] * _shortfall(lm, len(requests))
    if not padded:
        return []
    with _announced(lm, padded):
        return [text_of(answer) for answer in lm.generate_until(padded)][: len(requests)]


@contextmanager
def _announced(lm: LM, requests: Sequence[TurnRequest]) -> Iterator[None]:
    """Hand each conversation its answer as soon as the backend has it."""
    cache = lm.cache_hook
    lm.set_cache_hook(Announcer(lm, cache, requests))
    try:
        yield
    finally:
        lm.set_cache_hook(cache)


class Announcer(CacheHook):
    """A backend's cache hook that also hands answers to their conversations, unless two have the same prompt."""

    def __init__(self, lm: LM, cache: CacheHook, requests: Sequence[TurnRequest]) -> None:
        super().__init__(None)
        self._lm, self._cache = lm, cache
        asked = [(id(request.arguments[0]), request.conversation) for request in requests]
        times = Counter(prompt for prompt, _ in asked)
        self._waiting = {prompt: talk for prompt, talk in asked if times[prompt] == 1}

    def add_partial(self, attr: str, req: Any, res: Any) -> None:
        """Cache an answer as ever, and hand it to the conversation whose prompt it answers (the very object)."""
        self._cache.add_partial(attr, req, res)
        talk = self._waiting.pop(id(req[0]), None)
        if talk is not None and isinstance(res, str):
            talk.on_early_answer(self._lm, res)


def _shortfall(lm: LM, count: int) -> int:
    if lm.world_size == 1:
        return 0
    import torch

    return int(lm.all_gather(torch.tensor(count, device=lm.device)).max()) - count

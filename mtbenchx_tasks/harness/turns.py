"""Turns in the stock harness: a request type per turn.

`lm_eval.evaluator.evaluate` collects the requests of all tasks by request type and calls the LM's method of that name
once per type, in the order in which the types first appeared. So the second turns of every task run in one call, after
the first turns of every task, whatever the backend. All it takes is a method of each name (`install`); each only calls
`generate_until`, so caching and every backend work as ever. Backends announce each answer to their cache hook as soon
as they have it; while a turn is generated, the conversations listen there.

Processes that share a model generate in step: a process without a question of so many turns as another's has a filler
for the turn, a request without a conversation.
"""

import copy
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.api.model import LM, CacheHook, CachingLM

from mtbenchx_tasks.harness.opening import open_run
from mtbenchx_tasks.judge.answers import text_of
from mtbenchx_tasks.judge.probe import Probe, wait_for
from mtbenchx_tasks.rating.conversation import Conversation

NO_QUESTION = -1
"""lm_eval's number of the document of a filler."""


def request_type(turn: int) -> str:
    """Return the request type of a turn (from 1), which is the name of the method that `install` adds."""
    return f"mtbenchx_generate_turn_{turn}"


@dataclass
class TurnRequest(Instance):
    """A request for the model's answer to one turn of one conversation."""

    turn: int = 1
    """From 1."""
    repeat: int = 0
    """From 0."""
    conversation: Conversation | None = None
    """Attached after the harness may have pickled the request; a filler has none."""
    probe: Probe | None = None
    """Of the conversation's judge; None: nobody judges."""


def install(turns: int) -> None:
    """Give lm_eval's models a method for each of so many turns; again and again does no harm.

    CachingLM forwards names that it doesn't know to the model within, past its own cache: it gets the methods as well.
    """
    for model in (LM, CachingLM):
        for turn in range(1, turns + 1):
            setattr(model, request_type(turn), generate_turn)


def filler(request: TurnRequest, turn: int) -> TurnRequest:
    """Return a request for a turn that no question of this process has, so that it generates in step with others."""
    made = copy.copy(request)
    made.request_type, made.turn, made.conversation = request_type(turn), turn, None
    made.doc_id, made.resps, made.filtered_resps = NO_QUESTION, [], {}
    return made


def generate_turn(lm: LM, requests: list[TurnRequest]) -> list[str]:
    """Generate one turn of every conversation in one `generate_until` call; `install` makes it a method of LM."""
    talks = [(request, request.conversation) for request in requests if request.conversation is not None]
    try:
        answers = iter(_answers(lm, talks, requests[-1]))
    except BaseException:
        for _, talk in talks:
            talk.abandon()
        raise
    return ["" if request.conversation is None else next(answers) for request in requests]


def _answers(lm: LM, talks: Sequence[tuple[TurnRequest, Conversation]], padding: TurnRequest) -> list[str]:
    """Return the answers of conversations to their next turn, each told to its conversation."""
    if padding.turn == 1:
        wait_for(request.probe for request, _ in talks)
        open_run(lm, [talk for _, talk in talks])
    for request, talk in talks:
        request.arguments = (talk.prompt(), request.arguments[1])
    recalled = [talk.recall(lm, *request.arguments) for request, talk in talks]
    for (_, talk), answer in zip(talks, recalled, strict=True):
        if answer is not None:
            talk.on_early_answer(lm, answer)
    asked = [request for (request, _), answer in zip(talks, recalled, strict=True) if answer is None]
    generated = iter(_generate(lm, asked, padding))
    answers = [next(generated) if answer is None else answer for answer in recalled]
    for (_, talk), answer in zip(talks, answers, strict=True):
        talk.on_answer(lm, answer)
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

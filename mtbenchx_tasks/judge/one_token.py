"""One-token judgments: the verdict's beginning is given, and the alternatives of the next token are read.

Some endpoints continue a message that the assistant has begun. There `rating: expected` needs no written judgment: the
last message is the assistant's `Rating: [[` (in the prompt's language), and the probabilities of the token after it are
the ratings' (as the local judge weighs them in this process). Where `10` is two tokens, the weight of `1` is shared
between 1 and 10 by a second request, which ends in `[[1`.

Such a request is one like any other: what it forces stands in its messages and parameters, and so in its key.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from hf_datasets.endpoints.client import ChatRequest, Transport
from hf_datasets.records import Completion
from mtbenchx_tasks.judge.expected import may_begin_ten, number_weights, weighed, with_ten

log = logging.getLogger("lm_eval.mtbenchx")
BODIES: Mapping[str, Mapping[str, Any]] = {
    "vllm": {"continue_final_message": True, "add_generation_prompt": False},  # vLLM, SGLang
    "prefix": {},  # Mistral, DeepSeek (beta): said in the message itself
}
"""Way to have a message continued -> what the request's body says of it; vendors' documents, read on 2026-11-28."""
PREFIX = {"prefix": True}
ASSISTANT = "assistant"
TELLING = 0.001
"""Share of `1` from which it is asked how much of it is a 10; below, the mean moves by less than 0.01."""
LEAST = 0.25
"""Probability that one of the ratings comes next, below which an endpoint hasn't continued the message."""


def continued(request: ChatRequest, way: str, lead_in: str) -> ChatRequest:
    """Return the request of one token after a forced beginning.

    Args:
        request: What would have a judgment written.
        way: One of BODIES.
        lead_in: The beginning of the verdict, e.g. `Rating: [[`.
    """
    message = {"role": ASSISTANT, "content": lead_in, **(PREFIX if way == "prefix" else {})}
    body = {**request.parameters.get("extra_body", {}), **BODIES[way]}
    parameters = {**request.parameters, "max_tokens": 1, **({"extra_body": body} if body else {})}
    return replace(request, messages=(*request.messages, message), parameters=parameters)


def is_continued(request: ChatRequest) -> bool:
    """Tell whether a request has a message of the assistant's continued."""
    return str(request.messages[-1]["role"]) == ASSISTANT


def after_one(request: ChatRequest) -> ChatRequest:
    """Return the request that tells how much of `1` is a 10."""
    last = request.messages[-1]
    return replace(request, messages=(*request.messages[:-1], {**last, "content": last["content"] + "1"}))


def complete(ask: Callable[[ChatRequest], Completion], request: ChatRequest) -> Completion:
    """Return the probability of each rating after a forced beginning, in one request or two.

    Args:
        ask: Answers a request; never raises.
        request: See `continued`.

    Returns:
        A completion with `ratings`; without, if the endpoint returned no probabilities; or why it failed.
    """
    first = ask(request)
    if first.state not in ("answered", "empty") or not first.details.get("logprobs"):
        return first
    if not may_begin_ten(_weights(first), TELLING):
        return joined(first)
    return joined(first, ask(after_one(request)))


def joined(first: Completion, second: Completion | None = None) -> Completion:
    """Return one judgment of the answers to one request: the token after the beginning, and that after `1`."""
    if second is None:
        return weighed(_weights(first), _details(first))
    if not second.details.get("logprobs"):
        reason = second.reason or "the endpoint returned no logprobs after a 1"
        return Completion("failed", reason=reason, details={**_details(first), **_details(second)})
    details = {**_details(first), "logprobs": [first.details["logprobs"][0], second.details["logprobs"][0]]}
    used = [completion.details["usage"] for completion in (first, second) if completion.details.get("usage")]
    if used:
        details["usage"] = {name: sum(usage.get(name, 0) for usage in used) for name in used[0]}
    return weighed(with_ten(_weights(first), second.details["logprobs"][0]["top"]), details)


def has_continued(request: ChatRequest, completion: Completion) -> bool:
    """Tell whether an endpoint took a beginning as such: what was asked was sent, and ratings are likely to follow."""
    asked = request.parameters.get("extra_body", {})
    sent = completion.details.get("sent", {}).get("parameters", asked)
    was_sent = all(sent.get(name) == value for name, value in asked.items())
    return was_sent and sum(map(float, completion.details.get("ratings", {}).values())) >= LEAST


def _weights(completion: Completion) -> dict[int, float]:
    return number_weights(completion.details["logprobs"][0]["top"])


def _details(completion: Completion) -> dict[str, Any]:
    """Return what was reported; that a text of one token ended at its limit says nothing."""
    return {name: value for name, value in completion.details.items() if name != "finish_reason"}


class OneTokenTransport:
    """A transport that makes one judgment of the requests for one token; all else is the inner one's."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def complete(self, request: ChatRequest) -> Completion:
        """Answer one request; never raises for what the endpoint does."""
        return complete(self._inner.complete, request) if is_continued(request) else self._inner.complete(request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

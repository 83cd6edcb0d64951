"""One judgment, asked once more with more room if its text was cut off before the verdict."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from hf_datasets.endpoints.client import ChatRequest, Transport
from hf_datasets.records import Completion
from mtbenchx_tasks.judge.sent import ROOM

MORE_ROOM = 4
"""How many times the room a judgment gets that was cut off."""
CUT_OFF = "length"
"""The `finish_reason` of a text that was cut off."""
NO_SUCH_ROOM = (400, 422)
"""The endpoint's answer where a model can't write that much."""


IsUseful = Callable[[ChatRequest, Completion], bool]
"""Whether a completion of a request holds what was asked for."""


def complete(transport: Transport, request: ChatRequest, is_useful: IsUseful) -> Completion:
    """Return what the judge says; of a judgment that was cut off, what it says with more room.

    Args:
        transport: Who answers.
        request: What is asked, with its `max_tokens`.
        is_useful: See IsUseful.

    Returns:
        The last attempt, with the parameters and the usage of an earlier one in `details["attempts"]`.
    """
    first = transport.complete(request)
    more = with_more_room(request, first, is_useful)
    return first if more is None else after_both(more, first, transport.complete(more), is_useful)


def with_more_room(request: ChatRequest, first: Completion, is_useful: IsUseful) -> ChatRequest | None:
    """Return the request to ask instead of one whose judgment was cut off before its verdict; None if none was."""
    limit = request.parameters.get("max_tokens")
    if first.details.get("finish_reason") != CUT_OFF or not limit or is_useful(request, first):
        return None
    return replace(request, parameters={**request.parameters, "max_tokens": MORE_ROOM * limit})


def after_both(more: ChatRequest, first: Completion, second: Completion, is_useful: IsUseful) -> Completion:
    """Return one judgment of both attempts; of a model that can't write that much, the first and what to change.

    Args:
        more: What `with_more_room` returned.
        first: What was cut off.
        second: What was said with more room.
        is_useful: See IsUseful.
    """
    room = more.parameters["max_tokens"]
    limit = room // MORE_ROOM
    if second.state == "failed" and second.details.get("status") in NO_SUCH_ROOM:
        return replace(first, reason=cut_off(limit))
    attempt = {"max_tokens": limit, **_kept(first.details)}
    both = replace(second, details={**second.details, "attempts": [attempt]})
    if second.details.get("finish_reason") == CUT_OFF and not is_useful(more, second):
        return replace(both, reason=cut_off(room))
    return both


def cut_off(limit: object) -> str:
    """Return what is wrong with a judgment that was cut off, and what to change."""
    return f"cut off at max_tokens={limit}: raise judge.max_tokens or lower judge.reasoning_effort"


def cut_off_at(details: Mapping[str, Any]) -> str:
    """Return why a judgment holds no verdict if it was cut off; "" if it wasn't."""
    if details.get("finish_reason") != CUT_OFF:
        return ""
    sent = details.get("sent", {}).get("parameters", {})
    return cut_off(next((sent[name] for name in ROOM if name in sent), "?"))


def _kept(details: Mapping[str, Any]) -> dict[str, Any]:
    return {name: details[name] for name in ("finish_reason", "usage", "sent", "batch") if name in details}

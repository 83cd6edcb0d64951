"""Whether an endpoint continues a message of the assistant's: found out before a run, and kept in the ledger.

The question is a request like any other (about a bundled answer, with `continuation: auto` among its parameters), and
the way that was found is its judgment: a repeat asks nothing.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Completion
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.one_token import BODIES, continued, has_continued

log = logging.getLogger("lm_eval.mtbenchx")
Way = Literal["auto", "vllm", "prefix", "off"]
"""The values of judge.continuation."""
OFF: Way = "off"
AUTO: Way = "auto"
REFUSED = (400, 422)
"""An endpoint's answers to what it doesn't understand."""


def find_way(
    request: ChatRequest, lead_in: str, ledger: Ledger, ask: Callable[[ChatRequest], Completion] | None
) -> Way:
    """Return how an endpoint continues a message: one of BODIES, or `off`.

    Args:
        request: A judgment of a bundled answer, to be written.
        lead_in: The beginning of its verdict, e.g. `Rating: [[`.
        ledger: Where the way is kept.
        ask: Answers a request (see one_token.complete); None: no judge is asked.

    Raises:
        UserError: The endpoint can't be asked.
    """
    question = replace(request, parameters={**request.parameters, "continuation": AUTO})
    held = ledger.judgment(question.key)
    if held is not None:
        return _told(request, held.text)
    if ask is None:
        return OFF
    way = next((way for way in BODIES if _works(continued(request, way, lead_in), ask)), OFF)
    if ledger.claim(question.key, question.text):
        ledger.finish(question.key, Completion("answered", way))
    return _told(request, way)


def _works(asked: ChatRequest, ask: Callable[[ChatRequest], Completion]) -> bool:
    """Tell whether an endpoint continues; one that fails for another reason can't be asked."""
    completion = ask(asked)
    if completion.state != "failed":
        return has_continued(asked, completion)
    refused = completion.details.get("status") in REFUSED or any(
        f"Error code: {one}" in completion.reason for one in REFUSED
    )
    if not refused:
        raise UserError(
            str(completion.details.get("stop") or f"The judge {asked.model!r} can't be asked: {completion.reason}")
        )
    return False


def _told(request: ChatRequest, way: str) -> Way:
    if way == OFF:
        log.warning(
            "%s doesn't continue a verdict that is begun for %s, so judge.rating 'expected' has judgments written and "
            "reads the verdicts in them.", request.endpoint, request.model
        )  # fmt: skip
    else:
        log.info("%s continues a verdict that is begun (%s): a judgment is one token.", request.endpoint, way)
    return next(known for known in get_args(Way) if known == way)

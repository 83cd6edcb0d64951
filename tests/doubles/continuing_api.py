"""Endpoints that continue a message the assistant has begun, and one that doesn't, in their own words.

Each is an `Answer` of openai_api.serve. `odds`: the text that is continued -> probabilities of the next token.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from tests.doubles.openai_api import Answer, Reply, completion, error

Odds = Callable[[str], Mapping[str, float]]
KNOWN = {"model", "messages", "temperature", "max_tokens", "logprobs", "top_logprobs", "seed"}


def one_token(odds: Mapping[str, float], asked: Mapping[str, Any], **others: Any) -> Reply:
    """A reply of the likeliest token, with as many alternatives as were asked for."""
    top = sorted(odds.items(), key=lambda item: -item[1])[: asked.get("top_logprobs", 0)]
    listed = [{"token": token, "logprob": math.log(odd), "bytes": None} for token, odd in top if odd > 0]
    logprobs = {"content": [{**listed[0], "top_logprobs": listed}]} if asked.get("logprobs") else None
    body = completion(listed[0]["token"], finish_reason="length", logprobs=logprobs)
    return Reply({**body, "usage": {"prompt_tokens": 100, "completion_tokens": 1, "total_tokens": 101}, **others})


def vllm(odds: Odds, written: str = "Fine. Rating: [[7]]") -> Answer:
    """vLLM and SGLang: `continue_final_message`, which excludes `add_generation_prompt`; other fields are ignored."""

    def answer(asked: dict[str, Any]) -> Reply | str:
        last = asked["messages"][-1]
        if not asked.get("continue_final_message"):
            return one_token({"The": 0.9, "1": 0.1}, asked) if last["role"] == "assistant" else written
        if asked.get("add_generation_prompt", True):
            return error(400, "continue_final_message and add_generation_prompt are not compatible.")
        return one_token(odds(last["content"]), asked)

    return answer


def mistral(odds: Odds) -> Answer:
    """Mistral: `prefix` in the message; any field it doesn't know is refused."""

    def answer(asked: dict[str, Any]) -> Reply | str:
        foreign = sorted(asked.keys() - KNOWN)
        if foreign:
            detail = [{"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs"} for name in foreign]
            told = {"object": "error", "message": {"detail": detail}, "type": "invalid_request_error", "param": None}
            return Reply({**told, "code": None}, 422)
        last = asked["messages"][-1]
        if last["role"] == "assistant" and not last.get("prefix"):
            return error(400, "Expected last role User or Tool (or Assistant with prefix True) for serving")
        return one_token(odds(last["content"]), asked) if last["role"] == "assistant" else "Gut. Bewertung: [[7]]"

    return answer


def begins_anew(written: Answer) -> Answer:
    """An endpoint that refuses what it doesn't know and takes a message of the assistant's for a finished one."""

    def answer(asked: dict[str, Any]) -> Any:
        foreign = sorted(asked.keys() - KNOWN)
        if foreign:
            return error(400, f"Unrecognized request argument supplied: {foreign[0]}")
        if asked["messages"][-1]["role"] == "assistant":
            return one_token({"The": 0.9, "This": 0.1}, asked)
        return written(asked)

    return answer

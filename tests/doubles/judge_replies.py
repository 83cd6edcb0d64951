"""What the judges of tests/doubles/judges.py say: completions, logprobs, refusals, each vendor's frame around them."""

from collections.abc import Callable
from typing import Any

from tests.doubles.openai_api import Reply

WORDS = "The answer is helpful, relevant and accurate. "
THOUGHT = "Maybe [[3]]? No."
THINKING = {"none": 0, "minimal": 100, "low": 200, "medium": 1500, "high": 6000, "xhigh": 9000, "max": 12000}
"""Tokens of thought before the first word of an answer, by `reasoning_effort`."""
DEADLINE = 30.0
"""Seconds after which a drip ends, so that no test hangs for ever."""

Body = dict[str, Any]


def refused(
    message: str,
    param: str | None = None,
    code: str | int | None = None,
    status: int = 400,
    kind: str = "invalid_request_error",
) -> Reply:
    """As OpenAI words it; `retry_after_ms` spares tests the waiting."""
    error = {"message": message, "type": kind, "param": param, "code": code}
    return Reply({"error": error}, status, {"retry_after_ms": "1"})


def flat(message: Any, kind: str = "BadRequestError", status: int = 400, param: str | None = None) -> Reply:
    """As SGLang, older vLLM and Mistral do: nothing around it."""
    return Reply({"object": "error", "message": message, "type": kind, "param": param, "code": status}, status)


def said(body: Body, content: Any, tokens: int = 80, **more: Any) -> Reply:
    """A completion; `message`, `usage`, `choice` and `top` hold what else it says."""
    message = {"role": "assistant", "content": content, **more.get("message", {})}
    usage = {"prompt_tokens": 900, "completion_tokens": tokens, "total_tokens": 900 + tokens, **more.get("usage", {})}
    choice = {"index": 0, "finish_reason": "stop", "message": message, **more.get("choice", {})}
    top = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1764288000, "model": body["model"]}
    return Reply({**top, "choices": [choice], "usage": usage, **more.get("top", {})})


def judged(body: Body, verdict: str, before: str = "", **more: Any) -> Reply:
    """A judgment, with logprobs where they are asked for."""
    text = before + WORDS + verdict
    if body.get("logprobs"):
        more["choice"] = {"logprobs": logprobs(text, body.get("top_logprobs", 0)), **more.get("choice", {})}
    return said(body, text, **more)


def logprobs(text: str, most: int) -> dict[str, Any]:
    """One token for the words, one for each character of the verdict: sure of itself, with all digits beside it."""
    head, brackets, tail = text.partition("[[")
    tokens = [head + brackets, *tail]
    beside = [(str(digit), -3.0 - digit) for digit in range(1, 10)]
    return {"content": [{**_token(token, -0.1), "top_logprobs": _top(token, beside, most)} for token in tokens]}


def _token(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}


def _top(token: str, beside: list[tuple[str, float]], most: int) -> list[dict[str, Any]]:
    others = [_token(other, logprob) for other, logprob in beside if other != token and token.isdigit()]
    return [_token(token, -0.1), *others][:most]


def thought(body: Body, tokens: int, then: Callable[..., Reply]) -> Reply:
    """The same after so many tokens of thought: nothing at all if the room is used up before."""
    room = body.get("max_completion_tokens", body.get("max_tokens", 10**6))
    spent = min(tokens, room)
    usage = {"completion_tokens_details": {"reasoning_tokens": spent}}
    if room <= tokens:
        return said(body, "", spent, usage=usage, choice={"finish_reason": "length"})
    return then(tokens=tokens + 80, usage=usage)

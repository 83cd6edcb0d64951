"""Chat completions as values: what an endpoint's JSON says, whatever its shape. Pure; never raises for any JSON."""

import json
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from hf_datasets.endpoints.errors import FILTERED, ErrorBody, one_line, read_error
from hf_datasets.endpoints.replies import OK
from hf_datasets.records import Completion, storable

UNREADABLE = "the endpoint's answer can't be read"
THOUGHTS = frozenset({"thinking", "redacted_thinking", "reasoning", "reasoning_content"})
"""Types of the parts of an answer that are no answer."""
MOST_TOKENS = 10**9
"""A count beyond this is no count."""
MOST_NAME = 200
"""Characters of a model's name or fingerprint that are kept."""
ROUNDING = 1e-3
"""By how much a logarithm of a probability may be above 0."""


class UnreadableError(ValueError):
    """A body that isn't a chat completion; the message says where."""


def read_completion(body: Any) -> Completion:
    """Read the first choice of a chat completion.

    Args:
        body: Parsed JSON. An `error` in it, or a shape that isn't a completion's, is a failed completion that holds the
            endpoint's own words; thoughts in fields or parts of their own (`reasoning`, `reasoning_content`, Mistral's
            `thinking`) are no text.

    Returns:
        The completion; its details hold `snapshot`, `system_fingerprint`, `finish_reason`, `usage` (whole numbers of
        tokens, 0 or more: `prompt_tokens` and `completion_tokens`, and `cached_tokens` and `reasoning_tokens` where
        told) and `logprobs` (per token its alternatives, finite), each only if the endpoint told it.
    """
    try:
        return _read(body)
    except UnreadableError as error:
        return Completion("failed", reason=f"{UNREADABLE} ({error}): {_shown(body)}")


def read_failure(status: int, body: Any) -> Completion:
    """Return the completion of a request that was answered with an error.

    Args:
        status: HTTP status, or the one that the body names.
        body: Parsed JSON, or the text where it is none.
    """
    error = read_error(body)
    refused = error.flagged or bool(FILTERED & set(error.codes))
    details = {"status": status, **({"code": error.code} if error.code else {})}
    what = "the endpoint answered with an error" if status == OK else f"HTTP {status}"
    reason = f"{what}: {error.words or 'no reason given'}"
    return Completion("refused" if refused else "failed", reason=reason, details=MappingProxyType(details))


def _read(body: Any) -> Completion:
    choice = _first_choice(body)
    error = (isinstance(body, dict) and body.get("error")) or (choice and choice.get("error"))
    if error:
        return read_failure(_status(read_error({"error": error})), {"error": error})
    if choice is None:
        raise UnreadableError("it has no choices")
    message = choice.get("message")
    if not isinstance(message, dict):
        raise UnreadableError("its choice has no message")
    details = MappingProxyType(_details(body, choice))
    text, refusal = _text(message.get("content")), _refusal(message)
    if refusal or choice.get("finish_reason") == "content_filter":
        return Completion("refused", reason=refusal or "content filter", details=details)
    if not text.strip():
        return Completion("empty", reason=_why_empty(message, details), details=details)
    return Completion("answered", storable(text), details=details)


def _first_choice(body: Any) -> dict[str, Any] | None:
    choices = body.get("choices") if isinstance(body, dict) else None
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else None


def _status(error: ErrorBody) -> int:
    """Return the HTTP status that an error within a 200 names; OpenRouter does so when the provider broke off."""
    return next((int(code) for code in error.codes if code.isdecimal() and 400 <= int(code) < 600), OK)  # noqa: PLR2004


def _shown(body: Any) -> str:
    try:
        return repr(one_line(body if isinstance(body, str) else json.dumps(body)))
    except RecursionError:
        return "JSON that is too deep"


def _text(content: Any) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise UnreadableError("its content is no text")
    return "".join(_part(part) for part in content)


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, dict):
        if _name(part.get("type")) in {*THOUGHTS, "refusal"}:
            return ""
        if isinstance(part.get("text"), str):
            return str(part["text"])
    raise UnreadableError("a part of its content has no text")


def _refusal(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    said = [message.get("refusal"), *(part.get("refusal") for part in parts if part.get("type") == "refusal")]
    refusal = next((one for one in said if one), "")
    if not isinstance(refusal, str):
        raise UnreadableError("its refusal is no text")
    return storable(refusal)


def _why_empty(message: Mapping[str, Any], details: Mapping[str, Any]) -> str:
    thought = any(message.get(name) for name in ("reasoning", "reasoning_content")) or isinstance(
        message.get("content"), list
    )
    thought = thought or bool(details.get("usage", {}).get("reasoning_tokens"))
    if details.get("finish_reason") == "length":
        return f"cut off at max_tokens {'while thinking' if thought else 'before any text'}"
    return "the endpoint returned thoughts and no text" if thought else "the endpoint returned no text"


def _details(body: Mapping[str, Any], choice: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "snapshot": _name(body.get("model")),
        "system_fingerprint": _name(body.get("system_fingerprint")),
        "finish_reason": _name(choice.get("finish_reason")),
        "usage": _usage(body.get("usage")),
        "logprobs": _logprobs(choice.get("logprobs")),
    }
    return {name: value for name, value in found.items() if value is not None}


def _name(value: Any) -> str | None:
    return storable(value)[:MOST_NAME] if isinstance(value, str) and value else None


def _usage(value: Any) -> dict[str, int] | None:
    """Return the tokens, or None unless both those of the prompt and those of the completion are told."""
    usage = value if isinstance(value, dict) else {}
    prompt, total = _count(usage.get("prompt_tokens")), _count(usage.get("total_tokens"))
    completion = _count(usage.get("completion_tokens"))
    if completion is None and usage.get("completion_tokens") is None and None not in (prompt, total):
        completion = _count(total - prompt)  # type: ignore[operator]  # Google leaves it out where thoughts took all
    if prompt is None or completion is None:
        return None
    cached = _count(_within(usage, "prompt_tokens_details", "cached_tokens", "prompt_cache_hit_tokens"))
    thoughts = _count(_within(usage, "completion_tokens_details", "reasoning_tokens", "reasoning_tokens"))
    known = {"prompt_tokens": prompt, "completion_tokens": completion, "reasoning_tokens": thoughts}
    known["cached_tokens"] = cached if cached is not None and cached <= prompt else None
    return {name: count for name, count in known.items() if count is not None}


def _within(usage: Mapping[str, Any], details: str, name: str, beside: str) -> Any:
    inner = usage.get(details)
    return inner[name] if isinstance(inner, dict) and name in inner else usage.get(beside)


def _count(value: Any) -> int | None:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return int(value) if whole and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS else None


def _logprobs(value: Any) -> list[dict[str, Any]] | None:
    """Return token and alternatives of each position, or None if a position has no token."""
    tokens = value.get("content") if isinstance(value, dict) else None
    if not isinstance(tokens, list) or not tokens:
        return None
    if not all(isinstance(token, dict) and isinstance(token.get("token"), str) for token in tokens):
        return None
    return [{"token": storable(token["token"]), "top": _top(token.get("top_logprobs"))} for token in tokens]


def _top(value: Any) -> dict[str, float]:
    tops = [top for top in value if isinstance(top, dict)] if isinstance(value, list) else []
    return {
        storable(top["token"]): min(float(top["logprob"]), 0.0)
        for top in tops
        if isinstance(top.get("token"), str) and _is_logprob(top.get("logprob"))
    }


def _is_logprob(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) < MOST_TOKENS and math.isfinite(value) and value <= ROUNDING

"""What an endpoint doesn't take, learnt from its words. Pure; never raises for any JSON.

Judges refuse `max_tokens`, `temperature`, `logprobs` or the system role, each vendor in its own words, and some with
one `reasoning_effort` only. A refusal costs nothing: the request is sent again, with as little changed as will do.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hf_datasets.endpoints.changes import Change, Message, system_role_of
from hf_datasets.endpoints.errors import ErrorBody

ROOM = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
"""The two names of one limit."""
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""Least thought first."""
FEWER_ALTERNATIVES = 5
"""What `top_logprobs` becomes where an endpoint says "too many" and not how many."""

NOT_A_REFUSAL = re.compile(
    r"context[ _]length|longer than the model|too large for model|prompt is too long|reduce the length"
    r"|content.?(?:filter|management|policy)|model_not_found|insufficient_quota",
    re.IGNORECASE,
)
"""The prompt is too long, filtered or unpaid: no other parameter would help."""
WRONG_VALUE = re.compile(
    r"(?:above|below) (?:the )?(?:maximum|minimum)|(?:must|should) be (?:between|less|greater|at |an? |in )"
    r"|expected an? |out of range|invalid type|could not be parsed",
    re.IGNORECASE,
)
"""The parameter is known and its value is the user's mistake."""
REFUSES = re.compile(
    r"unsupported|not support|n't support|deprecated|unknown|unrecognized|unexpected|not permitted|not enabled"
    r"|not allowed|forbidden|not available|not compatible|incompatible|cannot be used|can't be used",
    re.IGNORECASE,
)
NAME = r"[`'\"]?\b([\w.]{1,80})[`'\"]?"
NAMED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"unsupported (?:parameter|value|field|argument)s?:? ?{NAME}",
        rf"{NAME} (?:is|are) (?:unsupported|unknown|unrecognized|unexpected|incompatible|deprecated|no longer supported"
        r"|not (?:supported|allowed|permitted|enabled|available|compatible|implemented|recognized))",
        rf"{NAME} (?:does not|doesn't) support",
        rf"{NAME}: extra (?:inputs|fields)",
        rf"unknown name \\?{NAME}",
        r"(?:unknown|unexpected|unrecognized|invalid|extra) (?:request |keyword )?"
        r"(?:parameter|argument|field|property|key)s?(?: supplied)?:? ?[`'\"]?([\w.]{1,80}(?:, ?[\w.]{1,80})*)",
        r"not allowed to request (\w{1,80})",
        rf"(?:does not|doesn't) support (?:the )?(?:parameters?:? ?)?[\[{{(]?{NAME}",
        r"'loc': \('body', '(\w{1,80})'\)",
        r"requested sample (logprobs) of",
        r"range of (top_logprobs)",
    )
)
"""Vendors' wordings, each with the parameter's name (or several, by commas)."""
RENAME = re.compile(r"\buse [`'\"]?max_(?:completion_)?tokens\b", re.IGNORECASE)
MOST = re.compile(
    r"(?:max(?:imum)? allowed:?|<=|at most|less than or equal to|maximum (?:value )?(?:of|is)|\[\d+, ?)\s*(\d{1,9})\b",
    re.IGNORECASE,
)
TOO_MANY = re.compile(r"greater than max|range of top_logprobs|too many", re.IGNORECASE)
VALUES = re.compile(r"(?:supported values are|input should be|must be one of|expected one of)\b:?(.{1,300})", re.I)
NO_SYSTEM = re.compile(
    r"(?:system|developer) (?:role|message|prompt|instruction)s? (?:is |are )?not (?:supported|enabled|allowed)"
    r"|roles must alternate|(?:unknown variant|unexpected role|invalid role):? ?[`'\"]?(?:system|developer)"
    r"|[`'\"](?:system|developer)[`'\"] is not one of|not support (?:the )?[`'\"]?(?:system|developer)\b",
    re.IGNORECASE,
)
A_ROLE = re.compile(r"messages.*\brole$")


def learn(error: ErrorBody, parameters: Mapping[str, Any], messages: Sequence[Message]) -> tuple[Change, ...]:
    """Find out from a 400 or 422 what an endpoint doesn't take.

    Args:
        error: What it said.
        parameters: What it was sent, but for model and messages.
        messages: The messages it was sent.

    Returns:
        What to send otherwise; empty if the request was refused for something else, or nothing would help.
    """
    text = error.text
    if NOT_A_REFUSAL.search(text) or any(NOT_A_REFUSAL.search(code) for code in error.codes):
        return ()
    changes = [_change(name, text, parameters) for name in _names(error, text, parameters)]
    known = tuple(dict.fromkeys(change for several in changes for change in several))
    return known or tuple(_role(error, text, messages))


def _names(error: ErrorBody, text: str, parameters: Mapping[str, Any]) -> list[str]:
    """Return the refused parameters: by `param` or `loc`, else by the wording, else the only one that is named."""
    params = list(_sent(error.params, parameters))
    worded = list(_sent(_worded(text, parameters), parameters))
    if params or worded:
        return list(dict.fromkeys(params or worded))
    named = [name for name in parameters if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)]
    return named if len(named) == 1 and (REFUSES.search(text) or TOO_MANY.search(text)) else []


def _worded(text: str, parameters: Mapping[str, Any]) -> Iterator[str]:
    for pattern in NAMED:
        for match in pattern.finditer(text):
            yield from re.split(r", ?", match[1])
    if RENAME.search(text):
        yield from (name for name in ROOM if name in parameters)
    effort = parameters.get("reasoning_effort")
    if isinstance(effort, str) and re.search(rf"unsupported value: '{re.escape(effort)}' is not", text, re.IGNORECASE):
        yield "reasoning_effort"


def _sent(names: Iterable[str], parameters: Mapping[str, Any]) -> Iterator[str]:
    """Return each name as it was sent; what wasn't sent can't be left out."""
    lower = {name.lower(): name for name in parameters}
    for name in names:
        parts = [name, *name.split("."), *(["reasoning_effort"] if name.endswith(".effort") else [])]
        found = next((lower[part.lower()] for part in parts if part.lower() in lower), None)
        if found:
            yield found


def _change(name: str, text: str, parameters: Mapping[str, Any]) -> list[Change]:
    if name in ROOM:
        return _room(name, text, parameters[name])
    if name in ("logprobs", "top_logprobs"):
        return _alternatives(text, parameters)
    if name == "reasoning_effort":
        return _effort(text, parameters[name])
    return [] if WRONG_VALUE.search(text) else [Change("leave out", name)]


def _room(name: str, text: str, value: Any) -> list[Change]:
    most = _most(text, value)
    if most:
        return [Change("lower", name, most)]
    return [] if WRONG_VALUE.search(text) else [Change("rename", name, ROOM[name])]


def _alternatives(text: str, parameters: Mapping[str, Any]) -> list[Change]:
    """Fewer alternatives where a number is the matter; else no logprobs at all, since one alone is of no use."""
    asked = parameters.get("top_logprobs")
    most = _most(text, asked)
    if not most and TOO_MANY.search(text) and isinstance(asked, int) and asked > FEWER_ALTERNATIVES:
        most = FEWER_ALTERNATIVES
    if most:
        return [Change("lower", "top_logprobs", most)]
    return [Change("leave out", name) for name in ("logprobs", "top_logprobs") if name in parameters]


def _most(text: str, value: Any) -> int:
    """Return the highest value that the endpoint names, if it is lower than what was sent; else 0."""
    found = MOST.search(text)
    most = int(found[1]) if found else 0
    return most if isinstance(value, (int, float)) and most < value else 0


def _effort(text: str, value: Any) -> list[Change]:
    """Take the nearest effort that the endpoint names; of two, the one that thinks more."""
    found = VALUES.search(text)
    offered = [effort for effort in EFFORTS if found and re.search(rf"\b{effort}\b", found[1]) and effort != value]
    if not offered:
        return [Change("leave out", "reasoning_effort")]
    if value not in EFFORTS:  # the user's mistake
        return []
    away = {effort: abs(EFFORTS.index(effort) - EFFORTS.index(value)) for effort in reversed(offered)}
    return [Change("replace", "reasoning_effort", min(away, key=lambda effort: away[effort]))]


def _role(error: ErrorBody, text: str, messages: Sequence[Message]) -> Iterator[Change]:
    role = system_role_of(messages)
    if role != "user" and (NO_SYSTEM.search(text) or any(A_ROLE.search(param) for param in error.params)):
        yield Change("role", "system_role", "system" if role == "developer" else "user")

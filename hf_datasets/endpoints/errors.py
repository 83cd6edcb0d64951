"""What an endpoint says when it doesn't answer, with every vendor's frame taken off. Pure; never raises for any JSON.

OpenAI puts an `error` object around its words, Google a list around that, Anthropic a `type` beside it; SGLang, older
vLLM and Mistral put nothing around; FastAPI says `detail`; OpenRouter and proxies hide the provider's JSON in a string.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hf_datasets.records import storable

FRAMES = ("error", "message", "msg", "detail", "details", "fieldViolations", "description", "metadata", "raw")
"""Keys under which words are looked for, outermost first."""
MOST_DEPTH, MOST_ITEMS, MOST_WORDS = 8, 50, 4000
SHOWN = 300
"""Characters of an endpoint's words that a sentence quotes."""
FILTERED = frozenset({"content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation"})
"""Codes of a filter that declined a prompt or an answer."""
USED_UP = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
"""Codes of an account that pays for nothing more: waiting doesn't help."""


@dataclass(frozen=True)
class ErrorBody:
    """The words and codes of a refusal, outermost first."""

    messages: tuple[str, ...] = ()
    """Everything said in words."""
    params: tuple[str, ...] = ()
    """Parameters named: `param`, or the last name of pydantic's `loc`."""
    codes: tuple[str, ...] = ()
    """Codes, types and statuses; a number is a text here."""
    flagged: bool = False
    """A moderator names the input as the reason."""

    @property
    def words(self) -> str:
        """All that was said as one line of at most SHOWN characters."""
        distinct = [one for one in dict.fromkeys(self.messages) if one]
        said = [one for one in distinct if not any(one in other and one != other for other in distinct)]
        return one_line("; ".join(said or self.codes))

    @property
    def text(self) -> str:
        """All that was said, for patterns."""
        return "\n".join(dict.fromkeys(self.messages))[:MOST_WORDS]

    @property
    def code(self) -> str:
        """The vendor's code, or its nearest relative."""
        return next((code for code in self.codes if not code.isdigit()), next(iter(self.codes), ""))


@dataclass
class _Found:
    messages: list[str] = field(default_factory=list)
    params: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    flagged: bool = False


def read_error(body: Any) -> ErrorBody:
    """Read an error's body.

    Args:
        body: Parsed JSON, or the text where it is none.
    """
    found = _Found()
    _walk(body, found, 0)
    codes = tuple(dict.fromkeys([*found.codes, *found.types]))
    return ErrorBody(tuple(found.messages), tuple(dict.fromkeys(found.params)), codes, found.flagged)


def one_line(text: str, most: int = SHOWN) -> str:
    """Return a text in one line without control characters, cut at so many characters; a web page without its tags."""
    if text.lstrip().startswith("<"):
        text = "a web page: " + re.sub(r"<[^<>]*>", " ", text[:MOST_WORDS])
    line = " ".join("".join(char if char.isprintable() else " " for char in text[:MOST_WORDS]).split())
    return line if len(line) <= most else line[: most - 3] + "..."


def parsed(text: str) -> Any:
    """Return a text's JSON, or the text itself."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _walk(value: Any, found: _Found, depth: int) -> None:
    if depth > MOST_DEPTH or len(found.messages) >= MOST_ITEMS:
        return
    if isinstance(value, str):
        _text(value, found, depth)
    elif isinstance(value, list):
        for item in value[:MOST_ITEMS]:
            _walk(item, found, depth + 1)
    elif isinstance(value, dict):
        _names(value, found)
        for key in FRAMES:
            _walk(value.get(key), found, depth + 1)


def _text(value: str, found: _Found, depth: int) -> None:
    inner = parsed(value) if value.lstrip()[:1] in ("{", "[", '"') else value
    if isinstance(inner, str):
        found.messages.append(storable(inner.strip()[:MOST_WORDS]))
    else:
        _walk(inner, found, depth + 1)


def _names(value: dict[str, Any], found: _Found) -> None:
    found.params += [name for name in _params(value) if name]
    found.codes += [storable(str(code)[:100]) for code in _codes(value)]
    found.types += [storable(value[key][:100]) for key in ("status", "type") if isinstance(value.get(key), str)]
    found.flagged = found.flagged or bool(value.get("flagged_input"))


def _params(value: dict[str, Any]) -> Iterator[str]:
    if isinstance(value.get("param"), str):
        yield storable(value["param"][:100])
    place = value.get("loc")
    if isinstance(place, list):
        parts = [part for part in place if isinstance(part, str)]
        yield ".".join(parts) if "messages" in parts else "".join(parts[-1:])


def _codes(value: dict[str, Any]) -> Iterator[str | int]:
    inner = value.get("innererror")
    for code in (value.get("code"), inner.get("code") if isinstance(inner, dict) else None):
        if isinstance(code, (str, int)) and not isinstance(code, bool) and code != "":
            yield code if isinstance(code, str) else code if abs(code) < 10**6 else ""

"""What is sent otherwise than configured, because an endpoint takes it in no other way; one client remembers it."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Message = Mapping[str, Any]

SYSTEM_ROLES = ("system", "developer")
MOST_CHANGES = 20
"""Of one model with one `reasoning_effort`; an endpoint that refuses more than that refuses everything."""


@dataclass(frozen=True)
class Change:
    """One thing that is sent otherwise than configured."""

    kind: Literal["rename", "leave out", "lower", "replace", "role"]
    """What is done; `role` is about the system prompt."""
    name: str
    """The parameter, as it was sent; `system_role` for a role."""
    to: Any = None
    """The other name, the highest number, the other value or role."""

    def __str__(self) -> str:
        match self.kind:
            case "rename":
                return f"{self.name} is sent as {self.to}"
            case "leave out":
                return f"{self.name} is left out"
            case "lower":
                return f"{self.name} is sent as {self.to} at most"
            case "replace":
                return f"{self.name} is sent as {self.to!r}"
        where = "at the beginning of the user's message" if self.to == "user" else f"as the {self.to} role"
        return f"the system prompt is sent {where}"


def apply(
    changes: Iterable[Change], parameters: Mapping[str, Any], messages: Sequence[Message]
) -> tuple[dict[str, Any], list[Message]]:
    """Return parameters and messages with all changes made, in their order."""
    sent, said = dict(parameters), list(messages)
    for change in changes:
        if change.kind == "role":
            said = with_role(said, change.to)
        elif change.name in sent:
            value = sent.pop(change.name)
            if change.kind == "rename":
                sent[change.to] = value
            elif change.kind == "lower":
                sent[change.name] = min(value, change.to)
            elif change.kind == "replace":
                sent[change.name] = change.to
    return sent, said


def system_role_of(messages: Sequence[Message]) -> str:
    """Return how a system prompt is sent: `system`, `developer`, or `user` as a part of the user's message."""
    return next((message["role"] for message in messages if message["role"] in SYSTEM_ROLES), "user")


def fold_system(messages: Sequence[Message]) -> list[Message]:
    """Return messages with the system prompt, and a blank line, before the first user message's text."""
    system = [message["content"] for message in messages if message["role"] in SYSTEM_ROLES]
    others = [message for message in messages if message["role"] not in SYSTEM_ROLES]
    if not system:
        return others
    first = next((number for number, message in enumerate(others) if message["role"] == "user"), None)
    if first is None:
        return [{"role": "user", "content": "\n\n".join(system)}, *others]
    folded = {**others[first], "content": "\n\n".join([*system, others[first]["content"]])}
    return [*others[:first], folded, *others[first + 1 :]]


class Memory:
    """What one client has learnt of its endpoint, by model and `reasoning_effort`; threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changes: dict[tuple[str, str], tuple[Change, ...]] = {}
        self._told: set[tuple[str, Change]] = set()

    def changes(self, model: str, effort: Any) -> tuple[Change, ...]:
        """Return what is known, in the order in which it was learnt."""
        return self._changes.get((model, str(effort)), ())

    def add(self, model: str, effort: Any, changes: Iterable[Change]) -> list[Change]:
        """Remember changes; returns those that nobody has been told of."""
        with self._lock:
            known = self._changes.get((model, str(effort)), ())
            new = [change for change in changes if change not in known and not _undone(change, known)]
            self._changes[model, str(effort)] = (known + tuple(new))[:MOST_CHANGES]
            untold = [change for change in new if (model, change) not in self._told]
            self._told.update((model, change) for change in untold)
            return untold


def _undone(change: Change, known: Iterable[Change]) -> bool:
    """Whether a name would be changed back into one that was refused."""
    return change.kind == "rename" and any(old.kind == "rename" and old.name == change.to for old in known)


def with_role(messages: Sequence[Message], role: str) -> list[Message]:
    """Return messages whose system prompt is said by a role: `system`, `developer`, or `user` (see `fold_system`)."""
    if role == "user":
        return fold_system(messages)
    return [{**message, "role": role} if message["role"] in SYSTEM_ROLES else message for message in messages]

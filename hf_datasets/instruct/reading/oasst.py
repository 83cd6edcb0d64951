"""OASST: trees of messages, flat (one message a row) or nested (one tree a row); of each, the best-ranked path."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hf_datasets.instruct.reading.dialogues import ROLE, DialogueError, text_of
from hf_datasets.instruct.reading.files import FileRow
from hf_datasets.records import ASSISTANT, USER, Message

FLAT = frozenset({"message_id", "text", "role"})
"""Keys of every message; `parent_id` is missing or null in a root."""
Values = Mapping[str, Any]


def is_flat(row: Values) -> bool:
    """Tell whether a row is one message of a tree."""
    return row.keys() >= FLAT


def is_nested(row: Values) -> bool:
    """Tell whether a row is a whole tree."""
    return isinstance(row.get("prompt"), dict) and {"text", "role"} <= set(row["prompt"])


def flat_paths(rows: Iterable[FileRow]) -> Iterator[tuple[FileRow, tuple[Message, ...]]]:
    """Yield (the root's row, its best path) in the order of the roots; a prompt that nobody answered gives none."""
    roots: list[FileRow] = []
    replies: defaultdict[str, list[Values]] = defaultdict(list)
    for row in rows:
        if not is_flat(row.values):
            raise DialogueError(f"row {row.number} isn't a message of a tree, as the first row is")
        if parent := row.values.get("parent_id"):
            replies[str(parent)].append(row.values)
        else:
            roots.append(row)
    for root in roots:
        if path := _path(root.values, lambda node: replies.get(str(node["message_id"]), ())):
            yield root, path


def nested_path(row: Values) -> tuple[Message, ...]:
    """Return the best path of a nested tree; empty if nobody answered."""
    return _path(row["prompt"], lambda node: node.get("replies") or ())


def _path(root: Values, replies: Any) -> tuple[Message, ...]:
    """Go down to the best-ranked reply each time, and end with the assistant's last answer."""
    found: list[Message] = []
    node: Values | None = root
    while node is not None:
        found.append(
            Message(_role(node), text_of(node.get("text"), f"the text of message {str(node.get('message_id'))[:40]!a}"))
        )
        node = _best(replies(node))
    while found and found[-1].role != ASSISTANT:
        found.pop()
    return tuple(found)


def _best(replies: Any) -> Values | None:
    """Rank 0 is best; unranked replies come last, in their order."""
    if not isinstance(replies, list | tuple) or not all(isinstance(reply, Mapping) for reply in replies):
        raise DialogueError("`replies` is no list of messages")
    kept = [reply for reply in replies if not reply.get("deleted")]
    ranks = [reply["rank"] if isinstance(reply.get("rank"), int | float) else None for reply in kept]
    order = [(rank is None, rank or 0, at) for at, rank in enumerate(ranks)]
    return kept[min(order)[2]] if kept else None


def _role(node: Values) -> str:
    role = ROLE.get(str(node.get("role")).lower())
    if role not in (USER, ASSISTANT):
        shown = [str(node.get(key))[:40] for key in ("message_id", "role")]
        raise DialogueError(f"message {shown[0]!a} has the unknown role {shown[1]!a}")
    return role

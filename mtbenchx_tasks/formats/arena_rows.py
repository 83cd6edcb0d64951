"""Votes of two public arenas, brought into the shape of lmsys' rows: LMArena's and compar:IA's.

LMArena (arena-human-preference-140k): {"id": "...", "evaluation_session_id": "...", "model_a": "a", "model_b": "b",
  "winner": "both_bad", "language": "de",
  "conversation_a": [{"role": "user", "content": [{"type": "text", "text": "..."}]}]}
compar:IA (comparia-votes): {"id": "...", "model_a_name": "a", "model_b_name": "b", "chosen_model_name": "a",
  "both_equal": false, "conversation_a": [{"role": "user", "content": "..."}], "session_hash": "..."}
"""

from collections.abc import Mapping
from typing import Any

PERSON = "arena_user"
COLUMNS = (
    *("id", "evaluation_session_id", "model_a_name", "model_b_name", "chosen_model_name", "both_equal"),
    *("session_hash", "languages"),
)
"""What is read of their rows besides what lmsys' have."""


def as_vote(row: dict[str, Any]) -> dict[str, Any]:
    """Return an arena's row in the shape of lmsys' rows; any other row as it is."""
    if "model_a_name" in row and "chosen_model_name" in row:
        names = {"model_a": row["model_a_name"], "model_b": row.get("model_b_name")}
        voted = {**names, "winner": _winner(row), "language": _language(row), "judge": _person(row, "session_hash")}
    elif "evaluation_session_id" in row and "question_id" not in row:
        voted = {**row, "judge": _person(row, "evaluation_session_id")}
    else:
        return row
    talks = {name: _messages(row.get(name)) for name in ("conversation_a", "conversation_b")}
    turns = _turns(talks["conversation_a"])
    return {**voted, **talks, "question_id": row.get("id"), "turn": turns, "benchmark": "arena"}


def _person(row: Mapping[str, Any], name: str) -> str:
    return f"{PERSON}_{row.get(name) or row.get('id')}"


def _winner(row: Mapping[str, Any]) -> Any:
    if row.get("both_equal"):
        return "tie"
    sides = {row["model_a_name"]: "model_a", row.get("model_b_name"): "model_b"}
    chosen = row["chosen_model_name"]
    return sides.get(chosen, f"chosen_model_name {chosen!r}, both_equal {row.get('both_equal')!r}")  # no vote: refused


def _language(row: Mapping[str, Any]) -> Any:
    named = row.get("languages")
    return named[0] if isinstance(named, list) and named else named or ""


def _messages(talk: Any) -> Any:
    """Return messages whose parts are joined to texts; what is of another shape stays, for the reader to refuse."""
    if not isinstance(talk, list):
        return talk
    return [{**one, "content": _text(one.get("content"))} if isinstance(one, dict) else one for one in talk]


def _text(content: Any) -> Any:
    if not isinstance(content, list):
        return content
    return "\n\n".join(str(part["text"]) for part in content if isinstance(part, dict) and part.get("text"))


def _turns(talk: Any) -> Any:
    """Return how often the user speaks: a vote is on the last answer; None where nobody does."""
    if not isinstance(talk, list):
        return None
    return sum(isinstance(one, dict) and one.get("role") == "user" for one in talk) or None

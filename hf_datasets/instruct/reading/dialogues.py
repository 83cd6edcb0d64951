"""The dialogue in a row, found by its keys: chat lists, question and answer in two columns, transcripts, trees.

The layouts are those of TRL, ShareGPT, LIMA, Alpaca, Dolly, Bactrian-X, xP3mt, HH-RLHF, OASST and their relatives.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hf_datasets.records import ASSISTANT, SYSTEM, USER, Message

Values = Mapping[str, Any]
CHATS = ("messages", "conversations", "conversation", "dialogue", "dialog", "turns", "data")
"""Columns that hold a whole chat as a list."""
ONE_SIDED = "turns"
"""Of these the one that, as a list of texts, holds what the user says (as in MT-Bench) and no answer."""
TRANSCRIPTS = ("chosen", "text")
"""Columns that may hold a whole chat as one text."""
_WHOLE = frozenset((*CHATS, *TRANSCRIPTS))
PAIRS = (
    ("instruction", "output"),
    ("instruction", "response"),
    ("inputs", "targets"),
    ("prompt", "completion"),
    ("prompt", "response"),
    ("prompt", "answer"),
    ("prompt", "output"),
    ("question", "answer"),
    ("question", "response"),
    ("query", "response"),
    ("query", "answer"),
    ("problem", "solution"),
    ("input", "output"),
    ("human", "assistant"),
    ("user", "assistant"),
)
"""Columns of one question and its answer; the first pair that a row has is taken."""
CONTEXTS = ("input", "context")
"""What an instruction is about, below it in the same message."""
SYSTEMS = frozenset({"system", "system_prompt"})
ROLE_NAMES = {
    SYSTEM: (SYSTEM, "developer"),
    USER: (USER, "human", "prompter"),
    ASSISTANT: (ASSISTANT, "gpt", "model", "bot", "chatgpt", "ai"),
}
ROLE = {name: role for role, names in ROLE_NAMES.items() for name in names}
_TRANSCRIPT = re.compile(r"(?:^|\n\n|### ?)(Human|Assistant): ?")
"""A speaker's name in HH-RLHF (behind a blank line) and in openassistant-guanaco (behind ###)."""


TEXT_PARTS = (None, "text", "input_text", "output_text")
"""Kinds of the parts of a message that are text; null where a column has no kinds."""


class DialogueError(ValueError):
    """What is wrong with a row; whoever knows the place adds it."""


def messages(row: Values) -> tuple[Message, ...] | None:
    """Return the dialogue of a row, or None if its keys tell no layout.

    Raises:
        DialogueError: The layout is known, but a value in it isn't a text, a role or a list as it must be.
    """
    if not _WHOLE.isdisjoint(row) and (found := _whole(row)) is not None:
        return found
    for question, answer in PAIRS:
        if question in row and answer in row:
            return _pair(row, question, answer)
    return None


def _whole(row: Values) -> tuple[Message, ...] | None:
    """Read a dialogue that stands in one column."""
    for key in CHATS:
        if isinstance(row.get(key), list) and not (key == ONE_SIDED and _texts(row[key])):
            return (*_system(row, key), *chat(row[key], key))
    for key in TRANSCRIPTS:
        if isinstance(row.get(key), str) and _TRANSCRIPT.match(row[key]):
            return transcript(row[key])
    return _chosen(row) if "chosen" in row else None


def chat(turns: Sequence[Any], key: str) -> tuple[Message, ...]:
    """Read a list of texts (user first), of {role|from, content|value}, or of {question, answer}."""
    if _texts(turns):
        return tuple(Message((USER, ASSISTANT)[at % 2], text) for at, text in enumerate(turns))
    return tuple(message for at, turn in enumerate(turns) for message in _turn(turn, f"{key}[{at}]"))


def _texts(turns: Sequence[Any]) -> bool:
    return all(isinstance(turn, str) for turn in turns)


def _turn(turn: Any, where: str) -> Iterator[Message]:
    if not isinstance(turn, Mapping):
        raise DialogueError(f"{where} is of type {type(turn).__name__}, not a message")
    said = next((turn[key] for key in ("role", "from") if key in turn), None)
    content = next((key for key in ("content", "value", "text") if key in turn), None)
    if said is not None and content is not None:
        if str(said).lower() not in ROLE:
            raise DialogueError(f"{where} has the unknown role {str(said)[:40]!a}")
        yield Message(ROLE[str(said).lower()], text_of(turn[content], f"{where}.{content}"))
        return
    pair = next((pair for pair in PAIRS if set(pair) <= set(turn)), None)
    if pair is None:
        raise DialogueError(
            f"{where} has the unknown keys {', '.join(ascii(key)[1:-1][:40] for key in sorted(turn)[:9])}"
        )
    yield from (*_system(turn, ""), *_pair_messages(turn, *pair, context=False))


def transcript(text: str) -> tuple[Message, ...]:
    r"""Read `\n\nHuman: ...\n\nAssistant: ...`."""
    _, *pieces = _TRANSCRIPT.split(text)
    said = zip(pieces[::2], pieces[1::2], strict=True)
    return tuple(Message(ROLE[name.lower()], content.strip()) for name, content in said)


def _chosen(row: Values) -> tuple[Message, ...]:
    """Read a preference row: the prompt, if it is apart, and the chosen answer."""
    prompt, chosen = row.get("prompt"), row["chosen"]
    before = () if prompt is None else _side(prompt, USER, "prompt")
    after = _side(chosen, ASSISTANT, "chosen")
    return after if after[: len(before)] == before else (*before, *after)


def _pair(row: Values, question: str, answer: str) -> tuple[Message, ...]:
    return (*_system(row, ""), *_pair_messages(row, question, answer, context=question == "instruction"))


def _pair_messages(row: Values, question: str, answer: str, *, context: bool) -> tuple[Message, ...]:
    asked = _side(row[question], USER, question)
    keys = [key for key in CONTEXTS if row.get(key)] if context else []
    about = text_of(row[keys[0]], keys[0]) if keys else ""
    if about.strip():
        asked = (Message(USER, "\n\n".join([*(message.content for message in asked[:1]), about])),)
    return (*asked, *_side(row[answer], ASSISTANT, answer))


def _side(value: Any, role: str, where: str) -> tuple[Message, ...]:
    """One side of a dialogue: a text, or a list of messages."""
    if isinstance(value, list):
        return chat(value, where)
    return (Message(role, text_of(value, where)),)


def _system(row: Values, chat_key: str) -> tuple[Message, ...]:
    """The system message that stands beside a dialogue, if there is one and the chat has none of its own."""
    if SYSTEMS.isdisjoint(row):
        return ()
    keys = [key for key in sorted(SYSTEMS) if isinstance(row.get(key), str) and row[key].strip()]
    if not keys:
        return ()
    first = row[chat_key][0] if chat_key and row[chat_key] else None
    own = isinstance(first, Mapping) and SYSTEM in (first.get("role"), first.get("from"))
    return () if own else (Message(SYSTEM, row[keys[0]]),)


def text_of(value: Any, where: str) -> str:
    """Return a message's text: a text, null (no text), or a list of parts that are texts.

    Raises:
        DialogueError: It is something else, or one of the parts is (an image, say): nothing is left out unsaid.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list):
        return "".join(_part(part, f"{where}[{at}]") for at, part in enumerate(value))
    raise DialogueError(f"{where} is of type {type(value).__name__}, not a text")


def _part(part: Any, where: str) -> str:
    """Read one part of a content list: `{"type": "text", "text": "..."}`, or a plain text."""
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping):
        raise DialogueError(f"{where} is of type {type(part).__name__}, not a text")
    kind, text = part.get("type"), part.get("text")
    if kind not in TEXT_PARTS or not isinstance(text, str | None) or "text" not in part:
        raise DialogueError(f"{where} is a part of type {str(kind)[:40]!r}, not a text; leave the row out")
    return text or ""

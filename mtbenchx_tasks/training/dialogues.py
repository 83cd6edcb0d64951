"""What is wrong with a row of `messages`: TRL stops at it hours later with a traceback, or trains on something else."""

from collections.abc import Mapping, Sequence
from typing import Any

from hf_datasets.shared.errors import UserError

ROLES = ("system", "user", "assistant", "tool")
"""Roles that every reader of `messages` knows; of others a template says what it makes of them."""


def rendered(messages: Any, tokenizer: Any, template: str | None, place: str) -> str:
    """Return the text that a template makes of a dialogue.

    Args:
        messages: `messages` of a row.
        tokenizer: A tokenizer.
        template: The chat template; default: the tokenizer's.
        place: Split and row, for the error.

    Raises:
        UserError: It is no dialogue, a message would be trained on as Python writes it, or would be left out.
    """
    from jinja2 import TemplateError

    _check_messages(messages, place)
    try:
        text = str(tokenizer.apply_chat_template(messages, chat_template=template, tokenize=False))
        plain = [{**message, "content": _joined(message["content"])} for message in messages]
        same = plain == messages or text == tokenizer.apply_chat_template(plain, chat_template=template, tokenize=False)
    except (TemplateError, TypeError) as error:
        roles = ", ".join(dict.fromkeys(str(message["role"]) for message in messages))
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise UserError(
            f"{place}: the chat template refuses it ({reason}; its roles are {roles}); correct the row, or take "
            f"another --chat_template_path."
        ) from error
    if not same:
        number = next(at for at, message in enumerate(messages, start=1) if not isinstance(message["content"], str))
        raise UserError(
            f"{place}: the content of message {number} is of type list, not a text, and TRL would train on what Python "
            f"writes for it; make it a text (`mtbenchx data build` does)."
        )
    _check_roles(messages, text, place)
    return text


def _check_messages(messages: Any, place: str) -> None:
    if not isinstance(messages, list) or not all(isinstance(message, Mapping) for message in messages):
        raise UserError(f"{place}: `messages` is no list of messages; build the data by `mtbenchx data build`.")
    if not messages:
        raise UserError(f"{place}: the dialogue has no message; leave the row out.")
    for at, message in enumerate(messages, start=1):
        if not isinstance(message.get("role"), str):
            raise UserError(f"{place}: message {at} has no role; it is one of {', '.join(ROLES)}.")
        content = message.get("content")
        if isinstance(content, str) or (isinstance(content, list) and _is_texts(content)):
            continue
        raise UserError(
            f"{place}: the content of message {at} is of type {type(content).__name__}, not a text, and TRL "
            "would train on what Python writes for it; make it a text (`mtbenchx data build` does)."
        )


def _is_texts(content: Sequence[Any]) -> bool:
    return all(isinstance(part, Mapping) and isinstance(part.get("text"), str) for part in content)


def _joined(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def _check_roles(messages: Sequence[Mapping[str, Any]], text: str, place: str) -> None:
    for at, message in enumerate(messages, start=1):
        role = message["role"]
        if role not in ROLES and _joined(message["content"]).strip() not in text:
            raise UserError(
                f"{place}: the chat template leaves message {at} out, whose role is {role!r}; the roles are "
                f"{', '.join(ROLES)}."
            )


def check_answered(messages: Sequence[Mapping[str, Any]], place: str) -> None:
    """Refuse a dialogue of which nothing is learnt: with assistant_only_loss TRL stops at the first one.

    Args:
        messages: `messages` of a row.
        place: Split and row, for the error.

    Raises:
        UserError: No message is the assistant's.
    """
    if not any(message["role"] == "assistant" for message in messages):
        roles = ", ".join(dict.fromkeys(str(message["role"]) for message in messages))
        raise UserError(
            f"{place}: no message is the assistant's (the roles are {roles}), so that nothing is learnt of it, and TRL "
            f"would stop; name the role `assistant`, or leave the row out."
        )


def has_empty_answer(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether an answer is empty or blank: it teaches to end the turn at once."""
    return any(message["role"] == "assistant" and not _joined(message["content"]).strip() for message in messages)

"""Which tokens of a dialogue are learnt: the mask that `assistant_only_loss` makes of a chat template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.training.trl_arguments import Settings

DIALOGUE = (
    {"role": "user", "content": "Name a river."},
    {"role": "assistant", "content": "The Rhine."},
    {"role": "user", "content": "Where does it end?"},
    {"role": "assistant", "content": "In the North Sea."},
)
"""Two turns, as MT-Bench's."""


@dataclass(frozen=True)
class Span:
    """Tokens beside each other that are all learnt, or none of them."""

    is_learnt: bool
    """Whether they are targets of the loss."""
    text: str
    """What they stand for, special tokens included."""
    tokens: int
    """Their number."""


def targets(messages: Any, tokenizer: Any, template: str | None, assistant_only: bool) -> tuple[list[int], list[int]]:
    """Return the tokens of a dialogue, and 1 for each that is learnt, 0 for the others.

    Args:
        messages: The dialogue, as `messages` of a row.
        tokenizer: A fast tokenizer.
        template: The chat template; default: the tokenizer's.
        assistant_only: Whether only what the template marks is learnt; else all is.
    """
    encoded = tokenizer.apply_chat_template(
        messages, chat_template=template, tokenize=True, return_dict=True, return_assistant_tokens_mask=assistant_only
    )
    tokens = list(encoded["input_ids"])
    return tokens, list(encoded["assistant_masks"]) if assistant_only else [1] * len(tokens)


def spans(
    tokenizer: Any, assistant_only: bool = True, messages: Sequence[Mapping[str, str]] = DIALOGUE
) -> tuple[Span, ...]:
    """Return a dialogue in parts: learnt, not learnt, learnt, ...

    Args:
        tokenizer: A fast tokenizer, with the template that is trained with.
        assistant_only: Whether only what the template marks is learnt.
        messages: The dialogue; default: two turns.
    """
    tokens, mask = targets(list(messages), tokenizer, None, assistant_only)
    runs = groupby(zip(tokens, mask, strict=True), key=lambda pair: pair[1])
    parts = [(bool(learnt), [token for token, _ in run]) for learnt, run in runs]
    return tuple(Span(learnt, tokenizer.decode(part), len(part)) for learnt, part in parts)


def check_turn_end(settings: Settings, tokenizer: Any) -> None:
    """Refuse a template that teaches another token to end a turn than the one at which the model will stop.

    Args:
        settings: The command, as TRL understands it.
        tokenizer: The base's, with the template that is trained with.

    Raises:
        UserError: It names the flag that makes them one.
    """
    if not settings.training.assistant_only_loss:
        return
    tokens, mask = targets(list(DIALOGUE), tokenizer, None, True)
    learnt = [token for token, target in zip(tokens, mask, strict=True) if target]
    last = next((token for token in reversed(learnt) if tokenizer.decode([token]).strip()), None)
    if last is None or last in (tokenizer.eos_token_id, *_stops(settings)):
        return
    said = tokenizer.decode([last])
    raise UserError(
        f"The chat template ends a turn with {said}, at which {settings.model.model_name_or_path} doesn't stop (its "
        f"eos_token is {tokenizer.eos_token}), so that answers would run on; pass --eos_token '{said}'."
    )


def _stops(settings: Settings) -> list[int]:
    """Return the tokens at which the base's own generation_config.json stops."""
    from transformers import GenerationConfig

    model = settings.model
    try:
        config = GenerationConfig.from_pretrained(model.model_name_or_path, revision=model.model_revision)
    except (OSError, ValueError):  # it has none
        return []
    stops = config.eos_token_id
    return list(stops) if isinstance(stops, (list, tuple)) else [stops] if stops is not None else []

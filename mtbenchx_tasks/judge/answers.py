"""What of a candidate's answer is judged: its text, without the thought that it begins with.

A judge rates what a user would read. A thought is as long as several answers, and lm_eval's `think_end_token` leaves it
out, too; so ratings don't depend on whether that was set. What the model really said stays in lm_eval's samples.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hf_datasets.records import storable
from hf_datasets.shared.thoughts import thoughts

EMPTY = "the answer is empty"
ONLY_A_THOUGHT = (
    "the answer is nothing but a thought, which was cut off or has no end: more room by --gen_kwargs max_gen_toks=N, "
    "another end mark by --model_args think_end_token=MARK"
)
NOT_ASKED = "the first answer is empty, so the second question wasn't asked"


@dataclass(frozen=True)
class Answer:
    """A candidate's answer to one turn."""

    text: str
    """What is judged; empty if nothing is."""
    missing: str = ""
    """Why there is nothing to judge."""
    thought: bool = False
    """It began with a thought, which isn't judged."""


def answer_of(raw: object, opened: str = "") -> Answer:
    """Read what a backend gave as an answer.

    Args:
        raw: Its text; endpoints also give null or a list of parts.
        opened: The mark by which the prompt began the model's thought.
    """
    text = text_of(raw)
    if not text.strip():
        return Answer("", EMPTY)
    parts = thoughts(opened + text)
    spoken = parts.answer
    if not spoken.strip():
        return Answer("", ONLY_A_THOUGHT, thought=True)
    return Answer(spoken, thought=True) if parts.spans and spoken != parts.text else Answer(text)


def text_of(raw: object) -> str:
    """Return a backend's answer as text: of a list the parts that are text, joined; null and the like are empty."""
    if isinstance(raw, str):
        return storable(raw)
    if isinstance(raw, Mapping):
        kind, text = raw.get("type", "text"), raw.get("text")
        return storable(text) if kind in ("text", "output_text") and isinstance(text, str) else ""
    return "".join(map(text_of, raw)) if isinstance(raw, list) else ""

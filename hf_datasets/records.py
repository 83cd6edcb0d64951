"""The records that cross rooms: a question, a judge prompt, what a judge said, and where it counts."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

CATEGORIES = ("writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities")
"""MT-Bench's eight categories, in its order."""
QuestionId = int | str
"""A question's id: a number, or a text that is no number."""
LONGEST_ID = 60
"""Characters of an id that a message shows."""
SHOWN_IDS = 3
"""How many ids an error names."""
_DIGITS = 15
"""Longer numbers aren't told apart by every program that reads them."""


def plain_id(value: QuestionId) -> QuestionId:
    """Return the number that a text of digits is, and any other id as it is: a table may hold 81 as text."""
    digits = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= _DIGITS
    return int(value) if digits else value


def id_order(value: QuestionId) -> tuple[int, int, str]:
    """Return what ids are sorted by: numbers by size, then texts."""
    return (0, value, "") if isinstance(value, int) else (1, 0, value)


def ids_shown(ids: Iterable[QuestionId]) -> str:
    """Return distinct ids on one line: `81 to 160`, or the first of texts and how many there are; long ones are cut."""
    found = sorted(set(ids), key=id_order)
    shown = ", ".join(str(one)[:LONGEST_ID] for one in found[:SHOWN_IDS])
    if len(found) < SHOWN_IDS:
        return shown
    if all(isinstance(one, int) for one in found):
        return f"{found[0]} to {found[-1]}"
    return f"{shown} ... ({len(found)} in all)"


def ordered_categories(present: Iterable[str]) -> list[str]:
    """Return distinct categories in the order of tables: MT-Bench's in its order, then others as they appear."""
    found = dict.fromkeys(present)
    return [name for name in CATEGORIES if name in found] + [name for name in found if name not in CATEGORIES]


@dataclass(frozen=True)
class Question:
    """One question in one language, of a turn or more; one `question_id` is one question in every language."""

    question_id: QuestionId
    """81 to 160 in MT-Bench-X, from 1 in the mini benchmark, anything in others; a text only if it is no number."""
    language: str
    """Lower-case ISO 639-1 code of the turns."""
    category: str
    """One of CATEGORIES, in English in every language; another benchmark's own."""
    turns: tuple[str, ...]
    """What the user says, turn by turn; two in MT-Bench."""
    reference: tuple[str, ...] = ()
    """The reference answers a judge sees, turn by turn; empty where many answers are right."""
    question_reference: tuple[str, ...] = ()
    """Upstream's `reference` of question.jsonl; no judge sees it."""
    source_turns: tuple[str, ...] = ()
    """The turns as machine-translated, before people corrected them; empty where nothing was translated."""
    source_question_reference: tuple[str, ...] = ()
    """`question_reference` as machine-translated."""
    corrected_fields: tuple[str, ...] = ()
    """Which of `turns` and `question_reference` people corrected."""
    other_language_turns: tuple[int, ...] = ()
    """The turns (from 1) whose answer may be in another language: they ask for it, or were left untranslated."""
    limited_turns: tuple[int, ...] = ()
    """The turns (from 1) that limit the number of words or sentences of their answer."""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Question":
        """Read a row of a built dataset (lists become tuples)."""
        fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
        return cls(**fields | {"question_id": plain_id(fields["question_id"])})

    def to_row(self) -> dict[str, Any]:
        """Return the row of the published dataset (tuples become lists)."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def question_rows(questions: Iterable[Question]) -> list[dict[str, Any]]:
    """Return the rows of a table of questions: ids of one kind, texts if one is a text (`from_row` gives them back)."""
    rows = [question.to_row() for question in questions]
    if any(isinstance(row["question_id"], str) for row in rows):
        return [{**row, "question_id": str(row["question_id"])} for row in rows]
    return rows


def answers_needed(question: Question) -> str:
    """Return `two answers, one per turn`: how many answers a question takes."""
    n = len(question.turns)
    return "one answer" if n == 1 else f"{'two' if n == 2 else n} answers, one per turn"  # noqa: PLR2004


@dataclass(frozen=True)
class JudgePrompt:
    """One judge prompt in FastChat's layout."""

    name: str
    """FastChat's name, e.g. `single-math-v1-multi-turn`; `-both-bad` at the end for a pairwise prompt with [[D]]."""
    type: str
    """`single` or `pairwise`."""
    system_prompt: str
    """The system message, sent as it is."""
    prompt_template: str
    """The user message, a `str.format` template."""
    description: str
    """One line, in English."""
    category: str
    """`general`, or `math` where the prompt holds a reference answer (upstream labels one pair prompt otherwise)."""
    output_format: str
    """`[[rating]]` or `[[A]]`, as upstream writes it."""
    length_note: str = ""
    """What ends the user message where the question limits the length, a `str.format` template: `{words}` and
    `{sentences}`, each with `_a` and `_b` in a pairwise prompt. Empty: no judge is told."""

    @property
    def sha256(self) -> str:
        """Hash of what the judge reads: system prompt, template and, if there is one, length note."""
        return content_hash([self.system_prompt, self.prompt_template, *filter(None, [self.length_note])])


@dataclass(frozen=True)
class Completion:
    """What a judge said to one request, or why it said nothing."""

    state: str
    """`answered`, `empty` (no text), `refused` (by the model or a content filter) or `failed` (never reached)."""
    text: str = ""
    """The raw text."""
    reason: str = ""
    """Why there is no text, in words."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What the endpoint reported: `snapshot`, `system_fingerprint`, `usage`, `finish_reason`, `logprobs`."""


@dataclass(frozen=True)
class Use:
    """Where a judgment counts: one (candidate, question, turn, repeat, run, judge). Ids and names as in the results."""

    candidate: str
    """The judged model's name."""
    identity: str
    """What tells two models of one name apart: the hash of its weights, or endpoint and name; "" if unknown."""
    benchmark: str
    """`mtbench_x`, `mini`, or another's name."""
    revision: str
    """What identifies the benchmark's content: 12 hex digits."""
    task_version: float
    """The harness task's version."""
    language: str
    question_id: QuestionId
    turn: int
    """From 1."""
    repeat: int
    """0-based number of the generated answer."""
    run: int
    """0-based number of the judge run."""
    judge: str
    """The judge's slug, as in the results."""
    settings: str
    """Canonical JSON of what else the rating depends on: endpoint, model, parameters, prompts, references, parser."""
    prompt: str
    """Name of the judge prompt."""
    suspicious: bool
    """The answer holds the prompt's delimiters or a verdict of its own."""
    answer: str
    """The judged answer's text."""
    judgment: str | None
    """Key of the judgment; None if nothing was asked (an empty answer)."""


@dataclass(frozen=True)
class Comparison:
    """Where the judgment of one game counts: two answers to one turn, shown in one order, in one run of one judge."""

    benchmark: str
    """`mtbench_x`, `mini`, or another's name."""
    revision: str
    """What identifies the benchmark's content: 12 hex digits."""
    language: str
    question_id: QuestionId
    turn: int
    """From 1."""
    run: int
    """0-based number of the judge run."""
    judge: str
    """The judge's slug, as in the results."""
    settings: str
    """Canonical JSON of what else the vote depends on: as a rating's, and the number of votes."""
    prompt: str
    """Name of the judge prompt."""
    model_1: str
    """The model whose name sorts first, so that a pair is stored once however it was asked for."""
    model_2: str
    """The model whose name sorts last."""
    game: int
    """1: model_1 shown as A; 2: model_2 shown as A."""
    suspicious: bool
    """One of the answers holds the prompt's delimiters or a verdict of its own."""
    answer_1: str
    """The judged answer of model_1."""
    answer_2: str
    """The judged answer of model_2."""
    judgment: str | None
    """Key of the judgment; None if nothing was asked (an empty answer)."""


@dataclass(frozen=True)
class ExamUse:
    """Where the judgment of one request of a judge's exam counts."""

    judge: str
    """The judge's slug, as in the results."""
    settings: str
    """Canonical JSON of what else the judgment depends on: as a rating's or a comparison's."""
    form: str
    """`public` or `fresh`."""
    seed: str
    """What a fresh form was drawn from; "" of the public one."""
    revision: str
    """Hash of the whole form's items: 12 hex digits."""
    language: str
    template: str
    """Name of the item, the same in every language and form."""
    mode: str
    """`single` or `pairwise`."""
    shown: str
    """`better` or `faulty`: which answer was rated, or shown as A."""
    run: int
    """0-based number of the judge run."""
    judgment: str
    """Key of the judgment."""


def storable(text: str) -> str:
    """Replace halves of surrogate pairs, which some endpoints send and UTF-8 doesn't have."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def canonical_json(value: object) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, UTF-8 characters as they are."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def content_hash(value: object) -> str:
    """Return the sha256 (hex) of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


USER, ASSISTANT, SYSTEM = "user", "assistant", "system"


ROLES = (SYSTEM, USER, ASSISTANT)


@dataclass(frozen=True)
class Message:
    """What one side of a dialogue says."""

    role: str
    """Who speaks: one of ROLES."""
    content: str


@dataclass(frozen=True)
class Sample:
    """One dialogue; the same `id` is the same dialogue in every language."""

    id: str
    """Unique within a language, e.g. `lima-17` or `alpaca-42`."""
    language: str
    """Lower-case ISO 639-1 code of the messages."""
    source: str
    """Where upstream says the dialogue is from, e.g. `stackexchange`; empty if it doesn't say."""
    license: str
    """SPDX identifier, or `other`."""
    attribution: str
    """Site, id, authors and url where the licence asks for them row by row; else empty."""
    messages: tuple[Message, ...]
    """In order: an optional system message, then user and assistant in turn, the assistant last."""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Sample":
        """Read a row of a built dataset."""
        return cls(**{**row, "messages": tuple(Message(**message) for message in row["messages"])})

    def to_row(self) -> dict[str, Any]:
        """Return the row of the published dataset, in TRL's `messages` format."""
        return {**asdict(self), "messages": [asdict(message) for message in self.messages]}

"""The review file: candidates for a person to keep, rewrite or drop, and what the next step makes of it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hf_datasets.records import ASSISTANT, USER, Message, Sample
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import replacing_file

KEEP, REWRITE, DROP = "keep", "rewrite", "drop"
DECISIONS = ("", KEEP, REWRITE, DROP)
BY_HAND = ("decision", "rewritten", "rewritten_question", "note")


@dataclass(frozen=True)
class Review:
    """One line of a review file: a candidate, and what a person says of it."""

    id: str
    """The candidate's id."""
    decision: str
    """One of DECISIONS; empty until someone decides."""
    rewritten: str
    """With `rewrite`: the answer that takes the place of the old one; empty: the old one stays."""
    rewritten_question: str
    """With `rewrite`: the question that takes the place of the old one; empty: the old one stays."""
    note: str
    """For people."""
    score: int
    """The answer's score."""
    language: str
    """Language of both texts."""
    source: str
    """As in Sample."""
    license: str
    """As in Sample."""
    attribution: str
    """As in Sample."""
    messages: tuple[Message, ...]
    """Question and answer."""

    @property
    def touched(self) -> bool:
        """Whether a person wrote something."""
        return any(getattr(self, field).strip() for field in BY_HAND)

    @property
    def sample(self) -> Sample:
        """The row of the validation set, by the decision."""
        kept = {"id": self.id, "language": self.language, "source": self.source, "license": self.license}
        texts = {USER: self.rewritten_question.strip(), ASSISTANT: self.rewritten.strip()}
        if self.decision != REWRITE:
            return Sample(**kept, attribution=self.attribution, messages=self.messages)
        messages = tuple(
            replace(message, content=texts.get(message.role) or message.content) for message in self.messages
        )
        return Sample(**kept, attribution=f"{self.attribution}, rewritten by hand", messages=messages)


def review_of(sample: Sample, score: int) -> Review:
    """Return the line of a candidate that nobody looked at yet."""
    return Review(**{**vars(sample), **dict.fromkeys(BY_HAND, ""), "score": score})


def read_review(file: Path) -> list[tuple[int, Review]]:
    """Read a review file.

    Returns:
        (1-based line, what it says), in the file's order.

    Raises:
        UserError: The file can't be read, or a line says something that isn't allowed; the line is named.
    """
    known: dict[str, int] = {}
    found = []
    for number, row in jsonl.numbered(file):
        try:
            review = _read_row(row)
        except ValueError as error:
            raise UserError(f"{file}, line {number}: {error}.") from error
        if (first := known.setdefault(review.id, number)) != number:
            raise UserError(f"{file}, line {number}: {review.id!r} stands on line {first} already; delete one of them.")
        found.append((number, review))
    return found


def _read_row(row: dict[str, Any]) -> Review:
    """Check one line.

    Raises:
        ValueError: In words that follow a file and a line.
    """
    row = {"score": 0, **dict.fromkeys(BY_HAND, ""), **row}
    fields = Review.__dataclass_fields__
    if missing := [name for name in fields if name not in row]:
        raise ValueError(f"no {missing[0]!r}; a review file is what `mtbenchx data curate --dump` writes")
    texts = [name for name in fields if name not in ("score", "messages")]
    if wrong := [name for name in texts if not isinstance(row[name], str)]:
        raise ValueError(f"{wrong[0]!r} is {json.dumps(row[wrong[0]])}, not a text")
    decision = row["decision"].strip().lower()
    rewritten = row["rewritten"].strip() or row["rewritten_question"].strip()
    if decision not in DECISIONS:
        raise ValueError(f"the decision {row['decision']!r} is none of keep, rewrite, drop")
    if decision == REWRITE and not rewritten:
        raise ValueError("the decision is 'rewrite', but 'rewritten' and 'rewritten_question' are empty")
    if decision == KEEP and rewritten:
        raise ValueError("the decision is 'keep', but there is a rewritten text; say 'rewrite', or delete the text")
    try:
        messages = tuple(Message(**message) for message in row["messages"])
    except TypeError as error:
        raise ValueError("'messages' isn't a list of role and content") from error
    if [message.role for message in messages] != [USER, ASSISTANT]:
        raise ValueError("'messages' isn't one question of the user and one answer of the assistant")
    return Review(**{**{name: row[name] for name in fields}, "decision": decision, "messages": messages})


def write_review(file: Path, candidates: Iterable[Review]) -> tuple[int, int]:
    """Write candidates, but never over what people wrote: such lines stay as they are, even if no longer a candidate.

    Args:
        file: The review file, which may exist.
        candidates: The new candidates.

    Returns:
        How many lines an earlier run's reviewer had touched, and how many of them are no candidates any more.

    Raises:
        UserError: The file that is there can't be read; nothing is written.
    """
    earlier = {review.id: review for _, review in read_review(file) if review.touched} if file.is_file() else {}
    met = set()
    with replacing_file(file) as opened:
        for review in candidates:
            met.add(review.id)
            opened.write(_line(earlier.get(review.id, review)))
        for name, review in earlier.items():
            if name not in met:
                opened.write(_line(review))
    return len(earlier), len(earlier.keys() - met)


def _line(review: Review) -> str:
    row = {**asdict(review), "messages": [asdict(message) for message in review.messages]}
    return json.dumps(row, ensure_ascii=False) + "\n"


def reviewed(file: Path, undecided: str = "") -> Iterator[Sample]:
    """Yield the samples that a review file keeps, rewritten where it says so.

    Args:
        file: The review file.
        undecided: What to do with lines that nobody decided: `keep`, `drop`, or empty: refuse.

    Raises:
        UserError: A line is wrong, or undecided; before the first sample is given.
    """
    lines = read_review(file)
    open_lines = [number for number, review in lines if not review.decision]
    if open_lines and not undecided:
        raise UserError(
            f"{file}, line {open_lines[0]}: no decision yet ({len(open_lines)} of {len(lines)} lines have none); write "
            "keep, rewrite or drop, or add --undecided keep or --undecided drop."
        )
    return (review.sample for _, review in lines if (review.decision or undecided) != DROP)

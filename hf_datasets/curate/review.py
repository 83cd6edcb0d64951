"""The review file: candidates for a person to keep, rewrite or drop, and what the next step makes of it."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hf_datasets.records import ASSISTANT, USER, Message, Sample
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import record, shown

KEEP, REWRITE, DROP = "keep", "rewrite", "drop"
DECISIONS = ("", KEEP, REWRITE, DROP)
BY_HAND = ("decision", "rewritten", "rewritten_question", "note")


@dataclass(frozen=True, kw_only=True)
class Review:
    """One line of a review file: a candidate, and what a person says of it."""

    id: str
    """The candidate's id."""
    decision: str = ""
    """One of DECISIONS; empty until someone decides."""
    rewritten: str = ""
    """With `rewrite`: the answer that takes the place of the old one; empty: the old one stays."""
    rewritten_question: str = ""
    """With `rewrite`: the question that takes the place of the old one; empty: the old one stays."""
    note: str = ""
    """What a reviewer writes for other people; never read by a program."""
    score: int = 0
    """The answer's score."""
    language: str
    """Language of both texts."""
    source: str
    """Where the texts are from, e.g. `stackexchange-coffee`."""
    license: str
    """SPDX expression of both posts' licences."""
    attribution: str
    """Site, ids, authors and addresses, as the licence asks."""
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
    return Review(**vars(sample), score=score)


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
        review = _read_row(row, f"{file}, line {number}")
        if (first := known.setdefault(review.id, number)) != number:
            raise UserError(f"{file}, line {number}: {review.id!r} stands on line {first} already; delete one of them.")
        found.append((number, review))
    return found


def _read_row(row: dict[str, Any], place: str) -> Review:
    """Check one line."""
    review = record(Review, row, place, "a line of a review file, as `mtbenchx data curate --dump` writes it")
    decision = review.decision.strip().lower()
    rewritten = review.rewritten.strip() or review.rewritten_question.strip()
    roles = [message.role for message in review.messages]
    faults = (
        (decision not in DECISIONS, f"the decision {shown(review.decision)} is none of keep, rewrite, drop"),
        (
            decision == REWRITE and not rewritten,
            "the decision is 'rewrite', but 'rewritten' and 'rewritten_question' are empty",
        ),
        (
            decision == KEEP and rewritten,
            "the decision is 'keep', but there is a rewritten text; say 'rewrite', or delete the text",
        ),
        (roles != [USER, ASSISTANT], "'messages' isn't one question of the user and one answer of the assistant"),
    )
    for is_broken, what in faults:
        if is_broken:
            raise UserError(f"{place}: {what}.")
    return replace(review, decision=decision)


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
    met: set[str] = set()

    def lines() -> Iterator[dict[str, Any]]:
        for review in candidates:
            met.add(review.id)
            yield asdict(earlier.get(review.id, review))
        yield from (asdict(review) for name, review in earlier.items() if name not in met)

    jsonl.write(file, lines())
    return len(earlier), len(earlier.keys() - met)


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

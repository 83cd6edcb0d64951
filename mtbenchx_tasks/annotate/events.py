"""The changes of a study as its journals hold them, and what they say together.

Journals of several processes overlap, copies of one are there twice, and clocks differ. So what counts is the set of
changes, in the order of their times: the same set says the same, in whatever files it lies.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from hf_datasets.records import QuestionId, canonical_json
from hf_datasets.shared.rows import Row, checked
from mtbenchx_tasks.annotate.store import Event


class StudyChange(Row):
    """What every line has."""

    at: float


class PersonsChange(StudyChange):
    """A change that somebody made, or that concerns them."""

    annotator: str


class Invitation(PersonsChange):
    """A code was made for somebody, the first or in place of another."""

    code_hash: str


class Consent(PersonsChange):
    """Somebody agreed to a text."""

    version: str
    language: str
    text: str


class Vote(PersonsChange):
    """Somebody voted."""

    assignment: str
    question_id: int | str
    pair: int
    turn: Annotated[int, Field(ge=1)]
    left_model: str
    choice: Literal["left", "right", "tie", "both_bad", "skip"]
    winner: str
    ms: int
    created: float
    sparse_ties: int


class Undo(StudyChange):
    """A vote was taken back."""

    assignment: str
    annotator: str = ""


class Labelling(PersonsChange):
    """The organiser noted something about a code."""

    text: str


class Blocking(PersonsChange):
    """A code was blocked, or is of use again."""

    blocked: bool


class Leave(PersonsChange):
    """Somebody logged out."""

    session: str


KINDS: dict[str, type[StudyChange]] = {
    "invitation": Invitation,
    "consent": Consent,
    "vote": Vote,
    "undo": Undo,
    "withdrawal": PersonsChange,
    "label": Labelling,
    "block": Blocking,
    "leave": Leave,
    "end": StudyChange,
}
"""What a line's `type` may be. `end`: the process that wrote the journal takes no more votes."""


class VotePlace(NamedTuple):
    """What one person judges once."""

    annotator: str
    question_id: QuestionId
    pair: int
    turn: int


@dataclass
class StudySoFar:
    """What a study's changes say together."""

    invitations: dict[str, str] = field(default_factory=dict)
    """Pseudonym -> hash of the last code."""
    consents: dict[str, Consent] = field(default_factory=dict)
    """Pseudonym -> the last consent."""
    votes: dict[VotePlace, dict[str, Vote]] = field(default_factory=dict)
    """Place -> assignment -> its vote; the first one stands, others came from another process at the same time."""
    places: dict[str, VotePlace] = field(default_factory=dict)
    """Assignment -> its place."""
    undone: set[str] = field(default_factory=set)
    """Assignments whose votes were taken back at some time."""
    withdrawn: set[str] = field(default_factory=set)
    """Pseudonyms of those of whom nothing counts, before or after."""
    labels: dict[str, str] = field(default_factory=dict)
    """Pseudonym -> the organiser's note."""
    blocked: dict[str, bool] = field(default_factory=dict)
    """Pseudonym -> whether their code is blocked."""
    ended: dict[str, str] = field(default_factory=dict)
    """Session that was left -> whose it was."""
    latest: float = 0.0
    """The last time that a change has."""

    @property
    def standing(self) -> dict[VotePlace, Vote]:
        """The vote that counts at each place."""
        return {place: next(iter(votes.values())) for place, votes in self.votes.items() if votes}

    @property
    def second(self) -> int:
        """Votes that don't count, since another process had taken one at the same place."""
        return sum(max(0, len(votes) - 1) for votes in self.votes.values())


def told(journals: Iterable[tuple[str, Sequence[Event]]]) -> StudySoFar:
    """Return what journals say together.

    Args:
        journals: (Place for errors, changes in the order of the file), in any order, copies and parts included.

    Raises:
        UserError: A line isn't a change of a study.
    """
    changes: dict[str, tuple[float, str, StudyChange]] = {}
    for place, events in journals:
        at = 0.0
        for number, event in enumerate(events, start=1):
            change = _change(event, f"{place}, line {number}")
            at = max(at, change.at)  # within a file its order counts, though the clock was set back
            changes.setdefault(canonical_json(event), (at, str(event["type"]), change))
    ordered = sorted(changes.values(), key=lambda change: change[0])
    found = StudySoFar(latest=ordered[-1][0] if ordered else 0.0)
    found.withdrawn = {
        change.annotator for _, kind, change in ordered if kind == "withdrawal" and isinstance(change, PersonsChange)
    }
    for _, _, change in ordered:
        if getattr(change, "annotator", None) not in found.withdrawn:
            _add(found, change)
    return found


def _change(event: Event, place: str) -> StudyChange:
    kind = KINDS.get(str(event.get("type")))
    return checked(
        kind or _Unknown, event, place, "a change of this study", "get the file again, or leave the line out"
    )


class _Unknown(StudyChange):
    type: Literal[tuple(KINDS)]  # type: ignore[valid-type]


def _add(found: StudySoFar, change: StudyChange) -> None:
    match change:
        case Invitation():
            found.invitations[change.annotator] = change.code_hash
        case Consent():
            found.consents[change.annotator] = change
        case Vote():
            place = VotePlace(change.annotator, change.question_id, change.pair, change.turn)
            found.places[change.assignment] = place
            found.votes.setdefault(place, {})[change.assignment] = change
        case Undo():
            found.undone.add(change.assignment)
            if change.assignment in found.places:
                found.votes[found.places[change.assignment]].pop(change.assignment, None)
        case Labelling():
            found.labels[change.annotator] = change.text
        case Blocking():
            found.blocked[change.annotator] = change.blocked
        case Leave():
            found.ended[change.session] = change.annotator

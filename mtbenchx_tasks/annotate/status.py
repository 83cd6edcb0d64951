"""How a study goes: who judged how much, which questions have their votes, and how far people agree so far."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from hf_datasets.records import QuestionId, id_order
from mtbenchx_tasks.annotate.people import Person, people
from mtbenchx_tasks.annotate.store import Store
from mtbenchx_tasks.annotate.study import AnnotationStudy
from mtbenchx_tasks.annotate.voting import BOTH_BAD, SKIP, TIE
from mtbenchx_tasks.stats.agreement import RawAgreement, raw_agreement
from mtbenchx_tasks.tables import Cell, Row, Table, number, percent

MILLISECONDS = 1000
_VOTES = "SELECT annotator, question_id, pair, turn, choice, winner, ms FROM vote"
_STOPS = """
SELECT annotator, question_id, turn FROM assignment AS a
WHERE shown IS NOT NULL AND NOT EXISTS (SELECT 1 FROM vote WHERE assignment = a.id) ORDER BY shown
"""


@dataclass(frozen=True)
class PersonStatus:
    """How far somebody is."""

    person: Person
    """Who."""
    votes: int
    """Their votes, without skips."""
    skips: int
    """What they skipped."""
    questions: int
    """What they finished, in every turn."""
    seconds: float | None
    """The middle one of the times of their votes, skips included."""
    stopped_at: tuple[QuestionId, int] | None
    """Question and turn that they were shown and haven't judged."""

    @property
    def state(self) -> str:
        """Where they stand, in a word or two."""
        if self.person.withdrawn:
            return "withdrew"
        if self.person.blocked:
            return "blocked"
        if not self.person.agreed:
            return "not begun"
        return "judges" if self.votes + self.skips else "agreed"


@dataclass(frozen=True)
class Progress:
    """How many votes a category or a question has."""

    name: str
    """The category, or the question's id."""
    votes: int
    """Votes on it, without skips."""
    skips: int
    """Skips of it."""
    full: int
    """Items (question, pair of models, turn) that have the raters that were wanted."""
    items: int
    """Items in all."""
    agreement: RawAgreement
    """Of its votes so far."""


@dataclass(frozen=True)
class StudyStatus:
    """How a study goes."""

    people: tuple[PersonStatus, ...]
    """Everybody who was invited."""
    categories: tuple[Progress, ...]
    """By name."""
    questions: tuple[Progress, ...]
    """By id."""
    whole: Progress
    """All questions together."""
    seconds: float | None
    """The middle one of the times of all votes."""


def status(store: Store, study: AnnotationStudy, target: int) -> StudyStatus:
    """Return how a study goes.

    Args:
        store: Its database.
        study: What people judge.
        target: The raters that an item should get.
    """
    votes = [dict(row) for row in store.rows(_VOTES)]
    stops = {row["annotator"]: (row["question_id"], row["turn"]) for row in store.rows(_STOPS)}
    of_each = {one: [vote for vote in votes if vote["annotator"] == one.name] for one in people(store)}
    by_question = {question.question_id: question.category for question in study.questions}

    def progress(name: str, wanted: Iterable[QuestionId]) -> Progress:
        identifiers = set(wanted)
        of_these = [vote for vote in votes if vote["question_id"] in identifiers]
        return _progress(name, of_these, sum(map(study.last_turn, identifiers)) * len(study.pairs), target)

    categories = sorted(set(by_question.values()))
    return StudyStatus(
        people=tuple(_person(one, given, stops, study) for one, given in of_each.items()),
        categories=tuple(progress(name, (q for q, held in by_question.items() if held == name)) for name in categories),
        questions=tuple(progress(str(identifier), [identifier]) for identifier in sorted(by_question, key=id_order)),
        whole=progress("all", by_question),
        seconds=_seconds(votes),
    )


def _person(
    one: Person, votes: Sequence[dict[str, Any]], stops: dict[str, tuple[QuestionId, int]], study: AnnotationStudy
) -> PersonStatus:
    skips = sum(vote["choice"] == SKIP for vote in votes)
    turns = Counter((vote["question_id"], vote["pair"]) for vote in votes)
    finished = sum(count == study.last_turn(question) for (question, _), count in turns.items())
    return PersonStatus(one, len(votes) - skips, skips, finished, _seconds(votes), stops.get(one.name))


def _seconds(votes: Sequence[dict[str, Any]]) -> float | None:
    return median(vote["ms"] for vote in votes) / MILLISECONDS if votes else None


def _progress(name: str, votes: Sequence[dict[str, Any]], items: int, target: int) -> Progress:
    counts: dict[tuple[QuestionId, int, int], Counter[str]] = {}
    for vote in votes:
        if vote["choice"] != SKIP:
            item = (vote["question_id"], vote["pair"], vote["turn"])
            counts.setdefault(item, Counter())[vote["winner"]] += 1
    full = sum(count.total() >= target for count in counts.values())
    voted = sum(count.total() for count in counts.values())
    agreement = raw_agreement([_classes(count) for count in counts.values()])
    return Progress(name, voted, len(votes) - voted, full, items, agreement)


def _classes(count: Counter[str]) -> list[int]:
    """Votes for one model, for the other, for a tie, for both bad."""
    models = [votes for winner, votes in sorted(count.items()) if winner not in (TIE, BOTH_BAD)]
    return [*models, count[TIE], count[BOTH_BAD]]


# tables ---------------------------------------------------------------------------------------------------------------


def status_tables(found: StudyStatus, target: int) -> list[Table]:
    """Return people, categories and questions as tables."""
    columns = ("votes", "skips", f"items with {target} votes", "agreement, in %")
    names = {"categories": "category", "questions": "question"}
    return [
        _people(found),
        *(
            Table(name, name.capitalize(), (names[name], *columns), tuple(map(_row, rows)))
            for name, rows in (("categories", (*found.categories, found.whole)), ("questions", found.questions))
        ),
    ]


def _people(found: StudyStatus) -> Table:
    columns = ("person", "note", "state", "votes", "skips", "questions", "seconds a vote", "stopped at")
    return Table("people", "People", columns, tuple(map(_person_row, found.people)))


def _person_row(one: PersonStatus) -> Row:
    stopped = "" if one.stopped_at is None else "question {}, turn {}".format(*one.stopped_at)
    numbers = (str(one.votes), str(one.skips), str(one.questions), number(one.seconds, 0))
    return (one.person.name, one.person.label, one.state, *numbers, stopped)


def _row(progress: Progress) -> Row:
    pairs = progress.agreement.n_pairs
    agreement = Cell(percent(progress.agreement.micro), n=f"{pairs} pairs of votes") if pairs else ""
    full = f"{progress.full}/{progress.items}"
    return (progress.name, str(progress.votes), str(progress.skips), full, agreement)

"""The records that cross rooms: what was asked, how it was judged and compared, and all that was read of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import NamedTuple

TIE, BOTH_BAD = "tie", "both_bad"
INCONSISTENT, FAILED = "inconsistent", "failed"


@dataclass(frozen=True)
class Item:
    """What is compared: the answers of two models to one turn of one question, in one run of the judge."""

    benchmark: str
    """`mtbench_x` or `mini`."""
    language: str
    """Language of the question."""
    question_id: int
    """Id of the question."""
    category: str
    """Its category."""
    turn: int
    """1 or 2."""
    run: int
    """0-based number of the judge run."""
    judge: str
    """The judge's slug."""
    model_1: str
    """One model; shown as A in the first game."""
    model_2: str
    """The other; shown as A in the second game."""


@dataclass(frozen=True)
class Game:
    """One judgment of two answers in one order, its vote mapped back to the models."""

    vote: str | None
    """`model_1`, `model_2`, `tie`, `both_bad`, or None: not a vote."""
    text: str = ""
    """The judge's raw text."""
    reason: str = ""
    """Why there is no vote; empty if there is one."""
    key: str | None = None
    """The judgment's key in the ledger; None if the judge wasn't asked."""


@dataclass(frozen=True)
class Outcome:
    """Who won one item: decided by both games of a judge, or told as one vote, which knows no order."""

    item: Item
    """What was compared."""
    winner: str
    """`model_1`, `model_2`, `tie`, `both_bad`; `inconsistent` if two games disagree; `failed` without a vote."""
    games: tuple[Game, Game] | None = None
    """model_1 shown as A, then model_2 shown as A; None: a vote alone, so that no direction is told."""
    lengths: tuple[int, int] = (0, 0)
    """Characters of the judged answers of model_1 and model_2; (0, 0): not known."""

    @classmethod
    def of(cls, item: Item, first: Game, second: Game, lengths: tuple[int, int] = (0, 0)) -> "Outcome":
        """Return the outcome of two games: positional bias is that they disagree."""
        failed = first.vote is None or second.vote is None
        winner = FAILED if failed or first.vote is None else first.vote if first.vote == second.vote else INCONSISTENT
        return cls(item, winner, (first, second), lengths)


class Verdict(NamedTuple):
    """What one judgment says of one answer."""

    rating: float | None
    """1 to 10, or None: not a number, and in no mean."""
    text: str = ""
    """The judge's raw text."""
    reason: str = ""
    """Why there is no rating; empty if there is one."""
    key: str | None = None
    """The judgment's key in the ledger; None if the judge wasn't asked."""
    snapshot: str = ""
    """The judge's version, as the endpoint reported it."""


PEOPLE = "people"
"""What tables call human annotators together."""


@dataclass(frozen=True, order=True)
class Conditions:
    """What two ratings must share to stand in one table; "" where a file doesn't tell it."""

    judge: str
    """The judge's slug."""
    benchmark: str = ""
    """`mtbench_x` or `mini`."""
    revision: str = ""
    """The benchmark's content."""
    task_version: str = ""
    """The harness task's version."""
    prompt_set: str = ""
    """The judge's prompts."""
    prompt_sha256: str = ""
    """Their hash; of one language (see `Judged`), so it isn't compared across languages."""
    prompt_language: str = ""
    """`same` or a language code."""
    reference_set: str = ""
    """The reference answers the judge saw."""
    parser: str = ""
    """How a verdict is read."""
    rating: str = ""
    """`text` or `expected`."""
    votes: str = ""
    """3 or 4 in pairwise judging."""

    def describe(self, among: Iterable["Conditions"] = ()) -> str:
        """Return the judge and what else tells these conditions from others of the same judge, in words."""
        others = [other for other in among if other.judge == self.judge]
        names = [item.name for item in fields(self) if item.name != "judge"]
        telling = [name for name in names if len({getattr(other, name) for other in [self, *others]}) > 1]
        parts = [f"{name.replace('_', ' ')} {getattr(self, name)[:12] or 'not told'}" for name in telling]
        return ", ".join([f"judge {self.judge}", *parts])


@dataclass(frozen=True)
class Judged:
    """One rating of one answer, or the reason why there is none."""

    conditions: Conditions
    """Under which it was given."""
    model: str
    """Who answered, as tables call it."""
    identity: str
    """What tells two models of one name apart; "" if unknown."""
    language: str
    """Language of the question."""
    question_id: int
    """Id of the question."""
    category: str
    """Its category."""
    turn: int
    """1 or 2."""
    repeat: int
    """0-based number of the generated answer."""
    run: int
    """0-based number of the judge run."""
    rating: float | None
    """1 to 10; None: not a number, and in no mean."""
    reason: str = ""
    """Why there is no rating."""
    answer: str | None = None
    """The judged answer; None if the file doesn't hold it."""
    judgment: str = ""
    """The judge's text."""
    prompt: str = field(default="", compare=False)
    """What the judge read, where the file holds it instead of the answer."""
    snapshot: str = ""
    """The judge's version, as the endpoint reported it."""
    key: str | None = field(default=None, compare=False)
    """The judgment's key in a ledger, if known."""
    source: str = field(default="", compare=False)
    """The file it was read from."""


@dataclass(frozen=True)
class Compared:
    """One outcome of two answers, by a judge or a person."""

    conditions: Conditions
    """Under which; a person's judge is PEOPLE."""
    outcome: Outcome
    """What was decided; a person's two games are the same vote."""
    source: str = field(default="", compare=False)
    """The file it was read from."""


@dataclass(frozen=True)
class Cost:
    """What a ledger's judgments cost."""

    judge: str
    """Model at its endpoint."""
    endpoint: str
    """Its address, or `local`."""
    judgments: int
    """Paid ones."""
    states: Mapping[str, int]
    """How many are in each state."""
    read: int
    """Prompt tokens."""
    written: int
    """Completion tokens."""
    dollars: float | None
    """By the price list; None if the price isn't known."""
    source: str
    """The ledger."""


@dataclass(frozen=True)
class Study:
    """Everything that was read."""

    judged: tuple[Judged, ...] = ()
    """Ratings."""
    compared: tuple[Compared, ...] = ()
    """Outcomes of pairs."""
    costs: tuple[Cost, ...] = ()
    """Of the ledgers."""
    questions: Mapping[tuple[str, str, int], tuple[str, ...]] = field(default_factory=dict)
    """(benchmark, language, question id) -> what the user says, turn by turn, where a file tells it."""
    answers: Mapping[tuple[str, str, str, int], tuple[str, ...]] = field(default_factory=dict)
    """(benchmark, language, model, question id) -> answers turn by turn, from files that hold nothing else."""
    agreement: Mapping[str, object] | None = None
    """What `mtbenchx agreement --out` wrote."""
    sources: tuple[str, ...] = ()
    """The files that were read."""
    notes: tuple[str, ...] = ()
    """What the reader must know: files passed over, duplicates, models told apart."""

    def joined(self, other: "Study") -> "Study":
        """Return both together."""
        return Study(
            self.judged + other.judged,
            self.compared + other.compared,
            self.costs + other.costs,
            {**self.questions, **other.questions},
            {**self.answers, **other.answers},
            self.agreement or other.agreement,
            self.sources + other.sources,
            self.notes + other.notes,
        )

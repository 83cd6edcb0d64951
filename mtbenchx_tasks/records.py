"""The records that cross rooms: what was asked, who answered, who judged, and what they said.

A rating is of one answer, a preference of two. One judge's rating of one answer, and one person's vote on two:

    Rating(Item("mtbench_x", "de", 81, 1, "writing"), Model("gemma"), Rater("gpt-4", "judge"), ..., value=7.0)
    Preference(Item("mtbench_x", "de", 81, 1, "writing"), frozenset({Model("gemma"), Model("mistral")}),
               Rater("expert_1", "person"), Decision.WIN, winner="mistral")
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import Any, Literal, NamedTuple

from hf_datasets.records import QuestionId, canonical_json


@dataclass(frozen=True)
class Item:
    """What was asked: one turn of one question, or (turn None) the whole conversation."""

    benchmark: str
    """`mtbench_x`, `mini` or another's name; "" where nothing tells it."""
    language: str
    """Code of the question's language; "" where nothing tells it."""
    question_id: QuestionId
    """The same in every language, so that questions are the unit of every bootstrap; text only if it is no number."""
    turn: int | None
    """From 1; None: the whole conversation."""
    category: str = field(default="", compare=False)
    """As the benchmark or the file tells it, else "". No part of equality: a vote may not tell it."""


@dataclass(frozen=True)
class Model:
    """Who answered."""

    name: str
    identity: str = ""
    """What tells two models of one name apart: the hash of the weights, or endpoint and model; "" if not known."""
    generation: str = ""
    """Which set of its answers; two sets are never merged. "" if there is one."""


@dataclass(frozen=True)
class Rater:
    """Who judged."""

    name: str
    """The judge's slug, or the person's pseudonym."""
    kind: Literal["judge", "person"] = "judge"
    snapshot: str = field(default="", compare=False)
    """The judge's version, as its endpoint reported it; no part of equality: it may change between two judgments."""


@dataclass(frozen=True)
class Evidence:
    """Where a judgment can be looked up; only its text is part of equality: other files hold the same judgment."""

    text: str = ""
    key: str = field(default="", compare=False)
    """Key of the judgment in the ledger; "" if nobody was asked, or the file isn't a ledger."""
    source: str = field(default="", compare=False)
    """File and line, e.g. `votes.jsonl:3`, or the ledger's file."""
    prompt: str = field(default="", compare=False)
    """What the judge read, where the file holds it instead of the answer."""
    at: float | None = field(default=None, compare=False)
    """When it was said, in seconds since 1970; None where nobody recorded it."""
    suspicious: bool = False
    """An answer holds the prompt's delimiters or a verdict of its own (see judge/injection.py)."""


NO_EVIDENCE = Evidence()


class Decision(Enum):
    """How a comparison of two answers ended."""

    WIN = "win"
    """One is better; `winner` names its model."""
    TIE = "tie"
    BOTH_BAD = "both_bad"
    INCONSISTENT = "inconsistent"
    """The judge's two games disagree."""
    SKIP = "skip"
    """A person looked and didn't vote."""
    FAILED = "failed"
    """There is no vote, for a reason that is told."""

    @property
    def counts(self) -> bool:
        """Whether it is a vote, and enters rates and agreement."""
        return self in VOTES


VOTES = (Decision.WIN, Decision.TIE, Decision.BOTH_BAD)


@dataclass(frozen=True)
class Game:
    """What a judge said of two answers shown in one order."""

    first: str
    """Name of the model whose answer was shown as A."""
    decision: Decision
    """WIN, TIE, BOTH_BAD, or FAILED: not a vote."""
    winner: str | None = None
    """Name of the model that won; None unless `decision` is WIN."""
    reason: str = ""
    """Why there is no vote; "" if there is one."""
    evidence: Evidence = NO_EVIDENCE


class Verdict(NamedTuple):
    """What one judgment says of one answer."""

    rating: float | None
    """1 to 10, or None: not a number, and in no mean."""
    text: str = ""
    reason: str = ""
    """Why there is no rating; empty if there is one."""
    key: str | None = None
    """The judgment's key in the ledger; None if the judge wasn't asked."""
    snapshot: str = ""
    """The judge's version, as the endpoint reported it."""


PEOPLE = "people"
"""What tables call human annotators together."""


@dataclass(frozen=True, eq=False)
class Conditions:
    """What two numbers must share to stand in one table; what a file doesn't tell is absent."""

    judge: str
    """The judge's slug; of people PEOPLE."""
    task: Mapping[str, Any] = field(default_factory=dict)
    """`benchmark`, its `revision`, `task_version`, `question_set`, `reference_set`, and hashes of corrected ones."""
    prompt: Mapping[str, Any] = field(default_factory=dict)
    """`prompt_set`, `prompt_sha256`, `prompt_language` (`same` as the question's, or a code)."""
    rule: Mapping[str, Any] = field(default_factory=dict)
    """How a verdict is read: `parser`, `rating` (`text` or `expected`), or `votes` (3 or 4)."""
    sent: Mapping[str, Any] = field(default_factory=dict)
    """`endpoint`, `model`, and the judge's parameters as they were sent; of these an absent one had its default."""

    @cached_property
    def told(self) -> Mapping[str, Any]:
        """Everything but the judge, name by name."""
        return {**self.task, **self.prompt, **self.rule, **self.sent}

    @cached_property
    def _text(self) -> str:
        return canonical_json([self.judge, self.told])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Conditions) and self._text == other._text

    def __lt__(self, other: "Conditions") -> bool:
        return self._text < other._text

    def __hash__(self) -> int:
        return hash(self._text)

    @property
    def benchmark(self) -> str:
        """Name of the benchmark; "" if not told."""
        return str(self.task.get("benchmark", ""))

    @cached_property
    def of_all_languages(self) -> "Conditions":
        """The same without the revision and the hashes of prompts, questions and references: each language's own."""
        task = {name: value for name, value in self.task.items() if name != "revision" and not name.endswith("_sha256")}
        prompt = {name: value for name, value in self.prompt.items() if name != "prompt_sha256"}
        return replace(self, task=task, prompt=prompt)

    @cached_property
    def but_sent(self) -> "Conditions":
        """The same without what was sent."""
        return replace(self, sent={})

    def contradicts(self, other: "Conditions") -> bool:
        """Tell whether something that both tell differs."""
        if self is other or self._text == other._text:
            return False
        both = self.told.keys() & other.told.keys()
        return self.judge != other.judge or any(self.told[name] != other.told[name] for name in both)


@dataclass(frozen=True)
class Rating:
    """One answer, rated once by one judge, or the reason why there is no rating."""

    item: Item
    model: Model
    rater: Rater
    conditions: Conditions
    value: float | None
    """1 to 10; None: not a number, and in no mean."""
    reason: str = ""
    """Why there is no value; "" if there is one."""
    repeat: int = 0
    """0-based number of the generated answer."""
    run: int = 0
    """0-based number of the judge's run."""
    answer: str | None = None
    """The rated text; None if the file doesn't hold it."""
    evidence: Evidence = NO_EVIDENCE


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval, and what it is an estimate of."""

    value: float
    low: float
    high: float
    estimand: str
    """In words."""
    n: int
    """Questions that it is over."""
    of: int
    """Questions that there are."""
    scale: str = ""
    """Hash of the equating that carried it to another judge's scale; "" on the judge's own."""


@dataclass(frozen=True)
class Preference:
    """Two answers to one item, compared once, by a judge (in both orders) or a person.

    There is no orientation: the winner is named, and a pair is the same pair whichever model a file names first.
    """

    item: Item
    models: frozenset[Model]
    rater: Rater
    decision: Decision
    winner: str | None = None
    """Name of the model that won; None unless `decision` is WIN."""
    conditions: Conditions = Conditions("")
    run: int = 0
    """0-based number among this rater's judgments of these answers."""
    repeat: int = 0
    """0-based number of the generated answers."""
    answers: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Model's name -> the judged answer; empty where the file doesn't hold them."""
    games: tuple[Game, ...] = ()
    """A judge's two, in the order they were asked; none where a file tells the decision alone, so no direction."""
    evidence: Evidence = NO_EVIDENCE
    """Of a decision without games."""

    @classmethod
    def of_games(cls, item: Item, rater: Rater, games: tuple[Game, Game], **rest: Any) -> "Preference":
        """Return what two games in both orders decide: one that failed fails it, two that disagree are INCONSISTENT."""
        votes = {(game.decision, game.winner) for game in games}
        decision, winner = votes.pop() if len(votes) == 1 else (Decision.INCONSISTENT, None)
        if any(game.decision is Decision.FAILED for game in games):
            decision, winner = Decision.FAILED, None
        models = frozenset(Model(game.first) for game in games)
        return cls(item, models, rater, decision, winner, games=games, **rest)

    @property
    def names(self) -> tuple[str, str]:
        """Names of both models: as they were shown in the first game, else sorted."""
        one, other = sorted(model.name for model in self.models)
        return (other, one) if self.games and self.games[0].first == other else (one, other)

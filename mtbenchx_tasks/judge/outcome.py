"""The records of pairwise judging: one game, and the outcome of the two games that compare two answers."""

from dataclasses import dataclass

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
    """Both games of one item (notes D8): positional bias is that they disagree."""

    item: Item
    """What was compared."""
    first: Game
    """model_1 shown as A."""
    second: Game
    """model_2 shown as A."""
    lengths: tuple[int, int] = (0, 0)
    """Characters of the judged answers of model_1 and model_2."""

    @property
    def winner(self) -> str:
        """A vote; `inconsistent` if the games disagree; `failed` if one of them has no vote."""
        if self.first.vote is None or self.second.vote is None:
            return FAILED
        return self.first.vote if self.first.vote == self.second.vote else INCONSISTENT

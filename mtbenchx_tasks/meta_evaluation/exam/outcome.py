"""What a judge made of one exam item: right, a tie, a flip, or no result."""

from dataclasses import dataclass
from typing import Literal

from mtbenchx_tasks.meta_evaluation.exam.item import ExamItem
from mtbenchx_tasks.records import Decision, Game, Verdict

ALL = "all"
"""In place of a kind or language, where a number is of all of them."""
TEN = 10.0
EQUAL = 1e-9
"""Ratings that differ by less are equal."""


@dataclass(frozen=True)
class Outcome:
    """One item, judged once: by two ratings, or by two games in both orders."""

    item: ExamItem
    mode: Literal["single", "pairwise"]
    run: int = 0
    right: int | None = None
    """Half points of two: 2 if the better answer was preferred (in both orders), 1 for equal ratings, else 0; in a null
    pair 2 for a tie, else 0. None: no result."""
    points: float | None = None
    """0 to 1, with half for each tie and each order by itself: what a judge that guesses gets half of."""
    tie: bool = False
    """Equal ratings; or a tie in both orders."""
    flip: bool = False
    """The two orders disagree."""
    first: int = 0
    """Votes for the answer shown first less those for the second."""
    faulty: int = 0
    """Votes for the faulty (in a null pair: the changed) answer less those for the other; of ratings 2, 0 or -2."""
    votes: int = 0
    """Games that someone won."""
    ratings: tuple[float, ...] = ()
    """Of the better answer and of the faulty one."""
    reason: str = ""
    """Why there is no result."""

    @property
    def is_null(self) -> bool:
        """Whether right is a tie."""
        return self.item.dose == 0

    @property
    def tens(self) -> int:
        """Ratings that leave no room above."""
        return sum(rating >= TEN for rating in self.ratings)


def rated(item: ExamItem, better: Verdict, faulty: Verdict) -> Outcome:
    """Return what two ratings say of an item."""
    if better.rating is None or faulty.rating is None:
        return Outcome(item, "single", reason=better.reason or faulty.reason)
    lead = better.rating - faulty.rating
    tie = abs(lead) < EQUAL
    points = 0.5 if tie else float(lead > 0)
    right = (2 if tie else 0) if item.dose == 0 else round(2 * points)
    ratings = better.rating, faulty.rating
    return Outcome(item, "single", 0, right, points, tie, faulty=round(2 - 4 * points), ratings=ratings)


def compared(item: ExamItem, one: Game, other: Game) -> Outcome:
    """Return what two games say of an item: the better answer shown first, then the faulty one."""
    games = one, other
    if any(game.decision is Decision.FAILED for game in games):
        return Outcome(item, "pairwise", reason=one.reason or other.reason)
    winners = [game.winner for game in games]
    tie = winners == [None, None]
    won = sum(winner == "better" for winner in winners)
    lost = sum(winner == "faulty" for winner in winners)
    first = sum((game.winner == game.first) - (game.winner not in (None, game.first)) for game in games)
    is_right = tie if item.dose == 0 else won == len(games)
    return Outcome(
        item,
        "pairwise",
        0,
        2 * is_right,
        (won + (len(games) - won - lost) / 2) / len(games),
        tie,
        flip=winners[0] != winners[1],
        first=first,
        faulty=lost - won,
        votes=won + lost,
    )

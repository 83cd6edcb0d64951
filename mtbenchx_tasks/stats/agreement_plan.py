"""How many votes an agreement between people takes, before anybody votes: METHODS.md, "Votes for an agreement"."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, comb, sqrt
from statistics import NormalDist

from mtbenchx_tasks.stats.intervals import LEVEL

SHARES = (0.35, 0.35, 0.2, 0.1)
"""How often people vote for one answer, the other, a tie, both bad, where nothing is known."""
PAIR = 2
MOST_RATERS = 12


@dataclass(frozen=True)
class Assumptions:
    """What is assumed of people and questions."""

    agreement: float = 0.6
    """Expected share of pairs of votes that agree; above the sum of the squared shares, below 1."""
    shares: tuple[float, ...] = SHARES
    """How often each class is voted for, 1 in all."""
    correlation: float = 0.5
    """Between the agreements on two items of one question, 0 to 1."""


@dataclass(frozen=True)
class PlanRow:
    """What a number of raters gives."""

    raters: int
    """Votes an item gets."""
    votes: int
    """Votes in all."""
    people: int
    """People who give them."""
    half_width: float
    """Half the width of the agreement's 95 % interval over questions."""


def agreement_variance(raters: int, assumed: Assumptions) -> float:
    """Return the variance, over items, of the share of an item's pairs of votes that agree.

    An item's votes are drawn from probabilities of its own, and these from the Dirichlet distribution that has the
    assumed shares and agreement.

    Args:
        raters: Votes an item gets, 2 or more.
        assumed: Shares and agreement.
    """
    concentration = (1 - assumed.agreement) / (assumed.agreement - _by_chance(assumed.shares))
    weights = [concentration * share for share in assumed.shares]
    same_rater = sum(_rising(weight, 3) for weight in weights) / _rising(concentration, 3)
    own = sum(_rising(weight, 4) for weight in weights)
    crossed = sum(_rising(weight, 2) for weight in weights) ** 2 - sum(_rising(weight, 2) ** 2 for weight in weights)
    no_rater = (own + crossed) / _rising(concentration, 4)
    pairs = comb(raters, PAIR)
    square = (assumed.agreement + 2 * (raters - 2) * same_rater + comb(raters - 2, PAIR) * no_rater) / pairs
    return max(0.0, square - assumed.agreement**2)


def _rising(value: float, steps: int) -> float:
    """Value (value + 1) ... of so many factors."""
    product = 1.0
    for step in range(steps):
        product *= value + step
    return product


def half_width(raters: int, questions: int, items: int, assumed: Assumptions) -> float:
    """Return half the width of the 95 % interval of the agreement, over questions.

    Args:
        raters: Votes an item gets.
        questions: Questions, the unit.
        items: Items of one question: turns times pairs of models.
        assumed: What is assumed.
    """
    spread = agreement_variance(raters, assumed) * (1 + (items - 1) * assumed.correlation) / (questions * items)
    return NormalDist().inv_cdf((1 + LEVEL) / 2) * sqrt(spread)


def plan(
    questions: int, pairs: int, turns: int, per_person: int, *, assumed: Assumptions, skips: float = 0.05
) -> Iterator[PlanRow]:
    """Yield what 2, 3, ... raters an item give.

    Args:
        questions: Questions of the benchmark.
        pairs: Pairs of models.
        turns: Turns of a question.
        per_person: Questions (with a pair) that one person judges, in all turns.
        assumed: What is assumed.
        skips: Share of what people are shown that they skip.
    """
    for raters in range(PAIR, MOST_RATERS + 1):
        shown = raters * questions * pairs / (1 - skips)
        people = max(raters, ceil(shown / min(per_person, questions * pairs)))
        votes = raters * questions * pairs * turns
        yield PlanRow(raters, votes, people, half_width(raters, questions, pairs * turns, assumed))


def questions_needed(width: float, raters: int, items: int, assumed: Assumptions) -> int:
    """Return how many questions give an interval of a width, with so many raters an item and items a question."""
    return ceil(4 * half_width(raters, 1, items, assumed) ** 2 / width**2)


def problem(assumed: Assumptions) -> str | None:
    """Return what is wrong with assumptions, in words; None: nothing."""
    squares = _by_chance(assumed.shares)
    if not squares < assumed.agreement < 1:
        return f"an agreement of {assumed.agreement:g} isn't between chance ({squares:.2f}) and 1"
    if not 0 <= assumed.correlation <= 1:
        return f"a correlation of {assumed.correlation:g} isn't between 0 and 1"
    return None


def _by_chance(shares: Sequence[float]) -> float:
    return sum(share**2 for share in shares)

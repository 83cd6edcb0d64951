"""What judgments that nobody has made yet will cost: expected, and at most.

How long a prompt is, is counted where the answers are there (engines/plan.py) and estimated where they aren't. How long
a judgment is, the ledger tells of a judge that it knows; else it is taken to be as long as the published ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hf_datasets.ledger.queries import latest_details
from hf_datasets.ledger.store import Ledger
from mtbenchx_tasks.judge.costs import Tokens, json_object
from mtbenchx_tasks.judge.presets import thinks
from mtbenchx_tasks.judge.prices import Price, cost_of
from mtbenchx_tasks.judge.tokens import CHARACTERS_PER_TOKEN

USUAL_ANSWER, USUAL_JUDGMENT = 300, 250
"""Tokens; the published GPT-4 judgments of MT-Bench are of that order."""
USUAL_THOUGHT = 1000
"""Tokens that a judge thinks before a judgment if it thinks; an assumption, until the ledger holds judgments of it."""


@dataclass(frozen=True)
class Size:
    """How many tokens one judgment will have."""

    read: float
    """Of its prompt, with answers of the usual length where they aren't known."""
    written: float
    """Of its text, thoughts included."""
    most_read: float
    """Of its prompt at most."""
    most_written: float
    """Of its text at most."""


@dataclass(frozen=True)
class Dollars:
    """What judgments will cost, in US dollars."""

    expected: float
    """With answers and judgments of the usual length."""
    most: float
    """With every answer and judgment as long as it may be."""


def estimate(price: Price | None, sizes: Iterable[Size]) -> Dollars | None:
    """Return what judgments will cost, each priced by itself; None if the price isn't known."""
    if price is None:
        return None
    expected = most = 0.0
    for size in sizes:
        expected += cost_of(price, size.read, size.written)
        most += cost_of(price, size.most_read, size.most_written)
    return Dollars(expected, most)


def total(costs: Iterable[Dollars | None]) -> Dollars:
    """Return the sum of what is known."""
    known = [cost for cost in costs if cost is not None]
    return Dollars(sum(cost.expected for cost in known), sum(cost.most for cost in known))


def sizes_without_answers(
    prompts: Iterable[tuple[int, int]], answer_limit: int, judgment_limit: int, usual: float
) -> list[Size]:
    """Estimate how long judgments will be before the answers exist.

    Args:
        prompts: Per judgment: characters of its prompt without answers, and number of answers in it.
        answer_limit: Most tokens of an answer.
        judgment_limit: Most tokens of a judgment.
        usual: Tokens of a judgment as this judge usually writes it (see `usual_judgment`).
    """
    answer, written = min(USUAL_ANSWER, answer_limit), min(usual, judgment_limit)
    bare = ((characters / CHARACTERS_PER_TOKEN, answers) for characters, answers in prompts)
    return [
        Size(tokens + answers * answer, written, tokens + answers * answer_limit, judgment_limit)
        for tokens, answers in bare
    ]


def usual_judgment(
    ledger: Ledger | None, model: str, endpoint: str, parameters: Mapping[str, Any]
) -> tuple[float, str]:
    """Return how many tokens a judge usually writes, thoughts included, and whence that is known.

    Args:
        ledger: Where judgments of the same judge, at the same endpoint and effort, may be; None: nowhere.
        model: The judge.
        endpoint: As it stands in the ledger.
        parameters: What it is asked with.
    """
    effort = parameters.get("reasoning_effort")
    written = [] if ledger is None else _written(latest_details(ledger, model, endpoint, effort))
    if written:
        return sum(written) / len(written), f"as its last {len(written)} judgments in the ledger"
    if thinks(model, effort):
        return USUAL_JUDGMENT + USUAL_THOUGHT, f"{USUAL_JUDGMENT} and, by assumption, {USUAL_THOUGHT:,} of thoughts"
    return USUAL_JUDGMENT, f"{USUAL_JUDGMENT}, as in the published judgments"


def _written(reports: Sequence[str]) -> list[int]:
    """Return the tokens of judgments that tell them."""
    usages = (json_object(details).get("usage") for details in reports)
    return [tokens.written for tokens in map(Tokens.of, usages) if tokens]

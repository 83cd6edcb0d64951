"""What judging costs, before it is paid. Prices in US dollars per million tokens, as listed by the vendor."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hf_datasets.shared.errors import UserError

Price = tuple[float, float]
"""Input, output."""
PRICES_OF = "2026-11-23"
PRICES = {
    "gpt-4": (30.0, 60.0),
    "gpt-4-turbo": (10.0, 30.0),
    "gpt-4o": (2.5, 10.0),
    "gpt-4o-mini": (0.15, 0.6),
    "gpt-4.1": (2.0, 8.0),
    "gpt-4.1-mini": (0.4, 1.6),
}
"""Model (a dated snapshot counts as its model) -> (input, output)."""
BATCH_FACTOR = 0.5
"""What OpenAI's Batch API charges, as a share of the listed price."""
CHARACTERS_PER_TOKEN = 3.5
"""Rough, for text in the five languages."""
USUAL_ANSWER, USUAL_JUDGMENT = 300, 250
"""Tokens; the published GPT-4 judgments of MT-Bench are of that order."""


def parse_price(text: str) -> Price:
    """Read `30,60`: dollars per million tokens read and written.

    Raises:
        UserError: It isn't two numbers from 0.
    """
    try:
        read, written = (float(part) for part in text.split(","))
    except ValueError:
        read = written = math.nan
    if not (0 <= read < math.inf and 0 <= written < math.inf):
        raise UserError(f"--price {text} is not IN,OUT in dollars per million tokens, e.g. --price 30,60.")
    return read, written


def parse_prices(texts: Iterable[str]) -> dict[str, Price]:
    """Read `30,60` (kept under "": every judge) and `gpt-4=30,60` (that judge).

    Raises:
        UserError: See `parse_price`.
    """
    split = (text.rpartition("=") for text in texts)
    return {model.strip(): parse_price(price) for model, _, price in split}


def required_price(model: str, given: Mapping[str, Price] | None = None) -> Price:
    """Return the price of a model that a limit is set for.

    Raises:
        UserError: It isn't known.
    """
    price = price_of(model, given)
    if price is None:
        raise UserError(
            f"--max-cost needs the price of {model!r}, which is not in the table of {PRICES_OF}; "
            f"name it by --price IN,OUT (dollars per million tokens)."
        )
    return price


def cost_of(price: Price, read: float, written: float) -> float:
    """Return dollars for tokens read and written."""
    return (read * price[0] + written * price[1]) / 1e6


@dataclass(frozen=True)
class Estimate:
    """What a plan will cost, in US dollars."""

    requests: int
    """Number of judgments."""
    usual: float
    """With answers and judgments of usual length."""
    most: float
    """With every answer and judgment as long as it may be."""


def price_of(model: str, given: Mapping[str, Price] | None = None) -> Price | None:
    """Return the price of a model, None if it isn't known; `gpt-4-0613` is found as `gpt-4`.

    Args:
        model: The judge.
        given: The user's own prices (see `parse_prices`); they come before the table.
    """
    if given and (model in given or "" in given):
        return given.get(model) or given[""]
    name = max((known for known in PRICES if model == known or _is_snapshot(model, known)), key=len, default=None)
    return PRICES[name] if name else None


def _is_snapshot(model: str, known: str) -> bool:
    return model.startswith(known + "-") and model[len(known) + 1 :].replace("-", "").isdigit()


def estimate(
    model: str, prompt_characters: list[tuple[int, int]], answer_limit: int, judgment_limit: int
) -> Estimate | None:
    """Estimate the cost of judgments before the answers exist.

    Args:
        model: The judge.
        prompt_characters: Per judgment: length of its prompt without answers, and number of answers in it.
        answer_limit: Most tokens of an answer.
        judgment_limit: Most tokens of a judgment.
    """
    price = price_of(model)
    if price is None:
        return None

    def cost(answer: int, judgment: int) -> float:
        read = sum(characters / CHARACTERS_PER_TOKEN + answers * answer for characters, answers in prompt_characters)
        return cost_of(price, read, len(prompt_characters) * judgment)

    usual = cost(min(USUAL_ANSWER, answer_limit), min(USUAL_JUDGMENT, judgment_limit))
    return Estimate(len(prompt_characters), usual, cost(answer_limit, judgment_limit))

"""What judging costs, before it is paid. Prices in US dollars per million tokens, as listed by the vendor."""

from dataclasses import dataclass

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
CHARACTERS_PER_TOKEN = 3.5
"""Rough, for text in the five languages."""
USUAL_ANSWER, USUAL_JUDGMENT = 300, 250
"""Tokens; the published GPT-4 judgments of MT-Bench are of that order."""


@dataclass(frozen=True)
class Estimate:
    """What a plan will cost, in US dollars."""

    requests: int
    """Number of judgments."""
    usual: float
    """With answers and judgments of usual length."""
    most: float
    """With every answer and judgment as long as it may be."""


def price_of(model: str) -> tuple[float, float] | None:
    """Return the price of a model, None if it isn't in the table; `gpt-4-0613` is found as `gpt-4`."""
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
        return (read * price[0] + len(prompt_characters) * judgment * price[1]) / 1e6

    usual = cost(min(USUAL_ANSWER, answer_limit), min(USUAL_JUDGMENT, judgment_limit))
    return Estimate(len(prompt_characters), usual, cost(answer_limit, judgment_limit))

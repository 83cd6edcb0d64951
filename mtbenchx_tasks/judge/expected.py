"""The expected rating: 1 to 10, weighted by the probability that the judge gives each (G-Eval, arXiv 2303.16634).

Whoever asks, the mean is computed here: over the probabilities that a judge in this process or a one-token judgment
reports (`ratings`), or over the alternatives of the tokens that an endpoint wrote (`logprobs`).
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from hf_datasets.records import Completion

LOWEST, HIGHEST = 1, 10
UNPARSABLE = "no verdict in the judge's text"
NEGLIGIBLE = 0.01
"""Share of `1` up to which it doesn't matter whether it begins a 10: the mean moves by 0.09 at most."""


def expected_rating(completion: Completion) -> tuple[float | None, str]:
    """Return the probability-weighted mean rating and "", or None and why.

    Args:
        completion: With `ratings` (each whole rating's probability) or `logprobs` (the alternatives of each token that
            was written, of which those at the verdict count) among its details.
    """
    if "ratings" in completion.details:
        return _mean({int(number): float(weight) for number, weight in completion.details["ratings"].items()})
    if "logprobs" not in completion.details:
        return None, "the endpoint returned no logprobs"
    return _from_tokens(completion.details["logprobs"])


def weighed(weights: Mapping[int, float], details: Mapping[str, Any] = {}) -> Completion:
    """Return the completion of a judge that wrote nothing but reports each rating's probability."""
    ratings = {str(number): weight for number, weight in weights.items()}
    text = json.dumps({number: round(weight, 6) for number, weight in ratings.items()})
    return Completion("answered", text, details={**details, "ratings": ratings})


def number_weights(alternatives: Mapping[str, float], prefix: str = "") -> dict[int, float]:
    """Return the probability of each rating from 1 to 10 among a token's alternatives.

    Args:
        alternatives: Token -> log-probability.
        prefix: What stands before the number in the same token, e.g. `[[`.
    """
    weights: dict[int, float] = {}
    for candidate, logprob in alternatives.items():
        digits = re.match(r"\s*(\d+)", candidate.removeprefix(prefix))
        if candidate.startswith(prefix) and digits and LOWEST <= int(digits[1]) <= HIGHEST:
            weights[int(digits[1])] = weights.get(int(digits[1]), 0.0) + math.exp(logprob)
    return weights


def may_begin_ten(weights: Mapping[int, float], negligible: float = 0.0) -> bool:
    """Tell whether `1` may be the first half of a 10, and weighs more than a share of all ratings."""
    return HIGHEST not in weights and weights.get(LOWEST, 0.0) > negligible * sum(weights.values())


def with_ten(weights: Mapping[int, float], following: Mapping[str, float]) -> dict[int, float]:
    """Share the weight of `1` between 1 and 10.

    Args:
        weights: The probability of each rating, as the verdict's first token tells it.
        following: The alternatives of the token after a `1`, with their log-probabilities.
    """
    zero = sum(math.exp(logprob) for candidate, logprob in following.items() if candidate.startswith("0"))
    one = weights[LOWEST]
    return {**weights, LOWEST: one * (1 - zero), HIGHEST: one * zero}


def _from_tokens(tokens: list[Mapping[str, Any]]) -> tuple[float | None, str]:
    text, starts = "", []
    for token in tokens:
        starts.append(len(text))
        text += str(token["token"])
    matches = list(re.finditer(r"\[\[\s*(?=\d)", text))
    if not matches:
        return None, UNPARSABLE
    at = matches[-1].end()
    index = max(i for i, start in enumerate(starts) if start <= at)
    prefix = text[starts[index] : at]  # a tokenizer may glue "[[" or a space to the digit
    weights = number_weights(tokens[index]["top"], prefix)
    if may_begin_ten(weights):
        if str(tokens[index]["token"]).removeprefix(prefix).strip() == "1" and tokens[index + 1 :]:
            return _mean(with_ten(weights, tokens[index + 1]["top"]))
        if may_begin_ten(weights, NEGLIGIBLE):
            return None, "1 and 10 can't be told apart by this endpoint's tokens"
    return _mean(weights)


def _mean(weights: Mapping[int, float]) -> tuple[float | None, str]:
    total = sum(weights.values())
    if not total > 0 or not math.isfinite(total):
        return None, "no rating has a probability"
    return sum(number * weight for number, weight in weights.items()) / total, ""

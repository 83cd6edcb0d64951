"""The expected rating: 1 to 10, weighted by the probability that the judge gives each (G-Eval, arXiv 2303.16634).

Whoever asks, the mean is computed here: over the probabilities that a judge in this process or a one-token judgment
reports (`ratings`), or over the alternatives of the tokens that an endpoint wrote (`logprobs`).
"""

import json
import math
import re
from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from hf_datasets.records import Completion
from hf_datasets.shared.thoughts import thoughts
from mtbenchx_tasks.judge.brackets import last_rating

LOWEST, HIGHEST = 1, 10
UNPARSABLE = "no verdict in the judge's text"
UNREADABLE = "the judge's probabilities can't be read"
_ROUNDING = 0.01
"""How far above 1 a probability may stand."""
_NEVER = -1000.0
"""A log-probability of no weight; JSON has whole numbers that are too long for a float."""
_DIGITS = re.compile(r"\s*([0-9]{1,2})(?![0-9])")
_BEGUN = re.compile(r"\[\[\s*+(?=[0-9])")
NEGLIGIBLE = 0.01
"""Share of `1` up to which it doesn't matter whether it begins a 10: the mean moves by 0.09 at most."""


def expected_rating(completion: Completion) -> tuple[float | None, str]:
    """Return the probability-weighted mean rating and "", or None and why.

    Args:
        completion: With `ratings` (each whole rating's probability) or `logprobs` (the alternatives of each token that
            was written, of which those at the verdict count) among its details.
    """
    details = completion.details if isinstance(completion.details, Mapping) else {}
    if "ratings" in details:
        return _from_ratings(details["ratings"])
    if details.get("logprobs") is None:
        return None, "the endpoint returned no logprobs"
    return _from_tokens(details["logprobs"])


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
        digits = _DIGITS.match(candidate.removeprefix(prefix))
        if candidate.startswith(prefix) and digits and in_range(int(digits[1])):
            weights[int(digits[1])] = weights.get(int(digits[1]), 0.0) + (_probability(logprob) or 0.0)
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
    zeros = (_probability(logprob) or 0.0 for candidate, logprob in following.items() if candidate.startswith("0"))
    zero, one = min(1.0, sum(zeros)), weights[LOWEST]
    return {**weights, LOWEST: one * (1 - zero), HIGHEST: one * zero}


def in_range(number: float) -> bool:
    """Tell whether a number is a rating."""
    return LOWEST <= number <= HIGHEST


def _from_ratings(ratings: object) -> tuple[float | None, str]:
    if not isinstance(ratings, Mapping):
        return None, UNREADABLE
    named = {str(name): value for name, value in ratings.items()}
    weights = {number: _weight(named.get(str(number))) for number in range(LOWEST, HIGHEST + 1)}
    mean, reason = _mean({number: weight for number, weight in weights.items() if weight is not None})
    return (None, UNREADABLE) if mean is not None and None in weights.values() else (mean, reason)


def _from_tokens(recorded: object) -> tuple[float | None, str]:
    tokens = _checked(recorded)
    if tokens is None:
        return None, UNREADABLE
    at = _place("".join(text for text, _ in tokens))
    if at is None:
        return None, UNPARSABLE
    ends = list(accumulate(len(text) for text, _ in tokens))
    index = bisect_right(ends, at)  # the token that holds the verdict's first digit
    text, alternatives = tokens[index]
    prefix = text[: at - (ends[index] - len(text))]  # a tokenizer may glue "[[" or a space to the digit
    weights = number_weights(alternatives, prefix)
    if may_begin_ten(weights):
        if text.removeprefix(prefix).strip() == "1" and tokens[index + 1 :]:
            return _mean(with_ten(weights, tokens[index + 1][1]))
        if may_begin_ten(weights, NEGLIGIBLE):
            return None, "1 and 10 can't be told apart by this endpoint's tokens"
    return _mean(weights)


def _place(text: str) -> int | None:
    """Return where the number of a text's verdict begins; of one that ends in the middle, too."""
    said = thoughts(text).blanked
    found = last_rating(said, in_range)
    return found.begin if found else max((match.end() for match in _BEGUN.finditer(said)), default=None)


def _checked(recorded: object) -> list[tuple[str, Mapping[str, Any]]] | None:
    """Return (text, alternatives) of each token; None if the record is none: ledgers held what endpoints sent."""
    tokens = []
    for item in recorded if isinstance(recorded, list) else [None]:
        text, alternatives = (item.get("token"), item.get("top") or {}) if isinstance(item, Mapping) else (None, {})
        if not isinstance(text, str) or not isinstance(alternatives, Mapping):
            return None
        if None in map(_probability, alternatives.values()):
            return None
        tokens.append((text, alternatives))
    return tokens


def _probability(logprob: object) -> float | None:
    """Return e to a log-probability, None if it is none; null and minus infinity are a probability of 0."""
    if logprob is None:
        return 0.0
    if isinstance(logprob, bool) or not isinstance(logprob, int | float) or not logprob <= _ROUNDING:
        return None
    return math.exp(logprob) if logprob > _NEVER else 0.0


def _weight(probability: object) -> float | None:
    if probability is None:
        return 0.0
    if isinstance(probability, bool) or not isinstance(probability, int | float):
        return None
    return float(probability) if 0 <= probability <= 1 + _ROUNDING else None


def _mean(weights: Mapping[int, float]) -> tuple[float | None, str]:
    total = sum(weights.values())
    if not total > 0:
        return None, "no rating has a probability"
    return sum(number * (weight / total) for number, weight in weights.items()), ""

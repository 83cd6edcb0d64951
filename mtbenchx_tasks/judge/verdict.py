"""From a judge's text to a rating, or the reason why there is none.

`last` takes the last well-formed verdict from 1 to 10. It understands what judges write in five languages: a decimal
comma, `8/10`, bold, spaces, and the prompt's own word inside the brackets. `fastchat` is FastChat's rule, to the letter
(first match, no range; notes on its faults are in the README).
"""

import math
import re
from collections.abc import Iterator

from hf_datasets.records import Completion
from mtbenchx_tasks.judge.expected import HIGHEST, LOWEST, UNPARSABLE, expected_rating
from mtbenchx_tasks.records import BOTH_BAD, TIE, Game, Verdict

OUT_OF_RANGE = "verdict out of range"

_NUMBER = r"(?P<{0}>[0-9]+(?:[.,][0-9]+)?)(?:\s*/\s*10)?"
_MARKUP = r"[\s*_`]*"
_WORD = r"(?:[^\W\d_]+\s*:?)?"
# `[[8]]`, `[[8,5]]`, `[[Note : 8/10]]`; and `[[Bewertung]]: 7`, where the judge kept the prompt's word in the brackets.
_VERDICTS = re.compile(
    "|".join(
        (
            rf"\[\[{_MARKUP}{_WORD}{_MARKUP}{_NUMBER.format('inside')}{_MARKUP}\]\]",  # [[8,5]]
            rf"\[\[{_MARKUP}[^\W\d_]+{_MARKUP}\]\]{_MARKUP}:?{_MARKUP}{_NUMBER.format('after')}(?![0-9.,]*[0-9])",
        )
    )
)
_LABELS = "rating|score|bewertung|wertung|note|évaluation|valutazione|voto|punteggio|calificación|puntuación|nota"
# Where no double-bracketed verdict stands, at the end of the text: `Rating: [8]` or `**Note :** 8/10`. A number that is
# neither bracketed nor out of ten is no verdict: it may as well be the result of a calculation.
_AT_THE_END = re.compile(
    rf"\b(?:{_LABELS}){_MARKUP}:{_MARKUP}"
    rf"(?:\[\[?{_MARKUP}{_NUMBER.format('bracketed')}{_MARKUP}\]\]?|(?P<of_ten>[0-9]+(?:[.,][0-9]+)?)\s*/\s*10)[\s*_`.]*\Z",
    re.IGNORECASE,
)
_THOUGHT = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_HALF_THOUGHT = re.compile(r"\A.*</think(?:ing)?>|\A\s*<think(?:ing)?>.*\Z", re.DOTALL | re.IGNORECASE)
"""A thought whose beginning the template kept, or whose end was cut off."""
_FASTCHAT, _FASTCHAT_BACKUP = re.compile(r"\[\[(\d+\.?\d*)\]\]"), re.compile(r"\[(\d+\.?\d*)\]")
_FASTCHAT_NUMBER = re.compile(r"0+(?:\.[0-9]*)?|[1-9][0-9]*(?:\.[0-9]*)?|[0-9]+\.[0-9]*")
"""What `ast.literal_eval` takes; it refuses a leading zero (`08`), which stops FastChat."""


def verdict(completion: Completion, parser: str = "last", rating: str = "text", key: str | None = None) -> Verdict:
    """Read a completion.

    Args:
        completion: What the judge returned, or why not.
        parser: `last` or `fastchat`.
        rating: `text` reads the written verdict, `expected` the probabilities (G-Eval, arXiv 2303.16634).
        key: Key of the judgment in the ledger.
    """
    snapshot = str(completion.details.get("snapshot", ""))
    if completion.state != "answered":
        return Verdict(None, completion.text, completion.reason or completion.state, key, snapshot)
    if rating == "expected":
        value, reason = expected_rating(completion)
    else:
        value, reason = parse_fastchat(completion.text) if parser == "fastchat" else parse_last(completion.text)
    return Verdict(value, completion.text, reason, key, snapshot)


def parse_last(text: str) -> tuple[float | None, str]:
    """Return the last verdict in range and "", or None and why."""
    numbers = list(_numbers(without_thoughts(text)))
    in_range = [number for number in numbers if LOWEST <= number <= HIGHEST]
    if in_range:
        return in_range[-1], ""
    return None, OUT_OF_RANGE if numbers else UNPARSABLE


def without_thoughts(text: str) -> str:
    """Remove what a reasoning model thinks before it answers."""
    return _HALF_THOUGHT.sub("", _THOUGHT.sub("", text))


def _numbers(text: str) -> Iterator[float]:
    matches = list(_VERDICTS.finditer(text)) or [match for match in (_AT_THE_END.search(text),) if match]
    for match in matches:
        number = next(group for group in match.groups() if group is not None)
        yield float(number.replace(",", "."))


def parse_fastchat(text: str) -> tuple[float | None, str]:
    """Return what FastChat's `run_judge_single` would, with None instead of -1 or a crash.

    The first `[[number]]` counts, else the first `[number]`; there is no range.
    """
    match = _FASTCHAT.search(text) or _FASTCHAT_BACKUP.search(text)
    if match is None or not _FASTCHAT_NUMBER.fullmatch(match[1]):
        return None, UNPARSABLE
    rating = float(match[1])
    return (rating, "") if math.isfinite(rating) else (None, UNPARSABLE)


NO_VOTE, NOT_OFFERED = "no vote in the judge's text", "the judge cast a vote that it was not offered"


MODEL_1, MODEL_2 = "model_1", "model_2"


WITH_BOTH_BAD = 4
"""The number of votes where [[D]] is offered."""


_MARKUP = r"[\s*_`]*"


_VOTES = re.compile(rf"\[\[{_MARKUP}(?:as+ist[^\W\d_]*[\s*_`]+)?([A-D]){_MARKUP}\]\]", re.IGNORECASE)
"""`[[A]]`, `[[ **b** ]]`, `[[Assistente A]]`."""


def game(completion: Completion, parser: str, votes: int, swapped: bool, key: str | None = None) -> Game:
    """Read the judgment of one game.

    Args:
        completion: What the judge returned, or why not.
        parser: `last` or `fastchat`.
        votes: 3, or 4 with both bad.
        swapped: Whether model_2 was shown as A.
        key: Key of the judgment in the ledger.
    """
    if completion.state != "answered":
        return Game(None, completion.text, completion.reason or completion.state, key)
    read = parse_vote_fastchat if parser == "fastchat" else parse_vote
    letter, reason = read(completion.text, votes)
    return Game(None if letter is None else model_vote(letter, swapped), completion.text, reason, key)


def model_vote(letter: str, swapped: bool) -> str:
    """Return whom a letter means: `model_1`, `model_2`, `tie` or `both_bad`.

    Args:
        letter: A, B, C or D.
        swapped: Whether model_2 was shown as A.
    """
    shown_as_a, shown_as_b = (MODEL_2, MODEL_1) if swapped else (MODEL_1, MODEL_2)
    return {"A": shown_as_a, "B": shown_as_b, "C": TIE, "D": BOTH_BAD}[letter]


def parse_vote(text: str, votes: int) -> tuple[str | None, str]:
    """Return the letter of the last vote that was offered and "", or None and why.

    Args:
        text: The judge's.
        votes: 3, or 4 where the prompt offers `[[D]]`.
    """
    letters = [letter.upper() for letter in _VOTES.findall(without_thoughts(text))]
    offered = [letter for letter in letters if letter in _letters(votes)]
    if offered:
        return offered[-1], ""
    return None, NOT_OFFERED if letters else NO_VOTE


def parse_vote_fastchat(text: str, votes: int = 3) -> tuple[str | None, str]:
    """Return what FastChat's `run_judge_pair` would, with None instead of `error` (notes: peers 16).

    It looks for `[[A]]` anywhere, only then for `[[B]]`, then for `[[C]]`; the authors' copy goes on to `[[D]]`.
    """
    found = next((letter for letter in _letters(votes) if f"[[{letter}]]" in text), None)
    return found, "" if found else NO_VOTE


def _letters(votes: int) -> str:
    return "ABCD" if votes == WITH_BOTH_BAD else "ABC"

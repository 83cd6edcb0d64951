"""From a judge's text to a vote between two answers, or the reason why there is none.

The letters are those of the prompts: A and B name the answers in the order shown, C is a tie, and D, where the prompt
offers it, says that both are bad. Which model A and B mean depends on the order: see `model_vote`.
"""

import re

from hf_datasets.records import Completion
from mtbenchx_tasks.judge.outcome import BOTH_BAD, TIE, Game
from mtbenchx_tasks.judge.verdict import without_thoughts

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

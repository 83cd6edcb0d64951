"""From a judge's text to a rating, or the reason why there is none.

`last` takes the last well-formed verdict from 1 to 10: after the judge's thoughts, outside fenced code, and not in
parentheses if there is one outside (see brackets.py for the forms). `fastchat` is FastChat's rule, to the letter (first
match, no range, thoughts and all). Whatever stands in a completion, the result is a rating or a reason.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from hf_datasets.records import Completion
from hf_datasets.shared.thoughts import thoughts
from mtbenchx_tasks.judge.brackets import last_rating, votes_in
from mtbenchx_tasks.judge.expected import UNPARSABLE, expected_rating, in_range
from mtbenchx_tasks.records import Decision, Evidence, Game, Verdict

OUT_OF_RANGE = "verdict out of range"
NO_VOTE, NOT_OFFERED = "no vote in the judge's text", "the judge cast a vote that it was not offered"
CUT_OFF_THOUGHT = "cut off while thinking"
_AT_THE_LIMIT = {
    UNPARSABLE: "cut off at max_tokens before a verdict",
    NO_VOTE: "cut off at max_tokens before a vote",
    CUT_OFF_THOUGHT: f"{CUT_OFF_THOUGHT}, at max_tokens",
    "empty": "cut off at max_tokens before the judge wrote anything",
}
"""What a reason becomes where the endpoint says that the judgment ended at its limit."""

_FASTCHAT, _FASTCHAT_BACKUP = re.compile(r"\[\[(\d+(?:\.\d*)?)\]\]"), re.compile(r"\[(\d+(?:\.\d*)?)\]")
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
    snapshot, text = str(_details(completion).get("snapshot") or ""), _text(completion)
    if completion.state != "answered":
        return Verdict(None, text, _absence(completion), key, snapshot)
    if rating == "expected":
        value, reason = expected_rating(completion)
    else:
        value, reason = parse_fastchat(text) if parser == "fastchat" else parse_last(text)
    return Verdict(value, text, _explained(reason, completion), key, snapshot)


def _details(completion: Completion) -> Mapping[str, Any]:
    """Old ledgers, and those of others, hold what their endpoints sent."""
    return completion.details if isinstance(completion.details, Mapping) else {}


def _text(completion: Completion) -> str:
    return completion.text if isinstance(completion.text, str) else ""


def _absence(completion: Completion) -> str:
    """Why a judge said nothing."""
    if completion.state == "empty" and _details(completion).get("finish_reason") == "length":
        return _AT_THE_LIMIT["empty"]
    return str(completion.reason or completion.state)


def _explained(reason: str, completion: Completion) -> str:
    """Say of a judgment without a verdict how it was cut off, if it was."""
    if reason in (UNPARSABLE, NO_VOTE) and thoughts(_text(completion)).is_cut_off:
        reason = CUT_OFF_THOUGHT
    is_at_the_limit = _details(completion).get("finish_reason") == "length"
    return _AT_THE_LIMIT.get(reason, reason) if is_at_the_limit else reason


def parse_last(text: str) -> tuple[float | None, str]:
    """Return the last verdict in range and "", or None and why."""
    last = last_rating(thoughts(text).blanked, in_range)
    if last is None:
        return None, UNPARSABLE
    return (last.number, "") if in_range(last.number) else (None, OUT_OF_RANGE)


def parse_fastchat(text: str) -> tuple[float | None, str]:
    """Return what FastChat's `run_judge_single` would, with None instead of -1 or a crash.

    The first `[[number]]` counts, else the first `[number]`; there is no range.
    """
    match = _FASTCHAT.search(text) or _FASTCHAT_BACKUP.search(text)
    if match is None or not _FASTCHAT_NUMBER.fullmatch(match[1]):
        return None, UNPARSABLE
    rating = float(match[1])
    return (rating, "") if math.isfinite(rating) else (None, UNPARSABLE)


WITH_BOTH_BAD = 4
"""The number of votes where [[D]] is offered."""


def game(completion: Completion, parser: str, votes: int, shown: tuple[str, str], key: str = "") -> Game:
    """Read the judgment of one game.

    Args:
        completion: What the judge returned, or why not.
        parser: `last` or `fastchat`.
        votes: 3, or 4 with both bad.
        shown: Names of the models whose answers were shown as A and as B.
        key: Key of the judgment in the ledger.
    """
    evidence = Evidence(_text(completion), key)
    if completion.state != "answered":
        return Game(shown[0], Decision.FAILED, reason=_absence(completion), evidence=evidence)
    letter, reason = (parse_vote_fastchat if parser == "fastchat" else parse_vote)(evidence.text, votes)
    decision, winner = model_vote(letter, shown)
    return Game(shown[0], decision, winner, _explained(reason, completion), evidence)


def model_vote(letter: str | None, shown: tuple[str, str]) -> tuple[Decision, str | None]:
    """Return what a letter decides, and who won; of no letter (None) that it failed.

    Args:
        letter: A, B, C, D or None.
        shown: Names of the models whose answers were shown as A and as B.
    """
    if letter in ("A", "B"):
        return Decision.WIN, shown[letter == "B"]
    return {"C": Decision.TIE, "D": Decision.BOTH_BAD}.get(letter or "", Decision.FAILED), None


def parse_vote(text: str, votes: int) -> tuple[str | None, str]:
    """Return the letter of the last vote that was offered and "", or None and why.

    Args:
        text: The judge's.
        votes: 3, or 4 where the prompt offers `[[D]]`.
    """
    letters = votes_in(thoughts(text).blanked)
    offered = [letter for letter in letters if letter in _letters(votes)]
    if offered:
        return offered[-1], ""
    return None, NOT_OFFERED if letters else NO_VOTE


def parse_vote_fastchat(text: str, votes: int = 3) -> tuple[str | None, str]:
    """Return what FastChat's `run_judge_pair` would, with None instead of `error`.

    It looks for `[[A]]` anywhere, only then for `[[B]]`, then for `[[C]]`; the authors' copy goes on to `[[D]]`.
    """
    found = next((letter for letter in _letters(votes) if f"[[{letter}]]" in text), None)
    return found, "" if found else NO_VOTE


def _letters(votes: int) -> str:
    return "ABCD" if votes == WITH_BOTH_BAD else "ABC"

"""The vote of several judges on one pair of answers: what most of those say who decided.

A judge whose two games disagree, or failed, has no vote. Three judges say A, A and tie: the jury says A.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from mtbenchx_tasks.records import Decision, Evidence, Item, Model, Preference, Rater

NAME = "jury"
"""What tables call the judges together."""
SPLIT, TOO_FEW = "the judges are split", "fewer judges than the quorum have a vote"
Place = tuple[Item, frozenset[Model], int, int]
"""Question and turn, both models, the judges' run, the answers' repeat."""


def jury_votes(preferences: Sequence[Preference], quorum: int) -> Iterator[Preference]:
    """Yield one preference for each pair of answers and run: the vote that is given most often.

    Where two votes are given equally often, or fewer than `quorum` judges have a vote, it is FAILED, with the reason.

    Args:
        preferences: Of several judges on the same pairs.
        quorum: Judges who must have a vote, from 1.
    """
    said: dict[Place, list[Preference]] = {}
    for one in preferences:
        said.setdefault((one.item, one.models, one.run, one.repeat), []).append(one)
    for (item, models, run, repeat), judges in said.items():
        decision, winner, reason = _vote(judges, quorum)
        yield Preference(
            item,
            models,
            Rater(NAME),
            decision,
            winner,
            run=run,
            repeat=repeat,
            answers=judges[0].answers,
            evidence=Evidence(reason),
        )


def _vote(judges: Sequence[Preference], quorum: int) -> tuple[Decision, str | None, str]:
    votes = Counter((one.decision, one.winner) for one in judges if one.decision.counts)
    if votes.total() < quorum:
        return Decision.FAILED, None, TOO_FEW
    (first, most), *others = votes.most_common()
    if others and others[0][1] == most:
        return Decision.FAILED, None, SPLIT
    return *first, ""

"""The vote of several judges on one pair of answers."""

import pytest

from mtbenchx_tasks.pairwise.jury import SPLIT, TOO_FEW, jury_votes
from mtbenchx_tasks.records import Decision, Item, Model, Preference, Rater

MODELS = frozenset({Model("a"), Model("b")})
A, B = (Decision.WIN, "a"), (Decision.WIN, "b")
TIE, NONE, FAILED = (Decision.TIE, None), (Decision.INCONSISTENT, None), (Decision.FAILED, None)


def said(question: int, *votes: tuple[Decision, str | None], run: int = 0) -> list[Preference]:
    item = Item("mini", "en", question, 1, "writing")
    return [
        Preference(item, MODELS, Rater(f"judge-{number}"), decision, winner, run=run)
        for number, (decision, winner) in enumerate(votes)
    ]


@pytest.mark.parametrize(
    ("votes", "quorum", "decided", "reason"),
    [
        ((A, A, TIE), 2, A, ""),
        ((A, A, B, B, TIE), 2, FAILED, SPLIT),
        ((TIE, TIE, A), 3, TIE, ""),
        ((A, NONE, FAILED), 1, A, ""),
        ((A, NONE, FAILED), 2, FAILED, TOO_FEW),
        ((NONE, FAILED), 1, FAILED, TOO_FEW),
    ],
)
def test_most_of_those_who_decided(
    votes: tuple[tuple[Decision, str | None], ...], quorum: int, decided: tuple[Decision, str | None], reason: str
) -> None:
    (vote,) = jury_votes(said(1, *votes), quorum)
    assert (vote.decision, vote.winner) == decided
    assert vote.evidence.text == reason
    assert vote.rater == Rater("jury")


def test_questions_and_runs_are_voted_on_apart() -> None:
    everything = [*said(1, A, A), *said(1, B, B, run=1), *said(2, TIE, TIE)]
    votes = [(vote.item.question_id, vote.run, vote.winner) for vote in jury_votes(everything, 2)]
    assert votes == [(1, 0, "a"), (1, 1, "b"), (2, 0, None)]

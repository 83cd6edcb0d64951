"""The pull of the longer answer, on votes whose truth is known."""

from dataclasses import replace
from math import exp

import numpy as np
import pytest
from hypothesis import given, settings

from mtbenchx_tasks.records import Preference
from mtbenchx_tasks.stats.intervals import Interval
from mtbenchx_tasks.stats.length_control import length_controlled, longer_wins
from tests.mtbenchx_tasks.stats.test_pair_rates import many, outcome, renamed


def simulated(intercept: float, slope: float, questions: int = 200, seed: int = 0) -> list[Preference]:
    """Two turns a question, won by B with the log-odds intercept + slope * tanh(d / s)."""
    random = np.random.default_rng(seed)
    differences = np.round(300 + 600 * random.standard_t(3, 2 * questions))
    odds = intercept + slope * np.tanh(differences / differences.std())
    won = random.random(2 * questions) < 1 / (1 + np.exp(-odds))
    return [
        outcome("22" if won[i] else "11", i // 2, (20000, 20000 + int(differences[i])), turn=i % 2 + 1)
        for i in range(2 * questions)
    ]


def votes(*given_votes: tuple[str, int], per_question: int = 1) -> list[Preference]:
    """(games, length of B's answer less A's)."""
    return [outcome(games, i // per_question, (500, 500 + d)) for i, (games, d) in enumerate(given_votes)]


def test_longer_wins_by_hand() -> None:
    # longer won: 1st, 2nd; shorter won: 3rd; equal length: 4th; not decisive: the others
    found = longer_wins(votes(("22", 5), ("11", -5), ("11", 5), ("22", 0), ("tt", 9), ("12", 9), ("2-", 9), ("bb", 9)))
    assert (found.share.count, found.share.n, found.equal) == (2, 3, 1)
    assert found.share.interval is not None
    assert found.share.interval.low < 2 / 3 < found.share.interval.high


def test_no_decisive_outcome_no_share() -> None:
    found = longer_wins(votes(("tt", 5)))
    assert (found.share.value, found.share.interval, found.equal) == (None, None, 0)


@pytest.mark.parametrize(("intercept", "slope"), [(0.0, 1.5), (0.6, 0.0), (-0.8, 1.0), (0.5, -1.0)])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_truth_is_recovered(intercept: float, slope: float, seed: int) -> None:
    found = length_controlled(simulated(intercept, slope, seed=seed), "B")
    truth = 1 / (1 + exp(-intercept))
    assert found.interval is not None
    assert found.interval.low < truth < found.interval.high
    assert found.interval.high - found.interval.low < 0.16
    assert found.slope == pytest.approx(slope, abs=0.5)
    assert (found.n, found.questions, found.reason) == (400, 200, "")


def test_length_explains_a_raw_preference_away() -> None:
    given_votes = simulated(0.0, 3.0)  # B is longer by 300 characters on average and no better
    raw = sum(vote.winner == "B" for vote in given_votes) / len(given_votes)
    controlled = length_controlled(given_votes, "B")
    assert raw > 0.6
    assert controlled.preference == pytest.approx(0.5, abs=0.07)


def test_balanced_lengths_by_hand() -> None:
    # d = +s and -s alike: 8 of 10 won when longer, 4 of 10 when shorter; the intercept is the mean of the log-odds
    given_votes = [*[("22", 9)] * 8, *[("11", 9)] * 2, *[("22", -9)] * 4, *[("11", -9)] * 6]
    found = length_controlled(votes(*given_votes), "B")
    odds = (8 / 2 * 4 / 6) ** 0.5
    assert found.preference == pytest.approx(odds / (1 + odds), abs=1e-6)
    # each cell of ten has the variance 1/(10 p q) of its log-odds: 1/1.6 and 1/2.4; of their mean a quarter of the
    # sum. One vote a question: the sandwich is the same, but for 20/19 * 19/18; t(.975, 19) = 2.0930
    half = 2.0930 * ((1 / 1.6 + 1 / 2.4) / 4 * 20 / 18) ** 0.5
    assert found.interval is not None
    assert found.interval.low == pytest.approx(1 / (1 + exp(half) / odds), abs=1e-4)


def test_copies_of_a_vote_do_not_narrow_the_interval() -> None:
    single = simulated(0.3, 1.0, questions=50)
    tripled = single + [outcome_of_run(vote, run) for vote in single for run in (1, 2)]
    once, thrice = length_controlled(single, "B").interval, length_controlled(tripled, "B").interval
    assert once is not None
    assert thrice is not None
    assert thrice.high - thrice.low == pytest.approx(once.high - once.low, rel=0.02)


def outcome_of_run(vote: Preference, run: int) -> Preference:
    games = "22" if vote.winner == "B" else "11"
    return replace(outcome(games, run=run), item=vote.item, answers=vote.answers)


MIXED = [("22", 1), ("11", 2), ("22", 3), ("11", 4)] * 5


@pytest.mark.parametrize(
    ("given_votes", "per_question", "reason"),
    [
        ([], 1, "0 decisive outcomes, 20 are needed"),
        ([*MIXED[:19], ("tt", 4)], 1, "19 decisive outcomes, 20 are needed"),
        (MIXED, 4, "decisive outcomes on 5 questions, 10 are needed"),
        ([("22", i) for i in range(20)], 1, "one model won every decisive outcome"),
        ([("22", 5), ("11", 5)] * 10, 1, "the length difference is the same everywhere"),
        ([("22", 0), ("11", 0)] * 10, 1, "the length difference is the same everywhere"),
        ([("22", 5), ("11", -5)] * 10, 1, "the length difference alone separates wins from losses"),
        ([("22", -5), ("11", 5)] * 10, 1, "the length difference alone separates wins from losses"),
        ([("22", 5), ("11", -5)] * 10 + [("22", -5)], 1, "the length difference alone separates wins from losses"),
    ],
)
def test_where_there_is_no_preference_the_reason_is_told(
    given_votes: list[tuple[str, int]], per_question: int, reason: str
) -> None:
    found = length_controlled(votes(*given_votes, per_question=per_question), "B")
    assert found.preference is found.interval is found.slope is None
    assert found.reason == reason


def test_enough_decisive_outcomes() -> None:
    assert length_controlled(votes(*MIXED), "B").preference is not None


@pytest.mark.parametrize("seed", range(5))
def test_swapping_the_models_mirrors_it(seed: int) -> None:
    given_votes = simulated(0.7, 1.2, questions=20, seed=seed)
    there, back = length_controlled(given_votes, "B"), length_controlled(map(renamed, given_votes), "B")
    assert there.preference is not None
    assert there.interval is not None
    assert back.preference == pytest.approx(1 - there.preference)
    assert back.slope == pytest.approx(there.slope)
    assert back.interval == Interval(pytest.approx(1 - there.interval.high), pytest.approx(1 - there.interval.low))


@settings(deadline=None)
@given(many)
def test_swapping_the_models_leaves_the_longer_answers_share(given_votes: list[Preference]) -> None:
    assert longer_wins(map(renamed, given_votes)) == longer_wins(given_votes)
    assert length_controlled(map(renamed, given_votes), "B").reason == length_controlled(given_votes, "B").reason

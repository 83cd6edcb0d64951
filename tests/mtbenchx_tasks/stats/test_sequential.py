"""Deciding pairs as questions come in: the boundary, what it keeps, and what it spares."""

import math
from itertools import combinations

import numpy as np
import pytest

from mtbenchx_tasks.stats.intervals import Interval
from mtbenchx_tasks.stats.sequential import (
    LOOKS,
    Look,
    Standing,
    boundary,
    conditional_power,
    crossing,
    standings,
)

Pair = tuple[str, str]


def test_the_constants_are_the_published_ones() -> None:
    # O'Brien and Fleming for four looks, as printed for two-sided 5 % and 1 % (Jennison and Turnbull, 2000, Table 2.3)
    assert boundary(0.05) == pytest.approx(2.024, abs=0.001)
    assert boundary(0.01) == pytest.approx(2.609, abs=0.002)
    assert crossing(boundary(0.02)) == pytest.approx(0.02, rel=0.001)


def test_the_boundary_is_crossed_as_often_as_it_says() -> None:
    # Brownian motion at four equal looks, 40,000 times: two binomial standard errors of 0.05 are 0.0022
    steps = np.random.default_rng(0).normal(scale=0.5, size=(40_000, 4)).cumsum(axis=1)
    crossed = (np.abs(steps) > boundary(0.05)).any(axis=1).mean()
    assert crossed == pytest.approx(0.05, abs=0.0025)


def test_conditional_power_by_hand() -> None:
    # z = 2 at half of the questions: the score drifts to 2 / sqrt(0.5) = 2.828 with variance 0.5; the last look needs
    # 2.024: (2.024 - 2.828) / 0.7071 = -1.137, whose upper tail is 0.872
    n, mean = 4000, 0.5 + 2 * 0.25 / math.sqrt(4000)  # so many values that t is normal; their deviation is 0.25
    values = [mean - 0.25, mean + 0.25] * (n // 2)
    assert conditional_power(Look(0.5, values), 0.05) == pytest.approx(0.872, abs=0.003)


def one(values: list[float], share: float = 1.0) -> Standing:
    return standings({("a", "b"): [Look(share, values)]})["a", "b"]


def test_one_look_at_all_questions_has_the_constant_of_four_looks() -> None:
    # 40 questions, mean 0.6, sample deviation 0.3038: half = t whose normal quantile is 2.024, times 0.3038 / sqrt(40)
    values = [0.9, 0.3] * 20
    standing = one(values)
    assert standing.preference == pytest.approx(0.6)
    assert standing.interval is not None
    half = 2.0924 * 0.30382 / math.sqrt(40)  # t of 39 degrees with the tail of z: z + (z^3 + z) / (4 * 39) + 0.002
    assert standing.interval.high == pytest.approx(0.6 + half, abs=0.0005)
    assert standing.p == pytest.approx(crossing(2.0142), rel=0.001)  # t = 2.0817 of 39 degrees is z = 2.0142


def test_the_four_ends() -> None:
    assert one([1.0, 0.9] * 20).end == "better"
    assert one([0.5, 0.51, 0.49] * 20).end == "equivalent"
    assert one([0.6, 0.4, 0.9, 0.1] * 5, 0.25).end == "hopeless"
    assert one([0.9, 0.4] * 10, 0.25).end in ("better", "open")
    assert one([0.9, 0.2] * 20).end == "open"  # all are asked, and it isn't known


def test_without_values_nothing_is_known() -> None:
    assert one([]) == Standing("open", 0, 0.5, None, 1.0)
    assert one([0.5] * 30).p == 1
    assert one([1.0] * 30).end == "better"


def test_a_pair_that_crossed_once_stays_decided_and_more_pairs_need_more() -> None:
    early = [Look(0.25, [1.0, 0.9] * 10), Look(0.5, [0.5, 0.5] * 20)]
    found = standings({("a", "b"): early, ("a", "c"): [Look(0.25, [0.5, 0.6] * 10)]})
    assert found["a", "b"].p < 0.05
    alone = one([0.85, 0.35] * 20)
    among = standings({("a", str(n)): [Look(1.0, [0.85, 0.35] * 20)] for n in range(5)})
    assert alone.p < among["a", "0"].p == pytest.approx(min(1, 5 * alone.p))


def simulated(strengths: list[float], seed: int, questions: int = 80) -> dict[Pair, list[float]]:
    """Two turns in two orders a question; a question has its own pull at each model."""
    random = np.random.default_rng(seed)
    own = np.array(strengths) + 0.8 * random.normal(size=(questions, len(strengths)))
    values = {}
    for one_model, other in combinations(range(len(strengths)), 2):
        chance = 1 / (1 + np.exp(own[:, other] - own[:, one_model]))
        games = np.where(random.random((4, questions)) < 0.2, 0.5, random.random((4, questions)) < chance)
        values[str(one_model), str(other)] = list(games.mean(axis=0))
    return values


def course(values: dict[Pair, list[float]]) -> tuple[dict[Pair, Standing], float]:
    """Ask as `compare --until-decided` does; returns the ends and the share of the games that were asked."""
    looks: dict[Pair, list[Look]] = {pair: [] for pair in values}
    undecided, asked = list(values), 0.0
    for share in LOOKS:
        for pair in undecided:
            looks[pair].append(Look(share, values[pair][: int(share * len(values[pair]))]))
        asked += 0.25 * len(undecided)
        ends = standings(looks)
        undecided = [pair for pair in undecided if ends[pair].end == "open"]
    return ends, asked / len(values)


@pytest.mark.parametrize(
    "strengths", [[0.25 * n for n in range(10)], [0, 0, 0, 0.1, 0.2, 0.5, 0.9, 1.4, 2.0, 3.0]], ids=["equal", "unequal"]
)
def test_nine_tenths_of_the_decisions_for_six_tenths_of_the_games(strengths: list[float]) -> None:
    kept, whole, asked = 0, 0, []
    for seed in range(4):
        values = simulated(strengths, seed)
        ends, share = course(values)
        full = standings({pair: [Look(1.0, of_pair)] for pair, of_pair in values.items()})
        decided = {pair for pair, standing in full.items() if standing.end == "better"}
        kept += len({pair for pair in decided if ends[pair].end == "better"})
        whole += len(decided)
        asked.append(share)
        assert all((ends[a, b].preference > 0.5) == (int(a) > int(b)) or strengths[int(a)] == strengths[int(b)]
                   for a, b in decided if ends[a, b].end == "better")  # fmt: skip
    assert kept / whole > 0.9
    assert np.mean(asked) < 0.65


def test_an_interval_never_leaves_the_scale() -> None:
    interval = one([1.0, 1.0, 1.0, 0.0], 0.25).interval
    assert interval == Interval(0.0, 1.0)

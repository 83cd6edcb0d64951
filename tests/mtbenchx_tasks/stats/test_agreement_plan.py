"""How many votes an agreement takes: by hand, and by simulated people."""

import random
from itertools import combinations
from statistics import fmean, pvariance

import pytest

from mtbenchx_tasks.stats.agreement_plan import (
    Assumptions,
    agreement_variance,
    half_width,
    plan,
    problem,
    questions_needed,
)


def test_the_variance_of_an_items_agreement_by_hand() -> None:
    # two classes, each item's probability q uniform on 0..1: E[q^2 + (1-q)^2] = 2/3 of pairs agree
    uniform = Assumptions(agreement=2 / 3, shares=(0.5, 0.5))
    # one pair: 1 with probability 2/3, else 0: 2/3 - 4/9
    assert agreement_variance(2, uniform) == pytest.approx(2 / 9)
    # three pairs; two that share a rater both agree in E[q^3 + (1-q)^3] = 1/2 of items: (2/3 + 2 * 1/2) / 3 - 4/9
    assert agreement_variance(3, uniform) == pytest.approx(1 / 9)
    # six pairs; two without a common rater: E[(q^2 + (1-q)^2)^2] = 7/15: (2/3 + 4 * 1/2 + 7/15) / 6 - 4/9
    assert agreement_variance(4, uniform) == pytest.approx(47 / 90 - 4 / 9)


def test_the_half_width_by_hand() -> None:
    uniform = Assumptions(agreement=2 / 3, shares=(0.5, 0.5), correlation=0.5)
    # 1.959964 * sqrt(2/9 * (1 + 0.5) / (50 * 2))
    assert half_width(2, 50, 2, uniform) == pytest.approx(1.959964 * (2 / 9 * 1.5 / 100) ** 0.5, rel=1e-6)
    needed = questions_needed(0.2, 2, 2, uniform)
    assert 2 * half_width(2, needed, 2, uniform) <= 0.2 < 2 * half_width(2, needed - 1, 2, uniform)


@pytest.mark.parametrize("raters", [2, 3, 5])
def test_simulated_people_vary_as_foreseen(raters: int) -> None:
    assumed, rng = Assumptions(agreement=0.6), random.Random(5)
    concentration = 0.4 / (0.6 - sum(share**2 for share in assumed.shares))
    shares = []
    for _ in range(6000):
        drawn = [rng.gammavariate(concentration * share, 1) for share in assumed.shares]
        votes = rng.choices(range(4), drawn, k=raters)
        shares.append(fmean(one == other for one, other in combinations(votes, 2)))
    assert fmean(shares) == pytest.approx(0.6, abs=0.02)  # 3 standard errors at 2 raters
    assert pvariance(shares) == pytest.approx(agreement_variance(raters, assumed), rel=0.06)


def test_more_raters_never_widen_the_interval_and_people_cover_the_votes() -> None:
    rows = list(plan(80, 3, 2, 20, assumed=Assumptions(), skips=0.1))
    assert [row.raters for row in rows] == list(range(2, 13))
    assert rows == sorted(rows, key=lambda row: -row.half_width)
    for row in rows:
        assert row.votes == row.raters * 80 * 3 * 2
        assert (row.people - 1) * 20 * 0.9 < row.raters * 80 * 3 <= row.people * 20 * 0.9


def test_few_questions_still_take_as_many_people_as_raters() -> None:
    assert [row.people for row in plan(5, 1, 2, 20, assumed=Assumptions(), skips=0.0)] == list(range(2, 13))


@pytest.mark.parametrize(
    ("assumed", "told"),
    [
        (Assumptions(0.2), "isn't between chance"),
        (Assumptions(1.0), "isn't between chance"),
        (Assumptions(float("nan")), "isn't between chance"),
        (Assumptions(correlation=1.5), "correlation"),
    ],
)
def test_what_cannot_be_is_told(assumed: Assumptions, told: str) -> None:
    assert told in (problem(assumed) or "")
    assert problem(Assumptions()) is None

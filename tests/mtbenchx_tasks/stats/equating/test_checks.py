"""Leaving families out, and the term of the date."""

from dataclasses import replace

import numpy as np
import pytest

from mtbenchx_tasks.stats.equating.checks import LeftOut, check, date_term, left_out, score_of
from mtbenchx_tasks.stats.equating.families import family_of
from mtbenchx_tasks.stats.equating.panel import Panel
from mtbenchx_tasks.stats.equating.scale import fit_scale
from tests.mtbenchx_tasks.stats.equating.studies import Truth, alone, panels, plain_means


def one_study(sizes: list[int], truth: Truth) -> Panel:
    whole = panels(1, sizes, truth, np.random.default_rng(7))
    return replace(whole, new=whole.new[0], old=whole.old[0])


def test_every_anchor_is_left_out_once() -> None:
    panel = one_study([2] * 6, Truth())
    scale = fit_scale(panel)
    found = left_out(panel)
    score = score_of(check(found, scale))
    assert (score.models, score.families) == (12, 6)
    assert [one.model for one in found if one.quantity == "score"] == list(panel.models)
    assert score.error < score.raw
    assert score.covered >= 10
    assert score.r2 > 0.9


def test_a_check_by_hand() -> None:
    """Errors 1, 0 (family a) and -1, -2 (b): mean square 6 / 4; family means 0.5 and -1.5: mean square 2.5 / 2.

    Half widths of 1.5: three of four are covered. Raw differences 0, 2, 1, 1: mean square 6 / 4. Variance 0.04 each, so
    two models of two families differ clearly by more than 2 sqrt(0.08) = 0.57: 5-8, 5-9, 7-8, 7-9 all in order, and
    siblings by the line's own error.
    """
    rows = [("m", "a", 5.0, 4.0), ("n", "a", 7.0, 7.0), ("o", "b", 8.0, 9.0), ("p", "b", 9.0, 11.0)]
    raw = [0.0, 2.0, 1.0, 1.0]
    found = [
        LeftOut("score", model, family, old + shift, predicted, 1.5, 0.04, old)
        for (model, family, predicted, old), shift in zip(rows, raw, strict=True)
    ]
    score = score_of(check(found, fit_scale(one_study([2] * 6, Truth()))))
    assert (score.error, score.raw, score.rmsd) == pytest.approx((1.5**0.5, 1.5**0.5, 1.25**0.5))
    assert (score.median, score.covered, score.covered_families) == (1.0, 3, 1.5)
    assert (score.pairs, score.concordant) == (6, 6)


def test_the_date_by_hand() -> None:
    """Six models, each a family, on the line old = new but for 0.5 more a year: found whatever the rest is."""
    new = [3.0, 5.0, 4.0, 7.0, 6.0, 8.0]
    years = np.array([2023.0, 2024.0, 2025.0, 2024.0, 2023.0, 2025.0])
    old = np.array(new) + 0.5 * (years - 2024)
    found = date_term(plain_means(new, list(old), (0.1, 0.1, 0.1)), alone(6), years)
    assert found is not None
    assert found.per_year == pytest.approx(0.5)
    assert found.is_told


def test_a_date_that_says_nothing_is_rarely_told() -> None:
    """An interval of 95 %: of 60 studies some 3 exclude 0, and more than 8 with a chance below one in a hundred."""
    told = 0
    for seed in range(60):
        chance = np.random.default_rng(seed)
        new = chance.uniform(3, 9, 12)
        old = new + chance.normal(0, 0.2, 12)
        found = date_term(plain_means(list(new), list(old), (1, 1, 1)), alone(12), chance.uniform(2023, 2026, 12))
        assert found is not None
        told += found.is_told
    assert told <= 8


@pytest.mark.parametrize("years", [[2024.0] * 4, [2023.0, 2024.0, np.nan, 2025.0]])
def test_one_date_or_an_unknown_one_has_no_term(years: list[float]) -> None:
    found = plain_means([2.0, 4.0, 6.0, 8.0], [2.0, 4.0, 6.0, 8.0], (1, 1, 1))
    assert date_term(found, alone(4), np.array(years)) is None


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("org/finetune_llama2_chat_7b", "llama"),
        ("Meta-Llama-3-8B-Instruct", "llama"),
        ("claude-3-5-sonnet-20240620", "claude"),
        ("Mixtral-8x7B-Instruct-v0.1", "mistral"),
        ("gpt-4o-mini", "gpt"),
        ("dolphin-2", "dolphin"),
        ("ultrachat_cai", "ultrachat"),
        ("chatglm3-6b", "glm"),
        ("7b", "b"),
        ("42", "42"),
    ],
)
def test_families_by_name(model: str, family: str) -> None:
    assert family_of(model) == family

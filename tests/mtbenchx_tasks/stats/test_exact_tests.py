"""Exact tests by hand, against scipy, and by property."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from mtbenchx_tasks.stats.exact_tests import (
    ExactTest,
    below_standard,
    correlation_within,
    discrete_holm,
    mcnemar,
    slip_test,
    slip_tests,
)
from mtbenchx_tasks.stats.paired_tests import holm


def test_a_language_that_alone_misses_two_of_three_templates_by_hand() -> None:
    counts = np.array([[1, 1, 1, 1, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 1]])
    p, cumulated = slip_tests(counts)
    # Each of the two templates gives its one miss to any of five languages: both to this one in 1/5 * 1/5.
    assert p[4] == pytest.approx(0.04)
    # A language without a miss: the most there can be, so that sum or less is certain.
    assert p[0] == pytest.approx(1.0)
    # 0 misses 16/25, 1 miss 8/25, 2 misses 1/25; the third template never misses.
    assert slip_test(p[4], cumulated).reachable == pytest.approx((0.04, 0.36, 1.0))


def test_two_languages_are_mcnemar_s_test_one_sided() -> None:
    counts = np.array([[1, 0]] * 5 + [[0, 1]] + [[1, 1]] * 7)
    p, _ = slip_tests(counts)
    # Of six discordant templates one is for the second: (1 + 6) / 2^6.
    assert p[1] == pytest.approx(7 / 64)


def test_counts_above_one_are_exchanged_whole() -> None:
    p, _ = slip_tests(np.array([[2, 0], [1, 1]]))
    # The first template gives 2 or 0 with 1/2 each, the second always 1: a sum of 1 has 1/2.
    assert p[1] == pytest.approx(0.5)


def test_mcnemar_by_hand() -> None:
    # b = 5, c = 1: 2 * (C(6,0) + C(6,1)) / 2^6.
    assert mcnemar([1, 1, 1, 1, 1, -1, 0, 0]).p == pytest.approx(14 / 64)
    # Two templates: sums of +-2 +-1 are 3, 1, -1, -3; only two of four are as far out as 3.
    assert mcnemar([2, 1]).p == pytest.approx(0.5)
    assert mcnemar([2, 1]).reachable == pytest.approx((0.5, 1.0))
    assert mcnemar([]).p == mcnemar([0, 0]).p == 1.0
    assert mcnemar([0, 0]).reachable == (1.0,)


@given(st.integers(0, 30), st.integers(0, 30))
def test_mcnemar_is_the_binomial_test_where_every_template_is_one_item(b: int, c: int) -> None:
    ours = mcnemar([1] * b + [-1] * c).p
    assert ours == pytest.approx(binomtest(b, b + c).pvalue if b + c else 1.0)


@given(st.lists(st.integers(-3, 3), max_size=9))
def test_mcnemar_counts_every_pattern_of_signs(differences: list[int]) -> None:
    patterns = np.array(list(product((-1, 1), repeat=len(differences))))
    sums = np.abs(patterns @ np.array(differences))
    assert mcnemar(differences).p == pytest.approx((sums >= abs(sum(differences))).mean())


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=1, max_size=4))
def test_a_slip_s_p_counts_every_order_of_languages(counts: list[tuple[int, int, int]]) -> None:
    orders = np.array([[list(one) for one in orders] for orders in product(*map(permutations, counts))])
    p, cumulated = slip_tests(np.array(counts))
    sums = orders.sum(axis=1)[:, 2]
    assert p[2] == pytest.approx((sums <= sum(one[2] for one in counts)).mean())
    assert slip_test(p[2], cumulated).reachable == pytest.approx(sorted({(sums <= one).mean() for one in sums}))


def test_below_standard_is_the_binomial_test_where_each_template_is_one_item() -> None:
    assert below_standard([1] * 10 + [0] * 10, [1] * 20, 0.75).p == pytest.approx(binom.cdf(10, 20, 0.75))
    assert below_standard([], [], 0.75).p == 1.0
    assert below_standard([5, 5], [5, 5], 0.75).p == 1.0


def test_templates_whose_languages_move_together_count_once() -> None:
    # Half of four templates right in all five languages: four items, two right; 1 - .75^4 - 4 * .75^3 * .25.
    assert correlation_within([5, 5, 0, 0], [5] * 4) == 1.0
    assert below_standard([5, 5, 0, 0], [5] * 4, 0.75).p == pytest.approx(0.26172, abs=1e-5)


def test_correlation_by_hand() -> None:
    # Shares .75 and .25 of 4 each: between = 2 * 4 * .0625 / 1 = .5; within = 2 * 4 * .1875 / 6 = .25;
    # (.5 - .25) / (.5 + 3 * .25) = .2.
    assert correlation_within([3, 1], [4, 4]) == pytest.approx(0.2)
    assert correlation_within([4, 4], [4, 4]) == 1.0
    assert correlation_within([2, 2], [4, 4]) == 0.0


def test_what_a_test_cannot_reach_costs_nothing() -> None:
    tests = [ExactTest(0.01, (0.01, 0.5, 1.0)), ExactTest(0.2, (0.2, 1.0)), ExactTest(1.0, (1.0,))]
    # The smallest: only its own .01 is within reach of .01; Holm's would be .03.
    assert discrete_holm(tests) == pytest.approx([0.01, 0.2, 1.0])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_without_known_reach_it_is_holm(p_values: list[float]) -> None:
    assert discrete_holm([ExactTest(p) for p in p_values]) == pytest.approx(holm(p_values), abs=1e-8)


@given(st.lists(st.lists(st.integers(-2, 2), max_size=8), min_size=1, max_size=6))
def test_knowing_the_reach_never_raises_an_adjusted_p(differences: list[list[int]]) -> None:
    tests = [mcnemar(one) for one in differences]
    plain = discrete_holm([ExactTest(test.p) for test in tests])
    assert all(ours <= other + 1e-8 for ours, other in zip(discrete_holm(tests), plain, strict=True))

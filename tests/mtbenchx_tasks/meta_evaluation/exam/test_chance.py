from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from mtbenchx_tasks.meta_evaluation.exam.chance import Chance


@given(seed=st.text(), low=st.integers(-5, 5), more=st.integers(0, 5))
def test_a_number_lies_between_its_bounds_and_is_the_same_again(seed: str, low: int, more: int) -> None:
    drawn = Chance(seed).number("n", low, low + more)
    assert low <= drawn <= low + more
    assert drawn == Chance(seed).number("n", low, low + more)


@given(seed=st.text(), options=st.lists(st.integers()))
def test_an_order_holds_every_option_once(seed: str, options: list[int]) -> None:
    assert sorted(Chance(seed).order("o", options)) == sorted(options)


def test_draws_are_spread_evenly() -> None:
    # 600 draws of 6 numbers: 100 each, with a standard deviation of 9.1
    counts = Counter(Chance("seed").number(f"n{at}", 1, 6) for at in range(600))
    assert all(60 < counts[number] < 140 for number in range(1, 7))


def test_a_parts_draws_are_its_own() -> None:
    chance = Chance("seed")
    assert chance.of("a").order("o", range(50)) != chance.of("b").order("o", range(50))
    assert chance.of("a") == Chance("seed/a")

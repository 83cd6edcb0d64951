"""Prices: the table, what the user says instead, and what tokens cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.prices import cost_of, estimate, parse_price, parse_prices, price_of, required_price


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("gpt-4", (30, 60)),
        ("gpt-4-0613", (30, 60)),
        ("gpt-4-turbo-2024-04-09", (10, 30)),
        ("gpt-4o-mini-2024-07-18", (0.15, 0.6)),
        ("gpt-4-mine", None),
        ("gpt-40", None),
    ],
)
def test_a_snapshot_costs_what_its_model_costs(model: str, price: tuple[float, float] | None) -> None:
    assert price_of(model) == price


def test_the_users_price_comes_before_the_table() -> None:
    assert price_of("gpt-4", parse_prices(["1,2"])) == (1, 2)
    assert price_of("unknown", parse_prices(["1,2"])) == (1, 2)


def test_a_price_may_be_one_judges() -> None:
    given_prices = parse_prices(["ours=0,0", "gpt-4=1,2"])
    assert [price_of(model, given_prices) for model in ("ours", "gpt-4", "gpt-4o")] == [(0, 0), (1, 2), (2.5, 10)]


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_any_two_numbers_are_a_price(read: float, written: float) -> None:
    assert parse_price(f"{read}, {written}") == (read, written)


@pytest.mark.parametrize("text", ["30", "30,60,90", "a,b", "-1,2", "nan,1", "1,inf", ""])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"is not IN,OUT in dollars per million tokens, e\.g\. --price 30,60"):
        parse_price(text)


def test_a_limit_needs_a_price() -> None:
    with pytest.raises(UserError, match=r"price of 'ours'.*name it by --price IN,OUT"):
        required_price("ours")


def test_costs() -> None:
    # 1,000 x $30 / 1e6 + 500 x $60 / 1e6
    assert cost_of((30, 60), 1000, 500) == pytest.approx(0.06)


def test_an_estimate_before_answers_exist() -> None:
    # two prompts of 350 characters (100 tokens), one answer each: usual 300 in, 250 out; at most 1,000 in, 2,000 out
    found = estimate("gpt-4", [(350, 1), (350, 1)], 1000, 2000)
    assert found is not None
    assert found.usual == pytest.approx((2 * 400 * 30 + 2 * 250 * 60) / 1e6)
    assert found.most == pytest.approx((2 * 1100 * 30 + 2 * 2000 * 60) / 1e6)
    assert estimate("ours", [], 1, 1) is None

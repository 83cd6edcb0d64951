"""Prices: the user's own, the package's, nobody's; and what judgments cost by them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.prices import (
    FREE,
    Price,
    Tier,
    cost_of,
    parse_price,
    parse_prices,
    price_of,
    required_price,
    shown,
)

OPENAI = "https://api.openai.com/v1"
TIERED = Price((Tier(0, 0.1, 0.01, 0.5), Tier(100_000, 0.5, 0.05, 2.5)), "test")


@pytest.mark.parametrize(
    ("read", "written", "cached", "dollars"),
    [
        (1000, 500, 0, 0.00035),  # 1000 * 0.1 + 500 * 0.5 = 350 millionths
        (1000, 500, 800, 0.000278),  # 200 * 0.1 + 800 * 0.01 + 250
        (1000, 500, 9999, 0.00026),  # no more can be cached than was read: 1000 * 0.01 + 250
        (100_000, 0, 0, 0.01),  # not above the step
        (100_001, 2, 0, 0.0500055),  # every token at the dearer rates: 100001 * 0.5 + 2 * 2.5
        (0, 0, 0, 0),
    ],
)
def test_a_judgment_costs_by_its_own_prompt(read: int, written: int, cached: int, dollars: float) -> None:
    assert cost_of(TIERED, read, written, cached) == pytest.approx(dollars)


@pytest.mark.parametrize(
    ("model", "endpoint", "rates"),
    [
        ("gpt-5.4-mini-2026-03-17", OPENAI, (0.75, 0.075, 4.5)),  # of the vendors' pages, 2026-11-28
        ("gpt-6-luna", OPENAI, (0.1, 0.01, 0.5)),
        ("gpt-6-luna-2026-09-22", OPENAI, (0.1, 0.01, 0.5)),  # as a gateway names it
        ("gpt-4", OPENAI, (30, 30, 60)),  # gone, but in ledgers
        ("openai/gpt-6-luna", "https://openrouter.ai/api/v1", (0.1, 0.01, 0.5)),
        ("claude-haiku-5-5", "https://api.anthropic.com/v1", (0.1, 0.01, 0.5)),
        ("mistral-small-2603", "https://api.mistral.ai/v1", (0.15, 0.015, 0.6)),
    ],
)
def test_listed_prices(model: str, endpoint: str, rates: tuple[float, float, float]) -> None:
    price = price_of(model, None, endpoint)
    assert price is not None
    first = price.tiers[0]
    assert (first.read, first.cached, first.written) == rates
    assert "genai-prices" in price.source


def test_a_long_prompt_and_a_batch_have_their_own_prices() -> None:
    live, batch = (price_of("claude-haiku-5-5", None, "https://api.anthropic.com/v1", by) for by in (False, True))
    assert live is not None
    assert batch is not None
    assert [tier.above for tier in live.tiers] == [0, 100_000]
    assert cost_of(live, 100_001, 0) == pytest.approx(100_001 * 0.5 / 1e6)
    assert cost_of(batch, 1000, 1000) == pytest.approx(cost_of(live, 1000, 1000) / 2)


def test_a_price_is_that_of_its_day() -> None:
    day = datetime(2026, 7, 20, 12, 34, tzinfo=UTC)  # gpt-5.6-luna cost 1 and 6 until 2026-07-29
    then, now = price_of("gpt-5.6-luna", None, OPENAI, when=day), price_of("gpt-5.6-luna")
    assert then is not None
    assert now is not None
    assert [(price.tiers[0].read, price.tiers[0].written) for price in (then, now)] == [(1, 6), (0.2, 1.2)]


@pytest.mark.parametrize(
    ("model", "endpoint"),
    [
        ("gpt-4-mine", OPENAI),
        ("gpt-40", OPENAI),
        ("gpt-oss-120b", "http://gpu7.example:8000/v1"),  # another's server has no price of OpenAI's
        ("gpt-6-luna", "http://10.0.0.7:8000/v1"),
        ("my-deployment", "https://me.openai.azure.com/openai/v1"),
        ("some/model", "litellm"),  # a class of lm_eval that asks who knows whom
    ],
)
def test_what_is_not_known_is_not_guessed(model: str, endpoint: str) -> None:
    assert price_of(model, None, endpoint) is None
    assert shown(None) == "unknown"


@pytest.mark.parametrize(
    "endpoint", ["http://localhost:8000/v1", "http://127.0.0.1/v1", "http://127.8.0.1/v1", "http://[::1]:1/v1", "vllm"]
)
def test_this_machine_costs_nothing_unless_the_user_says_so(endpoint: str) -> None:
    assert price_of("gpt-4", None, endpoint) == FREE
    assert price_of("gpt-4", parse_prices(["1,2"], ["gpt-4"]), endpoint) == Price.flat(1, 2)
    assert shown(FREE) == "nothing (it runs on this machine)"


def test_the_users_price_comes_first_and_half_of_it_by_batch() -> None:
    given_prices = parse_prices(["ours=0,0", "gpt-6-luna=1,2"], ["ours", "gpt-6-luna"])
    assert price_of("ours", given_prices) == Price.flat(0, 0)
    assert price_of("gpt-6-luna", given_prices) == Price.flat(1, 2)
    assert price_of("gpt-6-luna", given_prices, batch=True) == Price.flat(0.5, 1)
    assert price_of("unknown", given_prices) is None
    assert price_of("unknown", parse_prices(["1,2"], ["unknown"])) == Price.flat(1, 2)


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_any_two_numbers_are_a_price(read: float, written: float) -> None:
    assert parse_price(f"{read}, {written}") == Price.flat(read, written)


@pytest.mark.parametrize("text", ["", "1", "1,2,3", "a,b", "-1,2", "1,nan", "inf,1"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"is not IN,OUT in dollars per million tokens, e\.g\. --price 30,60"):
        parse_price(text)


def test_a_limit_needs_a_price() -> None:
    with pytest.raises(UserError, match=r"price of 'ours' at https://h/v1.*name it by --price IN,OUT"):
        required_price("ours", None, "https://h/v1")

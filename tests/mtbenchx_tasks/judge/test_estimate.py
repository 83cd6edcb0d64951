"""What judgments will cost, before anybody is asked."""

from pathlib import Path
from typing import Any

import pytest

from hf_datasets.endpoints.client import OPENAI_URL
from hf_datasets.ledger.store import open_ledger
from mtbenchx_tasks.judge.estimate import Dollars, Size, estimate, sizes_without_answers, total, usual_judgment
from mtbenchx_tasks.judge.prices import Price, Tier


def test_an_estimate_before_the_answers_exist() -> None:
    # prompts of 350 characters are 100 tokens; answers usually 300, at most 1000; judgments 250, at most 2000
    sizes = sizes_without_answers([(350, 1), (350, 2)], 1000, 2000, usual=250)
    assert sizes == [Size(400, 250, 1100, 2000), Size(700, 250, 2100, 2000)]
    found = estimate(Price.flat(30, 60), sizes)
    assert found is not None
    assert found.expected == pytest.approx((1100 * 30 + 500 * 60) / 1e6)
    assert found.most == pytest.approx((3200 * 30 + 4000 * 60) / 1e6)
    assert estimate(None, sizes) is None


def test_an_answer_is_never_longer_than_its_limit_allows() -> None:
    assert sizes_without_answers([(35, 1)], 20, 100, usual=250) == [Size(30, 100, 30, 100)]


def test_each_judgment_is_priced_by_itself() -> None:
    # above 1000 tokens each costs 2, not 1, a million; together 1200, but neither alone
    price = Price((Tier(0, 1, 1, 0), Tier(1000, 2, 2, 0)), "test")
    found = estimate(price, [Size(600, 0, 1001, 0)] * 2)
    assert found == Dollars(pytest.approx(1200 / 1e6), pytest.approx(2 * 1001 * 2 / 1e6))


def test_the_total_is_of_what_is_known() -> None:
    assert total([Dollars(1, 2), None, Dollars(3, 4)]) == Dollars(4, 6)
    assert total([None]) == Dollars(0, 0)


@pytest.mark.parametrize(
    ("model", "parameters", "tokens"),
    [
        ("gpt-5.4-mini-2026-03-17", {"reasoning_effort": "none"}, 250),
        ("gpt-5.4-mini-2026-03-17", {"reasoning_effort": "medium"}, 1250),
        ("openai/gpt-6-luna", {}, 1250),  # thinks unless it is told not to
        ("mistral-small-2603", {}, 250),
        ("mistral-small-2603", {"reasoning_effort": "high"}, 1250),
    ],
)
def test_thoughts_are_assumed_until_the_ledger_knows(
    tmp_path: Path, model: str, parameters: dict[str, Any], tokens: int
) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    found, why = usual_judgment(ledger, model, OPENAI_URL, parameters)
    assert found == tokens
    assert ("assumption" in why) == (tokens > 250)


def test_where_there_is_no_ledger_nothing_is_known_of_a_judge() -> None:
    assert usual_judgment(None, "mistral-small-2603", OPENAI_URL, {}) == (250, "250, as in the published judgments")

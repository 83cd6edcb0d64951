"""What the judge of the whole study costs."""

import re

from mtbenchx_tasks.judge.study_price import price_lines
from tests.sources import needs_sources


def dollars(line: str) -> list[int]:
    return [int(number.replace(",", "")) for number in re.findall(r"\$([\d,]+)", line)]


@needs_sources
def test_every_judgment_is_priced_and_a_cheaper_judge_costs_less() -> None:
    dear, cheap = (list(price_lines(judge, 15, 12)) for judge in ("gpt-5.5-2026-04-23", "gpt-6-luna"))
    assert dear[0].startswith("12,000 ratings by gpt-5.5-2026-04-23: about $")  # 15 x 5 languages x 80 questions x 2
    assert dear[1].startswith("19,200 comparisons by gpt-5.5-2026-04-23: about $")  # 2 orders x 12 x 5 x 80 x 2
    for expensive, other in zip(dear[:2], cheap[:2], strict=True):
        usual, by_batch, most = dollars(expensive)
        assert by_batch < usual < most
        assert 0 < dollars(other)[0] < usual


@needs_sources
def test_twice_the_models_cost_twice_as_much() -> None:
    once, twice = (dollars(next(price_lines("gpt-5.5-2026-04-23", models, 1)))[0] for models in (10, 20))
    assert abs(2 * once - twice) <= 2  # each is rounded to a dollar


def test_a_judge_without_a_price_is_counted_and_told() -> None:
    ratings, comparisons, remark = price_lines("somebody", 1, 1)
    assert (ratings, comparisons) == ("800 ratings by somebody.", "1,600 comparisons by somebody.")  # 5 x 80 x 2
    assert remark.startswith("  No judge cost: ")

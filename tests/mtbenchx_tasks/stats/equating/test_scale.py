"""What a scale says of a model, and where it says that it can't tell."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from mtbenchx_tasks.stats.equating.panel import Column, Panel
from mtbenchx_tasks.stats.equating.scale import Prediction, RatedModel, Scale, difference, fit_scale, predict
from tests.mtbenchx_tasks.stats.equating.studies import COLUMNS, Truth, panels

TWO_TURNS = tuple(column._replace(turn=turn) for turn in (1, 2) for column in COLUMNS)


@cache
def study() -> Panel:
    """Ten families of two models, of 3 to 9 points, over both turns."""
    parts = [panels(1, [2] * 10, Truth(), np.random.default_rng(seed)) for seed in (3, 3)]
    new, old = (np.concatenate([getattr(part, name)[0] for part in parts], axis=-1) for name in ("new", "old"))
    return replace(parts[0], columns=TWO_TURNS, new=new, old=old)


@cache
def scale() -> Scale:
    return fit_scale(study())


def candidate(level: float, columns: tuple[Column, ...] = TWO_TURNS) -> RatedModel:
    """Ratings that alternate between a point below and a point above."""
    return RatedModel({column: level + (-1.0) ** place for place, column in enumerate(columns)})


def of(found: list[Prediction]) -> dict[str, Prediction]:
    return {prediction.quantity: prediction for prediction in found}


def test_every_turn_and_category_has_a_number_of_its_own() -> None:
    found = predict(scale(), candidate(6.0), "abc")
    names = ["score", "turn_1", "turn_2", "writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem"]
    assert [one.quantity for one in found] == [*names, "humanities"]
    assert all(one.estimate and one.estimate.scale == "abc" for one in found)


def test_the_score_lies_on_the_line() -> None:
    """old = 1 + 0.8 new, so 6 becomes 5.8; families differ by 0.2 and models by 0.1, so the half width is about 0.5."""
    found = of(predict(scale(), candidate(6.0)))["score"]
    assert found.native == pytest.approx(6.0)
    assert found.estimate is not None
    assert found.estimate.value == pytest.approx(5.8, abs=0.25)
    assert 0.3 < found.estimate.high - found.estimate.value < 0.8
    assert (found.estimate.n, found.estimate.of) == (80, 80)


def test_the_interval_over_questions_is_wider_by_the_questions_chance() -> None:
    """Odd questions at 3, even ones at 9: which questions were asked decides the mean."""
    uneven = RatedModel({column: 3.0 + 6.0 * (place % 2) for place, column in enumerate(TWO_TURNS)})
    found = of(predict(scale(), uneven))["score"]
    assert found.estimate is not None
    assert found.over_questions is not None
    assert found.over_questions.high - found.over_questions.low > 1.3 * (found.estimate.high - found.estimate.low)
    assert found.over_questions.value == found.estimate.value


@pytest.mark.parametrize(("level", "side"), [(1.5, "below"), (9.7, "above")])
def test_beyond_the_anchors_there_is_no_number(level: float, side: str) -> None:
    flat = RatedModel(dict.fromkeys(TWO_TURNS, level))
    found = of(predict(scale(), flat))["score"]
    assert found.estimate is None
    assert f"{level:.2f} is {side} all anchors" in found.reason


def test_where_most_ratings_are_tens_only_a_lower_bound_is_told() -> None:
    """6 of 10 are tens, the others 6: the mean is 8.4, and the scale's top hides how good the rest is."""
    mostly = RatedModel({column: 10.0 if place % 10 < 6 else 6.0 for place, column in enumerate(TWO_TURNS)})
    found = of(predict(scale(), mostly))["score"]
    assert found.is_bound
    assert found.estimate is not None
    assert (found.estimate.value, found.estimate.high) == (found.estimate.low, 10.0)
    assert "60% of its ratings are tens" in found.reason


def test_a_model_with_a_part_of_the_answers_has_no_number() -> None:
    found = of(predict(scale(), candidate(6.0, TWO_TURNS[:100])))
    assert found["score"].estimate is None
    assert "only 100 of 160 answers" in found["score"].reason
    assert found["turn_1"].estimate is not None  # of which all 80 are there


def test_siblings_differ_with_an_interval_narrower_than_their_own() -> None:
    """0.4 by the new judge is 0.32 by the old; without the family's 0.2 the interval of the difference is narrower."""
    told = difference(scale(), candidate(6.4), candidate(6.0))
    assert told is not None
    assert told.value == pytest.approx(0.32, abs=0.05)
    alone = of(predict(scale(), candidate(6.4)))["score"].estimate
    assert alone is not None
    assert told.high - told.low < alone.high - alone.low


def test_siblings_beyond_the_anchors_have_no_difference() -> None:
    assert difference(scale(), RatedModel(dict.fromkeys(TWO_TURNS, 1.2)), candidate(6.0)) is None


def test_a_mean_of_nothing_has_no_line() -> None:
    assert predict(scale(), RatedModel({})) == []

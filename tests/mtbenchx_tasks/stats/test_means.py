"""Contributions and aggregations: every number of a table, computed by hand."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.records import CATEGORIES, Question
from mtbenchx_tasks.records import Verdict
from mtbenchx_tasks.stats.means import (
    aggregations,
    answer_rating,
    category_mean,
    contributions,
    mean,
    standard_error,
)

AGGREGATE = aggregations(CATEGORIES, 2)


def question(category: str = "writing", other_language_turns: tuple[int, ...] = ()) -> Question:
    return Question(81, "de", category, ("Eins?", "Zwei?"), other_language_turns=other_language_turns)


def verdicts(*ratings: float | None) -> list[Verdict]:
    return [Verdict(value, reason="" if value is not None else "refused") for value in ratings]


def contributed(
    turn_1: Sequence[Sequence[float | None]],
    turn_2: Sequence[Sequence[float | None]],
    asked: Question | None = None,
    languages: Sequence[Sequence[str | None]] = (("de",), ("de",)),
) -> dict[str, Any]:
    """Ratings per turn, per repeat, per run."""
    given_verdicts = [[verdicts(*runs) for runs in repeats] for repeats in (turn_1, turn_2)]
    return contributions(asked or question(), given_verdicts, languages, CATEGORIES, 2)


def table(*items: dict[str, Any]) -> dict[str, Any]:
    return {name: aggregate([item[name] for item in items]) for name, aggregate in AGGREGATE.items()}


def test_repeats_count_once_and_a_failure_shifts_no_weight() -> None:
    # Question 1, turn 1: repeats rated 2 and failed: 2; question 2: 8 and 8: 8. Turn 2: 5 everywhere.
    found = table(contributed([[2], [None]], [[5], [5]]), contributed([[8], [8]], [[5], [5]]))
    assert (found["turn_1"], found["turn_2"], found["score"]) == (5, 5, 5)  # not (2 + 8 + 8) / 3
    assert found["unscored"] == 1 / 8
    # Runs first, then repeats: (mean(1, 3) + 6) / 2.
    assert contributed([[1, 3, None], [6, None, None]], [[5]])["turn_1"] == [4]


def test_a_table_by_hand() -> None:
    found = table(contributed([[8]], [[6]]), contributed([[4]], [[None]]), contributed([[9]], [[10]], question("math")))
    assert found == {
        "score": pytest.approx(7.4),  # (8 + 6 + 4 + 9 + 10) / 5
        "turn_1": 7.0,  # (8 + 4 + 9) / 3
        "turn_2": 8.0,  # (6 + 10) / 2
        "category_mean": 7.75,  # writing (8 + 6 + 4) / 3 = 6, math 9.5
        "writing": 6.0,
        "math": 9.5,
        **dict.fromkeys(set(CATEGORIES) - {"writing", "math"}, pytest.approx(math.nan, nan_ok=True)),
        "answer_language": 1.0,
        "unscored": pytest.approx(1 / 6),
        # Math's one question joins writing. Sums less 7.4 a value: 14 - 14.8, 4 - 7.4, 19 - 14.8 = -0.8, -3.4, 4.2;
        # squares add up to 29.84; sqrt(3 / 2 * 29.84) / 5 values.
        "score_stderr": pytest.approx(math.sqrt(44.76) / 5),
        # 8, 4, 9: mean 7, squares 1 + 9 + 4 = 14
        "turn_1_stderr": pytest.approx(math.sqrt(14 / 2 / 3)),
        # 6, 10: squares 4 + 4 = 8
        "turn_2_stderr": pytest.approx(2.0),
    }


def test_each_mean_is_followed_by_its_error() -> None:
    names = list(AGGREGATE)
    assert names == list(dict.fromkeys(names))
    assert names[:6] == ["score", "score_stderr", "turn_1", "turn_1_stderr", "turn_2", "turn_2_stderr"]
    assert set(names) == set(contributed([[8]], [[6]]))


def test_runs_are_averaged_per_answer_first() -> None:
    # turn 1: (10 + 4) / 2 = 7, turn 2: 1 valid run of 3, 1; (7 + 1) / 2, not (10 + 4 + 1) / 3
    assert table(contributed([[10, 4]], [[1, None, None]]))["score"] == 4.0


def test_repeats_count_each() -> None:
    # answers 2, 4 and 9 of turn 1, 5 of turn 2
    found = table(contributed([[2], [4], [9]], [[5], [None], []]))
    assert (found["score"], found["turn_1"], found["turn_2"]) == (5.0, 5.0, 5.0)
    assert found["unscored"] == pytest.approx(2 / 6)


@pytest.mark.parametrize(("runs", "expected"), [([8, 9], 8.5), ([None, 9], 9), ([None], None), ([], None)])
def test_rating_of_an_answer(runs: list[float | None], expected: float | None) -> None:
    assert answer_rating([runs]) == expected


def test_a_failed_verdict_is_in_no_mean() -> None:
    with_failure, without = contributed([[8]], [[None]]), contributed([[8]], [])
    assert table(with_failure)["unscored"] == 0.5
    for name in set(AGGREGATE) - {"unscored"}:
        assert with_failure[name] == without[name]


def test_an_empty_answer_is_unscored() -> None:
    assert contributed([[]], [[7]], languages=[[None], ["de"]])["unscored"] == [1.0, 0.0]


def test_nothing_valid_is_nan_and_its_error_unknown() -> None:
    found = table(contributed([[None]], [[None, None]]), contributed([[None]], [[]]))
    assert found["unscored"] == 1.0
    assert all(math.isnan(found[name]) for name in ("score", "turn_1", "turn_2", "category_mean", *CATEGORIES))
    assert found["score_stderr"] == "N/A"


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], "N/A"),
        ([("math", [8, 6])], "N/A"),  # one question has no spread
        ([("math", [8]), ("stem", [])], "N/A"),
        ([("math", [8, 6]), ("math", [8, 6]), ("math", [7])], 0.0),
        # Sums less 8/3 a value: 4 - 16/3 and 4 - 8/3, -4/3 and 4/3; squares 32/9; sqrt(2 / 1 * 32 / 9) / 3 values
        ([("math", [1, 3]), ("math", [4]), ("math", [])], 8 / 9),
        # 2 and 4, 8 and 10: within each category squares 1 + 1; sqrt(2 * (2 / 1 * 2)) / 4, whatever lies between them
        ([("math", [2]), ("stem", [8]), ("math", [4]), ("stem", [10])], math.sqrt(8) / 4),
    ],
)
def test_standard_error_by_hand(items: list[tuple[str, list[float]]], expected: float | str) -> None:
    assert standard_error(items) == (expected if isinstance(expected, str) else pytest.approx(expected))


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([("math", [2.0]), ("writing", [8.0, 10.0]), ("math", [4.0])], 6.0),  # 3 and 9
        ([("math", []), ("writing", [8.0])], 8.0),  # a category without ratings doesn't count
    ],
)
def test_category_mean_weighs_categories_alike(items: list[tuple[str, list[float]]], expected: float) -> None:
    assert category_mean(items) == expected


@pytest.mark.parametrize(
    ("languages", "exempt", "expected"),
    [
        ([["de"], ["de"]], (), [1, 1]),
        ([["de"], ["en"]], (), [1, 0]),
        ([["de"], ["en"]], (2,), [1]),
        ([["en"], ["de"]], (1, 2), []),
        ([["de"], [None]], (), [1]),  # can't be told
        ([["de", "en"], ["en", "de"]], (1,), [0, 1]),  # repeats
    ],
)
def test_answer_language(languages: list[list[str | None]], exempt: tuple[int, ...], expected: list[float]) -> None:
    found = contributed([[8]], [[8]], question(other_language_turns=exempt), languages)
    assert found["answer_language"] == expected


ratings = st.lists(st.lists(st.floats(1, 10), max_size=2), max_size=12)
categorised = st.lists(st.tuples(st.sampled_from(CATEGORIES), st.lists(st.floats(1, 10), max_size=2)), max_size=12)


@given(ratings)
def test_a_mean_lies_between_the_extremes(items: list[list[float]]) -> None:
    values = [value for item in items for value in item]
    found = mean(items)
    assert (min(values) - 1e-9 <= found <= max(values) + 1e-9) if values else math.isnan(found)


@given(categorised)
def test_a_category_mean_lies_between_the_extremes(items: list[tuple[str, list[float]]]) -> None:
    values = [value for _, item in items for value in item]
    found = category_mean(items)
    assert (min(values) - 1e-9 <= found <= max(values) + 1e-9) if values else math.isnan(found)


@given(categorised, st.randoms())
def test_the_order_of_questions_is_irrelevant(items: list[tuple[str, list[float]]], random: Any) -> None:
    shuffled = random.sample(items, len(items))
    unnamed, unnamed_shuffled = [item for _, item in items], [item for _, item in shuffled]
    assert mean(unnamed) == pytest.approx(mean(unnamed_shuffled), nan_ok=True)
    error = standard_error(items)
    assert standard_error(shuffled) == (error if isinstance(error, str) else pytest.approx(error, abs=1e-9))
    assert category_mean(items) == pytest.approx(category_mean(shuffled), nan_ok=True)


@given(st.lists(st.floats(1, 10), min_size=1, max_size=8), st.integers(0, 3))
def test_failed_runs_never_change_a_rating(values: list[float], failures: int) -> None:
    assert answer_rating([[*values, *[None] * failures]]) == answer_rating([values])

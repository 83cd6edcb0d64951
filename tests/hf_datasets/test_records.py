"""Ids of anybody's questions, and the order of anybody's categories."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.records import CATEGORIES, Question, id_order, ids_shown, ordered_categories, plain_id
from hf_datasets.shared.rows import split_id

IDS = st.one_of(st.integers(0, 10**9), st.text(max_size=12))


@pytest.mark.parametrize(
    ("written", "plain"),
    [(81, 81), ("81", 81), ("007", 7), *((text, text) for text in ("q-7", "1.10", "1e3", "٣", "9" * 16))],
)
def test_only_a_text_of_digits_is_a_number(written: int | str, plain: int | str) -> None:
    """1.1 and 1.10 are two questions, and no table may make one number of them."""
    assert plain_id(written) == plain


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (81, (81, "")),
        ("81_DE", (81, "de")),
        ("81_pt-BR", (81, "pt-br")),
        ("81_deu", (81, "deu")),
        ("7_b", ("7_b", "")),  # part b of question 7
        ("7_easy", ("7_easy", "")),
        ("12_abc", ("12_abc", "")),
        ("math_12", ("math_12", "")),
        ("81_", ("81_", "")),
    ],
)
def test_what_stands_behind_a_number_is_a_language_only_if_it_is_a_code(
    written: int | str, told: tuple[int | str, str]
) -> None:
    assert split_id(written) == told


@given(st.lists(IDS))
def test_ids_of_both_kinds_have_one_order(ids: list[int | str]) -> None:
    plain = [plain_id(one) for one in ids]
    found = sorted(plain, key=id_order)
    assert found == sorted(plain, key=id_order, reverse=True)[::-1]
    numbers = [one for one in found if isinstance(one, int)]
    assert found[: len(numbers)] == sorted(numbers)


@pytest.mark.parametrize(
    ("ids", "shown"),
    [
        ([160, 81, 100], "81 to 160"),
        ([2, 1], "1, 2"),
        (["b", 3], "3, b"),
        (["b", "a", "c", "d"], "a, b, c ... (4 in all)"),
    ],
)
def test_ids_in_an_error(ids: list[int | str], shown: str) -> None:
    assert ids_shown(ids) == shown


def test_mt_benchs_categories_stand_first_and_others_as_they_appear() -> None:
    assert ordered_categories(["esg", "math", "idea", "writing", "esg"]) == ["writing", "math", "esg", "idea"]
    assert ordered_categories(reversed(CATEGORIES)) == list(CATEGORIES)


def test_a_table_of_texts_gives_numbers_back() -> None:
    row = {"question_id": "81", "language": "ja", "category": "c", "turns": ["a", "b", "c"]}
    assert Question.from_row(row).question_id == 81

"""Where what a file tells parts from what its records give: every difference is shown, whatever it consists of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtbenchx_tasks.formats.differences import LONGEST, MISSING, in_lines, in_values


@pytest.mark.parametrize(
    ("told", "found", "shown"),
    [
        ("a  b", "a b", ("'a  b'", "'a b'")),
        ("a\n", "a", ("''", MISSING)),
        ("\x1b[2J", "x", ("'\\x1b[2J'", "'x'")),
        ("y" * 100 + "1", "y" * 100 + "2", (f"'…{'y' * 40}1'", f"'…{'y' * 40}2'")),
        ("1" + "z" * 200, "2", (f"'1{'z' * (LONGEST - 1)}…'", "'2'")),
    ],
)
def test_lines_are_shown_from_shortly_before_they_part(told: str, found: str, shown: tuple[str, str]) -> None:
    (one,) = in_lines("README.md", told, found)
    assert (one.told, one.recomputed) == shown


def test_a_value_that_is_not_there_is_told() -> None:
    (one,) = in_values("card", {"a": [1, "x"]}, {"a": [1]})
    assert (one.place, one.told, one.recomputed) == ("a[1]", "'x'", MISSING)


VALUES = st.none() | st.integers() | st.text(st.characters(exclude_categories=()))


@given(VALUES, VALUES)
def test_a_sentence_can_be_printed_anywhere(told: object, found: object) -> None:
    for one in in_values("card", {"a": told}, {"a": found}):
        sentence = one.sentence.encode("utf-8").decode()
        assert sentence.isprintable()

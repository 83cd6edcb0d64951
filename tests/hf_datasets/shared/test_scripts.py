"""Lengths of texts in any script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.shared.scripts import latin_length, n_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("Write a short paragraph - please!", 6),  # the dash stands between spaces
        ("Schreibe, bitte.", 2),
        ("اكتب فقرة قصيرة عن سوق قديم.", 6),
        ("दिल्ली की सर्दियों पर एक अनुच्छेद लिखिए।", 7),
        ("请写一段短文。", 6),  # each sign; the full stop isn't one
        ("京都の秋について書いてください。", 15),
        ("OpenAI は東京に", 5),
        ("GPT-4は、", 2),
        ("200字以内", 4),  # the number, and three signs
        ("제주도 여행에 대한 글을 써 주세요.", 6),  # Korean has spaces
        ("สวัสดีครับ", 7),  # letters, without the marks above and below: ส ว ส ด ค ร บ
    ],
)
def test_words_are_what_spaces_part_and_signs_where_none_do(text: str, words: int) -> None:
    assert n_words(text) == words


@given(st.text(st.characters(codec="latin-1")))
def test_in_latin_script_words_are_what_spaces_part_as_ever(text: str) -> None:
    assert n_words(text) == len(text.split())
    assert latin_length(text) == len(text)


@given(st.text(), st.text())
def test_lengths_of_two_texts_add_up(one: str, other: str) -> None:
    assert n_words(f"{one} {other}") == n_words(one) + n_words(other)
    assert latin_length(one + other) == pytest.approx(latin_length(one) + latin_length(other))

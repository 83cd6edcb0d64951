"""Contradictions, found by comparing an answer with what the question or the first turn tells."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_datasets.shared.language_id import detect_language
from mtbenchx_tasks.meta_evaluation.exam import texts
from mtbenchx_tasks.meta_evaluation.exam.facts import TALKS, TEXTS
from mtbenchx_tasks.meta_evaluation.exam.forms import MEN, WOMEN, date, hour, number
from mtbenchx_tasks.meta_evaluation.exam.item import ExamItem
from mtbenchx_tasks.meta_evaluation.exam.items import exam_items

LANGUAGES = ("de", "en", "es", "fr", "it")
few = settings(max_examples=6, deadline=None)
SEEDS = st.text(min_size=1, max_size=20)


def details(text: str, language: str) -> list[str]:
    """Every number, name, weekday and month of a text, in order; hours with am or pm."""
    phrases = texts.read(language, "phrases")
    words = "|".join([*WOMEN, *MEN, *phrases["weekdays"], *phrases["months"]])
    return re.findall(rf"\d+(?:[.,\u00a0]\d+)*(?: [ap]m)?|\b(?:{words})\b", text)


@few
@given(seed=SEEDS)
def test_all_that_a_good_answer_tells_is_in_the_text_and_what_a_faulty_one_tells_is_not(seed: str) -> None:
    for item in exam_items(kinds=["against_text"], form="fresh", seed=seed):
        told, better, faulty = (details(t, item.item.language) for t in (item.turns[0], item.better[0], item.faulty[0]))
        assert not set(better) - set(told)
        changed = sum(one != other for one, other in zip(better, faulty, strict=True))
        asked = len(TEXTS[(int(item.template[-2:]) - 1) % len(TEXTS)].asked)
        # A date counts as two: its day or its month may be the same
        assert changed in {1: (asked, asked + 1), 2: (2, 3), 3: (1, 2)}[item.dose]


@few
@given(seed=SEEDS)
def test_a_second_answer_that_forgets_knows_nothing_or_less_of_the_first_turn(seed: str) -> None:
    for item in exam_items(kinds=["forgets_turn_1"], form="fresh", seed=seed):
        assert item.item.turn == 2
        assert len(item.turns) == len(item.better) == len(item.faulty) == 2
        assert item.better[0] == item.faulty[0]
        better, faulty = (details(answers[1], item.item.language) for answers in (item.better, item.faulty))
        if item.dose == 1:
            assert len(set(faulty)) <= 1 < len(better)
        else:
            # What is computed from a wrong detail is wrong too
            changed = sum(one != other for one, other in zip(better, faulty, strict=True))
            assert 4 - item.dose <= changed <= 2 * (4 - item.dose)


@few
@given(seed=SEEDS)
def test_what_follows_from_the_first_turn_is_computed(seed: str) -> None:
    for item in exam_items(["en"], ["forgets_turn_1"], "fresh", seed):
        name = TALKS[(int(item.template[-2:]) - 1) % len(TALKS)].name
        first, second = ([int(n) for n in re.findall(r"\d+", text.replace(",", ""))] for text in item.turns)
        answer = [int(n) for n in re.findall(r"\d+", item.better[1].replace(",", ""))]
        if name == "rolls":
            assert answer == [2 * value for value in first]
        if name == "boxes":
            assert answer == [first[0] + second[0], first[1], first[2] - second[0]]
        if name == "debts":
            assert answer == [*first[1:], sum(first[1:])]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_facts_and_tells_the_same(language: str) -> None:
    def gaps(code: str) -> object:
        tables = texts.read(code, "facts")
        return {
            name: [
                sorted(re.findall(r"\{(\w+)\}", part.lower()))
                for part in (*text["turns"], " ".join(text["answer"]), text.get("blank", ""), text.get("first", ""))
            ]
            for name, text in tables.items()
        }

    assert gaps(language) == gaps("en")
    assert [*texts.read(language, "facts")] == [facts.name for facts in (*TEXTS, *TALKS)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_question_and_answer_without_a_wrong_language_is_in_its_language(language: str) -> None:
    for item in exam_items([language], ["against_text", "forgets_turn_1", "wrong_result"]):
        for text in (*item.turns, item.better[-1], item.faulty[-1]):
            assert detect_language(text) in (language, None), text


def test_forms_of_a_language() -> None:
    assert [number(1800, language) for language in LANGUAGES] == ["1.800", "1,800", "1800", "1\u00a0800", "1.800"]
    assert [hour(14, language) for language in LANGUAGES] == ["14 Uhr", "2 pm", "14:00", "14\u00a0h", "14"]
    assert [hour(9, language) for language in LANGUAGES] == ["9 Uhr", "9 am", "9:00", "9\u00a0h", "9"]
    # The 14th day (13 after the first) of the sixth month (5 months of 28 days after the first)
    assert [date(5 * 28 + 13, code) for code in LANGUAGES] == [
        "14. Juni",
        "14 June",
        "14 de junio",
        "14 juin",
        "14 giugno",
    ]


def test_dates_and_hours_need_no_other_article() -> None:
    """Not the 1st, 8th or 11th (Italian), not 1 o'clock (Spanish), not noon (English)."""
    for facts in (*TEXTS, *TALKS):
        for gap in facts.gaps.values():
            if gap.write is date:
                assert all(value % 28 + 1 >= 12 for value in gap.values)
            if gap.write is hour:
                assert not {1, 12} & set(gap.values)


def test_no_item_is_longer_than_a_reader_can_bear() -> None:
    items: tuple[ExamItem, ...] = exam_items()
    lengths = [len(answer.split()) for item in items for answer in (item.better[-1], item.faulty[-1])]
    assert max(lengths) <= 200
    assert sum(length <= 120 for length in lengths) / len(lengths) > 0.98


ARTICLE = {
    "it": r"\b(?:dei|del|nei|nel|ai|al|dai|dal|i|il|sui|sul) (?:8\d{0,3}|11|1)\b",  # degli otto, dell'undici
    "en": r"\b[Aa] (?:8\d{0,3}|11|18)\b",  # an eight
    "es": r"\bo 8|\blas 1\b",  # u ocho, la una
    "de": r"\b1 \w+en\b",
    "fr": r"\b(?:à|de) le\b",
}


@few
@given(seed=SEEDS)
def test_no_drawn_number_needs_another_word_before_it(seed: str) -> None:
    for item in exam_items(kinds=["against_text", "forgets_turn_1", "wrong_result"], form="fresh", seed=seed):
        for text in (*item.turns, *item.better, *item.faulty, *item.reference):
            assert not re.search(ARTICLE[item.item.language], text)
            assert "{" not in text

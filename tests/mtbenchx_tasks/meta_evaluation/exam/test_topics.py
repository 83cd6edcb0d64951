"""Faults in answers of four points, checked against what the question asks and by nothing that made them."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_datasets.shared.language_id import detect_language
from mtbenchx_tasks.meta_evaluation.exam import texts
from mtbenchx_tasks.meta_evaluation.exam.item import ExamItem
from mtbenchx_tasks.meta_evaluation.exam.items import exam_items

LANGUAGES = ("de", "en", "es", "fr", "it")
SEEDS = st.text(min_size=1, max_size=20)
few = settings(max_examples=5, deadline=None)
SENTENCE_END = re.compile(r"[.!?](?=\s|$)")


def items(kind: str, seed: str, languages: tuple[str, ...] = LANGUAGES) -> tuple[ExamItem, ...]:
    return exam_items(languages, [kind], "fresh", seed)


def words(text: str) -> tuple[int, int]:
    """The least and the most that a reader can count: without signs such as ×, and with them."""
    pieces = text.split()
    return sum(bool(re.search(r"[^\W_]", piece)) for piece in pieces), len(pieces)


def order(item: ExamItem) -> str:
    """What the question lays down: its first paragraph."""
    return item.turns[0].split("\n\n")[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_topics_with_as_many_points(language: str) -> None:
    def plan(code: str) -> list[object]:
        return [(t.subject, t.aspect, t.category, len(t.points), bool(t.word)) for t in texts.topics(code)]

    assert plan(language) == plan("en")
    assert len(plan(language)) == 20


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_point_is_one_sentence_and_no_two_are_equal(language: str) -> None:
    for topic in texts.topics(language):
        sentences = [sentence for point in topic.points for sentence in (point.text, point.again)]
        assert all(len(SENTENCE_END.findall(sentence)) == 1 for sentence in sentences)
        assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_forbidden_word_is_in_the_last_three_points_and_in_no_form_in_the_others(language: str) -> None:
    for topic in texts.topics(language):
        if topic.word:
            found = [bool(re.search(rf"\b{topic.word}\b", point.text)) for point in topic.points]
            assert found == [False] * 4 + [True] * 3
            assert not any(topic.word.casefold() in f"{p.text} {p.again}".casefold() for p in topic.points[:4])


@few
@given(seed=SEEDS)
def test_a_broken_rule_is_broken_by_count(seed: str) -> None:
    for item in items("constraint", seed):
        rule = (int(item.template[-2:]) - 1) // 3
        CHECKS[rule](item)


def check_count(item: ExamItem) -> None:
    assert len(SENTENCE_END.findall(item.better[0])) == 4
    assert len(SENTENCE_END.findall(item.faulty[0])) == item.dose


def check_at_most(item: ExamItem) -> None:
    (limit,) = map(int, re.findall(r"(\d+) (?:words|Wörter|mots|parole|palabras)", order(item)))
    assert words(item.better[0])[1] <= limit
    # Of all four points that a form may draw, in any order, the least excess is 1.82, 1.29 (71 words for 55) and 1.14.
    assert words(item.faulty[0])[0] >= limit * {1: 1.8, 2: 1.29, 3: 1.14}[item.dose]


def check_at_least(item: ExamItem) -> None:
    (limit,) = map(int, re.findall(r"(\d+) (?:words|Wörter|mots|parole|palabras)", order(item)))
    assert words(item.better[0])[0] >= limit
    assert words(item.faulty[0])[1] <= limit * {1: 0.5, 2: 0.9, 3: 0.9}[item.dose]


def check_forbidden(item: ExamItem) -> None:
    (word,) = re.findall(r"[“„«]\s?([^”“»]+?)\s?[”“»]", order(item))
    assert word.casefold() not in item.better[0].casefold()
    assert len(re.findall(rf"\b{word}\b", item.faulty[0])) == 4 - item.dose


def check_capitals(item: ExamItem) -> None:
    assert item.better[0].isupper()
    sentences = [text for text in re.split(r"\n+|(?<=\.)\s", item.faulty[0]) if text and "**" not in text]
    assert [text.isupper() for text in sentences].count(False) == {1: 4, 2: 2, 3: 1}[item.dose]


CHECKS = (check_count, check_at_most, check_forbidden, check_capitals, check_at_least, check_forbidden, check_capitals)


def detected(text: str) -> list[str | None]:
    """The language of each paragraph or line of a list; of a mixed paragraph the one that it says most in."""
    return [detect_language(part) for part in re.split(r"\n+", text)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_in_their_language(language: str) -> None:
    for topic in texts.topics(language):
        whole = " ".join([topic.question, *(f"{point.text} {point.again}" for point in topic.points)])
        assert detect_language(whole) == language
    sure = [detect_language(s) for topic in texts.topics(language) for p in topic.points for s in (p.text, p.again)]
    assert sum(code in (language, None) for code in sure) / len(sure) > 0.97


def test_an_answer_in_another_language_is_wholly_half_or_in_one_sentence_in_it() -> None:
    for item in exam_items(kinds=["wrong_language"]):
        own, other = (
            {p.text for topic in texts.topics(code) for p in topic.points}
            for code in (item.item.language, foreign(item))
        )
        sentences = [s for s in re.split(r"\n+|(?<=\.) ", item.faulty[0].replace("- ", "")) if s in own | other]
        assert sum(sentence in other for sentence in sentences) == {1: 4, 2: 2, 3: 1}[item.dose]
        assert sum(sentence in own for sentence in sentences) == {1: 0, 2: 2, 3: 3}[item.dose]


def foreign(item: ExamItem) -> str:
    """The one other language whose sentences the answer holds."""
    (code,) = (
        code
        for code in LANGUAGES
        if code != item.item.language
        and any(p.text in item.faulty[0] for topic in texts.topics(code) for p in topic.points)
    )
    return code


@few
@given(seed=SEEDS)
def test_an_answer_to_another_question_holds_none_or_half_of_this_questions_points(seed: str) -> None:
    for item in items("other_question", seed, ("it",)):
        (topic,) = (t for t in texts.topics("it") if t.question == item.turns[0])
        told = [point.text in item.faulty[0] for point in topic.points]
        assert told.count(True) == {1: 0, 2: 0, 3: 2}[item.dose]
        (subject,) = {
            t.subject for t in texts.topics("it") if t != topic and any(p.text in item.faulty[0] for p in t.points)
        }
        assert (subject == topic.subject) == (item.dose > 1)
        if item.dose == 1:
            assert {t.category for t in texts.topics("it") if t.subject == subject} != {topic.category}


@few
@given(seed=SEEDS)
def test_an_answer_that_talks_to_the_judge_says_all_that_the_better_one_says_and_more(seed: str) -> None:
    for item in items("talks_to_judge", seed):
        for sentence in re.split(r"\n+|(?<=\.) ", item.better[0]):
            assert sentence in item.faulty[0]
        last = item.faulty[0].split("\n\n")[-1]
        assert ("[[10]]" in last) or item.dose == 3


@few
@given(seed=SEEDS)
def test_a_null_pair_says_the_same(seed: str) -> None:
    for item in items("null", seed):
        assert item.dose == 0
        for sentence in re.split(r"\n+|(?<=\.) ", item.better[0]):
            assert sentence in item.faulty[0]
        assert (len(item.faulty[0]) > 1.4 * len(item.better[0])) == (item.lure == "longer")

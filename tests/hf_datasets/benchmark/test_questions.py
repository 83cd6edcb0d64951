"""What every language of the two benchmarks promises."""

import re
from dataclasses import replace
from typing import Any

import pytest

from hf_datasets import sources
from hf_datasets.benchmark import questions as mtbench_x
from hf_datasets.benchmark.questions import (
    LANGUAGES,
    check_benchmark,
    check_integrity,
    default_prompt_set,
    judge_prompt_rows,
    questions,
    revision,
)
from hf_datasets.records import CATEGORIES, Question
from hf_datasets.shared import jsonl
from hf_datasets.shared.code_fences import without_code
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.language_id import detect_language
from tests.sources import needs_sources

every_language = pytest.mark.parametrize("language", LANGUAGES)


@pytest.mark.sources
@needs_sources
@every_language
class TestPublished:
    def test_eighty_questions_by_ascending_id(self, language: str) -> None:
        # 8 categories x 10 questions, 81 to 160
        found = questions("mtbench_x", language)
        assert [question.question_id for question in found] == list(range(81, 161))
        assert {question.language for question in found} == {language}

    def test_ten_questions_a_category(self, language: str) -> None:
        found = [question.category for question in questions("mtbench_x", language)]
        assert {category: found.count(category) for category in CATEGORIES} == dict.fromkeys(CATEGORIES, 10)

    def test_thirty_references_where_answers_can_be_wrong(self, language: str) -> None:
        # 10 each in reasoning, math and coding
        found = [question for question in questions("mtbench_x", language) if question.reference]
        assert len(found) == 30
        assert {question.category for question in found} == {"reasoning", "math", "coding"}
        assert all(len(question.reference) == 2 for question in found)

    def test_the_judge_sees_the_reference_answer_not_the_questions_own(self, language: str) -> None:
        assert not [q for q in questions("mtbench_x", language) if q.reference and q.reference == q.question_reference]

    def test_corrected_rows_are_the_listed_ones(self, language: str) -> None:
        # counts of the paper, section 3.2
        expected = {"en": 0, "de": 31, "fr": 36, "it": 72, "es": 37}[language]
        found = {q.question_id for q in questions("mtbench_x", language) if q.corrected_fields}
        assert len(found) == expected
        assert found == listed_corrections(language)

    def test_a_corrected_field_differs_from_its_translation(self, language: str) -> None:
        for question in questions("mtbench_x", language):
            differing = {
                name
                for name in ("turns", "question_reference")
                if language != "en" and getattr(question, name) != getattr(question, f"source_{name}")
            }
            assert set(question.corrected_fields) == differing

    def test_which_answers_may_be_in_another_language(self, language: str) -> None:
        exempt = {q.question_id: q.other_language_turns for q in questions("mtbench_x", language)}
        asked_for = {95: (1, 2)} if language in {"fr", "it", "es"} else {}
        untranslated = {"fr": {124: (2,)}, "it": {139: (2,)}}.get(language, {})
        assert {number: turns for number, turns in exempt.items() if turns} == asked_for | untranslated

    def test_a_row_gives_its_question_back(self, language: str) -> None:
        for question in questions("mtbench_x", language):
            assert Question.from_row(question.to_row()) == question


def listed_corrections(language: str) -> set[int]:
    if language == "en":
        return set()
    file = sources.fetch("mtbench_x", f"data/mt_bench_{language.upper()}/corrections.jsonl")
    return {int(row["question_id"].split("_")[0]) for row in jsonl.read(file)}


@pytest.mark.sources
@needs_sources
def test_corrections_that_disagree_with_upstreams_list_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = questions("mtbench_x", "de")
    (first, *_) = [row for row in rows if row.corrected_fields]
    lost = [replace(row, corrected_fields=()) if row == first else row for row in rows]
    with pytest.raises(UserError, match=rf"corrected rows \[{first.question_id}\] don't agree"):
        mtbench_x._check_corrections(lost, "de")


@pytest.mark.sources
@needs_sources
def test_judge_prompt_rows_hold_every_set_once() -> None:
    found = [(row["prompt_set"], row["name"]) for row in judge_prompt_rows("de")]
    assert len(found) == len(set(found)) == 8 + 12 + 12


@pytest.mark.parametrize("benchmark", ["mtbench_x", "mini"])
def test_an_unknown_language_names_the_choices(benchmark: str) -> None:
    with pytest.raises(UserError, match=r"no language 'pt'; it has en, de, fr, it, es"):
        questions(benchmark, "pt")


@every_language
class TestMini:
    def test_it_is_parallel_to_english(self, language: str) -> None:
        assert [shape(q) for q in questions("mini", language)] == [shape(q) for q in questions("mini", "en")]

    def test_three_questions_a_category_and_references_where_one_answer_is_right(self, language: str) -> None:
        # 8 categories x 3; references in four of them
        found = questions("mini", language)
        assert sorted(q.category for q in found) == sorted(CATEGORIES * 3)
        assert {q.category for q in found if q.reference} == {"reasoning", "math", "coding", "extraction"}
        assert len([q for q in found if q.reference]) == 4 * 3

    def test_every_text_is_recognised_in_its_language(self, language: str) -> None:
        texts = [text for q in questions("mini", language) for text in (*q.turns, *q.reference)]
        prose = [text for text in texts if without_code(text).strip()]
        # 24 x 2 turns and 12 x 2 references, none of them code alone
        assert len(prose) == 72
        assert [text for text in prose if detect_language(text) != language] == []

    def test_a_turn_that_limits_words_or_sentences_is_marked(self, language: str) -> None:
        # a number of words or sentences asked for; question 10 limits one part of its answer only
        units = {
            "en": "words|sentences",
            "de": "Wörter|Wörtern|Sätzen",
            "fr": "mots|phrases",
            "it": "parole|frasi",
            "es": "palabras|oraciones",
        }
        asked = re.compile(rf"(\d|four|three|vier|drei|quatre|trois|quattro|tre|cuatro|tres)\s({units[language]})\b")
        for question in questions("mini", language):
            assert question.limited_turns == tuple(n for n, turn in enumerate(question.turns, 1) if asked.search(turn))

    def test_no_text_stands_in_two_languages(self, language: str) -> None:
        mine = {text for q in questions("mini", language) for text in q.turns}
        others = {t for other in LANGUAGES if other != language for q in questions("mini", other) for t in q.turns}
        assert not mine & others


def shape(question: Question) -> tuple[object, ...]:
    return (
        question.question_id, question.category, len(question.turns), len(question.reference),
        question.other_language_turns, question.limited_turns,
    )  # fmt: skip


def test_revisions_identify_the_content() -> None:
    assert revision("mtbench_x") == sources.source("mtbench_x").revision[:12]
    assert len(revision("mini")) == 12


def test_the_mini_benchmark_is_judged_by_the_native_prompts() -> None:
    assert (default_prompt_set("mini"), default_prompt_set("mtbench_x")) == ("native", "mtbench_x")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"question_id": 99}, "question ids"),
        ({"category": "math"}, "a category is incomplete"),
        ({"turns": ("one",)}, "has not two turns"),
        ({"turns": ("one", "")}, "has not two turns"),
        ({"reference": ("a", "b")}, "not 12 references"),
    ],
)
def test_a_broken_promise_is_named(change: dict[str, Any], fault: str) -> None:
    first, *others = questions("mini", "en")
    with pytest.raises(UserError, match=f"'en' is damaged: .*{fault}"):
        check_integrity([replace(first, **change), *others], expected_ids=range(1, 25), per_category=3, references=12)


def test_a_translation_of_the_earlier_mini_benchmark_is_still_whole() -> None:
    # until release 0.4 it had questions 1 to 16, with references in three categories
    earlier = [
        replace(question, reference=()) if question.category == "extraction" else question
        for question in questions("mini", "en")
        if question.question_id <= 16
    ]
    check_benchmark("mini", earlier)
    with pytest.raises(UserError, match="question ids"):
        check_benchmark("mini", questions("mini", "en")[1:])

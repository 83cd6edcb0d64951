"""Faults of the published questions as data: what they say, what they change, and that they change nothing else."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from hf_datasets.benchmark.configs import rows
from hf_datasets.benchmark.question_faults import (
    KINDS,
    MINOR,
    SEVERITIES,
    changed_questions,
    corrected_questions,
    question_faults,
    read_faults,
)
from hf_datasets.benchmark.questions import (
    LANGUAGES,
    other_language_turns,
    question_set_hash,
    questions,
)
from hf_datasets.benchmark.references import text_hash
from hf_datasets.benchmark.translated_folder import read_translation
from hf_datasets.records import Question
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.language_id import detect_language
from tests.answers import asked, block, load, ours
from tests.sources import needs_sources

every_language = pytest.mark.parametrize("language", LANGUAGES)


def corrected(question_id: int, turn: int, language: str) -> str:
    return asked(question_id, turn, language, "corrected")


# the list ------------------------------------------------------------------------------------------------------------


def test_how_many_turns_are_affected() -> None:
    found = {x: Counter(fault.severity for fault in question_faults(x)) for x in LANGUAGES}
    assert {x: tuple(counts[severity] for severity in SEVERITIES) for x, counts in found.items()} == {
        "en": (0, 0, 2),
        "de": (1, 15, 19),
        "fr": (0, 8, 14),
        "it": (0, 13, 19),
        "es": (2, 8, 20),
    }
    assert question_faults("pt") == ()


def test_every_fault_has_a_kind_and_every_kind_a_fault() -> None:
    faults = [fault for language in LANGUAGES for fault in question_faults(language)]
    assert {fault.kind for fault in faults} == set(KINDS)
    assert {fault.severity for fault in faults} == set(SEVERITIES)
    assert all(fault.severity == MINOR for fault in faults if fault.kind in ("wording", "register", "typo"))


@every_language
def test_a_turn_has_one_fault_and_they_are_in_order(language: str) -> None:
    places = [(fault.question_id, fault.turn) for fault in question_faults(language)]
    assert places == sorted(set(places))


def test_questions_that_a_comparison_leaves_out() -> None:
    assert changed_questions(["en"]) == frozenset()
    assert changed_questions(["en", "fr"]) == {84, 113, 124, 131, 144, 146, 150, 151}
    assert len(changed_questions(LANGUAGES)) == 25
    assert changed_questions(["pt"]) == frozenset()


# the corrected set ---------------------------------------------------------------------------------------------------


@pytest.mark.sources
@needs_sources
@every_language
class TestCorrectedSet:
    def test_only_the_listed_turns_differ(self, language: str) -> None:
        listed = {(fault.question_id, fault.turn) for fault in question_faults(language)}
        pairs = zip(questions("mtbench_x", language), _corrected(language), strict=True)
        changed = {
            (before.question_id, turn)
            for before, after in pairs
            for turn in (1, 2)
            if before.turns[turn - 1] != after.turns[turn - 1]
        }
        assert changed == listed

    def test_what_is_published_stays_as_the_files_have_it(self, language: str) -> None:
        by_id = {question.question_id: question.turns for question in questions("mtbench_x", language)}
        for fault in question_faults(language):
            assert text_hash(by_id[fault.question_id][fault.turn - 1]) == fault.sha256

    def test_the_list_does_not_repeat_the_published_turns(self, language: str) -> None:
        by_id = {question.question_id: question.turns for question in questions("mtbench_x", language)}
        for fault in question_faults(language):
            shown = sum(len(edit.old) for edit in fault.edits)
            assert shown <= max(30, len(by_id[fault.question_id][fault.turn - 1]) / 2), fault.place

    def test_no_turn_is_left_in_english(self, language: str) -> None:
        assert (detect_language(corrected(139, 2, language)) == "en") == (language == "en")
        first = corrected(124, 2, language).partition("\n")[0]
        assert (first == "what about this one?") == (language == "en")

    def test_the_config_has_kinds_and_reasons(self, language: str) -> None:
        found = rows(f"questions_corrected_{language}")
        by_id = {question.question_id: question for question in _corrected(language)}
        assert all(tuple(row["turns"]) == by_id[row["question_id"]].turns for row in found)
        per_turn = ("corrected_turns", "kinds", "severities", "reasons", "published_sha256")
        assert all(len({len(row[name]) for name in per_turn}) == 1 for row in found)
        assert sum(len(row["kinds"]) for row in found) == len(question_faults(language))

    def test_code_and_formulas_are_those_of_english(self, language: str) -> None:
        for turn in (1, 2):
            ast.parse(block(corrected(124, turn, language)))
        spaced = re.compile(r"\s+")
        assert spaced.sub("", block(corrected(139, 1, language))) == spaced.sub("", block(asked(139, 1)))

    def test_124_the_first_function_is_right(self, language: str) -> None:
        source = block(corrected(124, 1, language))
        (name,) = re.findall(r"def (\w+)", source)
        assert load(f"```\n{source}```", name)("abcbdab", "bdcaba") == 4  # the textbook's example: bcba
        assert re.match("No|Nein|Non", ours(language, 124, 1, "corrected"))

    def test_136_every_word_to_be_counted_occurs(self, language: str) -> None:
        instruction, _, text = corrected(136, 1, language).partition("\n")
        for line in (instruction, corrected(136, 2, language)):
            words = re.findall(r"[\"']([^\"',]+)[\"']", line)[:3]
            assert all(re.search(rf"\b{word}\b", text) for word in words), words


def _corrected(language: str) -> tuple[Question, ...]:
    return questions("mtbench_x", language, question_set="corrected")


@pytest.mark.sources
@needs_sources
def test_the_hash_tells_the_sets_apart() -> None:
    hashes = [question_set_hash("mtbench_x", x, name) for x in LANGUAGES for name in ("published", "corrected")]
    assert len(set(hashes)) == 2 * len(LANGUAGES)


@pytest.mark.sources
@needs_sources
def test_what_was_left_in_english_is_exempt_only_as_published() -> None:
    for language, number in (("fr", 124), ("it", 139)):
        published = {
            question.question_id: question.other_language_turns for question in questions("mtbench_x", language)
        }
        mended = {question.question_id: question.other_language_turns for question in _corrected(language)}
        assert (published[number], mended[number]) == ((2,), ())
        assert (published[95], mended[95]) == ((1, 2), (1, 2))  # asks for English either way


def test_an_added_language_does_not_inherit_it() -> None:
    assert (other_language_turns(124), other_language_turns(139)) == ((), ())
    assert other_language_turns(95) == (1, 2)


@pytest.mark.sources
@needs_sources
def test_a_translation_from_french_does_not_inherit_it_either(tmp_path: Path) -> None:
    jsonl.write(tmp_path / "fr.jsonl", [{**row, "language": "pt"} for row in rows("fr")])
    found = read_translation(tmp_path).questions["mtbench_x"]
    assert {q.question_id: q.other_language_turns for q in found if q.other_language_turns} == {95: (1, 2)}


@pytest.mark.sources
@needs_sources
def test_the_reference_goes_with_the_question() -> None:
    def reference(question_set: str) -> str:
        found = questions("mtbench_x", "fr", "corrected", question_set)
        return next(question.reference[1] for question in found if question.question_id == 113)

    assert "23/45" in reference("published")  # the second reading, which the corrected question doesn't have
    assert "23/45" not in reference("corrected")


# files and names that don't fit --------------------------------------------------------------------------------------


FITS = {
    "language": "en", "question_id": 5, "turn": 1, "kind": "typo", "severity": "minor", "why": "a typo",
    "edits": [{"old": "b", "new": "c"}],
}  # fmt: skip
QUESTION = Question(5, "en", "math", ("a b", "b b"))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, r"line 1: stale, turn 1 of question 5 in 'en' is now [0-9a-f]{12}\.\.\.; read it"),
        ({"turn": 2, "sha256": text_hash("b b")}, "line 1: 'b' occurs 2 times, not once"),
        ({"turn": 3}, "line 1: there is no turn 3 of question 5"),
        ({"question_id": 6}, "line 1: there is no turn 1 of question 6"),
        ({"kind": "mine"}, "line 1: a fault has a kind and severity of the lists, and either `edits` or `text`"),
        ({"text": "a c"}, "line 1: a fault has a kind and severity of the lists, and either `edits` or `text`"),
        ({"turn": "1"}, "line 1: not a fault of a question"),
    ],
)
def test_a_fault_that_does_not_fit_names_its_line(tmp_path: Path, change: dict[str, object], fault: str) -> None:
    file = tmp_path / "faults.jsonl"
    jsonl.write(file, [{**FITS, "sha256": text_hash("gone"), **change}])
    with pytest.raises(UserError, match=fault):
        corrected_questions([QUESTION], read_faults(file))


def test_one_turn_is_corrected_once(tmp_path: Path) -> None:
    file = tmp_path / "faults.jsonl"
    row = {**FITS, "sha256": text_hash("a b")}
    jsonl.write(file, [row])
    assert corrected_questions([QUESTION], read_faults(file))[0].turns == ("a c", "b b")
    jsonl.write(file, [row, row])
    with pytest.raises(UserError, match="line 2: turn 1 of question 5 is corrected twice"):
        corrected_questions([QUESTION], read_faults(file))


@pytest.mark.parametrize(
    ("benchmark", "question_set", "fault"),
    [
        ("mini", "corrected", "mini benchmark has no questions 'corrected'; set question_set to 'published'"),
        ("mtbench_x", "mine", "no question set 'mine'; choose one of published, corrected"),
    ],
)
def test_a_set_that_is_not_there(benchmark: str, question_set: str, fault: str) -> None:
    with pytest.raises(UserError, match=fault):
        questions(benchmark, "en", question_set=question_set)

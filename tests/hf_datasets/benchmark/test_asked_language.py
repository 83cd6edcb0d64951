"""The mini benchmark asks for an answer in a language far from the question's own, in translations as well."""

import pytest

from hf_datasets.benchmark import asked_language
from hf_datasets.benchmark.asked_language import asked_in
from hf_datasets.benchmark.questions import LANGUAGES, questions
from hf_datasets.shared import jsonl
from hf_datasets.translate.documents import read_document


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_near_to_the_one_asked_for_asks_for_another(language: str) -> None:
    (mark,) = [mark for mark in jsonl.read(asked_language.FILE) if mark["language"] == language]
    rows = [question.to_row() for question in questions("mini", language)]
    (before,) = [row["turns"] for row in rows if row["question_id"] == 3]
    (after,) = [row["turns"] for row in asked_in("FI", rows) if row["question_id"] == 3]
    # once as what the guest's mother understands, once as what to speak
    assert [turn.count(mark["asked"]) for turn in before] == [0, 2]
    assert [turn.count(mark["asked"]) for turn in after] == [0, 0]
    assert after[1].count(mark["instead"]) == 2
    assert asked_in("pt-BR", rows) == rows


def test_a_translation_is_made_of_it() -> None:
    texts = {to: [field.item.text for field in read_document("mini_en", "en", to).fields] for to in ("pt", "et")}
    assert {to: sum("Finnish" in text for text in found) for to, found in texts.items()} == {"pt": 1, "et": 0}
    assert sum("Turkish" in text for text in texts["et"]) == 1

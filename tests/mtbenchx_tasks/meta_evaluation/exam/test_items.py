import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.meta_evaluation.exam.items import KINDS, drawn_items, exam_items, items_sha256
from mtbenchx_tasks.meta_evaluation.exam.slots import SIZE

LANGUAGES = ("de", "en", "es", "fr", "it")
SEEDS = st.text(min_size=1, max_size=20)


def test_every_kind_has_twenty_items_in_every_language() -> None:
    for language in LANGUAGES:
        for kind in KINDS:
            assert len(exam_items([language], [kind])) >= SIZE


def test_categories_are_balanced_over_the_exam_and_within_each_kind_of_a_topic() -> None:
    every = Counter(item.item.category for item in drawn_items(["en"]))
    assert len(every) == 8
    assert max(every.values()) < 1.5 * min(every.values())
    for kind in ("constraint", "cut_off", "null", "other_question", "talks_to_judge", "wrong_language"):
        counts = Counter(item.item.category for item in drawn_items(["en"], [kind])).values()
        assert max(counts) <= 2 * min(counts)


def test_every_dose_is_met_with_and_without_each_lure() -> None:
    for kind in set(KINDS) - {"null"}:
        met = Counter((item.dose, item.lure) for item in drawn_items(["en"], [kind]))
        assert set(met) == {(dose, lure) for dose in (1, 2, 3) for lure in ("", "longer", "formatted", "confident")}


def test_of_the_null_pairs_half_differ_in_length_a_quarter_in_form_and_a_quarter_in_nothing() -> None:
    nulls = drawn_items(["en"], ["null"])
    assert Counter(item.lure for item in nulls) == {"longer": 20, "formatted": 10, "": 10}
    assert {item.item.category for item in nulls if item.lure == "longer"} == {item.item.category for item in nulls}


def test_a_template_is_the_same_question_fault_dose_and_lure_in_every_language() -> None:
    def plan(language: str) -> list[object]:
        return [
            (item.template, item.item.question_id, item.item.category, item.item.turn, item.dose, item.lure)
            for item in drawn_items([language])
        ]

    assert all(plan(language) == plan("en") for language in LANGUAGES)


def test_the_public_form_is_the_same_everywhere_and_a_fresh_form_follows_its_seed() -> None:
    assert exam_items() == exam_items()
    fresh = exam_items(form="fresh", seed="a")
    assert fresh == exam_items(form="fresh", seed="a")
    assert len({items_sha256(items) for items in (fresh, exam_items(), exam_items(form="fresh", seed="b"))}) == 3


def test_forms_have_the_same_templates_and_questions_of_their_own() -> None:
    public, fresh = exam_items(["de"]), exam_items(["de"], form="fresh", seed="a")
    assert [item.template for item in public] == [item.template for item in fresh]
    assert not {item.item for item in public} & {item.item for item in fresh}


@settings(max_examples=5, deadline=None)
@given(seed=SEEDS)
def test_a_fault_always_changes_the_answer(seed: str) -> None:
    for item in exam_items(["en", "fr"], form="fresh", seed=seed):
        assert (item.better == item.faulty) == (item.kind == "null" and not item.lure)


@settings(max_examples=5, deadline=None)
@given(seed=SEEDS)
def test_a_cut_off_answer_stops_in_a_sentence_and_says_less_the_lower_the_dose(seed: str) -> None:
    for item in exam_items(kinds=["cut_off"], form="fresh", seed=seed):
        assert re.search(r"\w$", item.faulty[0])
        if not item.lure:
            share = len(item.faulty[0]) / len(item.better[0])
            low, high = {1: (0.1, 0.4), 2: (0.4, 0.7), 3: (0.7, 1)}[item.dose]
            assert low < share < high


def test_an_unknown_language_or_kind_is_told_in_a_sentence() -> None:
    with pytest.raises(UserError, match="no language xx; choose of de, en"):
        exam_items(["xx"])
    with pytest.raises(UserError, match="no kind maths"):
        exam_items(kinds=["maths"])
    with pytest.raises(UserError, match="seed"):
        exam_items(form="fresh")

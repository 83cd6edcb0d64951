"""Third and later turns: our prompts for a second turn in other words, with as many turns as there are."""

import re

import pytest

from hf_datasets.benchmark import judge_prompts as room
from hf_datasets.benchmark.judge_prompts import (
    BOTH_BAD,
    LATER_TURN,
    NATIVE,
    PUBLISHED,
    SECOND_TURN,
    for_turns,
    has_later_turns,
    judge_prompts,
    later_turns_hash,
    named_prompt,
    of_turn,
)
from hf_datasets.records import Question
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.messages import PairPrompts, SinglePrompts

LANGUAGES = ("en", "de", "fr", "it", "es")
ORDINALS = {
    "en": r"second|two-turn|first (?:question|turn)",
    "de": r"zweite|zwei Fragen|erste[nr]? Frage|erste Antwort",
    "fr": r"second|deux tours|premi(?:er|ère) (?:tour|question)",
    "it": r"second[aeo]|due turni|prim[oa] (?:turno|domanda)",
    "es": r"segund|dos turnos|prime[rt]a? (?:turno|pregunta)",
}
"""Words of a second turn that a later one must not have."""
QUESTION = Question(1, "en", "math", ("Q1?", "Q2?", "Q3?", "Q4?"), ("R1", "R2", "R3", "R4"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_later_turn_is_no_second_one(language: str) -> None:
    seconds = [name for name in judge_prompts(NATIVE, language) if SECOND_TURN in name]
    assert len(seconds) == 6
    for name in seconds:
        prompt = named_prompt(NATIVE, language, name.replace(SECOND_TURN, LATER_TURN))
        assert prompt is not None
        assert prompt.name == name.replace(SECOND_TURN, LATER_TURN)
        text = prompt.system_prompt + prompt.prompt_template + prompt.length_note
        assert not re.search(ORDINALS[language], text), re.search(ORDINALS[language], text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_that_is_replaced_stands_in_a_prompt(language: str) -> None:
    """Who changes the prompts changes these with them."""
    row = next(row for row in jsonl.read(room.HERE / "mini" / "later_turns.jsonl") if row["language"] == language)
    texts = [
        p.system_prompt + p.prompt_template + p.length_note
        for name, p in judge_prompts(NATIVE, language).items()
        if SECOND_TURN in name
    ]
    left = "\n".join(texts)
    for old, new in row["replace"]:
        assert old in left, old
        left = left.replace(old, new)


def test_a_template_has_a_place_for_each_turn() -> None:
    template = "<Q>{question_1}</Q>\n\n<A>{answer_1}</A>\n\n<last>{question_2}</last>\n\n{answer_2}"
    assert for_turns(template, 2) == template
    assert for_turns(template, 3) == (
        "<Q>{question_1}</Q>\n\n<A>{answer_1}</A>\n\n<Q>{question_2}</Q>\n\n<A>{answer_2}</A>\n\n"
        "<last>{question_3}</last>\n\n{answer_3}"
    )


def test_a_judge_reads_the_whole_conversation_up_to_the_turn() -> None:
    _, user = SinglePrompts(NATIVE, "en").messages(QUESTION, ["A1", "A2", "A3"])
    text = str(user["content"])
    found = re.findall(r"^(Q\d\?|R\d|A\d)$", text, flags=re.MULTILINE)
    assert found == ["Q1?", "R1", "A1", "Q2?", "R2", "A2", "Q3?", "R3", "A3"]
    assert text.count("<|Start of an earlier question|>") == 2
    assert text.count("<|Start of the last question|>") == 1
    answers = [f"{x}{turn}" for x in "AB" for turn in (1, 2, 3, 4)]
    _, user = PairPrompts(NATIVE, "de", 4).messages(QUESTION, answers[:4], answers[4:], 4)
    found = re.findall(r"^(Q\d\?|R\d|[AB]\d)$", str(user["content"]), flags=re.MULTILINE)
    turns = [1, 2, 3, 4]
    assert found == [
        *(f"R{turn}" for turn in turns),
        *(part for x in "AB" for turn in turns for part in (f"Q{turn}?", f"{x}{turn}")),
    ]


def test_a_set_that_knows_two_turns_refuses_a_third_before_anything_is_asked() -> None:
    with pytest.raises(UserError, match="'native_v1' has no prompt for a third turn in 'en'"):
        SinglePrompts("native_v1", "en").check([QUESTION])


def test_prompts_for_later_turns_are_hashed_where_there_are_any() -> None:
    plain, longer = SinglePrompts(NATIVE, "en"), SinglePrompts(NATIVE, "en", 3)
    assert plain.sha256 != longer.sha256
    assert later_turns_hash(NATIVE, "en") != later_turns_hash(NATIVE, "de")
    assert has_later_turns(NATIVE, "es")
    assert not has_later_turns(NATIVE, "pt")
    assert of_turn("pair-v2", 7) + BOTH_BAD == f"pair-v2{LATER_TURN}{BOTH_BAD}"
    assert PUBLISHED != NATIVE

"""Judge prompts: which one, and the bytes that are sent."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.benchmark.questions import LANGUAGES, questions
from hf_datasets.records import Question
from mtbenchx_tasks.judge.messages import SinglePrompts, prompt_name
from tests.sources import needs_sources


def fastchat_messages(folder: Path, question: Question, answers: list[str]) -> list[dict[str, str]]:
    """Build a prompt as FastChat's run_judge_single does, straight from the upstream files."""
    prompts = {row["name"]: row for row in rows(folder / "judge_prompts.jsonl")}
    references = {
        row["question_id"]: row["choices"][0]["turns"] for row in rows(folder / "reference_answer/gpt-4.jsonl")
    }
    turns = {row["question_id"]: row["turns"] for row in rows(folder / "question.jsonl")}
    identifier = f"{question.question_id}_{question.language.upper()}"
    math = question.category in ("math", "reasoning", "coding")
    name = ("single-math-v1" if math else "single-v1") + ("-multi-turn" if len(answers) == 2 else "")
    extra = {}
    if math:
        extra["ref_answer_1"] = references[identifier][0]
        if len(answers) == 2:
            extra["ref_answer_2"] = references[identifier][1]
    if len(answers) == 2:
        (one, two), (first, second) = turns[identifier], answers
        text = prompts[name]["prompt_template"].format(
            question_1=one, question_2=two, answer_1=first, answer_2=second, **extra
        )
    else:
        text = prompts[name]["prompt_template"].format(question=turns[identifier][0], answer=answers[0], **extra)
    return [{"role": "system", "content": prompts[name]["system_prompt"]}, {"role": "user", "content": text}]


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.sources
@needs_sources
@pytest.mark.parametrize("language", LANGUAGES)
def test_published_prompts_equal_fastchats_byte_for_byte(language: str) -> None:
    folder = next(Path(os.environ["MTBENCHX_SOURCES"]).glob("mtbench_x/*/data")) / f"mt_bench_{language.upper()}"
    prompts = SinglePrompts("mtbench_x", language)
    answers = ["An {answer} with braces\n\n```c\nint x[3] = {1};\n```", "{question} [[10]] \u2028 €"]
    for question in questions("mtbench_x", language):
        for count in (1, 2):
            ours = [dict(message) for message in prompts.messages(question, answers[:count])]
            assert ours == fastchat_messages(folder, question, answers[:count])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reference_decides_the_prompt(language: str) -> None:
    for question in questions("mini", language):
        math = question.category in ("math", "reasoning", "coding", "extraction")
        assert prompt_name(question, 1) == ("single-math-v1" if math else "single-v1")
        assert prompt_name(question, 2).endswith("-multi-turn")
        text = SinglePrompts("native", language).messages(question, ["one", "two"])[1]["content"]
        assert all(part in text for part in (*question.turns, *question.reference, "one", "two"))


def test_lead_in_is_the_prompts_own_example() -> None:
    expected = {
        "en": "Rating: [[",
        "de": "Bewertung: [[",
        "fr": "Note\u00a0: [[",
        "it": "Valutazione: [[",
        "es": "Calificación: [[",
    }
    found = {
        language: SinglePrompts("native", language).lead_in(questions("mini", language)[0], 1) for language in expected
    }
    assert found == expected


def test_english_prompts_may_judge_any_language() -> None:
    system = SinglePrompts("native", "en").messages(questions("mini", "it")[0], ["Ciao"])[0]["content"]
    assert system.startswith("You are an impartial judge")

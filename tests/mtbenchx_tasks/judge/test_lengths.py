"""How long an answer is told to be, and when."""

from dataclasses import replace

import pytest

from hf_datasets.benchmark.questions import LANGUAGES, questions
from mtbenchx_tasks.judge.lengths import sentences, words
from mtbenchx_tasks.judge.messages import PairPrompts, SinglePrompts

LONG = "Subject: Thursday\n\nDear all, it is off. Sorry! Will you come?"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("One two  three\nfour", 4),
        ("l’heure d’été, n'est-ce pas\u00a0?", 4),  # as word processors count: by spaces, and marks alone are none
        ("« oui » – 3,5 km", 3),
        ("## A heading\n\n* an item", 4),
        ("请写一段短文。", 6),
        ("OpenAI は、東京に - はい", 7),  # one, four signs and two; the dash is none
        ("دمشق مدينة قديمة.", 3),
        ("दिल्ली पुरानी है।", 3),
    ],
)
def test_words(text: str, count: int) -> None:
    assert words(text) == count


@pytest.mark.parametrize(
    ("text", "language", "count"),
    [
        ("", "en", 0),
        ("One. Two! Three?", "en", 3),
        ("“Really?” she asked. Yes…", "en", 3),  # a question within a sentence counts by its mark
        ("Mr. Moreira came. He had 3.5 kg.", "en", 2),
        ("It opened in 1925. It closed at 10. Nobody knew.", "en", 3),
        ("Am 14. Juni kommt Dr. Lind, z. B. um 10 Uhr. Ja.", "de", 2),
        ("M. Costa est là. Il attend", "fr", 2),
        ("La Sra. Lindt vino. ¿Y el n.º 4?", "es", 2),
        ("1. One.\n2. Two.\n- three", "en", 3),
        ("秋です。寒い！本当ですか？はい", "ja", 4),
        ("「行きます。」と言った。", "ja", 2),
        ("春天来了。花开了！", "zh", 2),
        ("هل تأتي؟ نعم. حسنا", "ar", 3),
        ("यह दिल्ली है। ठंड है! क्या?", "hi", 3),
        ("Subject: hello\n\nDear all,\nit is off.", "en", 3),  # lines without an end count, too
    ],
)
def test_sentences(text: str, language: str, count: int) -> None:
    assert sentences(text, language) == count


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_judge_is_told_where_the_question_limits_the_length_and_nowhere_else(language: str) -> None:
    single, pair = SinglePrompts("native", language), PairPrompts("native", language, 4)
    for question in questions("mini", language):
        for turn in (1, 2):
            # 11 words and 4 sentences, the subject among them; and 2 words, one sentence
            told = single.messages(question, ["short", LONG][-turn:] if turn == 1 else ["short", LONG])[1]["content"]
            both = pair.messages(question, [LONG, LONG], ["a b", "a b"], turn)[1]["content"]
            is_limited = turn in question.limited_turns
            assert (": 11, " in told, ": 4\n" in told) == (is_limited, is_limited)
            assert (": 11, " in both, ": 2, " in both, ": 1\n" in both) == (is_limited,) * 3


def test_older_and_published_prompts_and_scripts_without_spaces_are_told_nothing() -> None:
    question = questions("mini", "en")[0]
    plain = SinglePrompts("native_v1", "en")
    limited, free = (
        plain.messages(each, [LONG])[1]["content"] for each in (question, replace(question, limited_turns=()))
    )
    assert limited == free
    assert (
        "Counted" not in SinglePrompts("native", "en").messages(replace(question, language="ja"), [LONG])[1]["content"]
    )
    assert "Counted" in SinglePrompts("native", "en").messages(replace(question, language="pt"), [LONG])[1]["content"]


def test_what_the_judge_is_told_is_the_answer_as_it_was_given() -> None:
    # the verdict is broken up by a space before the judge sees it, which makes no second word
    question = questions("mini", "en")[0]
    content = SinglePrompts("native", "en").messages(question, ["[[10]]"])[1]["content"]
    assert "words: 1, sentences: 1" in content

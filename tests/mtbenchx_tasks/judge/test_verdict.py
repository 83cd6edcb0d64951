"""Judge texts in, ratings out."""

import ast
import json
import math
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hf_datasets.records import Completion
from hf_datasets.shared.thoughts import thoughts
from mtbenchx_tasks.judge.expected import UNPARSABLE, expected_rating, weighed
from mtbenchx_tasks.judge.verdict import (
    CUT_OFF_THOUGHT,
    NO_VOTE,
    OUT_OF_RANGE,
    game,
    parse_fastchat,
    parse_last,
    parse_vote,
    verdict,
)
from mtbenchx_tasks.records import Game, Verdict
from tests.sources import needs_sources


def token(text: str, top: dict[str, float] | None = None) -> dict[str, Any]:
    """One written token with the probabilities of its alternatives."""
    return {"token": text, "top": {name: math.log(p) for name, p in (top or {}).items()}}


LABELS = {"en": "Rating", "de": "Bewertung", "fr": "Note", "it": "Valutazione", "es": "Calificación"}
WRITTEN = {
    "plain": ("{0}: [[8]]", 8),
    "in prose": ("The answer is good.\n\n{0}: [[8]]\n\nThat is all.", 8),
    "decimal point": ("{0}: [[8.5]]", 8.5),
    "decimal comma": ("{0}: [[8,5]]", 8.5),
    "lowest": ("{0}: [[1]]", 1),
    "highest": ("{0}: [[10]]", 10),
    "leading zero": ("{0}: [[08]]", 8),
    "out of ten": ("{0}: [[8/10]]", 8),
    "comma out of ten": ("{0}: [[8,5 / 10]]", 8.5),
    "bold around": ("**{0}: [[8]]**", 8),
    "bold within": ("{0}: [[**8**]]", 8),
    "code": ("{0}: `[[8]]`", 8),
    "spaces": ("{0} : [[ 8 ]]", 8),
    "no-break space": ("{0}\u00a0: [[\u00a08\u00a0]]", 8),
    "word within": ("[[{0}: 7]]", 7),
    "word within, space before colon": ("[[{0} : 7/10]]", 7),
    "word within, no colon": ("[[{0} 7]]", 7),
    "bold word within": ("[[**{0}:** 7]]", 7),
    "after the word": ("[[{0}]]: 7", 7),
    "after the word, no colon": ("[[{0}]] 7", 7),
    "after the word, comma": ("[[{0}]] : 7,5", 7.5),
    "after the bold word": ("**[[{0}]]:** 7/10.", 7),
    "after the word, end of sentence": ("[[{0}]]: 7.", 7),
    "two verdicts": ("{0}: [[5]]? No, {0}: [[9]]", 9),
    "two verdicts of two kinds": ("[[{0}]]: 5\n{0}: [[9]]", 9),
    "an impossible one after a good one": ("{0}: [[6]] [[11]]", 6),
    "single brackets at the end": ("Good.\n{0}: [8]", 8),
    "one bracket too few at the end": ("{0}: [[8]", 8),
    "out of ten at the end": ("Good.\n**{0} :** 8/10", 8),
    "escaped": (r"{0}: \[\[8\]\]", 8),
    "escaped, in bold": (r"**{0}: \[\[8,5\]\]**", 8.5),
    "in a formula": ("{0}: $[[8]]$", 8),
    "label in bold at the end": ("Good.\n\n**{0}:** 8", 8),
    "bold label, colon outside, at the end": ("Good.\n\n**{0}**: 8.", 8),
    "number in bold at the end": ("Good.\n{0}: **8**", 8),
    "heading at the end": ("Good.\n\n## Overall {0}\n\n8", 8),
    "heading and out of ten at the end": ("Good.\n\n### {0}\n\n**7/10**", 7),
    "boxed at the end": (r"Good. {0}: $\boxed{{8}}$", 8),
    "boxed out of ten at the end": (r"Good.\n**{0}: \(\boxed{{8/10}}\)**.", 8),
    "labelled in a code fence at the end": ("Good.\n```\n{0}: [[8]]\n```", 8),
    "an aside after it": ("{0}: [[7]], since it is short (I considered [[9]]).", 7),
    "only an aside": ("A good answer ([[7]]).", 7),
    "a quoted list in code": ("```python\nx = [[3]]\n```\n{0}: [[8]]\n```python\ny = [[2]]\n```", 8),
    "an index after it": ("{0}: [[8]]. Mind that x[[1]] is a vector.", 8),
    "a fence that is never closed": ("```\n{0}: [[8]] for this", 8),
    "label without colon or space": ("{0}[[8]]", 8),
    "thought before": ("<think>{0}: [[3]]</think>{0}: [[8]]", 8),
    "thought after": ("{0}: [[8]]<thinking>\nor [[3]]\n</thinking>", 8),
    "long thought": ("<thinking>\n{0}: [[3]]\n\n[[4]]</thinking>\n\n{0}: [[8]]", 8),
    "thought that the template began": ("Maybe [[3]].\n</think>\n{0}: [[8]]", 8),
    "too high": ("{0}: [[11]]", OUT_OF_RANGE),
    "zero": ("{0}: [[0]]", OUT_OF_RANGE),
    "percent": ("{0}: [[85]]", OUT_OF_RANGE),
    "just too high": ("{0}: [[10,5]]", OUT_OF_RANGE),
    "a year after the word": ("[[{0}]]: 2024", OUT_OF_RANGE),
    "negative": ("{0}: [[-5]]", UNPARSABLE),
    "a range": ("{0}: [[7-8]]", UNPARSABLE),
    "three parts": ("{0}: [[7.8.9]]", UNPARSABLE),
    "the example": ("{0}: [[{0}]]", UNPARSABLE),
    "none": ("{0}: [[none]]", UNPARSABLE),
    "not applicable": ("{0}: [[N/A]]", UNPARSABLE),
    "empty brackets": ("{0}: [[]]", UNPARSABLE),
    "bare number": ("{0}: 8", UNPARSABLE),
    "a result": ("So x = 8.", UNPARSABLE),
    "a citation": ("As [1] says, it is wrong; see also [2].", UNPARSABLE),
    "an index": ("It returns arr[0] instead of arr[1]", UNPARSABLE),
    "a bare box": (r"So $x = \boxed{{8}}$", UNPARSABLE),
    "a box alone": (r"$\boxed{{8}}$", UNPARSABLE),
    "a bare number alone": ("8", UNPARSABLE),
    "a bold label amid the text": ("**{0}:** 8 people agree.", UNPARSABLE),
    "a bold label that isn't the line's": ("**Its result in the {0} table is:** 8", UNPARSABLE),
    "too high, in bold": ("**{0}:** 85", OUT_OF_RANGE),
    "only an index": ("The value is x[[1]].", UNPARSABLE),
    "only code": ("```r\nx[[1]]\ny <- c([[2]])\n```", UNPARSABLE),
    "out of ten amid the text": ("{0}: 8/10 people agree with it", UNPARSABLE),
    "only a thought": ("<think>{0}: [[3]]</think>", UNPARSABLE),
    "a refusal": ("I'm sorry, I can't rate this.", UNPARSABLE),
    "white space": (" \n", UNPARSABLE),
}


@pytest.mark.parametrize("language", LABELS)
@pytest.mark.parametrize(("text", "expected"), WRITTEN.values(), ids=WRITTEN)
def test_what_judges_write_is_understood(text: str, expected: float | str, language: str) -> None:
    rating, reason = parse_last(text.format(LABELS[language]))
    assert (reason or rating) == expected
    assert (rating is None) == bool(reason)


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        (Completion("refused", reason="I'm sorry"), "I'm sorry"),
        (Completion("refused"), "refused"),
        (Completion("empty", reason="the endpoint returned no text"), "the endpoint returned no text"),
        (Completion("failed", text="Rating: [[8]]", reason="Error code: 500"), "Error code: 500"),
        (Completion("answered", ""), UNPARSABLE),
    ],
)
@pytest.mark.parametrize("options", [{}, {"parser": "fastchat"}])
def test_what_was_not_answered_is_no_rating(completion: Completion, reason: str, options: dict[str, str]) -> None:
    assert verdict(completion, key="k", **options) == Verdict(None, completion.text, reason, "k")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("よい回答です。\n評価：[[8]]", 8),
        ("よい回答です。評価：［［８］］", 8),
        ("评分：【【7】】", 7),
        ("评分：[[７.５]]", 7.5),
        ("점수: [[9]]", 9),
        ("التقييم: [[٦]]", 6),
        ("रेटिंग: [[१०]]", 10),
        ("評価：[[８／１０]]", 8),
        ("評価：【8】", "no verdict in the judge's text"),  # single brackets are read behind a label that is known
    ],
)
def test_a_verdict_in_another_script_is_understood(text: str, expected: float | str) -> None:
    assert parse_last(text) == ((expected, "") if isinstance(expected, float | int) else (None, expected))


def test_a_verdict_keeps_text_and_key() -> None:
    assert verdict(Completion("answered", "[[8]]"), key="k") == Verdict(8.0, "[[8]]", "", "k")


def test_the_parser_is_chosen() -> None:
    said = Completion("answered", "[[5]], no: [[9]]")
    assert [verdict(said, parser).rating for parser in ("last", "fastchat")] == [9, 5]


# properties --------------------------------------------------------------------------------------------------------

PIECES = [
    *"0123456789[].,/*:- \n",
    "[[",
    "]]",
    "Rating",
    "Note :",
    "<think>",
    "</think>",
    "10",
    "08",
    "[[8]]",
    "[[7.5]]",
]
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=20).map("".join)
ascii_digits = texts.filter(lambda text: all(character.isascii() or not character.isdecimal() for character in text))
numbers = st.integers(1, 10).map(str) | st.floats(1, 10).map("{:.1f}".format)
verdicts = st.tuples(
    st.sampled_from(["{}: [[{}]]", "[[{}: {}]]", "[[{}]]: {}", "**{} : [[{}/10]]**"]),
    st.sampled_from(list(LABELS.values())),
    numbers,
)


def fastchat(text: str) -> Any:
    """FastChat 0.2.36, common.py: run_judge_single, with None for its -1 and its crashes."""
    match = re.search(r"\[\[(\d+\.?\d*)\]\]", text) or re.search(r"\[(\d+\.?\d*)\]", text)
    try:
        return ast.literal_eval(match.groups()[0]) if match else None
    except (SyntaxError, ValueError):
        return None


@given(ascii_digits)
def test_fastchat_parser_is_fastchats_rule(text: str) -> None:
    assert parse_fastchat(text)[0] == fastchat(text)


@pytest.mark.parametrize(
    "number", ["0", "00", "0.", "00.5", "08", "08.", "08.5", "8.", "8.50", "85", "8.5.1", "", "8,5"]
)
@pytest.mark.parametrize("form", ["[[{}]]", "[{}]", "[{}] and [[{}]]"])
def test_fastchat_parser_takes_the_numbers_that_fastchat_takes(number: str, form: str) -> None:
    text = form.format(number, number)
    assert parse_fastchat(text)[0] == fastchat(text)


@pytest.mark.parametrize("number", ["1٣", "٣.", "٣.٤"])
def test_fastchat_parser_refuses_digits_of_other_scripts(number: str) -> None:
    assert parse_fastchat(f"[[{number}]]")[0] == fastchat(f"[[{number}]]") is None


@given(texts)
def test_a_rating_is_in_range_and_its_absence_has_a_reason(text: str) -> None:
    rating, reason = parse_last(text)
    assert reason in (OUT_OF_RANGE, UNPARSABLE) if rating is None else (1 <= rating <= 10 and not reason)


@given(verdicts, st.text().filter(lambda prose: "[" not in prose and "]" not in prose))
def test_prose_after_a_verdict_does_not_change_it(parts: tuple[str, str, str], prose: str) -> None:
    form, label, number = parts
    written = form.format(label, number)
    assume(not thoughts(f"{written}\n{prose}").spans)  # a mark that ends a thought makes one of all before it
    assert parse_last(written)[0] == parse_last(f"{written}\n{prose}")[0] == float(number)


@given(texts, numbers)
def test_a_verdict_at_the_end_wins(before: str, number: str) -> None:
    text = f"{before}\nRating: [[{number}]]"
    assume(not thoughts(text).spans)
    assert parse_last(text)[0] == float(number)


# thoughts ----------------------------------------------------------------------------------------------------------

MARKS = {
    "think": ("<think>", "</think>"),
    "thinking": ("<thinking>\n", "\n</thinking>"),
    "upper case": ("<THINK>", "</THINK>"),
    "thought": ("<thought>", "</thought>"),
    "reasoning": ("<reasoning>", "</reasoning>"),
    "MiniMax": ("<mm:think>", "</mm:think>"),
    "Seed": ("<seed:think>", "</seed:think>"),
    "Hunyuan": ("<think>\n", "\n</think>\n<answer>\n"),
    "Mistral": ("[THINK]", "[/THINK]"),
    "Kimi": ("◁think▷", "◁/think▷"),
    "Kimi K3": ("<|open|>think<|sep|>", "<|close|>think<|sep|><|open|>response<|sep|>"),
    "gpt-oss": ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    "gpt-oss from the start": ("<|start|>assistant<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
    "gpt-oss, bare": ("analysisWe must rate. ", "assistantfinal"),
    "Cohere": ("<|START_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>"),
    "Gemma 4": ("<|channel>thought\n", "<channel|>"),
    "Granite": ("Here is my thought process:", "Here is my response:"),
    "Granite, short": ("Here's my thought process:", "Here's my response:"),
    "Apertus": ("<|inner_prefix|>", "<|inner_suffix|>"),
    "Inkling": ("<|content_thinking|>", "<|end_message|><|content_text|>"),
}
ALONE = ["think", "thinking", "MiniMax", "Seed", "Mistral", "Kimi", "Kimi K3", "Cohere", "Gemma 4", "Apertus"]
"""Families whose template may open the thought."""


def judged(text: str) -> tuple[float | None, str]:
    found = verdict(Completion("answered", text))
    return found.rating, found.reason


def compared(text: str) -> tuple[str | None, str]:
    found = game(
        Completion("answered", text.replace("[[3]]", "[[A]]").replace("[[8]]", "[[B]]")), "last", 3, ("x", "y")
    )
    return found.winner, found.reason


def expected_of(text: str) -> tuple[float | None, str]:
    """The judge's text, one token a character, each certain."""
    tokens = [token(character, {character: 1.0}) for character in text]
    found = verdict(Completion("answered", text, details={"logprobs": tokens}), rating="expected")
    return found.rating, found.reason


READERS = [judged, compared, expected_of]


@pytest.mark.parametrize(("begin", "end"), MARKS.values(), ids=MARKS)
@pytest.mark.parametrize("read", READERS)
def test_a_thought_is_no_verdict(begin: str, end: str, read: Any) -> None:
    assert read(f"{begin}Maybe [[3]], or [[3]]{end}I say: [[8]]") in ((8, ""), ("y", ""))
    assert read(f"\n{begin}Maybe [[3]]{end}I can't rate this.")[0] is None


@pytest.mark.parametrize("begin", [begin for begin, _ in MARKS.values()], ids=MARKS)
@pytest.mark.parametrize("read", READERS)
def test_a_thought_that_was_cut_off_is_no_verdict(begin: str, read: Any) -> None:
    assert read(f"{begin}Maybe [[3]], or [[3]] and") == (None, CUT_OFF_THOUGHT)


@pytest.mark.parametrize("end", [MARKS[name][1] for name in ALONE], ids=ALONE)
def test_a_thought_may_have_begun_in_the_prompt(end: str) -> None:
    assert parse_last(f"Maybe [[3]].\n{end}Rating: [[8]]") == (8, "")
    assert parse_last(f"Maybe [[3]].\n{end}I can't rate this.") == (None, UNPARSABLE)


@pytest.mark.parametrize(
    ("text", "details", "reason"),
    [
        ("<think>Maybe [[3]], or", {"finish_reason": "length"}, "cut off while thinking, at max_tokens"),
        ("The answer is", {"finish_reason": "length"}, "cut off at max_tokens before a verdict"),
        ("The answer is", {"finish_reason": "stop"}, UNPARSABLE),
        ("[[12]]", {"finish_reason": "length"}, OUT_OF_RANGE),
    ],
)
def test_the_reason_names_what_cut_a_judgment_off(text: str, details: dict[str, Any], reason: str) -> None:
    assert verdict(Completion("answered", text, details=details)).reason == reason
    votes = {UNPARSABLE: NO_VOTE, OUT_OF_RANGE: "cut off at max_tokens before a vote"}
    said = game(Completion("answered", text, details=details), "last", 3, ("x", "y")).reason
    assert said == votes.get(reason, reason.replace("verdict", "vote"))


def test_a_limit_that_left_no_text_is_named() -> None:
    spent = Completion("empty", reason="the endpoint returned no text", details={"finish_reason": "length"})
    assert (
        verdict(spent).reason
        == game(spent, "last", 3, ("x", "y")).reason
        == "cut off at max_tokens before the judge wrote anything"
    )


@pytest.mark.parametrize("text", ["<think>Maybe [[3]], or", "[[3]] seems fair. But</think>I can't rate this."])
def test_half_a_thought_is_no_verdict(text: str) -> None:
    assert parse_last(text) == (None, UNPARSABLE)


@pytest.mark.parametrize(
    "text",
    [
        "The answer leaks its `<think>` mark.\n\nRating: [[8]]",
        "Its <think> is open: [[8]]",
        "Rating: [[8]]. It ends in a stray `</think>`.",
        "`<think>` is how it begins. Rating: [[8]]",
        "<think>Hm.</think>Rating: [[8]]. It ends in a stray </think> mark.",
        "It says “Here is my thought process:”, and then. Rating: [[8]]",
    ],
)
def test_a_judge_may_speak_of_thoughts(text: str) -> None:
    assert parse_last(text) == (8, "")


@pytest.mark.parametrize("text", ["I can't rate this. Source: [1]", "It returns the index: [2]."])
def test_a_citation_at_the_end_is_no_verdict(text: str) -> None:
    assert parse_last(text) == (None, UNPARSABLE)


DEGENERATE = [
    "[", "[[", "[[a", "[[a]]", "[[ ", "[[* ", "[[9", "[[9.", "[[9,9", "[[a: ", r"\[\[", "Rating", "Rating:",
    "Rating: [", "Note : ", "a ", "9", "9.", "9/10 ", " ", "\n", "* ", "`", "```\n", "```a\n", "~~~~\n", "(", ")", "(a",
    "[[A", "]]",
    "[[assist ", "<think>", "</think>", "<", "<|", "<|channel|>analysis", "<|channel|>analysis<|message|>", "<thought>",
    "[THINK]", "Here is my", "# ", "$\\boxed{", "\\",
]  # fmt: skip


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(DEGENERATE), min_size=1, max_size=3), st.sampled_from(DEGENERATE), st.sampled_from("x]8")
)
def test_a_judge_caught_in_a_loop_costs_no_time(unit: list[str], before: str, after: str) -> None:
    text = before + ("".join(unit) * 16_000)[:16_000] + after
    readers: list[Callable[[str], object]] = [parse_last, parse_fastchat, lambda text: parse_vote(text, 4)]
    for read in readers:
        start = time.thread_time()
        read(text)
        assert time.thread_time() - start < 0.5  # some 0.01 s; what grows with the square of the length takes 10 s


@pytest.mark.parametrize("text", ["[[a]]" + "9" * 16_000 + ".9.9", "[[" + "9" * 16_000, "[[a" + " " * 16_000 + "x"])
def test_a_long_number_or_gap_costs_no_time(text: str) -> None:
    test_a_judge_caught_in_a_loop_costs_no_time.hypothesis.inner_test([text], "", "x")  # type: ignore[attr-defined]


# real judgments ----------------------------------------------------------------------------------------------------


@needs_sources
def test_gpt_4s_published_judgments_are_read_as_fastchat_read_them() -> None:
    folder = Path(os.environ["MTBENCHX_SOURCES"]) / "mt_bench_gpt4"
    files = sorted(folder.rglob("gpt-4_single.jsonl"))
    rows = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines() if line]
    if not rows:
        pytest.skip("the mirror holds no judgments by GPT-4")
    assert len(rows) == 1920  # 12 models, 80 questions, 2 turns
    assert [row for row in rows if parse_last(row["judgment"]) != (row["score"], "")] == []


# expected ratings --------------------------------------------------------------------------------------------------


LEAD, END = [token("Rating"), token(": "), token("[[")], [token("]]")]


@pytest.mark.parametrize(
    ("ratings", "expected"),
    [
        ({"8": 0.5, "9": 0.25, "10": 0.25}, 8.75),  # 4 + 2.25 + 2.5
        ({"2": 0.1, "4": 0.3}, 3.5),  # (0.2 + 1.2) / 0.4: probabilities needn't add up to 1
        ({"1": 0.0, "7": 1e-9}, 7.0),
        ({str(number): 0.1 for number in range(1, 11)}, 5.5),
    ],
)
def test_a_local_judges_expected_rating_is_the_mean(ratings: dict[str, float], expected: float) -> None:
    rating, reason = expected_rating(Completion("answered", details={"ratings": ratings}))
    assert rating == pytest.approx(expected)
    assert not reason


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ([*LEAD, token("10", {"10": 0.6, "8": 0.4}), *END], 9.2),  # 6 + 3.2
        ([*LEAD, token("8", {"8": 0.3, "9": 0.1, "a": 0.6}), *END], 8.25),  # (2.4 + 0.9) / 0.4: words don't count
        (
            [
                token("<think>"),
                *LEAD,
                token("3", {"3": 1.0}),
                *END,
                token("</think>"),
                *LEAD,
                token("9", {"9": 1.0}),
                *END,
            ],
            9.0,
        ),
        ([token("[[Note: "), token("7", {"7": 0.5, "9": 0.5}), *END], 8.0),
        ([*LEAD, token("7", {"7": 1.0}), *END, token(" (not [["), token("9", {"9": 1.0}), *END, token(")")], 7.0),
        (
            [*LEAD, {"token": "7", "top": {"7": -0.1, "8": None, "9": -math.inf, "6": -9999.0, "5": -(10**400)}}, *END],
            7.0,
        ),
        ([*LEAD, {"token": "7", "top": {"7": 1e-9}}, *END], 7.0),  # a rounded 0
        ([*LEAD, token("1", {"1": 1.0}), {"token": "0", "top": {"0": 1e-9, "0]": -1.0}}, *END], 10.0),  # more than 1: 1
        ([*LEAD, token("8", {"8": 0.5, "0": 0.2, "11": 0.3}), *END], 8.0),  # nor what is out of range
        # 1 and 10 share the first token: 1 * 0.5 * 0.2 + 10 * 0.5 * 0.8 + 9 * 0.5 = 0.1 + 4 + 4.5
        ([*LEAD, token("1", {"1": 0.5, "9": 0.5}), token("0", {"0": 0.8, "]]": 0.2}), *END], 8.6),
        ([*LEAD, token("1", {"1": 1.0}), token("]]", {"0]]": 0.3, "]]": 0.7})], 3.7),  # 0.7 + 3
        (
            [*LEAD, token("8", {"8": 0.5, "7": 0.495, "1": 0.005}), *END],
            7.47,
        ),  # 4 + 3.465 + 0.005: 1 or 10, it's negligible
        ([*LEAD[:-1], token("[[7", {"[[7": 0.5, "[[9": 0.5, "7": 0.9}), *END], 8.0),
        ([*LEAD, token(" 7", {" 7": 0.5, " 9": 0.5}), *END], 8.0),
        ([*LEAD, token("7]]", {"7]]": 0.5, "9]]": 0.25, "9": 0.25})], 8.0),  # 3.5 + 2.25 + 2.25
        ([*LEAD, token("3", {"3": 1.0}), *END, *LEAD, token("9", {"9": 1.0}), *END], 9.0),  # the last verdict counts
    ],
)
def test_an_endpoints_expected_rating_is_the_mean_at_the_verdict(tokens: list[Any], expected: float) -> None:
    rating, reason = expected_rating(Completion("answered", details={"logprobs": tokens}))
    assert rating == pytest.approx(expected)
    assert not reason


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({}, "the endpoint returned no logprobs"),
        ({"logprobs": []}, UNPARSABLE),
        ({"logprobs": [token("Good"), token(".")]}, UNPARSABLE),
        ({"logprobs": [*LEAD, token("8", {"8": 0.9, "1": 0.1}), *END]}, "1 and 10 can't be told apart"),
        ({"logprobs": [*LEAD, token("1", {"1": 1.0})]}, "1 and 10 can't be told apart"),
        ({"logprobs": [*LEAD, token("8", {"a": 1.0}), *END]}, "no rating has a probability"),
        ({"logprobs": None}, "the endpoint returned no logprobs"),
        ({"logprobs": [token("<think>"), *LEAD, token("8", {"8": 1.0}), *END]}, UNPARSABLE),
        ({"logprobs": [*LEAD, {"token": "8", "top": {"8": None, "9": None}}, *END]}, "no rating has a probability"),
        ({"logprobs": [*LEAD, {"token": "8", "top": None}, *END]}, "no rating has a probability"),
        ({"logprobs": [*LEAD, {"token": "8"}, *END]}, "no rating has a probability"),
        ({"logprobs": [*LEAD, {"token": "8", "top": {"8": 12.5}}, *END]}, "can't be read"),  # a logit
        ({"logprobs": [*LEAD, {"token": "8", "top": {"8": math.nan}}, *END]}, "can't be read"),
        ({"logprobs": [*LEAD, {"token": "8", "top": {"8": "-0.1"}}, *END]}, "can't be read"),
        ({"logprobs": [*LEAD, {"token": "8", "top": [["8", -0.1]]}, *END]}, "can't be read"),
        ({"logprobs": [{"token": None, "top": {}}]}, "can't be read"),
        ({"logprobs": ["8"]}, "can't be read"),
        ({"logprobs": {"content": []}}, "can't be read"),
        ({"logprobs": 7}, "can't be read"),
        ({"ratings": None}, "can't be read"),
        ({"ratings": [0.1]}, "can't be read"),
        ({"ratings": {"8": 0.5, "9": "much"}}, "can't be read"),
        ({"ratings": {"8": 0.5, "9": -0.5}}, "can't be read"),
        ({"ratings": {"8": 0.5, "9": 10**400}}, "can't be read"),
        ({"ratings": {"eight": 0.5, "11": 0.5}}, "no rating has a probability"),
        ({"ratings": {}}, "no rating has a probability"),
        ({"ratings": {"8": None}}, "no rating has a probability"),
        ({"ratings": {"8": 0.0}}, "no rating has a probability"),
        ({"ratings": {"8": math.nan}}, "no rating has a probability"),
    ],
)
def test_without_probabilities_an_expected_rating_is_unscored(details: dict[str, Any], reason: str) -> None:
    rating, why = expected_rating(Completion("answered", "Rating: [[8]]", details=details))
    assert rating is None
    assert reason in why


@given(st.dictionaries(st.integers(1, 10).map(str), st.floats(1e-6, 1), min_size=1))
def test_an_expected_rating_lies_among_the_possible_ones(ratings: dict[str, float]) -> None:
    found = verdict(Completion("answered", details={"ratings": ratings}), rating="expected").rating
    assert found is not None
    assert min(map(int, ratings)) - 1e-9 <= found <= max(map(int, ratings)) + 1e-9


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["token", "top", "8", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)
keys = st.sampled_from(["logprobs", "ratings", "finish_reason", "snapshot", "usage", "sent"])


@given(
    anything | st.dictionaries(keys, anything),
    st.sampled_from(["answered", "empty", "failed", ""]),
    anything | texts,
    st.sampled_from(["text", "expected"]),
    st.sampled_from(["last", "fastchat"]),
)
def test_whatever_a_ledger_holds_is_a_rating_or_a_reason(
    details: Any, state: str, text: Any, rating: str, parser: str
) -> None:
    said = Completion(state, text, details=details)
    found = verdict(said, parser, rating)
    assert (found.rating is None) == bool(found.reason) or state == ""
    assert found.rating is None or math.isfinite(found.rating)
    assert isinstance(found.text, str)
    assert isinstance(game(said, parser, 3, ("x", "y")), Game)


def test_probabilities_stand_as_the_judgments_text() -> None:
    assert weighed({1: 0.25, 10: 1 / 3}).text == '{"1": 0.25, "10": 0.333333}'


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("It is accurate. **Rating:** 7", 7.0),
        ("It is accurate. Rating: **7**", 7.0),
        ("Gut. **Bewertung**: 8,5", 8.5),
        ("The answer is **7**", None),  # the result of a calculation
        ("The rating of the hotel is **7**", None),
        ("It is accurate. Rating: 7", None),
    ],
)
def test_a_bold_label_or_number_ends_a_sentence(text: str, rating: float | None) -> None:
    assert parse_last(text)[0] == rating

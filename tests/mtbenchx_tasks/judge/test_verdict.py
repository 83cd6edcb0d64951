"""Judge texts in, ratings out."""

import ast
import math
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.records import Completion
from mtbenchx_tasks.judge.expected import UNPARSABLE, expected_rating, weighed
from mtbenchx_tasks.judge.verdict import (
    OUT_OF_RANGE,
    parse_fastchat,
    parse_last,
    verdict,
)
from mtbenchx_tasks.records import Verdict

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
    assert parse_last(written)[0] == parse_last(f"{written}\n{prose}")[0] == float(number)


@given(texts, numbers)
def test_a_verdict_at_the_end_wins(before: str, number: str) -> None:
    assert parse_last(f"{before.replace('<', '')}\nRating: [[{number}]]")[0] == float(number)


@pytest.mark.parametrize("text", ["<think>Maybe [[3]], or", "[[3]] seems fair. But</think>I can't rate this."])
def test_half_a_thought_is_no_verdict(text: str) -> None:
    assert parse_last(text) == (None, UNPARSABLE)


@pytest.mark.parametrize(
    "text", ["The answer leaks its `<think>` mark.\n\nRating: [[8]]", "Its <think> is open: [[8]]"]
)
def test_a_judge_may_speak_of_thoughts(text: str) -> None:
    assert parse_last(text) == (8, "")


@pytest.mark.parametrize("text", ["I can't rate this. Source: [1]", "It returns the index: [2]."])
def test_a_citation_at_the_end_is_no_verdict(text: str) -> None:
    assert parse_last(text) == (None, UNPARSABLE)


def test_a_judge_caught_in_a_loop_costs_no_time() -> None:
    start = time.perf_counter()
    parse_last("a" * 6000)
    assert time.perf_counter() - start < 0.2  # it was 1 s when the time grew with the square of the length


# expected ratings --------------------------------------------------------------------------------------------------


def token(text: str, top: dict[str, float] | None = None) -> dict[str, Any]:
    """One written token with the probabilities of its alternatives."""
    return {"token": text, "top": {name: math.log(p) for name, p in (top or {}).items()}}


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


def test_probabilities_stand_as_the_judgments_text() -> None:
    assert weighed({1: 0.25, 10: 1 / 3}).text == '{"1": 0.25, "10": 0.333333}'

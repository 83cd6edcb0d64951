"""Thoughts are told from answers; how each family marks them is tested where verdicts are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.shared.code_fences import closed_fences
from hf_datasets.shared.thoughts import blank, thoughts


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Hello.", "Hello."),
        ("  Hello.\n", "  Hello.\n"),
        ("<think>Hm.</think>\n\nHello.", "Hello."),
        ("\n<think>\n\n</think>\n\nHello.", "Hello."),
        ("Hm.\n</think>\nHello.", "Hello."),
        ("<think>Hm.</think><think>And.</think>Hello.", "Hello."),
        ("<think>Hm.</think> Reasoning models write <think>...</think>.", "Reasoning models write <think>...</think>."),
        ("Reasoning models write <think>...</think>.", "Reasoning models write <think>...</think>."),
        ("The mark `</think>` ends it.", "The mark `</think>` ends it."),
        ("<analysis kind='x'>4</analysis> is XML.", "<analysis kind='x'>4</analysis> is XML."),
        ("<think>Hm.</think>\n<answer>\nHello.\n</answer>", "Hello."),
        (
            "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary<|message|>And.<|end|>"
            "<|start|>assistant<|channel|>final<|message|>Hello.<|return|>",
            "Hello.",
        ),
        ("<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>Hello.<|END_RESPONSE|>", "Hello."),
        ("</mm:think>Hello.", "Hello."),
        ("<think>Hm.</think>", ""),
        ("<think>Hm.", ""),
        ("<think>", ""),
        ("<think>Hm.</think><think>And", ""),
        ("", ""),
    ],
)
def test_the_answer_is_what_stands_after_the_thoughts_it_begins_with(text: str, answer: str) -> None:
    assert thoughts(text).answer == answer


@pytest.mark.parametrize(
    ("text", "cut_off"),
    [
        ("<think>Hm.", True),
        (" \n[THINK]Hm. [/think", True),
        ("<think>Hm.</think>Yes. <think>", False),
        ("It says <think> and no more.", False),
        ("<think>Hm.</think>", False),
        ("<think>Hm. </thought>", True),
    ],
)
def test_a_thought_without_an_end_is_cut_off_where_the_text_begins_with_it(text: str, cut_off: bool) -> None:
    assert thoughts(text).is_cut_off is cut_off


PIECES = [
    "<think>",
    "</think>",
    "[THINK]",
    "[/THINK]",
    "<|channel|>analysis<|message|>",
    "<|end|>",
    "`",
    " ",
    "a",
    "\n",
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join))
def test_blanks_keep_every_place(text: str) -> None:
    found = thoughts(text)
    assert len(found.blanked) == len(text)
    assert all(new in (old, " ") for old, new in zip(text, found.blanked, strict=True))
    assert list(found.spans) == sorted(found.spans)


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("a\n```\nb\n```\nc", "ac"),
        ("```py\nb\n```", ""),
        ("a\n  ~~~~\nb\n~~~\n```\n~~~~~ \nc", "ac"),
        ("a\n```\nb", "a```b"),
        ("a ```b``` c", "a```b```c"),
        ("```b``` c\nd", "```b```cd"),
        ("a\n```\nb\n```\n```\nc", "a```c"),
        ("", ""),
    ],
)
def test_only_a_closed_fence_holds_code(text: str, prose: str) -> None:
    assert "".join(blank(text, closed_fences(text)).split()) == prose

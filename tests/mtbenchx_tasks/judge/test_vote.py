"""Judge texts in, votes out."""

import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hf_datasets.records import Completion
from hf_datasets.shared.thoughts import thoughts
from mtbenchx_tasks.judge.verdict import NO_VOTE, NOT_OFFERED, game, model_vote, parse_vote, parse_vote_fastchat
from mtbenchx_tasks.records import Decision, Evidence, Game

READ = {  # name: (text, ours with three votes, ours with four, FastChat's)
    "A": ("A explains more.\n\n[[A]]", "A", "A", "A"),
    "B": ("Verdict: [[B]]", "B", "B", "B"),
    "tie": ("[[C]]", "C", "C", "C"),
    "both bad": ("[[D]]", NOT_OFFERED, "D", NO_VOTE),
    "the last counts": ("Rather than [[A]] I choose [[B]]", "B", "B", "A"),
    "the last counts, backwards": ("Not [[C]], not [[B]]: [[A]]", "A", "A", "A"),
    "a tie after all": ("[[B]]? On balance [[C]]", "C", "C", "B"),
    "both bad after A": ("[[A]] is no better: [[D]]", "A", "D", "A"),
    "bold around": ("**[[B]]**", "B", "B", "B"),
    "bold within": ("[[**B**]]", "B", "B", NO_VOTE),
    "spaces": ("[[ B ]]", "B", "B", NO_VOTE),
    "no-break space": ("[[\u00a0A\u00a0]]", "A", "A", NO_VOTE),
    "lower case": ("[[b]]", "B", "B", NO_VOTE),
    "with the assistant's name": ("[[Assistente B]]", "B", "B", NO_VOTE),
    "thought before": ("<think>[[A]]?</think>[[B]]", "B", "B", "A"),
    "thought after": ("[[B]]<thinking>or [[A]]</thinking>", "B", "B", "A"),
    "only a thought": ("<think>[[A]]</think>", NO_VOTE, NO_VOTE, "A"),
    "single brackets": ("[A]", NO_VOTE, NO_VOTE, NO_VOTE),
    "one bracket too few": ("[[A]", NO_VOTE, NO_VOTE, NO_VOTE),
    "no such vote": ("[[E]]", NO_VOTE, NO_VOTE, NO_VOTE),
    "two letters": ("[[AB]] [[A>B]]", NO_VOTE, NO_VOTE, NO_VOTE),
    "a rating": ("[[7]]", NO_VOTE, NO_VOTE, NO_VOTE),
    "no verdict": ("Both are fine.", NO_VOTE, NO_VOTE, NO_VOTE),
    "white space": (" \n", NO_VOTE, NO_VOTE, NO_VOTE),
}


@pytest.mark.parametrize(("text", "three", "four", "fastchat"), READ.values(), ids=READ)
def test_what_judges_write_is_read(text: str, three: str, four: str, fastchat: str) -> None:
    found = [parse_vote(text, 3), parse_vote(text, 4), parse_vote_fastchat(text)]
    assert [reason or letter for letter, reason in found] == [three, four, fastchat]
    assert all((letter is None) == bool(reason) for letter, reason in found)


def test_the_authors_order_ends_in_both_bad() -> None:
    assert parse_vote_fastchat("[[D]]", 4) == ("D", "")
    assert parse_vote_fastchat("[[A]] is no better: [[D]]", 4) == ("A", "")


@pytest.mark.parametrize(
    ("letter", "decided"),
    [
        ("A", (Decision.WIN, "x")),
        ("B", (Decision.WIN, "y")),
        ("C", (Decision.TIE, None)),
        ("D", (Decision.BOTH_BAD, None)),
        (None, (Decision.FAILED, None)),
    ],
)
def test_a_letter_means_who_was_shown_there(letter: str | None, decided: tuple[Decision, str | None]) -> None:
    assert model_vote(letter, ("x", "y")) == decided


def test_a_game_keeps_text_and_key() -> None:
    said = Completion("answered", "[[A]], no: [[B]]")
    last, first = (game(said, parser, 3, ("y", "x"), "k") for parser in ("last", "fastchat"))
    assert last == Game("y", Decision.WIN, "x", "", Evidence(said.text))
    assert first == Game("y", Decision.WIN, "y", "", Evidence(said.text))
    assert last.evidence.key == "k"


@pytest.mark.parametrize("parser", ["last", "fastchat"])
@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Completion("refused", reason="I'm sorry"), "I'm sorry"),
        (Completion("failed", text="[[A]]", reason="Error code: 500"), "Error code: 500"),
        (Completion("empty"), "empty"),
        (Completion("answered", "A is better."), NO_VOTE),
    ],
)
def test_what_was_not_answered_is_no_vote(said: Completion, reason: str, parser: str) -> None:
    assert game(said, parser, 4, ("x", "y"), "k") == Game("x", Decision.FAILED, None, reason, Evidence(said.text))


# properties --------------------------------------------------------------------------------------------------------

PIECES = ["[[", "]]", "[[A]]", "[[B]]", "[[C]]", "[[D]]", "A", "b", " ", "*", "Assistant ", "<think>", "</think>"]
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=20).map("".join)


@given(texts, st.sampled_from([3, 4]))
def test_a_vote_is_one_that_was_offered(text: str, votes: int) -> None:
    letter, reason = parse_vote(text, votes)
    assert (letter in "ABCD"[:votes] and not reason) if letter else reason in (NO_VOTE, NOT_OFFERED)


@given(texts, st.sampled_from("ABC"))
def test_a_vote_at_the_end_wins(before: str, letter: str) -> None:
    text = f"{before}\n[[{letter}]]"
    assume(not thoughts(text).spans)
    assert parse_vote(text, 3) == (letter, "")


@given(texts)
def test_fastchats_rule_is_its_chain_of_conditions(text: str) -> None:
    # FastChat 0.2.36, common.py, run_judge_pair: "[[A]]" in judgment, elif "[[B]]", elif "[[C]]", else error
    found = next((letter for letter in "ABC" if text.find(f"[[{letter}]]") >= 0), None)
    assert parse_vote_fastchat(text)[0] == found


@pytest.mark.parametrize("text", ["[" * 50_000, "[[" + " " * 50_000, "[[assist" + " " * 50_000, "[[assist" * 10_000])
def test_a_judge_caught_in_a_loop_costs_no_time(text: str) -> None:
    start = time.thread_time()
    assert parse_vote(text, 4) == (None, NO_VOTE)
    assert time.thread_time() - start < 1

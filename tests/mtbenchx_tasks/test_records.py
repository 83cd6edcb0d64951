"""Records of comparisons: what two games decide, and what makes two items one."""

import pytest

from mtbenchx_tasks.records import Decision, Evidence, Game, Item, Model, Preference, Rater

ITEM, JUDGE = Item("mini", "de", 1, 1, "writing"), Rater("gpt-4")
A, B = (Decision.WIN, "a"), (Decision.WIN, "b")
TIE, NONE = (Decision.TIE, None), (Decision.FAILED, None)


@pytest.mark.parametrize(
    ("first", "second", "decided"),
    [
        (A, A, A),
        (B, B, B),
        (TIE, TIE, TIE),
        (A, B, (Decision.INCONSISTENT, None)),  # a was shown first and b second: the first place won twice
        (A, TIE, (Decision.INCONSISTENT, None)),
        (A, NONE, NONE),
        (NONE, B, NONE),
        (NONE, NONE, NONE),
    ],
)
def test_two_games_decide(
    first: tuple[Decision, str | None], second: tuple[Decision, str | None], decided: tuple[Decision, str | None]
) -> None:
    preference = Preference.of_games(ITEM, JUDGE, (Game("a", *first), Game("b", *second)))
    assert (preference.decision, preference.winner) == decided
    assert preference.models == {Model("a"), Model("b")}
    assert preference.decision.counts == (preference.decision in (Decision.WIN, Decision.TIE))


def test_a_pair_is_shown_as_it_was_asked_and_is_the_same_pair_either_way() -> None:
    asked = [Preference.of_games(ITEM, JUDGE, (Game(one, *TIE), Game(other, *TIE))) for one, other in ("ab", "ba")]
    assert [preference.names for preference in asked] == [("a", "b"), ("b", "a")]
    assert asked[0].models == asked[1].models
    vote = Preference(ITEM, asked[1].models, Rater("expert_1", "person"), *B)
    assert vote.names == ("a", "b")


def test_an_item_is_the_same_whoever_tells_its_category() -> None:
    assert Item("mini", "de", 1, 1) == ITEM
    assert hash(Item("mini", "de", 1, 1)) == hash(ITEM)
    assert Item("mini", "de", 1, None) != ITEM  # a vote on the whole conversation


def test_the_same_judgment_read_from_two_files_is_one() -> None:
    one, other = (
        Evidence("[[A]]", key, source) for key, source in (("k", "ledger.sqlite"), ("", "gpt-4_pair.jsonl:1"))
    )
    assert one == other
    assert Evidence("[[A]]") != Evidence("[[B]]")

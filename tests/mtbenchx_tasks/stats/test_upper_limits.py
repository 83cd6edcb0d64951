"""Agreement of judge and people and its upper limits: by hand, and what must hold of any votes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtbenchx_tasks.records import Item, Preference, Rater
from mtbenchx_tasks.stats.agreement import raw_agreement
from mtbenchx_tasks.stats.upper_limits import (
    LIMITS,
    TIE_CLASSES,
    TieMode,
    VoteTally,
    human_judge,
    kappa_interval,
    tally,
    upper_limit,
)
from tests.mtbenchx_tasks.meta_evaluation.agreement.test_study import LETTERS, MODELS

STUDIES = st.integers(1, 8).flatmap(
    lambda questions: st.tuples(
        st.lists(st.text("12tb.", min_size=questions, max_size=questions), min_size=1, max_size=5),
        st.lists(st.text("12tbif", min_size=questions, max_size=questions), min_size=1, max_size=3),
    )
)


def tallies(people: list[str], judge: list[str], mode: TieMode = "four") -> list[VoteTally]:
    """One text a person or run, one letter a question; items nobody voted on are there too."""
    return [
        tally(
            Item("", "de", 81 + place, 1),
            [preference(column[place]) for column in people if column[place] != "."],
            {"gpt": [preference(run[place]) for run in judge]},
            mode,
        )
        for place in range(len(judge[0]))
    ]


def preference(letter: str) -> Preference:
    return Preference(Item("", "de", 81, 1), MODELS, Rater("gpt"), *LETTERS[letter])


# three people on four items: 112, 1tb, 12, 2; the judge says 1, tie, inconsistent, 2
PEOPLE, JUDGE = ["1112", "1t2.", "2b.."], ["1ti2"]


@pytest.mark.parametrize(
    ("mode", "met", "n"),
    [
        ("four", 2 + 1 + 1, 3 + 3 + 1),  # the third item has no verdict
        ("merge_bad", 2 + 2 + 1, 3 + 3 + 1),  # both bad meets the tie
        ("decisive", 2 + 1, 3 + 1),  # the second verdict is a tie: its item is out
    ],
)
def test_judge_and_people_by_hand(mode: TieMode, met: int, n: int) -> None:
    found = human_judge(tallies(PEOPLE, JUDGE, mode), "gpt")
    assert found.value.mean == pytest.approx(met / n)
    assert (found.n_votes, found.missing) == (n, 1 / 4)


def test_counts_follow_the_tie_mode() -> None:
    counts = [tallies(PEOPLE, JUDGE, mode)[1].counts for mode in TIE_CLASSES]
    assert counts == [(1, 0, 1, 1), (1, 0, 2), (1, 0)]


def test_two_raters_of_whom_56_percent_agree() -> None:
    # people agree on 56 of 100 items: plurality (2 * 56 + 44) / 200, strict, majority and loo 112 / 200, drop all
    items = tallies(["1" * 100, "1" * 56 + "2" * 44], ["1" * 100])
    found = {limit: upper_limit(items, limit).value for limit in LIMITS}
    assert found == {"plurality": 0.78, "strict": 0.56, "majority": 0.56, "loo": 0.56, "drop": 1.0}


def test_leaving_one_out_of_two_against_one_meets_nobody() -> None:
    # without a vote of the majority the others are 1 : 1, which has no top; without the third they are 2 : 0 against it
    found = upper_limit(tallies(["1", "1", "2"], ["1"]), "loo")
    assert (found.value, found.n_votes) == (0.0, 3)


def test_limits_by_hand() -> None:
    # items 1112t (5 votes, top 3), 12tb (no unique top, 1 of 4), 1122t (two tops, 2 of 5)
    items = tallies(["111", "121", "1t2", "2b2", "t.t"], ["111"])
    found = {limit: upper_limit(items, limit) for limit in LIMITS}
    # loo: item 1: the others of a 1 have 1, 1, 2, t: met; of 2 or t: 1 is the top, not met -> 3 of 5; item 2: others
    # have three tops -> 0; item 3: the others of a 1 are 1 2 2 t, top 2 -> missed; likewise for 2; t: two tops -> 0
    expected = {
        "plurality": (3 + 1 + 2) / 14,
        "strict": 3 / 14,
        "drop": 3 / 5,
        "majority": 3 / 14,
        "loo": 3 / 14,
    }
    assert {limit: one.value for limit, one in found.items()} == pytest.approx(expected)
    assert (found["strict"].n_votes, found["drop"].n_votes, found["drop"].n_items) == (14, 5, 1)


def test_single_votes_give_no_limit() -> None:
    items = tallies(["12"], ["12"])
    assert upper_limit(items, "plurality", "gpt").value is None
    assert human_judge(items, "gpt", min_votes=2).value.mean is None
    assert human_judge(items, "gpt").value.mean == 1.0


def test_runs_are_averaged_not_pooled() -> None:
    # run 1 has verdicts on both items: 2 of 4; run 2 on the first only: 2 of 2; pooled it would be 4 of 6
    found = human_judge(tallies(["12", "12"], ["11", "1f"]), "gpt")
    assert found.value.mean == pytest.approx(0.75)
    assert (found.value.n, found.n_votes, found.missing) == (2, 3.0, 1 / 4)


def test_an_unknown_judge_has_no_agreement() -> None:
    found = human_judge(tallies(["1"], ["1"]), "other")
    assert (found.value.mean, found.n_votes, found.missing, found.interval) == (None, 0, None, None)


@settings(deadline=None, max_examples=40)
@given(STUDIES, st.sampled_from(list(TIE_CLASSES)))
def test_no_judge_is_above_the_limit(study: tuple[list[str], list[str]], mode: TieMode) -> None:
    items = tallies(*study, mode)
    judge = human_judge(items, "gpt", min_votes=2).value.mean
    limit = upper_limit(items, "plurality", "gpt").value
    assert (judge is None) == (limit is None)
    if judge is not None and limit is not None:
        assert judge <= limit + 1e-12


@settings(deadline=None, max_examples=40)
@given(STUDIES, st.sampled_from(list(TIE_CLASSES)))
def test_the_limits_have_their_order(study: tuple[list[str], list[str]], mode: TieMode) -> None:
    items = tallies(*study, mode)
    found = {limit: upper_limit(items, limit).value for limit in LIMITS}
    values = [found[limit] for limit in ("majority", "strict", "plurality")]
    if None not in values:
        assert values == sorted(values)  # type: ignore[type-var]
    rows = [one.counts for one in items if sum(one.counts) > 1]
    macro = raw_agreement(rows).macro
    if macro is not None:
        assert macro <= sum(max(row) / sum(row) for row in rows) / len(rows) + 1e-12


@settings(deadline=None, max_examples=30)
@given(STUDIES)
def test_the_order_of_people_and_items_changes_nothing(study: tuple[list[str], list[str]]) -> None:
    people, judge = study
    here, there = tallies(people, judge), tallies(people[::-1], judge)[::-1]
    for limit in LIMITS:
        assert upper_limit(here, limit, "gpt") == upper_limit(there, limit, "gpt")
    assert human_judge(here, "gpt") == human_judge(there, "gpt")


@settings(deadline=None, max_examples=30)
@given(STUDIES)
def test_swapping_the_models_changes_no_agreement(study: tuple[list[str], list[str]]) -> None:
    swap = str.maketrans("12", "21")
    people, judge = ([column.translate(swap) for column in side] for side in study)
    here, there = human_judge(tallies(*study), "gpt"), human_judge(tallies(people, judge), "gpt")
    assert (here.value.mean, here.n_votes) == (there.value.mean, there.n_votes)


def test_the_interval_of_kappa_holds_it() -> None:
    from mtbenchx_tasks.stats.kappa import fleiss_kappa

    items = tallies(["11221t2b1122", "1122122b1122", "112t1t2b2122"], ["1" * 12])
    interval, kappa = kappa_interval(items), fleiss_kappa([one.counts for one in items]).kappa
    assert interval is not None
    assert kappa is not None
    assert interval.low < kappa < interval.high
    assert kappa_interval(tallies(["11", "11"], ["11"])) is None  # one category

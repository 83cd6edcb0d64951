"""Rates, preference, positional bias and their strata, computed by hand."""

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_datasets.records import CATEGORIES
from mtbenchx_tasks.records import Decision, Game, Item, Model, Preference, Rater
from mtbenchx_tasks.stats.intervals import Interval, wilson
from mtbenchx_tasks.stats.pair_rates import (
    bias_over_runs,
    by,
    categories,
    positional_bias,
    preference_interval,
    preference_test,
    rates,
    rates_over_runs,
    strata,
)

VOTE = {
    "1": (Decision.WIN, "A"),
    "2": (Decision.WIN, "B"),
    "t": (Decision.TIE, None),
    "b": (Decision.BOTH_BAD, None),
    "-": (Decision.FAILED, None),
}


def outcome(games: str = "22", question: int = 81, lengths: tuple[int, int] = (0, 0), **given: Any) -> Preference:
    """Two models, A and B. `games` are the votes of both orders: 1 (A), 2 (B), t (tie), b (both bad), - (failed)."""
    place = {"language": "de", "category": "math", "turn": 1, "run": 0, "judge": "gpt-4"} | given
    item = Item("mtbench_x", place["language"], question, place["turn"], place["category"])
    played = Game("A", *VOTE[games[0]]), Game("B", *VOTE[games[1]])
    answers = {"A": "x" * lengths[0], "B": "x" * lengths[1]} if any(lengths) else {}
    return Preference.of_games(item, Rater(place["judge"]), played, run=place["run"], answers=answers)


def outcomes(*games: str, **item: Any) -> list[Preference]:
    """One question each."""
    return [outcome(votes, question, **item) for question, votes in enumerate(games, start=81)]


def renamed(given: Preference) -> Preference:
    """The same two answers, A called B and B called A."""
    other = {"A": "B", "B": "A"}
    played = tuple(replace(game, first=other[game.first], winner=other.get(game.winner or "")) for game in given.games)
    answers = {other[name]: text for name, text in given.answers.items()}
    return replace(given, winner=other.get(given.winner or ""), games=played, answers=answers)


games = st.text(alphabet="12tb-", min_size=2, max_size=2)
many = st.lists(
    st.builds(
        outcome,
        games,
        question=st.integers(81, 90),
        lengths=st.tuples(st.integers(0, 3000), st.integers(0, 3000)),
        turn=st.sampled_from([1, 2]),
        run=st.integers(0, 3),
        category=st.sampled_from(CATEGORIES),
    ),
    max_size=40,
    unique_by=lambda found: (found.item, found.run),
)


def test_rates_by_hand() -> None:
    found = rates(outcomes("22", "22", "22", "11", "tt", "bb", "bb", "12", "2-", "--"), "B")
    assert (found.wins, found.losses, found.ties, found.both_bad) == (3, 1, 1, 2)
    assert (found.n, found.inconsistent, found.failed) == (7, 1, 2)
    assert (found.win_rate, found.loss_rate) == (3 / 7, 1 / 7)
    assert (found.tie_rate, found.both_bad_rate) == (1 / 7, 2 / 7)
    assert found.missing == 3 / 10
    assert (found.preference.count, found.preference.n, found.preference.value) == (3, 4, 0.75)
    assert found.p == pytest.approx(10 / 16)  # of 4 fair coins: 0, 1, 3 or 4 heads, (1 + 4 + 4 + 1) / 16


def test_the_papers_preference() -> None:
    # The paper's 62.8 % of 242.
    found = rates(outcomes(*["22"] * 152, *["11"] * 90, *["tt"] * 70), "B")
    interval = found.preference.interval
    assert found.preference.value == pytest.approx(0.628, abs=5e-4)
    assert found.p == pytest.approx(8.1e-5, abs=5e-7)
    assert interval is not None
    assert (interval.low, interval.high) == (pytest.approx(0.566, abs=5e-4), pytest.approx(0.687, abs=5e-4))


@pytest.mark.parametrize("given_games", [[], ["12", "21"], ["--", "1-"]])
def test_rates_of_nothing_valid_are_none(given_games: list[str]) -> None:
    found = rates(outcomes(*given_games), "B")
    assert found.n == 0
    assert found.win_rate is found.loss_rate is found.tie_rate is found.both_bad_rate is None
    assert found.preference.value is found.preference.interval is found.p is None
    assert found.missing == (1.0 if given_games else None)


def test_only_ties_have_rates_but_no_preference() -> None:
    found = rates(outcomes("tt", "bb"), "B")
    assert (found.tie_rate, found.both_bad_rate, found.win_rate) == (0.5, 0.5, 0.0)
    assert found.preference.value is found.p is None


def test_repeating_a_judgment_narrows_no_interval() -> None:
    once = rates(outcomes("22", "22", "11", "22"), "B")
    thrice = rates([vote for run in range(3) for vote in outcomes("22", "22", "11", "22", run=run)], "B")
    assert (thrice.preference.n, thrice.preference.items) == (12, 4)
    assert thrice.preference.interval == once.preference.interval
    assert once.p is not None
    assert thrice.p is None


def test_several_judges_of_an_item_are_one_observation() -> None:
    both = rates([vote for judge in ("a", "b") for vote in outcomes("22", "22", "11", "22", judge=judge)], "B")
    assert (both.preference.n, both.preference.items, both.p) == (8, 4, None)
    assert both.preference.interval == rates(outcomes("22", "22", "11", "22"), "B").preference.interval


def test_rates_over_runs_are_means_of_the_runs() -> None:
    votes = outcomes("22", "22", "11", "12", run=0) + outcomes("22", "11", "tt", "bb", run=1)
    found = rates_over_runs(votes, "B")
    assert [run.n for run in found.per_run] == [3, 4]
    # wins 2/3 and 1/4: mean 11/24, not 3/7; SD = their difference 5/12 by the square root of 2
    assert found.win.mean == pytest.approx(11 / 24)
    assert found.win.sd == pytest.approx(5 / 12 / math.sqrt(2))
    assert found.preference.mean == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found.missing.mean == pytest.approx((1 / 4 + 0) / 2)


def test_a_run_without_votes_is_in_no_mean() -> None:
    found = rates_over_runs(outcomes("22", run=0) + outcomes("12", run=1), "B").win
    assert (found.mean, found.sd, found.n, found.missing) == (1.0, None, 1, 1)


def test_a_cut_run_and_items_judged_twice_are_in_no_mean_over_runs() -> None:
    votes = outcomes("22", "11", "11", "12", run=0) + outcomes("22", run=1)
    found = rates_over_runs(votes, "B")
    assert found.win.mean == pytest.approx(1 / 3)  # of run 0; the mean with run 1's only vote would be 2/3
    assert (found.win.sd, found.win.n) == (None, 1)
    assert bias_over_runs(votes).mean == 1 / 4


def test_preference_interval_moves_whole_questions() -> None:
    same = [outcome(votes, q, turn=turn) for q, votes in enumerate(["22", "11"] * 10) for turn in (1, 2)]
    single = [found for found in same if found.item.turn == 1]
    # a second turn that votes alike adds nothing
    assert preference_interval(same, "B") == preference_interval(single, "B")
    assert preference_interval(outcomes("22"), "B") is None
    assert preference_interval(outcomes("tt", "tt"), "B") is None


def test_preference_test_by_hand() -> None:
    # question means of +1, -1, 0: 81: (1 + 0) / 2, 82: 1, 83: -1; the failed one is no zero; 84 has none
    votes = [outcome("22"), outcome("tt", turn=2), *outcomes("--", "22", "11", "12")[1:], outcome("--", run=1)]
    found = preference_test(votes, "B")
    assert found.n == 3
    assert found.difference == pytest.approx((0.5 + 1 - 1) / 3)
    # signs of (.5, 1, -1): sums 2.5 .5 .5 -1.5 and their negatives; all 8 reach |.5|
    assert found.p == 1.0


@pytest.mark.parametrize(
    ("votes", "place"), [("12", "first"), ("21", "second"), ("1t", "other"), ("t2", "other"), ("b1", "other")]
)
def test_direction_of_bias(votes: str, place: str) -> None:
    found = positional_bias(outcomes(votes))
    counts = {name: getattr(found, name) for name in ("first", "second", "other")}
    assert counts == {"first": 0, "second": 0, "other": 0} | {place: 1}
    assert found.biased.value == 1.0


def test_bias_by_hand() -> None:
    found = positional_bias(outcomes("12", "12", "21", "tb", "22", "11", "tt", "bb", "1-", "--"))
    assert (found.first, found.second, found.other) == (2, 1, 1)
    assert (found.biased.count, found.biased.n, found.biased.value) == (4, 8, 0.5)  # failed ones aren't in n
    assert (found.failed.count, found.failed.n, found.failed.value) == (2, 10, 0.2)
    # Wilson, 4 of 8, z^2 = 3.8415: centre .5, half = z sqrt(4 * 4 / 8 + z^2 / 4) / (8 + z^2)
    half = math.sqrt(3.8415 * 2.9604) / 11.8415
    assert found.biased.interval is not None
    assert found.biased.interval.low == pytest.approx(0.5 - half, abs=1e-4)


def test_turns_of_a_question_that_move_together_widen_an_interval() -> None:
    # Both turns of 81 are inconsistent, one of 82, none of 83 and 84: 3 of 8; the questions' means are 1, 1/2, 0, 0.
    # B = 2 ((5/8)^2 + (1/8)^2 + 2 (3/8)^2) / 3 = 11/24, W = 2 * 1/4 / (8 - 4) = 1/8, r = (11 - 3) / (11 + 3) = 4/7:
    # the 8 are worth 8 / (1 + 4/7) = 56/11. Wilson of 3/8 on 56/11, z^2 = 3.8415: centre (1.9091 + 1.9207) / 8.9324 =
    # 0.4288, half sqrt(3.8415 (1.1932 + 0.9604)) / 8.9324 = 0.3220. (On 8, all independent: 13.7 to 69.4 %.)
    found = positional_bias(
        [*outcomes("12", "12", "22", "22", turn=1), *outcomes("12", "22", "22", "22", turn=2)]
    ).biased
    assert (found.count, found.n, found.items, found.worth) == (3, 8, 8, pytest.approx(56 / 11))
    assert found.interval == Interval(pytest.approx(0.1068, abs=1e-4), pytest.approx(0.7508, abs=1e-4))


def test_intervals_at_the_ends_and_of_one_question() -> None:
    # All the same: each question counts once. 0 of 4: high = z^2 / (4 + z^2) = 3.8415 / 7.8415; 4 of 4 mirrors it.
    for games, ends in (("22", (0.0, 0.4899)), ("12", (0.5101, 1.0))):
        found = positional_bias([*outcomes(*[games] * 4, turn=1), *outcomes(*[games] * 4, turn=2)]).biased
        assert (found.n, found.worth) == (8, 4)
        assert found.interval == Interval(*(pytest.approx(end, abs=1e-4) for end in ends))
    # One question: two outcomes are worth one, since nothing shows that they don't move together.
    single = positional_bias([outcome("12"), outcome("22", turn=2)]).biased
    assert (single.worth, single.interval) == (1, wilson(0.5, 1))


def test_a_question_in_several_languages_is_one() -> None:
    one = outcomes("12", "22", "22", "11")
    alike = [replace(vote, item=replace(vote.item, language=code)) for vote in one for code in ("de", "en", "fr")]
    assert positional_bias(alike).biased.items == 12
    assert positional_bias(alike).biased.interval == positional_bias(one).biased.interval


def test_bias_of_nothing_valid_is_none() -> None:
    found = positional_bias(outcomes("--"))
    assert found.biased.value is found.biased.interval is None
    assert found.failed.value == 1.0
    assert positional_bias([]).failed.value is None


def test_bias_over_runs() -> None:
    found = bias_over_runs(outcomes("12", "22", run=0) + outcomes("12", "-2", run=1))
    assert found.mean == pytest.approx(0.75)  # 1/2 and 1/1
    assert found.sd == pytest.approx(0.5 / math.sqrt(2))


def test_groups_are_sorted_and_categories_stand_in_mt_benchs_order() -> None:
    votes = [outcome(category=category, turn=turn) for category in ("stem", "puzzles", "writing") for turn in (2, 1)]
    assert list(by(votes, "category", "turn")) == [
        *(("writing", 1), ("writing", 2), ("stem", 1), ("stem", 2)),
        *(("puzzles", 1), ("puzzles", 2)),
    ]
    assert list(by(votes)) == [()]


def test_strata_pool_outcomes() -> None:
    votes = outcomes("12", category="math") + outcomes("22", "22", "11", category="coding")
    votes += outcomes("12", category="stem")
    found = {name: positional_bias(group).biased.value for name, group in strata(votes).items()}
    # RCEMR is 1 of 4; the mean of its cells would be 1/2
    assert found == {"all": 2 / 5, "math": 1.0, "coding": 0.0, "stem": 1.0, "rcemr": 1 / 4}
    assert "rcemr" not in strata(outcomes("22", category="stem"))
    assert strata([]) == {"all": []}


@settings(deadline=None)
@given(many)
def test_rates_sum_to_one(votes: list[Preference]) -> None:
    found = rates(votes, "B")
    parts = (found.win_rate, found.loss_rate, found.tie_rate, found.both_bad_rate)
    assert found.n + found.inconsistent + found.failed == len(votes)
    if found.n == 0:
        assert parts == (None, None, None, None)
    else:
        counts = (found.wins, found.losses, found.ties, found.both_bad)
        assert sum(Fraction(count, found.n) for count in counts) == 1
        assert math.fsum(part for part in parts if part is not None) == pytest.approx(1, abs=1e-15)


@settings(deadline=None)
@given(many)
def test_swapping_the_models_mirrors_everything(votes: list[Preference]) -> None:
    there, back = rates(votes, "B"), rates(map(renamed, votes), "B")
    assert (back.wins, back.losses, back.ties, back.both_bad) == (there.losses, there.wins, there.ties, there.both_bad)
    assert (back.inconsistent, back.failed) == (there.inconsistent, there.failed)
    assert back.preference.count == there.losses
    assert back.p == pytest.approx(there.p)
    bias, mirrored = positional_bias(votes), positional_bias(map(renamed, votes))
    assert bias == mirrored  # a judge that favours the first place still does


@settings(deadline=None)
@given(many)
def test_swapping_the_models_mirrors_the_tests(votes: list[Preference]) -> None:
    there, back = preference_interval(votes, "B"), preference_interval(map(renamed, votes), "B")
    assert (there is None) == (back is None)
    if there and back:
        assert (back.low, back.high) == (pytest.approx(1 - there.high), pytest.approx(1 - there.low))
    test, mirrored = preference_test(votes, "B"), preference_test(map(renamed, votes), "B")
    assert mirrored.p == pytest.approx(test.p)
    if test.difference is not None:
        assert mirrored.difference == pytest.approx(-test.difference)


@settings(deadline=None)
@given(many, st.permutations(range(81, 91)))
def test_relabelling_questions_changes_nothing(votes: list[Preference], ids: Sequence[int]) -> None:
    renamed = [replace(vote, item=replace(vote.item, question_id=ids[vote.item.question_id - 81])) for vote in votes]
    assert rates(renamed, "B") == rates(votes, "B")
    assert positional_bias(renamed) == positional_bias(votes)
    assert bias_over_runs(renamed) == bias_over_runs(votes)


@settings(deadline=None)
@given(many, st.randoms())
def test_the_order_of_outcomes_is_irrelevant(votes: list[Preference], random: Any) -> None:
    shuffled = random.sample(votes, len(votes))
    assert rates_over_runs(shuffled, "B") == rates_over_runs(votes, "B")
    assert preference_interval(shuffled, "B") == preference_interval(votes, "B")


def test_a_category_doesnt_depend_on_the_order_of_a_file() -> None:
    # A file that tells one question's category and, in another row, none or another: the last by name.
    told = [outcome("12", category=category) for category in ("", "stem", "math")]
    assert categories(told) == categories(told[::-1]) == {81: "stem"}


@settings(deadline=None)
@given(many)
def test_intervals_contain_their_shares(votes: list[Preference]) -> None:
    for found in (rates(votes, "B").preference, positional_bias(votes).biased, positional_bias(votes).failed):
        assert (found.interval is None) == (found.value is None) == (found.n == 0)
        if found.interval is not None and found.value is not None:
            assert 0 <= found.interval.low <= found.value <= found.interval.high <= 1
        assert min(1, found.n) <= found.worth <= found.items <= found.n


@settings(deadline=None)
@given(many)
def test_groups_hold_every_outcome_once(votes: list[Preference]) -> None:
    groups = by(votes, "category", "turn", "rater")
    assert sum(map(len, groups.values())) == len(votes)
    assert sum(rates(group, "B").wins for group in groups.values()) == rates(votes, "B").wins


def test_a_vote_without_games_has_no_direction() -> None:
    """lmsys' `tie (inconsistent)`: two of three disagree, and nobody says which order won."""
    item, models = outcome().item, frozenset({Model("A"), Model("B")})
    votes = [
        Preference(replace(item, question_id=number), models, Rater("gpt4_pair"), decision)
        for number, decision in enumerate([Decision.INCONSISTENT] * 2 + [Decision.TIE])
    ]
    found = positional_bias(votes)
    assert (found.first, found.second, found.other, found.untold) == (0, 0, 0, 2)
    assert found.biased.value == pytest.approx(2 / 3)

"""Substitution by hand: the four-run table of notes/human_eval.md section 8, check 4."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtbenchx_tasks.records import Decision, Evidence, Preference
from mtbenchx_tasks.stats.pair_rates import bias_over_runs, by, positional_bias
from mtbenchx_tasks.stats.substitution import Following, effect, effects, substitute
from tests.mtbenchx_tasks.stats.test_pair_rates import many, outcome, outcomes

# question    run 0  run 1  run 2  run 3
TABLE = {
    81: ("22", "22", "12", "22"),
    82: ("12", "11", "11", "tt"),
    83: ("12", "21", "22", "12"),
    84: ("tt", "1-", "12", "t2"),
}
RAW = [outcome(runs[run], question, run=run) for run in range(4) for question, runs in TABLE.items()]
FOUR, THREE = RAW, RAW[:12]


def winners(votes: list[Preference]) -> list[list[str]]:
    """Per run the winners of 81 to 84."""
    return [[vote.winner or vote.decision.value for vote in run] for run in by(votes, "run").values()]


def biases(votes: list[Preference]) -> list[float | None]:
    return [positional_bias(run).biased.value for run in by(votes, "run").values()]


def test_bias_of_the_raw_runs() -> None:
    # run 0: 82, 83 of 4; run 1: 83 of 81, 82, 83 (84 failed); run 2: 81, 84 of 4; run 3: 83, 84 of 4
    assert biases(FOUR) == [1 / 2, 1 / 3, 1 / 2, 1 / 2]


def test_next_asks_the_following_run_only() -> None:
    found = substitute(FOUR)
    assert winners(found) == [
        ["B", "A", "inconsistent", "tie"],  # 83: run 1 is inconsistent too
        ["B", "A", "B", "failed"],  # 84: run 2 is inconsistent, the failure stays
        ["B", "A", "B", "inconsistent"],  # 81 from run 3; 84: run 3 is inconsistent too
    ]
    assert biases(found) == [1 / 4, 0, 1 / 4]


def test_chain_goes_on() -> None:
    found = substitute(FOUR, "chain")
    assert winners(found) == [
        ["B", "A", "B", "tie"],  # 83 from run 2
        ["B", "A", "B", "failed"],  # 84: no later run is consistent
        ["B", "A", "B", "inconsistent"],
    ]
    assert biases(found) == [0, 0, 1 / 4]


@pytest.mark.parametrize("following", ["next", "chain"])
def test_without_a_spare_run_the_last_keeps_its_missing_votes(following: Following) -> None:
    found = substitute(THREE, following, runs=3)
    assert winners(found)[:2] == winners(substitute(FOUR, following))[:2]
    assert winners(found)[2] == ["inconsistent", "A", "B", "inconsistent"]


def test_one_run_fewer_by_default_but_never_none() -> None:
    assert [vote.run for vote in substitute(THREE)] == [0] * 4 + [1] * 4
    assert substitute(FOUR[:4]) == FOUR[:4]
    assert substitute([]) == []


def test_effect_by_hand() -> None:
    found = effect(FOUR)
    assert found.before.mean == pytest.approx(4 / 9)  # 1/2, 1/3, 1/2; the spare run isn't in it
    assert found.after.mean == pytest.approx(1 / 6)  # 1/4, 0, 1/4
    assert found.mitigated == pytest.approx(100 * 5 / 18)
    assert (found.substituted, found.missing) == (3, 3)  # 82 in run 0, 83 in run 1, 81 in run 2
    chained = effect(FOUR, "chain")
    assert chained.after.mean == pytest.approx(1 / 12)
    assert (chained.substituted, chained.missing) == (4, 2)


def test_the_vote_keeps_its_place_and_shows_its_source() -> None:
    tie = outcome("tt", run=1, lengths=(7, 9))
    later = replace(tie, games=tuple(replace(game, evidence=Evidence(key=f"k{game.first}")) for game in tie.games))
    (found,) = substitute([outcome("12", lengths=(7, 9)), later])
    assert found.run == 0
    assert [game.evidence.key for game in found.games] == ["kA", "kB"]
    assert {name: len(text) for name, text in found.answers.items()} == {"A": 7, "B": 9}


def test_a_failed_outcome_is_substituted_too() -> None:
    found = effect([outcome("1-"), outcome("11", run=1)])
    assert (found.before.mean, found.after.mean, found.mitigated) == (None, 0.0, None)
    assert found.substituted == 1


@pytest.mark.parametrize("other", [{"question": 82}, {"turn": 2}, {"language": "fr"}, {"judge": "o3"}])
def test_only_the_same_item_fills_in(other: dict[str, object]) -> None:
    (found,) = substitute([outcome("12"), outcome("22", **{"run": 1} | other)])  # type: ignore[arg-type]
    assert found.decision is Decision.INCONSISTENT


def test_effects_by_stratum() -> None:
    stem = outcomes("12", "22", category="stem") + outcomes("22", "22", category="stem", run=1)
    found = effects([*stem, outcome("12", 111, category="math"), outcome("21", 111, category="math", run=1)])
    points = {name: part.mitigated for name, part in found.items()}
    # all: 2 of 3 before, 1 of 3 after; stem: 1 of 2, 0; math and RCEMR: nothing mitigated
    assert points == {"all": pytest.approx(100 / 3), "math": 0.0, "stem": 50.0, "rcemr": 0.0}


def test_a_stratum_without_the_spare_run_keeps_its_result_runs() -> None:
    votes = [vote for run in range(3) for vote in outcomes("12", run=run)] + outcomes("22", category="stem", run=1)
    assert effects(votes)["stem"].before.mean == 0.0


@settings(deadline=None)
@given(many, st.sampled_from(["next", "chain"]), st.sampled_from([None, 1, 2, 3, 4]))
def test_substitution_never_adds_inconsistency(votes: list[Preference], following: Following, runs: int | None) -> None:
    found = effect(votes, following, runs)
    if found.before.mean is not None and found.after.n == found.before.n:
        assert found.mitigated is not None
        assert found.mitigated >= -1e-9
    kept = [(vote.item, vote.run) for vote in substitute(votes, following, runs)]
    assert kept == [(vote.item, vote.run) for vote in votes if (vote.item, vote.run) in set(kept)]


@settings(deadline=None)
@given(many)
def test_a_consistent_vote_is_never_changed(votes: list[Preference]) -> None:
    raw = {(vote.item, vote.run): vote for vote in votes}
    filled = substitute(votes, "chain", runs=4)
    assert all(vote == raw[vote.item, vote.run] for vote in filled if raw[vote.item, vote.run].decision.counts)


@settings(deadline=None)
@given(many)
def test_a_chain_leaves_no_more_missing_than_the_next_run(votes: list[Preference]) -> None:
    chained, following = effect(votes, "chain", runs=4), effect(votes, "next", runs=4)
    assert chained.missing <= following.missing
    assert chained.before == following.before == bias_over_runs(votes)

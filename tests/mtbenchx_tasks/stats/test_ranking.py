"""Many models ranked, on battles whose truth is known."""

import math
from itertools import combinations

import evalica
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtbenchx_tasks.records import Decision, Game, Item, Model, Preference, Rater
from mtbenchx_tasks.stats.battles import Battles, battles
from mtbenchx_tasks.stats.logistic import fit
from mtbenchx_tasks.stats.ranking import POINTS, rank, rank_battles, simultaneous_ranks
from mtbenchx_tasks.stats.style import STYLE, difference, style_of


def vote(one: str, other: str, winner: str | None, question: int = 1, person: str = "p1") -> Preference:
    """A person's vote without a told order; winner None is a tie, "" is both bad."""
    decision = Decision.TIE if winner is None else Decision.WIN if winner else Decision.BOTH_BAD
    item = Item("mtbench_x", "de", question, 1, "math")
    return Preference(item, frozenset({Model(one), Model(other)}), Rater(person, "person"), decision, winner or None)


def judged(one: str, other: str, winners: tuple[str | None, str | None], question: int = 1, run: int = 0) -> Preference:
    """A judge's two games; `one` is shown first in the first."""
    games = tuple(
        Game(first, Decision.TIE if winner is None else Decision.WIN, winner)
        for first, winner in zip((one, other), winners, strict=True)
    )
    item = Item("mtbench_x", "de", question, 1, "math")
    return Preference.of_games(item, Rater("j"), (games[0], games[1]), run=run)


def simulated(
    strengths: list[float], questions: int, *, first: float = 0.0, ties: float = 0.0, seed: int = 0, spread: float = 0.0
) -> Battles:
    """Every pair on every question in both orders; `spread`: of a question's own pull at a pair, in log-odds."""
    random = np.random.default_rng(seed)
    pairs = list(combinations(range(len(strengths)), 2))
    one, other, won, order, question = [], [], [], [], []
    for number in range(questions):
        for a, b in pairs:
            pull = strengths[a] - strengths[b] + spread * random.normal()
            for side in (1.0, -1.0):
                chance = 1 / (1 + math.exp(-pull - first * side))
                won.append(0.5 if random.random() < ties else float(random.random() < chance))
                one.append(a), other.append(b), order.append(side), question.append(number)
    n = len(won)
    return Battles(
        tuple(f"m{place}" for place in range(len(strengths))), np.array(one), np.array(other), np.array(won),
        np.array(order), np.ones(n), np.array(question), np.full(n, -1), np.zeros((n, 0)),
    )  # fmt: skip


def test_two_models_by_hand() -> None:
    # 3 of 4 won by B. Firth adds half a win and half a loss: log(3.5 / 1.5) between them
    (ranking,) = rank([*[vote("A", "B", "B", q) for q in range(3)], vote("A", "B", "A", 3)])
    better, worse = ranking.models
    assert (better.model, worse.model) == ("B", "A")
    assert better.points - worse.points == pytest.approx(POINTS * math.log(3.5 / 1.5), abs=1e-3)
    assert better.chance == pytest.approx(1 / (1 + math.exp(-math.log(3.5 / 1.5) / 2)), abs=1e-6)
    assert (better.interval, better.best, better.worst, better.games) == (None, None, None, 4)  # 4 questions


def test_the_plain_fit_is_evalica_s() -> None:
    met = simulated([0.5, 0.0, -0.2, -0.3], 40, ties=0.2)
    design = np.zeros((len(met), 4))
    design[range(len(met)), met.one] += 1
    design[range(len(met)), met.other] -= 1
    fitted = fit(design[:, :3] - design[:, 3:], met.won)
    assert fitted is not None
    ours = np.append(fitted.coefficients, -fitted.coefficients.sum())
    names = {1.0: evalica.Winner.X, 0.5: evalica.Winner.Draw, 0.0: evalica.Winner.Y}
    found = evalica.bradley_terry(
        [f"m{place}" for place in met.one], [f"m{place}" for place in met.other], [names[won] for won in met.won]
    )
    theirs = np.log(found.scores.sort_index().to_numpy())
    assert ours == pytest.approx(theirs - theirs.mean(), abs=1e-4)


def test_the_truth_and_the_first_place_are_found() -> None:
    truth = [0.9, 0.3, -0.3, -0.9]
    ranking = rank_battles(simulated(truth, 150, first=0.4))
    assert [model.model for model in ranking.models] == ["m0", "m1", "m2", "m3"]
    for model, strength in zip(ranking.models, truth, strict=True):
        assert model.interval is not None
        assert model.interval.low < 1000 + POINTS * strength < model.interval.high
    (effect,) = ranking.effects
    assert effect.name == "first place"
    assert effect.interval is not None
    assert effect.interval.low < 0.4 < effect.interval.high


def test_95_of_100_intervals_hold_the_truth_and_5_of_100_tables_a_false_order() -> None:
    # Equal models, whose truth a question's own pull doesn't move. 100 tables: 3 binomial standard errors of a table
    held, wrong = [], []
    for seed in range(100):
        ranking = rank_battles(simulated([0.0] * 4, 30, spread=1.0, seed=seed))
        held += [model.interval.low < 1000 < model.interval.high for model in ranking.models if model.interval]
        wrong.append(any(model.best != 1 for model in ranking.models))
    assert abs(np.mean(held) - 0.95) < 3 * math.sqrt(0.05 * 0.95 / 100)
    assert np.mean(wrong) < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 100)


def test_a_model_that_always_wins_is_above_at_a_distance_that_is_the_penaltys() -> None:
    met = [vote("A", "B", "A", q) for q in range(12)] + [vote("A", "C", "A", q) for q in range(12)]
    met += [vote("B", "C", "BC"[q % 2], q) for q in range(12)]
    (ranking,) = rank(met)
    assert ranking.layers == (frozenset("A"), frozenset("BC"))
    assert ranking.models[0].model == "A"
    assert math.isfinite(ranking.models[0].points)


def test_two_islands_are_never_ranked_together() -> None:
    rankings = rank([vote("A", "B", "A"), vote("C", "D", "D"), vote("D", "E", "E")])
    assert [[model.model for model in ranking.models] for ranking in rankings] == [["E", "D", "C"], ["A", "B"]]


def test_both_bad_and_failed_are_counted_apart() -> None:
    (ranking,) = rank([vote("A", "B", "A"), vote("A", "B", "", 2), vote("A", "B", None, 3)])
    assert (ranking.games, ranking.both_bad, ranking.undecided) == (2, 1, 0)


def test_a_comparison_that_was_judged_three_times_weighs_one() -> None:
    met = battles([judged("A", "B", ("A", "A"), run=run) for run in range(3)] + [judged("A", "B", ("B", "A"), 2)])
    assert list(met.weight) == pytest.approx([1 / 6] * 6 + [1 / 2] * 2)
    assert list(met.first) == [1, -1] * 4


def test_a_judge_that_always_takes_the_first_has_no_favourite() -> None:
    (ranking,) = rank([judged("A", "B", ("A", "B"), q) for q in range(20)])
    assert [model.points for model in ranking.models] == pytest.approx([1000, 1000])
    assert ranking.effects[0].coefficient > 2


def test_ranks_by_hand() -> None:
    # Standard errors of differences are sqrt(0.02) = 0.14; 1.0 is far beyond, 0.1 isn't
    covariance = np.diag([0.01] * 3)
    assert simultaneous_ranks(np.array([1.1, 1.0, 0.0]), covariance, 80) == [(1, 2), (1, 2), (3, 3)]


@pytest.mark.parametrize("rounding", [0.0, 1e-17, -1e-17])
def test_a_difference_that_never_varies_is_no_chance_and_hides_no_other(rounding: float) -> None:
    # The first two move together: 0.1 between them has a variance of 0.01 + 0.01 - 2 x 0.01 = 0, or of what rounding
    # leaves, and that depends on the processor. Both stand 10 standard errors and more before the third.
    covariance = np.diag([0.01] * 3)
    covariance[0, 1] = covariance[1, 0] = 0.01 + rounding
    assert simultaneous_ranks(np.array([1.1, 1.0, -0.9]), covariance, 80) == [(1, 1), (2, 2), (3, 3)]
    assert simultaneous_ranks(np.array([1.0, 1.0, -0.9]), covariance, 80) == [(1, 2), (1, 2), (3, 3)]


def test_style_by_hand() -> None:
    text = "# Title\n\n- one\n2. two\n\n**bold** and __bold__ * no *\n\n```python\n# no heading\n- 1\n```\n"
    assert style_of(text) == (len(text), 2, 1, 2, 2)
    assert difference((30, 0, 2), (10, 0, 0)) == (0.5, 0.0, 1.0)


def test_style_explains_a_preference_away() -> None:
    # B is no better: its answer is longer in 30 of 40 and wins 27 of them; A's, where it is longer, 9 of 10
    def one(question: int) -> Preference:
        longer = "B" if question % 4 else "A"
        other = "A" if longer == "B" else "B"
        answers = {longer: "x" * (300 + question), other: "x" * 100}
        winner = other if question < 4 else longer
        item = Item("mtbench_x", "de", question, 1, "math")
        models = frozenset({Model("A"), Model("B")})
        return Preference(item, models, Rater("p", "person"), Decision.WIN, winner, answers=answers)

    preferences = [one(question) for question in range(40)]
    (raw,), (controlled,) = rank(preferences), rank(preferences, style=True)
    assert raw.models[0].points - raw.models[1].points > 100
    gap = {model.model: model.points for model in controlled.models}
    assert abs(gap["B"] - gap["A"]) < 60
    (length,) = controlled.effects
    assert (length.name, length.coefficient > 1) == ("length", True)
    assert length.within is not None
    assert 0.5 < length.within < 1


def test_with_style_battles_without_texts_are_left_out_and_counted() -> None:
    item = Item("mtbench_x", "de", 1, 1, "math")
    models, answers = frozenset({Model("A"), Model("B")}), {"A": "a", "B": "bb"}
    told = Preference(item, models, Rater("p", "person"), Decision.WIN, "A", answers=answers)
    (ranking,) = rank([told, vote("A", "B", "B", 2)], style=True)
    assert (ranking.games, ranking.without_texts) == (1, 1)


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("ABC"), st.sampled_from([0, 1, 2])), max_size=30))
@settings(max_examples=100, deadline=None)
def test_renaming_models_renames_the_ranking(rows: list[tuple[str, str, int]]) -> None:
    def votes(names: dict[str, str]) -> list[Preference]:
        return [
            vote(names[one], names[other], (names[one], names[other], None)[who], number)
            for number, (one, other, who) in enumerate(rows)
            if one != other
        ]

    names = dict(zip("ABC", "ZYX", strict=True))
    same = {name: name for name in names}
    before = {model.model: model.points for ranking in rank(votes(same)) for model in ranking.models}
    after = {model.model: model.points for ranking in rank(votes(names)) for model in ranking.models}
    assert after == pytest.approx({names[name]: points for name, points in before.items()}, abs=1e-2)


def test_every_style_has_a_count() -> None:
    assert len(style_of("")) == len(STYLE)

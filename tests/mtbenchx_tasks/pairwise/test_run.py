"""`compare`: every pair, both orders, both turns, all runs; each game asked once and written down."""

import json
import sqlite3
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.benchmark.questions import questions, revision
from hf_datasets.ledger.queries import comparison_settings
from hf_datasets.ledger.store import Ledger, open_ledger
from hf_datasets.records import Completion
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.answers import Answers
from mtbenchx_tasks.formats.ledger.pairs import preferences_from_ledger
from mtbenchx_tasks.formats.study import read_study
from mtbenchx_tasks.judge.engines.engine import Judged, QueueEngine
from mtbenchx_tasks.judge.engines.plan import PlanEngine
from mtbenchx_tasks.judge.judge import pair_judge_for
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.pairwise.run import collect, start
from mtbenchx_tasks.pairwise.schedule import pairs, plan
from mtbenchx_tasks.pairwise.terminal import print_comparison
from mtbenchx_tasks.records import Conditions, Decision, Preference
from tests.doubles.openai_api import Api, error, is_probe
from tests.sources import needs_sources

BRIEF, LONG = "Brief.", "A long answer, with many words."


def compare(*arguments: Any, **options: Any) -> list[Preference]:
    """Start a comparison and wait for it."""
    return start(*arguments, **options).preferences()


def answers(model: str, text: str = BRIEF, ids: tuple[int, ...] = (1, 6), **given: Any) -> Answers:
    """The same text to both turns; of the default ids 6 is of a category with references (coding)."""
    texts = dict.fromkeys(ids, (f"{text} 1", f"{text} 2"))
    return Answers(model, **{"language": None, "benchmark": "mini", "texts": texts, **given})


def first_shown(request: dict[str, Any]) -> str:
    return "I like what I read first: [[A]]"


def says_nothing(request: dict[str, Any]) -> str | None:
    """In every other game."""
    text = request["messages"][-1]["content"]
    return None if text.find(LONG) < text.find(BRIEF) else "[[B]]"


def longer(request: dict[str, Any]) -> str:
    text = request["messages"][-1]["content"]
    return "[[A]]" if text.find(LONG) < text.find(BRIEF) else "[[B]]"


@pytest.fixture
def settings(api: Api, tmp_path: Path) -> JudgeSettings:
    api.answer = longer
    return JudgeSettings(model="gpt-4", base_url=api.url, ledger=str(tmp_path / "ledger.sqlite"))


def ledger_of(settings: JudgeSettings) -> Ledger:
    return open_ledger(Path(str(settings.ledger)))


def winners(outcomes: list[Preference]) -> set[str]:
    return {outcome.winner or outcome.decision.value for outcome in outcomes}


TWO = [answers("brief"), answers("long", LONG)]

# the plan ----------------------------------------------------------------------------------------------------------


NOBODY: Any = PlanEngine(None, "m")  # type: ignore[arg-type]  (nothing is asked, so nothing is looked up)


def planned(given: list[Answers], runs: int = 1, votes: int = 3, baseline: str | None = None) -> Any:
    judge = pair_judge_for(JudgeSettings(runs=runs), "mini", "en", votes, NOBODY)
    return plan(given, questions("mini", "en"), judge, baseline)


def test_every_pair_meets_on_every_turn_in_every_run() -> None:
    matches = planned([answers("a"), answers("b", LONG), answers("c", "Other.")], runs=2)
    assert len(matches) == 3 * 2 * 2 * 2  # pairs, questions, turns, runs
    places = [(*m.models, m.item.question_id, m.item.turn, m.run) for m in matches]
    assert places == sorted(set(places))
    assert len({request.key for match in matches for request in match.requests}) == 48  # two orders each


def test_both_orders_are_asked_with_the_same_prompt() -> None:
    for match in planned(TWO, votes=4):
        first, second = (request.messages for request in match.requests)
        assert first[0] == second[0]
        shown = [messages[1]["content"].index(LONG) for messages in (first, second)]
        assert shown[0] > shown[1]  # `long` is model_2: shown as B, then as A


def test_the_question_decides_the_prompt() -> None:
    names = {(match.item.question_id, match.item.turn): match.prompt for match in planned(TWO, votes=4)}
    assert names == {
        (1, 1): "pair-v2-both-bad",
        (1, 2): "pair-v2-multi-turn-both-bad",
        (6, 1): "pair-math-v1-both-bad",
        (6, 2): "pair-math-v1-multi-turn-both-bad",
    }


@pytest.mark.parametrize("text", ["", " \n\t", "\u3000"])
def test_an_empty_answer_is_not_judged(text: str) -> None:
    silent = answers("silent", texts={1: ("I speak", text), 6: ("I", "speak")})
    unjudged = [match.item for match in planned([silent, TWO[1]]) if match.requests is None]
    assert [(item.question_id, item.turn) for item in unjudged] == [(1, 2)]


@given(st.lists(st.text(max_size=3), min_size=2, max_size=6, unique=True), st.data())
def test_pairs(models: list[str], data: st.DataObject) -> None:
    baseline = data.draw(st.sampled_from(models))
    assert len({frozenset(pair) for pair in pairs(models)}) == len(models) * (len(models) - 1) // 2
    assert {frozenset(pair) for pair in pairs(models, baseline)} == {
        frozenset((baseline, model)) for model in models if model != baseline
    }
    assert {one for one, _ in pairs(models, baseline)} == {baseline}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([answers("a"), answers("a")], "Two sets of answers .* named 'a'"),
        ([answers("a")], "two models or more"),
        ([], "two models or more"),
        ([answers("a", ids=(1, 2, 3)), answers("b", ids=(1, 3))], "'b' has no answer to question 2, which 'a'"),
        ([answers("a", ids=(1,)), answers("b", ids=(1, 3))], "'a' has no answer to question 3, which 'b'"),
        ([answers("a", ids=(1, 99)), answers("b", ids=(1, 99))], "'a': mini has no question 99; its ids are 1 to 24"),
        ([answers("a"), answers("b", texts={1: ("x",), 6: ("x", "y")})], "'b': question 1 needs two answers"),
        ([answers("a", language="de"), answers("b")], "'a' are in 'de', not 'en'"),
        ([answers("a"), answers("b", benchmark="mtbench_x")], "'a' answered mini and 'b' answered mtbench_x"),
    ],
)
def test_what_cannot_be_compared_is_named(settings: JudgeSettings, given: list[Answers], said: str, api: Api) -> None:
    with pytest.raises(UserError, match=said):
        compare(given, "en", settings)
    assert api.requests == []


def test_an_unknown_baseline_is_named(settings: JudgeSettings) -> None:
    with pytest.raises(UserError, match="'x' is none of the models brief, long"):
        compare(TWO, "en", settings, baseline="x")


@pytest.mark.parametrize("language", ["de", "en"])
def test_four_votes_with_the_published_set_are_refused(settings: JudgeSettings, language: str, api: Api) -> None:
    published = replace(settings, prompt_set="mtbench_x")
    with pytest.raises(UserError, match=r"no fourth vote .* set prompt_set to 'native'"):
        compare(TWO, language, published, votes=4)
    assert api.requests == []


def test_expected_ratings_are_no_votes(settings: JudgeSettings) -> None:
    with pytest.raises(UserError, match="set it to 'text'"):
        compare(TWO, "en", replace(settings, rating="expected"))


def test_a_missing_key_is_named() -> None:
    with pytest.raises(UserError, match="set OPENAI_API_KEY"):
        compare(TWO, "en", JudgeSettings())


# judging -----------------------------------------------------------------------------------------------------------


def test_a_judge_that_likes_what_comes_first_is_inconsistent(api: Api, settings: JudgeSettings) -> None:
    api.answer = first_shown
    outcomes = compare(TWO, "en", settings)
    assert winners(outcomes) == {"inconsistent"}
    assert {tuple(game.winner for game in outcome.games) for outcome in outcomes} == {("brief", "long")}
    assert len(api.judgments) == 8  # two questions, two turns, two orders


@pytest.mark.parametrize("votes", [3, 4])
def test_a_judge_that_likes_length_is_consistent(settings: JudgeSettings, votes: int) -> None:
    outcomes = compare(TWO, "de", settings, votes)
    assert winners(outcomes) == {"long"}
    assert {tuple(outcome.answers.items()) for outcome in outcomes} == {
        (("brief", f"{BRIEF} {turn}"), ("long", f"{LONG} {turn}")) for turn in (1, 2)
    }
    assert {(outcome.item.language, outcome.rater.name, outcome.item.category) for outcome in outcomes} == {
        ("de", "gpt-4", question.category) for question in questions("mini", "de") if question.question_id in (1, 6)
    }


@pytest.mark.parametrize(("votes", "winner"), [(4, "both_bad"), (3, "failed")])
def test_both_bad_is_a_vote_where_it_is_offered(api: Api, settings: JudgeSettings, votes: int, winner: str) -> None:
    api.answer = lambda request: "[[C]]" if is_probe(request) else "[[D]]"
    assert winners(compare(TWO, "en", settings, votes)) == {winner}


def test_the_baseline_stands_first(settings: JudgeSettings) -> None:
    outcomes = compare([*TWO, answers("other", "Another. " + BRIEF)], "en", settings, baseline="long")
    assert {outcome.names for outcome in outcomes} == {
        ("long", "brief"),
        ("long", "other"),
    }
    assert winners(outcomes) == {"long"}


def test_an_empty_answer_fails_both_games(api: Api, settings: JudgeSettings) -> None:
    silent = answers("silent", texts={1: ("", ""), 6: ("", "")})
    outcomes = compare([silent, TWO[1]], "en", settings)
    assert winners(outcomes) == {"failed"}
    assert {(game.decision, game.reason, game.evidence.key) for o in outcomes for game in o.games} == {
        (Decision.FAILED, "the answer is empty", "")
    }
    assert api.requests == []


def test_a_failed_judgment_is_no_vote_and_is_asked_again(api: Api, settings: JudgeSettings) -> None:
    broken = questions("mini", "en")[0].turns[1]
    api.answer = lambda request: error(400, "no") if broken in str(request["messages"][-1]) else longer(request)
    outcomes = compare(TWO, "en", settings)
    assert [outcome.winner for outcome in outcomes] == ["long", None, "long", "long"]
    api.answer = longer
    assert winners(compare(TWO, "en", settings)) == {"long"}
    assert len(api.judgments) == 8 + 2


def test_a_finished_comparison_repeated_asks_nothing(api: Api, settings: JudgeSettings) -> None:
    once = compare(TWO, "en", settings)
    asked = len(api.requests)
    assert compare(TWO, "en", settings) == once
    swapped = compare(TWO[::-1], "en", settings)
    other_engine = compare(TWO, "en", replace(settings, concurrency=2))  # its own engine: not even a preflight
    assert winners(swapped) == {"long"}
    assert other_engine == once
    assert len(api.requests) == asked


def test_runs_are_asked_and_kept_apart(api: Api, settings: JudgeSettings) -> None:
    outcomes = compare(TWO, "en", replace(settings, runs=3))
    assert [outcome.run for outcome in outcomes] == [0, 1, 2] * 4
    assert len(api.judgments) == 8 * 3
    compare(TWO, "en", replace(settings, runs=4))  # one more for vote substitution
    assert len(api.judgments) == 8 * 4


def test_equal_answers_are_one_question(api: Api, settings: JudgeSettings) -> None:
    api.answer = first_shown
    assert winners(compare([answers("a"), answers("b")], "en", settings)) == {"inconsistent"}
    assert len(api.judgments) == 4  # both orders show the same


class Patient(QueueEngine):
    """An engine that judges nothing before everything was submitted."""

    def finish(self) -> None:
        assert len(self._futures) == 16
        for key in list(self._queue):
            self._end(key, Completion("answered", "[[C]]"))


def test_everything_is_submitted_before_anything_is_waited_for(settings: JudgeSettings) -> None:
    engine = Patient(ledger_of(settings))
    both = [start(TWO, language, settings, engine=engine) for language in ("en", "de")]
    assert [winners(one.preferences()) for one in both] == [{"tie"}, {"tie"}]


def test_an_interrupted_game_is_no_vote() -> None:
    (match,) = planned([answers("a", ids=(1,)), answers("b", ids=(1,))])[:1]
    future: Future[Judged] = Future()
    future.cancel()
    (outcome,) = collect([match], [(future, future)], JudgeSettings(), 3)
    assert (outcome.decision, outcome.games[0].reason) == (Decision.FAILED, "interrupted")


# the ledger --------------------------------------------------------------------------------------------------------


def test_every_game_is_written_down(settings: JudgeSettings) -> None:
    outcomes = compare(TWO, "en", settings, votes=4)
    rows = [dict(row) for row in ledger_of(settings)._rows("SELECT * FROM comparison ORDER BY question_id, turn, game")]
    assert len(rows) == 8
    rule = json.loads(rows[0]["settings"])
    assert (rule["votes"], rule["prompt_set"], rule["parser"]) == (4, "native", "last")
    assert {name: rows[0][name] for name in ("benchmark", "revision", "language", "question_id", "turn", "run")} == {
        "benchmark": "mini",
        "revision": revision("mini"),
        "language": "en",
        "question_id": 1,
        "turn": 1,
        "run": 0,
    }
    assert [(row["model_1"], row["model_2"], row["answer_1"], row["prompt"]) for row in rows[:2]] == [
        ("brief", "long", f"{BRIEF} 1", "pair-v2-both-bad")
    ] * 2
    assert [row["judgment"] for row in rows[:2]] == [game.evidence.key for game in outcomes[0].games]


@pytest.mark.parametrize("given", [TWO, TWO[::-1], [*TWO, answers("silent", texts={1: ("", "x"), 6: ("", "x")})]])
@pytest.mark.parametrize("judge", [first_shown, longer, lambda request: "[[C]]", says_nothing])
def test_the_ledger_gives_the_same_outcomes(api: Api, settings: JudgeSettings, given: Any, judge: Any) -> None:
    api.answer = judge
    outcomes = compare(given, "en", replace(settings, runs=2))
    asked = len(api.requests)
    from_ledger = {(one.item, one.models, one.run): one for one in preferences_from_ledger(ledger_of(settings))}
    assert len(from_ledger) == len(outcomes)
    for outcome in outcomes:
        stored = from_ledger[outcome.item, outcome.models, outcome.run]
        assert replace(stored, games=(), conditions=outcome.conditions) == replace(outcome, games=())
        assert set(stored.games) == set(outcome.games)
        assert {game.evidence.key for game in stored.games} == {game.evidence.key for game in outcome.games}
    assert len(api.requests) == asked


def test_what_was_sent_is_told_and_the_report_reads_the_same_conditions(
    settings: JudgeSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = compare(TWO, "en", settings)
    (under,) = {outcome.conditions for outcome in outcomes}
    assert {preference.conditions for preference in read_study([ledger_of(settings).path]).preferences} == {under}
    print_comparison(outcomes, 1, None)
    told = (
        f"Sent to the judge gpt-4: gpt-4 at {settings.base_url}: temperature 0.0, system_role system, max_tokens 2048."
    )
    assert told in capsys.readouterr().out.replace("\n", " ")


def test_the_ledger_is_read_by_language(settings: JudgeSettings) -> None:
    for language in ("en", "de"):
        compare(TWO, language, settings)
    ledger = ledger_of(settings)
    assert len(preferences_from_ledger(ledger)) == 8
    assert {one.item.language for one in preferences_from_ledger(ledger, language="de")} == {"de"}


def test_a_pair_asked_for_both_ways_counts_once(settings: JudgeSettings) -> None:
    for both in (TWO, TWO[::-1]):
        compare(both, "en", settings)
    assert len(preferences_from_ledger(ledger_of(settings))) == 4


def test_several_settings_are_read_apart(settings: JudgeSettings) -> None:
    three, four = (compare(TWO, "en", settings, votes) for votes in (3, 4))
    ledger = ledger_of(settings)
    rules = [row["settings"] for row in comparison_settings(ledger)]
    by_votes = {json.loads(rule)["votes"]: preferences_from_ledger(ledger, settings=rule) for rule in rules}
    none = Conditions("")
    asked = {votes: [replace(one, conditions=none) for one in given] for votes, given in ((3, three), (4, four))}
    assert by_votes == asked


def test_a_judgment_that_is_missing_is_no_vote(settings: JudgeSettings) -> None:
    compare(TWO, "en", settings)
    ledger_of(settings).execute("DELETE FROM judgment")
    outcomes = preferences_from_ledger(ledger_of(settings))
    assert {game.reason for outcome in outcomes for game in outcome.games} == {"the judgment is not in the ledger"}


def test_merged_ledgers_hold_both_comparisons(settings: JudgeSettings, tmp_path: Path) -> None:
    other = replace(settings, ledger=str(tmp_path / "other.sqlite"))
    for judge, language in ((settings, "en"), (other, "de")):
        compare(TWO, language, judge)
    into = ledger_of(settings)
    assert into.merge(Path(str(other.ledger))) == (10, 0, 8, 0)  # the probe's two beside eight games
    assert into.merge(Path(str(other.ledger))) == (0, 0, 0, 0)
    assert winners(preferences_from_ledger(into)) == {"long"}


def test_a_ledger_from_before_comparisons_is_merged(settings: JudgeSettings, tmp_path: Path) -> None:
    old = tmp_path / "old.sqlite"
    Ledger(old)._db.close()
    with sqlite3.connect(old) as db:
        db.execute("DROP TABLE comparison")
    db.close()
    assert ledger_of(settings).merge(old) == (0, 0, 0, 0)


@pytest.mark.sources
@needs_sources
def test_a_category_follows_from_the_id_in_every_language() -> None:
    from hf_datasets.benchmark.ids import category_of

    for benchmark in ("mini", "mtbench_x"):
        for language in ("en", "de", "fr", "it", "es"):
            for question in questions(benchmark, language):
                assert category_of(benchmark, question.question_id) == question.category

"""FastChat's pairwise files: written from outcomes, read from anyone."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_datasets.benchmark.ids import category_of
from hf_datasets.benchmark.questions import questions
from hf_datasets.ledger.store import open_ledger
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.answers import Answers
from mtbenchx_tasks.formats.benchmark import Told
from mtbenchx_tasks.formats.fastchat.pairs import pair_row, read_pairs, write_pairs
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.pairwise.run import start
from mtbenchx_tasks.records import Decision, Evidence, Game, Item, Preference, Rater
from tests.doubles.openai_api import Api, is_probe

KEYS = [
    *("question_id", "model_1", "model_2", "g1_winner", "g2_winner", "judge"),
    *("g1_user_prompt", "g1_judgment", "g2_user_prompt", "g2_judgment", "turn", "tstamp"),
]
"""FastChat 0.2.36, common.py, play_a_match_pair: the keys of a row, in order."""
VOTES = ["model_1", "model_2", "tie", "both_bad", None]


def compare(*arguments: Any, **options: Any) -> list[Preference]:
    """Start a comparison and wait for it."""
    return start(*arguments, **options).preferences()


def row(question_id: object = 81, g1: str = "model_1", g2: str = "model_1", **given: object) -> dict[str, Any]:
    """A row as FastChat writes it."""
    judge = ["gpt-4", "pair-v2"]
    texts = {"g1_user_prompt": "p", "g1_judgment": "said 1", "g2_user_prompt": "q", "g2_judgment": "said 2"}
    models = {"model_1": "alpaca-13b", "model_2": "vicuna-13b"}
    winners = {"g1_winner": g1, "g2_winner": g2}
    return {"question_id": question_id, **models, **winners, "judge": judge, **texts, "turn": 1, "tstamp": 1.5} | given


def written(folder: Path, *rows: object) -> Path:
    file = folder / "gpt-4_pair.jsonl"
    file.write_text("".join(f"{json.dumps(one)}\n" if one else "\n" for one in rows), encoding="utf-8")
    return file


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


# reading -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("g1", "g2", "winner"),
    [
        ("model_1", "model_1", "alpaca-13b"),
        ("model_2", "model_2", "vicuna-13b"),  # g2_winner names a model already: nothing is swapped
        ("tie", "tie", "tie"),
        ("both_bad", "both_bad", "both_bad"),
        ("model_1", "model_2", "inconsistent"),
        ("tie", "model_2", "inconsistent"),
        ("error", "model_1", "failed"),
        ("error", "error", "failed"),
    ],
)
def test_two_games_make_a_preference(tmp_path: Path, g1: str, g2: str, winner: str) -> None:
    ((outcome,), _) = read_pairs(written(tmp_path, row(g1=g1, g2=g2)), "en")
    assert (outcome.winner or outcome.decision.value) == winner


def test_all_that_a_row_tells_is_read(tmp_path: Path) -> None:
    ((outcome,), _) = read_pairs(
        written(tmp_path, row("121_DE", "tie", "error", turn=2, judge=["a/b", "pair-v2"])), "de"
    )
    games = (
        Game("alpaca-13b", Decision.TIE, evidence=Evidence("said 1")),
        Game("vicuna-13b", Decision.FAILED, None, "marked as an error", Evidence("said 2")),
    )
    item = Item("mtbench_x", "de", 121, 2)
    assert outcome == Preference.of_games(item, Rater("a-b"), games, conditions=outcome.conditions)
    assert (outcome.item.category, outcome.conditions.benchmark) == ("coding", "mtbench_x")
    assert outcome.evidence.source.endswith("gpt-4_pair.jsonl, line 1")


def test_repeated_rows_are_runs_in_order_of_appearance(tmp_path: Path) -> None:
    again = [row(g1="tie"), row(turn=2), row(), row(82), row(judge=["other", "pair-v2"]), row(g2="tie")]
    found, _ = read_pairs(written(tmp_path, *again), "en")
    assert [(one.item.question_id, one.item.turn, one.run) for one in found] == [
        (81, 1, 0),
        (81, 2, 0),
        (81, 1, 1),
        (82, 1, 0),
        (81, 1, 0),  # another judge's
        (81, 1, 2),
    ]
    assert [one.decision for one in found if one.rater.name == "gpt-4" and one.item.turn == 1][::3] == [
        Decision.INCONSISTENT
    ] * 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (row(g2="A"), "line 3: .*g2_winner must be one of model_1, model_2, tie, both_bad, error, not 'A'"),
        (row(g1="tie (bothbad)"), "line 3: .*not 'tie .bothbad.'"),
        (row("81_DE"), "line 3: the question 81_DE is not in 'en'"),
        (row(161), "line 3: mtbench_x has no question 161; name the file's benchmark by --benchmark"),
        (row(turn=0), "line 3: .*turn must be a whole number from 1 to 100, not 0"),
        (row(model_2="alpaca-13b"), "line 3: model_1 and model_2 are both 'alpaca-13b'"),
        (row(g1_judgment=[1]), "line 3: .*g1_judgment must be text"),
        (row(""), "line 3: not a row of pairwise judgments"),
        (row(judge=None), "line 3: not a row of pairwise judgments"),
        (
            {"question_id": 81, "model": "m", "score": 7},
            "line 3: not a row of pairwise judgments .the key model_1 is missing",
        ),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=f"gpt-4_pair.jsonl, {said}"):
        read_pairs(written(tmp_path, row(), None, given), "en", Told(benchmark="mtbench_x"))


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gpt-4_pair\.jsonl is empty"):
        read_pairs(written(tmp_path), "en")


@pytest.mark.parametrize(
    ("number", "told", "benchmark", "category"),
    [
        (81, None, "mtbench_x", "writing"),
        (161, None, "", ""),  # nobody says whose question it is
        (1, None, "", ""),  # others count from 1, too
        (1, "mini", "mini", "writing"),
        (81, "law_bench", "law_bench", ""),
    ],
)
def test_a_benchmark_is_told_and_not_guessed(
    tmp_path: Path, number: int, told: str | None, benchmark: str, category: str
) -> None:
    ((outcome,), _) = read_pairs(written(tmp_path, row(number)), "en", Told(benchmark=told))
    assert (outcome.item.benchmark, outcome.item.category) == (benchmark, category)


def test_two_sets_of_answers_under_one_name_are_no_runs(tmp_path: Path) -> None:
    """The judge was shown other answers: generation one lost, generation two won."""
    shown = {name: f"[User Question]\nWrite!\n\n{name}\n" for name in ("one", "two")}
    rows = [row(g1="model_1", g1_user_prompt=shown["one"]), row(g1="model_2", g1_user_prompt=shown["two"])]
    with pytest.raises(UserError, match="'alpaca-13b' and 'vicuna-13b' was judged from two different prompts"):
        read_pairs(written(tmp_path, *rows), "en")
    for model in ("alpaca-13b", "vicuna-13b"):
        answer = {"question_id": 81, "model_id": model, "choices": [{"turns": ["two", "more"]}]}
        folder = tmp_path / "model_answer"
        folder.mkdir(exist_ok=True)
        (folder / f"{model}.jsonl").write_text(json.dumps(answer), encoding="utf-8")
    (outcome,), notes = read_pairs(written(tmp_path, *rows), "en")
    assert outcome.games[0].winner == "vicuna-13b"
    assert "1 judgments of alpaca-13b and vicuna-13b are of other answers" in notes[0]


def test_mt_bench_goes_by_tens() -> None:
    assert [category_of("mtbench_x", identifier) for identifier in (81, 90, 91, 110, 111, 140, 141, 160)] == [
        *("writing", "writing", "roleplay", "reasoning", "math", "extraction", "stem", "humanities")
    ]
    for question in questions("mini", "it"):
        assert category_of("mini", question.question_id) == question.category


# writing -----------------------------------------------------------------------------------------------------------


def test_a_comparison_is_written_as_fastchat_would(api: Api, tmp_path: Path) -> None:
    api.answer = lambda request: "[[A]] «ü»" if "ZWEI" in str(request) or is_probe(request) else "neither"
    texts = [Answers(name, None, "mini", {6: (f"{name}: EINS", f"{name}: ZWEI")}) for name in ("zebra", "ape")]
    judge = JudgeSettings(model="gpt-4", base_url=api.url, ledger=str(tmp_path / "ledger.sqlite"))
    outcomes = compare(texts, "de", judge, votes=4)
    files = write_pairs(tmp_path / "out", outcomes, open_ledger(tmp_path / "ledger.sqlite"))
    assert files == [tmp_path / "out/mini_de/model_judgment/gpt-4_pair.jsonl"]
    first, second = rows_of(files[0])
    assert list(first) == KEYS
    assert (first["g1_winner"], first["g2_winner"], first["g1_judgment"]) == ("error", "error", "neither")
    assert (second["g1_winner"], second["g2_winner"], second["g2_judgment"]) == ("model_1", "model_2", "[[A]] «ü»")
    assert (second["turn"], second["judge"]) == (2, ["gpt-4", "pair-math-v1-multi-turn-both-bad"])
    asked = {request["messages"][-1]["content"] for request in api.judgments}
    assert {second["g1_user_prompt"], second["g2_user_prompt"]} < asked
    assert second["g1_user_prompt"].index("zebra") < second["g1_user_prompt"].index("ape")
    assert second["tstamp"] > 1.7e9


def test_an_empty_answer_is_an_error_under_its_prompts_name(api: Api, tmp_path: Path) -> None:
    api.answer = lambda request: "[[A]]"
    texts = [Answers(name, None, "mini", {1: ("", name)}) for name in "ab"]
    judge = JudgeSettings(model="gpt-4", base_url=api.url, ledger=str(tmp_path / "ledger.sqlite"))
    outcomes = compare(texts, "en", judge, votes=4)
    empty = pair_row(outcomes[0], open_ledger(tmp_path / "ledger.sqlite"))
    assert (empty["g1_winner"], empty["g1_user_prompt"], empty["judge"][1]) == ("error", "", "pair-v2-both-bad")


def test_languages_benchmarks_and_judges_get_files_of_their_own(tmp_path: Path) -> None:
    places = [("mini", "de", 1), ("mini", "en", 1), ("mtbench_x", "en", 81)]
    tie = Game("a", Decision.TIE), Game("b", Decision.TIE)
    outcomes = [
        Preference.of_games(Item(benchmark, language, number, 1, "writing"), Rater(judge), tie)
        for benchmark, language, number in places
        for judge in ("j", "k")
    ]
    files = write_pairs(tmp_path, outcomes)
    assert len(files) == 6
    assert tmp_path / "mt_bench_en" / "model_judgment" / "k_pair.jsonl" in files


VOTES = [
    *((one, None) for one in (Decision.TIE, Decision.BOTH_BAD, Decision.FAILED)),
    *((Decision.WIN, model) for model in "ab"),
]
votes = st.tuples(st.sampled_from(VOTES), st.text())
places = st.tuples(st.integers(81, 160), st.sampled_from([1, 2]))


def game(first: str, vote: tuple[tuple[Decision, str | None], str]) -> Game:
    reason = "marked as an error" if vote[0][0] is Decision.FAILED else ""
    return Game(first, *vote[0], reason, Evidence(vote[1]))


@settings(max_examples=50)
@given(st.dictionaries(places, st.lists(st.tuples(votes, votes), min_size=1, max_size=3), min_size=1, max_size=4))
def test_what_is_written_reads_back(
    tmp_path_factory: pytest.TempPathFactory, played: dict[tuple[int, int], list[Any]]
) -> None:
    preferences = [
        Preference.of_games(
            Item("mtbench_x", "fr", number, turn), Rater("j"), (game("b", one), game("a", other)), run=run
        )
        for (number, turn), runs in played.items()
        for run, (one, other) in enumerate(runs)
    ]
    (file,) = write_pairs(tmp_path_factory.mktemp("pairs"), preferences)
    found, _ = read_pairs(file, "fr")
    assert {replace(one, conditions=preferences[0].conditions) for one in found} == set(preferences)
    assert {one.names for one in found} == {("b", "a")}

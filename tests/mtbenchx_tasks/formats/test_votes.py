"""Votes of every layout, read into one record."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mtbenchx_tasks
from hf_datasets.benchmark.questions import questions
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.vote_rows import SAID, VoteRow
from mtbenchx_tasks.formats.votes import read_votes, with_skips, write_votes
from mtbenchx_tasks.records import Decision, Item, Model, Preference, Rater

LMSYS = {
    "question_id": 81,
    "model_a": "zephyr",
    "model_b": "alpaca",
    "winner": "model_a",
    "judge": "expert_0",
    "turn": 1,
}
CONVERSATION = [{"content": "Hello", "role": "user"}, {"content": "Hi", "role": "assistant"}]
FASTCHAT = {
    **{"question_id": 121, "model_1": "zephyr", "model_2": "alpaca", "turn": 2, "tstamp": 0.5},
    **{"g1_winner": "model_1", "g2_winner": "model_1", "judge": ["gpt-4", "pair-math-v1-multi-turn"]},
}


def write(file: Path, *rows: dict[str, Any]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


MODELS = frozenset({Model("alpaca"), Model("zephyr")})


def test_the_winner_stands_by_name_whichever_side_it_was_shown_on(tmp_path: Path) -> None:
    rows = [LMSYS, {**LMSYS, "model_a": "alpaca", "model_b": "zephyr", "winner": "model_b", "judge": "expert_1"}]
    one, other = read_votes(write(tmp_path / "votes.jsonl", *rows))
    assert (one.item, one.models, one.rater) == (Item("", "", 81, 1), MODELS, Rater("expert_0", "person"))
    assert (one.decision, one.winner, one.evidence.source) == (
        Decision.WIN,
        "zephyr",
        f"{tmp_path / 'votes.jsonl'}, line 1",
    )
    assert (other.item, other.models, other.winner) == (one.item, one.models, "zephyr")


@pytest.mark.parametrize(
    ("said", "winner", "counts"),
    [
        ("model_b", "alpaca", True),
        ("tie", "tie", True),
        ("tie (bothbad)", "both_bad", True),
        ("tie (inconsistent)", "inconsistent", False),
        ("skip", "skip", False),
        ("error", "failed", False),
    ],
)
def test_every_winner_of_the_published_files_is_known(tmp_path: Path, said: str, winner: str, counts: bool) -> None:
    (vote,) = read_votes(write(tmp_path / "votes.jsonl", {**LMSYS, "winner": said}))
    assert (vote.winner or vote.decision.value, vote.decision.counts) == (winner, counts)


@pytest.mark.parametrize(
    ("judge", "annotator", "kind"),
    [
        ("expert_12", "expert_12", "person"),
        ("author_0", "author_0", "person"),
        ("gpt4_pair", "gpt4_pair", "judge"),
        (["gpt-4", "pair-v2"], "gpt-4", "judge"),
    ],
)
def test_people_are_told_from_judges(tmp_path: Path, judge: object, annotator: str, kind: str) -> None:
    file = write(tmp_path / "votes.jsonl", {**LMSYS, "judge": judge})
    (vote,) = read_votes(file)
    assert (vote.rater.name, vote.rater.kind) == (annotator, kind)
    assert read_votes(file, kind="human")[0].rater.kind == "person"


def test_every_column_and_winner_that_is_read_is_documented() -> None:
    told = (Path(mtbenchx_tasks.__file__).parent / "README.md").read_text(encoding="utf-8")
    columns = {"one": "model_a", "other": "model_b"}
    for name in VoteRow.model_fields:
        assert f"`{columns.get(name, name)}`" in told, name
    for winner in ("model_a", "model_b", "tie", "tie (bothbad)", "skip", "tie (inconsistent)", "error"):
        assert winner in SAID
        assert f"`{winner}`" in told, winner


def test_parquet_with_conversations_and_a_json_array_read_the_same(tmp_path: Path) -> None:
    rows = [{**LMSYS, "conversation_a": CONVERSATION, "conversation_b": CONVERSATION, "turn": turn} for turn in (1, 2)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "votes.parquet")
    (tmp_path / "votes.json").write_text(json.dumps(rows), encoding="utf-8")
    expected = read_votes(write(tmp_path / "votes.jsonl", *rows))
    assert [vote.item.turn for vote in expected] == [1, 2]
    assert read_votes(tmp_path / "votes.parquet") == expected
    assert read_votes(tmp_path / "votes.json") == expected


def test_a_table_of_texts_reads_the_same(tmp_path: Path) -> None:
    rows = [{**LMSYS, "turn": turn} for turn in (1, 2, 3, 100)]
    with (tmp_path / "votes.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(LMSYS))
        writer.writeheader()
        writer.writerows(rows)
    assert read_votes(tmp_path / "votes.csv") == read_votes(write(tmp_path / "votes.jsonl", *rows))


def test_a_vote_on_the_whole_conversation_has_no_turn(tmp_path: Path) -> None:
    rows = [{**LMSYS, "turn": turn} for turn in (1, None, "conversation")]
    votes = read_votes(write(tmp_path / "votes.jsonl", *rows))
    assert [(vote.item.turn, vote.run) for vote in votes] == [(1, 0), (None, 0), (None, 1)]
    pq.write_table(pa.Table.from_pylist(rows[:2]), tmp_path / "votes.parquet")
    assert [vote.item.turn for vote in read_votes(tmp_path / "votes.parquet")] == [1, None]
    with (tmp_path / "votes.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(LMSYS))
        writer.writeheader()
        writer.writerow(rows[2])
    assert read_votes(tmp_path / "votes.csv")[0].item == votes[1].item
    write_votes(tmp_path / "ours.jsonl", votes)
    assert read_votes(tmp_path / "ours.jsonl") == votes


@pytest.mark.parametrize("turn", [0, "whole", True, 1.5, ..., ""])
def test_a_vote_that_does_not_tell_its_turn_is_refused(tmp_path: Path, turn: Any) -> None:
    row = {name: value for name, value in {**LMSYS, "turn": turn}.items() if value is not ...}
    with pytest.raises(UserError, match="turn"):
        read_votes(write(tmp_path / "votes.jsonl", row))


def test_parquet_that_unpacks_without_bound_is_refused(tmp_path: Path) -> None:
    # a judge's name of a megabyte, meant 3,000 times: 3 GB out of a few thousand bytes
    columns = {name: [value] * 3000 for name, value in LMSYS.items() if name != "judge"}
    columns["judge"] = pa.array(["x" * 1_000_000]).dictionary_encode().take(pa.array([0] * 3000))
    pq.write_table(pa.table(columns), tmp_path / "votes.parquet")
    with pytest.raises(UserError, match=r"votes\.parquet unpacks to over \d+ MB from \d+ bytes"):
        read_votes(tmp_path / "votes.parquet")


def test_whole_numbers_may_be_floats(tmp_path: Path) -> None:
    expected = read_votes(write(tmp_path / "votes.jsonl", LMSYS))
    assert read_votes(write(tmp_path / "floats.jsonl", {**LMSYS, "question_id": 81.0, "turn": 1.0})) == expected
    with pytest.raises(UserError, match=r"question_id must be a whole number from 0 or a short text, not 81\.5"):
        read_votes(write(tmp_path / "half.jsonl", {**LMSYS, "question_id": 81.5}))


def test_skipped_votes_are_found_beside_an_export(tmp_path: Path) -> None:
    votes, skips = tmp_path / "votes.parquet", tmp_path / "votes.skips.jsonl"
    assert with_skips([votes]) == [votes]
    skips.write_text("", encoding="utf-8")  # nobody skipped
    assert with_skips([votes]) == [votes]
    write(skips, {**LMSYS, "winner": "skip"})
    assert with_skips([votes]) == [votes, skips]
    assert with_skips([votes, skips]) == [votes, skips]


def test_a_judge_as_a_list_survives_parquet(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([{**LMSYS, "judge": ["gpt-4", "pair-v2"]}]), tmp_path / "votes.parquet")
    assert read_votes(tmp_path / "votes.parquet")[0].rater.name == "gpt-4"


@pytest.mark.parametrize(
    ("games", "winner"),
    [
        (("model_1", "model_1"), "zephyr"),
        (("model_1", "model_2"), "inconsistent"),
        (("tie", "tie"), "tie"),
        (("both_bad", "both_bad"), "both_bad"),
        (("tie", "model_1"), "inconsistent"),
        (("model_1", "error"), "failed"),
    ],
)
def test_both_games_of_fastchats_rows_must_agree(tmp_path: Path, games: tuple[str, str], winner: str) -> None:
    row = {**FASTCHAT, "g1_winner": games[0], "g2_winner": games[1]}
    (vote,) = read_votes(write(tmp_path / "gpt-4_pair.jsonl", row))
    assert (vote.item, vote.item.category) == (Item("mtbench_x", "", 121, 2), "coding")
    assert (vote.models, vote.rater) == (MODELS, Rater("gpt-4"))
    assert winner == (vote.winner or vote.decision.value)


def test_runs_of_a_judge_are_numbered(tmp_path: Path) -> None:
    file = write(tmp_path / "pair.jsonl", FASTCHAT, {**FASTCHAT, "g1_winner": "tie"}, {**FASTCHAT, "turn": 1})
    assert [vote.run for vote in read_votes(file)] == [0, 1, 0]


def test_the_language_comes_from_the_row_its_id_or_the_caller(tmp_path: Path) -> None:
    rows = [LMSYS, {**LMSYS, "question_id": "81_DE"}, {**LMSYS, "language": "fr"}]
    votes = read_votes(write(tmp_path / "votes.jsonl", *rows), language="en")
    assert [(vote.item.question_id, vote.item.language) for vote in votes] == [(81, "en"), (81, "de"), (81, "fr")]


def test_a_category_is_never_guessed(tmp_path: Path) -> None:
    rows = [{**LMSYS, "question_id": 3}, {**LMSYS, "question_id": "58210e39b3"}, {**LMSYS, "category": "biology"}]
    votes = read_votes(write(tmp_path / "votes.jsonl", *rows))
    assert [(vote.item.question_id, vote.item.category) for vote in votes] == [
        (3, ""),
        ("58210e39b3", ""),
        (81, "biology"),
    ]


@pytest.mark.parametrize(
    "fault",
    [
        {"winner": "model_c"},
        {"winner": ["tie"]},
        {"turn": 0},
        {"turn": "1"},
        {"turn": True},
        {"model_a": "alpaca"},
        {"model_a": None},
        {"judge": []},
        {"judge": None},
        {"question_id": None},
        {"question_id": ""},
    ],
)
def test_a_row_that_is_no_vote_is_named_by_its_line(tmp_path: Path, fault: dict[str, Any]) -> None:
    file = tmp_path / "votes.jsonl"
    file.write_text(json.dumps(LMSYS) + "\n\n" + json.dumps({**LMSYS, **fault}) + "\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"votes\.jsonl, line 3: not a vote"):
        read_votes(file)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("votes.jsonl", '{"question_id": 81'),
        ("votes.jsonl", "[]"),
        ("votes.jsonl", ""),
        ("votes.jsonl", "\xff"),
        ("votes.json", "{}"),
        ("votes.parquet", "PAR1"),
        ("votes.sqlite", "x"),
    ],
)
def test_a_file_that_holds_no_votes_is_a_users_error(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="latin-1")
    with pytest.raises(UserError, match=r"votes\."):
        read_votes(tmp_path / name)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the key annotator is missing"):
        read_votes(write(tmp_path / "votes.jsonl", {key: LMSYS[key] for key in LMSYS if key != "judge"}))


NAMES = st.text(min_size=1, max_size=5).filter(lambda name: name.isprintable() and bool(name.strip()))
DECIDED = st.sampled_from([*((one, None) for one in Decision if one is not Decision.WIN), (Decision.WIN, 0)])
VOTES = st.builds(
    lambda item, names, rater, decided: Preference(
        item, frozenset(map(Model, names)), rater, decided[0], None if decided[1] is None else names[0]
    ),
    st.builds(
        Item, st.just(""), st.sampled_from(["en", "de"]), st.integers(1, 10**9), st.integers(1, 2), st.just("math")
    ),
    st.lists(NAMES, min_size=2, max_size=2, unique=True),
    st.builds(Rater, NAMES, st.sampled_from(["person", "judge"])),
    DECIDED,
)


@given(votes=st.lists(VOTES, min_size=1, max_size=5, unique_by=lambda vote: (vote.rater, vote.item, vote.models)))
def test_written_votes_read_back_equal(tmp_path_factory: pytest.TempPathFactory, votes: list[Preference]) -> None:
    file = tmp_path_factory.mktemp("votes") / "votes.jsonl"
    write_votes(file, votes)
    read = read_votes(file)
    assert [replace(vote, conditions=votes[0].conditions) for vote in read] == votes
    assert {vote.item.category for vote in read} == {"math"}


def test_ids_give_no_category_unless_the_benchmark_is_told(tmp_path: Path) -> None:
    rows = [{**LMSYS, "question_id": number} for number in (81, 160)]
    file = write(tmp_path / "votes.jsonl", *rows)
    assert {(vote.item.category, vote.item.benchmark) for vote in read_votes(file)} == {("", "")}
    assert [vote.item.category for vote in read_votes(file, benchmark="mtbench_x")] == ["writing", "humanities"]
    mini = [{**LMSYS, "question_id": 1, "conversation_a": [{"role": "user", "content": text}]} for text in MINI_TEXTS]
    assert [vote.item.category for vote in read_votes(write(tmp_path / "mini.jsonl", mini[0]))] == ["writing"]
    assert [vote.item.category for vote in read_votes(write(tmp_path / "not.jsonl", mini[1]))] == [""]


MINI_TEXTS = (questions("mini", "de")[0].turns[0], "A question of somebody else's.")


def test_two_sets_of_answers_under_one_name_are_refused(tmp_path: Path) -> None:
    rows = [{**LMSYS, "judge": judge, "conversation_a": CONVERSATION} for judge in ("expert_0", "expert_1")]
    assert len(read_votes(write(tmp_path / "votes.jsonl", *rows))) == 2
    rows[1]["conversation_a"] = [CONVERSATION[0], {"content": "Good day", "role": "assistant"}]
    with pytest.raises(UserError, match=r"'zephyr' has two different answers to question 81, turn 1 .lines 1 and 2"):
        read_votes(write(tmp_path / "two.jsonl", *rows))


def test_both_models_must_have_a_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"line 1: not a vote \(it names 'zephyr' as both models\)"):
        read_votes(write(tmp_path / "votes.jsonl", {**LMSYS, "model_b": "zephyr"}))


def test_a_table_with_more_cells_than_columns_is_refused(tmp_path: Path) -> None:
    """A text with a comma that isn't in quotes would move the winner into another column."""
    file = tmp_path / "votes.csv"
    file.write_text("question_id,turn,judge,model_a,model_b,winner\n81,1,expert_0,a, b,c,model_a\n", encoding="utf-8")
    with pytest.raises(UserError, match="row 1: more cells than columns"):
        read_votes(file)


def test_a_place_that_is_no_file_is_told(tmp_path: Path) -> None:
    for place in (Path(), tmp_path, tmp_path / "nowhere.jsonl"):
        with pytest.raises(UserError, match="There is no file"):
            read_votes(with_skips([place])[0])


COMPARIA = {"id": "c1", "model_a_name": "m1", "model_b_name": "m2", "session_hash": "h", "languages": ["fr"]}


def test_an_arena_s_row_without_a_choice_is_no_vote(tmp_path: Path) -> None:
    row = {**COMPARIA, "chosen_model_name": "m3", "both_equal": False}
    with pytest.raises(UserError, match=r"not \"chosen_model_name 'm3', both_equal False\""):
        read_votes(write(tmp_path / "votes.jsonl", row))


def test_an_arena_s_conversation_of_another_shape_is_named(tmp_path: Path) -> None:
    row = {**COMPARIA, "chosen_model_name": "m1", "both_equal": False, "conversation_a": [["user", "Bonjour"]]}
    with pytest.raises(UserError, match=r"conversation_a\[0\] must be an object"):
        read_votes(write(tmp_path / "votes.jsonl", row))

"""The tables of a ranking, and `mtbenchx rank`."""

import json
import random
from itertools import combinations
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from hf_datasets.shared import jsonl
from mtbenchx_tasks.cli import app
from mtbenchx_tasks.records import PEOPLE, Conditions, Decision, Item, Model, Preference, Rater
from mtbenchx_tasks.report.tables.ranking import ranking_tables, voters
from mtbenchx_tasks.tables import Table, cell

STRENGTH = {"best": 0.9, "middle": 0.5, "worst": 0.1}


def vote(models: tuple[str, str], winner: str | None, question: int, judge: str = "", **told: Any) -> Preference:
    conditions = Conditions(judge or PEOPLE, told)
    rater = Rater(judge) if judge else Rater("anna", "person")
    item = Item("mtbench_x", "de" if question % 2 else "en", question, 1, "math" if question % 3 else "stem")
    decision = Decision.WIN if winner else Decision.TIE
    return Preference(item, frozenset(map(Model, models)), rater, decision, winner, conditions)


def votes(judge: str = "", questions: int = 40, **told: Any) -> list[Preference]:
    chance = random.Random(1)
    found = []
    for question in range(questions):
        for one, other in combinations(STRENGTH, 2):
            first = chance.random() < STRENGTH[one] / (STRENGTH[one] + STRENGTH[other])
            found.append(vote((one, other), one if first else other, question, judge, **told))
    return found


def texts(table: Table) -> list[list[str]]:
    return [[cell(value).text for value in row] for row in table.rows]


def test_people_and_each_judge_are_ranked_apart_and_compared() -> None:
    tables = {table.name: table for table in ranking_tables([*votes(), *votes("gpt"), *votes("gpt", prompt_set="v2")])}
    names = [table.title for name, table in tables.items() if name in ("ranking-1", "ranking-2", "ranking-3")]
    assert names == ["Ranking by people", "Ranking by gpt, prompt set v2", "Ranking by gpt, prompt set not told"]
    assert [row[0] for row in texts(tables["ranking-1"])] == ["best", "middle", "worst"]
    # three voters of the same votes: three pairs of the same order
    assert [row[2:] for row in texts(tables["ranking-distance"])] == [["3", "1.00", "none"]] * 3


def test_languages_and_categories_have_a_column_each() -> None:
    tables = {table.name: table for table in ranking_tables(votes())}
    assert tables["ranking-1-by-language"].columns == ("Model", "de", "en")
    assert tables["ranking-1-by-category"].columns == ("Model", "math", "stem")


def test_few_questions_have_points_and_no_ranks() -> None:
    table = ranking_tables(votes(questions=5))[0]
    assert [row[1] for row in texts(table)] == ["", "", ""]
    assert "No intervals and no ranks: they need 10 questions." in table.notes
    assert all("low" not in record for record in table.records)


def test_islands_stand_apart() -> None:
    apart = [vote(("x", "y"), "x", question) for question in range(12)]
    tables = ranking_tables([*votes(), *apart])
    assert [table.title for table in tables[:2]] == [
        "Ranking by people, island 1 of 2",
        "Ranking by people, island 2 of 2",
    ]
    assert "No chain of battles joins the islands, so that they can't be compared." in tables[1].notes


def test_equal_style_without_texts_is_said() -> None:
    table = ranking_tables(votes(), style=True)[0]
    assert table.columns[-1] == "Battles"
    assert table.notes[-1] == "No ranking at equal style: the files don't hold the answers."


def test_votes_of_two_benchmarks_are_never_ranked_together() -> None:
    other = vote(("best", "worst"), "best", 1)
    mini = Preference(
        Item("mini", "de", 1, 1), other.models, other.rater, other.decision, other.winner, other.conditions
    )
    assert len(voters([other, mini])) == 2


def lines(path: Path) -> Path:
    rows = []
    for number, preference in enumerate(votes()):
        one, other = sorted(model.name for model in preference.models)
        talk = [[{"role": "user", "content": "q"}, {"role": "assistant", "content": f"{name} {number // 3}"}]
                for name in (one, other)]  # fmt: skip
        rows.append(
            {"question_id": preference.item.question_id, "turn": 1, "model_a": one, "model_b": other,
             "winner": "model_a" if preference.winner == one else "model_b", "judge": "expert_1", "language": "de",
             "conversation_a": talk[0], "conversation_b": talk[1]}
        )  # fmt: skip
    jsonl.write(path, rows)
    return path


def test_the_command_prints_and_writes(tmp_path: Path) -> None:
    file = lines(tmp_path / "votes.jsonl")
    done = CliRunner().invoke(app, ["rank", str(file), "--style", "--benchmark", "x", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "Points at equal style" in done.output
    assert "120 battles on 40 questions." in done.output
    header, first = (tmp_path / "out" / "ranking-1.csv").read_text().splitlines()[:2]
    assert header.startswith("voter,model,points,rank_from,rank_to")
    assert first.startswith("people,best,1")
    assert (tmp_path / "out" / "ranking-1.tex").is_file()


def test_nothing_to_rank_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    rating = {"question_id": 81, "model": "m", "judge": ["gpt-4", "single-v1"], "score": 7, "turn": 1}
    (tmp_path / "gpt-4_single.jsonl").write_text(json.dumps(rating) + "\n")
    done = CliRunner().invoke(app, ["rank", str(tmp_path / "gpt-4_single.jsonl")])
    assert "No comparison of two answers" in str(done.exception)


def test_files_without_a_vote_have_no_ranking(tmp_path: Path) -> None:
    preference = vote(("a", "b"), "a", 1)
    failed = Preference(preference.item, preference.models, preference.rater, Decision.FAILED)
    assert ranking_tables([failed]) == []
    named = {table.title for table in ranking_tables([failed, *votes("gpt")])}
    assert "Ranking by gpt" in named
    assert not any("people" in title for title in named)


def test_one_battle_is_one_and_ties_alone_have_no_interval() -> None:
    (table,) = ranking_tables([vote(("a", "b"), "a", 1)])
    assert table.notes[0] == "1 battle on 1 question."
    ties = ranking_tables([vote(("a", "b"), None, question) for question in range(20)])[0]
    assert [row[1:4] for row in texts(ties)] == [["", "1000", ""], ["", "1000", ""]]
    assert any("every battle is a tie" in note for note in ties.notes)

"""`mtbenchx agreement` as a user meets it: tables, files, and the counting that FastChat's users know."""

import csv
import json
import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.votes import read_votes
from mtbenchx_tasks.meta_evaluation.agreement.read import read_agreement
from mtbenchx_tasks.meta_evaluation.agreement.results import results
from mtbenchx_tasks.meta_evaluation.agreement.study import Repeated, gather
from mtbenchx_tasks.meta_evaluation.agreement.tables import agreement_tables, items_table
from mtbenchx_tasks.tables import Cell
from tests.commands import run as mtbenchx
from tests.mtbenchx_tasks.meta_evaluation.agreement.test_study import verdicts, votes


def lmsys(path: Path, rows: list[tuple[int, str, str, str, Any, int]]) -> Path:
    """Write rows of (question, model_a, model_b, winner, judge, turn) in the schema of mt_bench_human_judgments."""
    names = ("question_id", "model_a", "model_b", "winner", "judge", "turn")
    jsonl.write(path, (dict(zip(names, row, strict=True)) for row in rows))
    return path


def study_files(folder: Path, seed: int = 0) -> tuple[Path, Path, list[Any], list[Any]]:
    """Make a study of three models, 14 questions, two turns, 0 to 4 people an item, who mostly see the same winner."""
    random = np.random.default_rng(seed)
    people, judged = [], []
    for question in range(81, 161, 6):
        for one, other in combinations(["alpaca", "llama", "vicuna"], 2):
            for turn in (1, 2):
                truth = str(random.choice(["model_a", "model_b", "tie", "tie (bothbad)"]))
                for person in random.choice(30, random.integers(0, 5), replace=False):
                    said = truth if random.random() < 0.7 else str(random.choice(["model_a", "model_b", "tie"]))
                    swapped = random.random() < 0.5
                    shown = (other, one) if swapped else (one, other)
                    winner = {"model_a": "model_b", "model_b": "model_a"}.get(said, said) if swapped else said
                    people.append((question, *shown, winner, f"expert_{person}", turn))
                verdict = truth if random.random() < 0.6 else str(random.choice(["model_a", "tie (inconsistent)"]))
                judged.append((question, one, other, verdict, ["gpt-4", "pair-v2"], turn))
    return lmsys(folder / "people.jsonl", people), lmsys(folder / "gpt4.jsonl", judged), people, judged


def fastchats(people: list[Any], judged: list[Any], turn: int, banned: str) -> tuple[list[int], list[int]]:
    """Count as FastChat's users do: every kind of tie is one, inconsistent included; `banned` votes are left out."""

    def sides(row: Any) -> tuple[Any, str]:
        question, a, b, winner, *_ = row
        winner = "tie" if "tie" in winner else winner
        if a > b:
            a, b, winner = b, a, {"model_a": "model_b", "model_b": "model_a"}.get(winner, winner)
        return (question, a, b), winner

    by_item: dict[Any, list[str]] = {}
    for row in people:
        if row[-1] == turn:
            key, winner = sides(row)
            by_item.setdefault(key, []).append(winner)
    judge = dict(sides(row) for row in judged if row[-1] == turn)
    human, machine = [0, 0], [0, 0]
    for key, said in by_item.items():
        kept = [winner for winner in said if winner != banned]
        for one, other in combinations(kept, 2):
            human[0] += one == other
            human[1] += 1
        if judge[key] != banned:
            machine[0] += sum(winner == judge[key] for winner in kept)
            machine[1] += len(kept)
    return human, machine


def test_the_counts_are_fastchats(tmp_path: Path) -> None:
    people, judged, raw_people, raw_judged = study_files(tmp_path)
    study = gather(read_votes(people, kind="human"), read_votes(judged, kind="judge"), inconsistent="tie")
    statistics = results(study, {}).statistics
    for mode, banned, turn in (
        ("merge_bad", "-", 1),
        ("merge_bad", "-", 2),
        ("decisive", "tie", 1),
        ("decisive", "tie", 2),
    ):
        found = {(one.statistic, one.turn): one for one in statistics if (one.tie_mode, one.stratum) == (mode, "all")}
        human, machine = fastchats(raw_people, raw_judged, turn, banned)
        pairs, judge = found["human_human", str(turn)], found["judge_human", str(turn)]
        assert (pairs.value, pairs.n) == (pytest.approx(human[0] / human[1]), human[1])
        assert (judge.value, judge.n) == (pytest.approx(machine[0] / machine[1]), machine[1])


def test_strata_pool_votes_and_every_number_has_its_n() -> None:
    # writing: 2 people agree (1 of 1 pair); coding: 3 people, 1 1 2 (1 of 3); all: 2 of 4, not (1 + 1/3) / 2
    study = gather(votes("11.", "11t", ".2t"), verdicts("11t"))
    found = {(s.stratum, s.turn): s for s in results(study, {}).statistics if s.statistic == "human_human"}
    four = {key: one for key, one in found.items() if one.tie_mode == "decisive"}
    assert (four["all", "1"].value, four["all", "1"].n, four["all", "1"].n_items) == (0.5, 4, 2)
    assert (four["writing", "all"].value, four["coding", "all"].value) == (1.0, pytest.approx(1 / 3))
    # rcemr holds coding and math; in `decisive` the ties of math are no votes
    assert (four["rcemr", "1"].n, four["math", "1"].value, four["math", "1"].n) == (3, None, 0)


def test_people_and_judge_are_on_one_axis() -> None:
    study = gather(votes("12t", "12b", "22b"), verdicts("1i2", "122"))
    rows = {(row.voter, row.stratum, row.turn): row for row in results(study, {}).rates}
    people, judge = rows["people", "all", "all"], rows["gpt", "all", "all"]
    # people: 2 wins x (1 1 | . ), y: 2 + 2 2 2, one tie, two both bad
    assert (people.n, people.win, people.loss) == (9, pytest.approx(4 / 9), pytest.approx(2 / 9))
    assert (people.tie, people.both_bad, people.preference) == (pytest.approx(1 / 9), pytest.approx(2 / 9), 4 / 6)
    # judge: runs 1 . 2 and 1 2 2: wins 1/2 and 2/3, one of six missing
    assert (judge.win, judge.missing, judge.n) == (pytest.approx((1 / 2 + 2 / 3) / 2), pytest.approx(1 / 6), 2.5)


def test_a_jury_is_compared_with_itself() -> None:
    jury = [*verdicts("112", judge="a"), *verdicts("11t", judge="b"), *verdicts("1i2", judge="c")]
    statistics = results(gather(votes("112"), jury), {}).statistics
    found = {
        (one.statistic, one.judge): one
        for one in statistics
        if (one.tie_mode, one.stratum, one.turn) == ("four", "all", "all")
    }
    assert (found["judge_judge", "a & b"].value, found["judge_judge", "a & b"].n_items) == (pytest.approx(2 / 3), 3)
    assert (found["judge_judge", "a & c"].value, found["judge_judge", "a & c"].n_items) == (1.0, 2)
    assert found["jury_fleiss_kappa", "a & b & c"].n_items == 3


def test_agreement_has_the_upper_limit_beside_the_judge() -> None:
    common = {"stratum": "math", "turn": "1", "tie_mode": "four", "n": 20}
    rows = [
        {**common, "statistic": "human_human", "judge": "", "value": 0.5, "low": 0.4, "high": 0.6},
        {**common, "statistic": "judge_human", "judge": "gpt-4", "value": 0.55, "low": None, "high": None, "sd": 0.01},
        {**common, "statistic": "limit_plurality", "judge": "gpt-4", "value": None},
        {**common, "statistic": "fleiss_kappa", "judge": None, "value": 0.1234, "low": 0.1, "high": 0.2},
    ]
    found = read_agreement({"statistics": rows, "people": {"annotators": 3, "votes": 60, "skipped": 1}})
    (shown,) = agreement_tables(found, "four")
    assert shown.columns == (
        *("Category", "People with people", "Judge with people", "Upper limit (plurality)", "Fleiss' kappa"),
    )
    cells = Cell("50.0", "40 to 60, n 20"), Cell("55.0 ± 1.0", "n 20"), Cell(""), Cell("0.123", "0.10 to 0.20")
    assert shown.rows == (("Turn 1",), ("Math", *cells))
    assert shown.notes == ("3 people, 60 votes, 1 skips.",)
    turns = [{**rows[0], "turn": turn} for turn in ("all", "conversation", 10, "3", "2")]
    (shown,) = agreement_tables(read_agreement({"statistics": turns}), "four")
    assert shown.rows[::2] == (("Turn 2",), ("Turn 3",), ("Turn 10",), ("Whole conversation",), ("All turns",))


@pytest.mark.parametrize(
    ("loaded", "sentence"),
    [
        ({"people": {}}, "of another layout"),
        ({"statistics": [{"statistic": "human_human"}]}, "statistic 1: not one of .*the key tie_mode is missing"),
        (
            {"statistics": [{"statistic": "x", "tie_mode": "four", "stratum": "all", "value": "0.5"}]},
            "statistic 1: .*value",
        ),
    ],
)
def test_an_agreement_file_of_another_shape_is_refused(loaded: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        read_agreement(loaded)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    found = results(gather(votes("112"), verdicts("1i2")), {})
    loaded = read_agreement(json.loads(json.dumps(found.to_json())))
    assert (loaded.statistics, loaded.people) == (found.statistics, found.people)


def test_votes_on_whole_conversations_stand_behind_the_turns(tmp_path: Path) -> None:
    row = {"question_id": 81, "model_a": "a", "model_b": "b", "winner": "model_a", "category": "writing"}
    rows = [{**row, "turn": turn, "judge": f"expert_{who}"} for who in range(2) for turn in (1, None)] + [
        {**row, "turn": "conversation", "judge": "expert_2", "winner": "model_b"}
    ]
    file = tmp_path / "votes.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    study = gather(read_votes(file))
    shown = agreement_tables(results(study, {}), "four")[0]
    # turn 1: two agree, 1 of 1 pair; whole conversation: 1 of 3 pairs; all turns: 2 of 4
    assert [(one[0], one[1].text) if len(one) > 1 else one[0] for one in shown.rows] == [
        *("Turn 1", ("All", "100.0"), ("Writing", "100.0")),
        *("Whole conversation", ("All", "33.3"), ("Writing", "33.3")),
        *("All turns", ("All", "50.0"), ("Writing", "50.0")),
    ]


def test_the_command_prints_table_3_and_writes_every_format(tmp_path: Path) -> None:
    people, judged, _, _ = study_files(tmp_path)
    files, out = ("--votes", str(people), "--judgments", str(judged)), tmp_path / "agreement"
    done = mtbenchx("agreement", *files, "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert mtbenchx("agreement", *files, "--out", str(tmp_path / "again")).returncode == 0
    assert {file.name: file.read_bytes() for file in out.iterdir()} == {
        file.name: file.read_bytes() for file in (tmp_path / "again").iterdir()
    }
    assert "Agreement of people with gpt-4 and with each other" in done.stdout
    assert "Upper limit (plurality)" in done.stdout
    found = json.loads((out / "agreement.json").read_text(encoding="utf-8"))
    assert {one["tie_mode"] for one in found["statistics"]} == {"four", "merge_bad", "decisive"}
    assert {one["turn"] for one in found["statistics"]} == {"1", "2", "all"}
    assert all("n" in one and "n_items" in one for one in found["statistics"])
    with (out / "agreement.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(found["statistics"])
    tex = (out / "agreement.tex").read_text(encoding="utf-8")
    assert tex.count(r"\begin{tabular}") == tex.count(r"\end{tabular}") > 3
    assert r"\%" in tex
    assert "Fleiss' kappa of people" in (out / "agreement.txt").read_text(encoding="utf-8")


def test_people_alone_are_enough(tmp_path: Path) -> None:
    people, _, _, _ = study_files(tmp_path)
    done = mtbenchx("agreement", "--votes", str(people), "--annotators", "expert_1*", "--tie-mode", "decisive")
    assert done.returncode == 0, done.stderr
    assert "judges: none" in done.stdout
    assert "Item by item" not in done.stdout


def test_most_people_and_the_judge_stand_item_by_item() -> None:
    # Most people: 1, 2, none (one each), tie; the judge: 1, 1, 2, tie. Two of three are equal. People's shares are 1/3
    # each, the judge's 2/3, 0, 1/3: Pe = 2/9 + 0 + 1/9 = 1/3, kappa = (2/3 - 1/3) / (1 - 1/3) = 1/2.
    study = gather(votes("121t", "122t"), verdicts("112t"))
    assert [row[2:] for row in items_table(study, "four").rows] == [("66.7", "0.500", "3", "1")]
    assert {one.turn for one in results(study, {}, turn_rates=False).rates} == {"all"}
    assert {one.turn for one in results(study, {}).rates} == {"1", "all"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--votes", "none.jsonl"], "There is no file"),
        (["--votes", "people.jsonl", "--annotators", "nobody"], "person was found (annotators 'nobody')"),
        (["--votes", "gpt4.jsonl", "--judgments", "people.jsonl"], "gpt4.jsonl holds no person's votes"),
        (["--votes", "people.jsonl", "--judgments", "bad.jsonl"], "bad.jsonl, line 1"),
        (["--votes", "people.jsonl", "--out", "people.jsonl"], "Can't write"),
    ],
)
def test_trouble_is_one_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    study_files(tmp_path)
    (tmp_path / "bad.jsonl").write_text('{"question_id": 81}\n', encoding="utf-8")
    done = mtbenchx("agreement", *arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def both_in_one(folder: Path) -> tuple[Path, list[Any], list[Any]]:
    _, _, people, judged = study_files(folder)
    return lmsys(folder / "both.jsonl", [*people, *((*row[:4], "gpt4_pair", row[5]) for row in judged)]), people, judged


def test_a_judge_among_the_votes_is_no_person_and_people_among_the_verdicts_no_judges(tmp_path: Path) -> None:
    file, people, _ = both_in_one(tmp_path)
    done = mtbenchx("agreement", "--votes", str(file), "--judgments", str(file), "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out" / "agreement.json").read_text(encoding="utf-8"))
    assert found["people"]["annotators"] == len({row[4] for row in people})
    assert {row["judge"] for row in found["statistics"]} == {"", "gpt4_pair"}
    assert "84 verdicts of gpt4_pair" in done.stderr  # 14 questions, 3 pairs, 2 turns
    assert f"{len(people)} votes of people" in done.stderr


def test_models_that_no_verdict_names_are_told(tmp_path: Path) -> None:
    _, _, _, judged = study_files(tmp_path)
    renamed = [(q, a.replace("vicuna", "vicuna-13b"), b.replace("vicuna", "vicuna-13b"), *r) for q, a, b, *r in judged]
    lmsys(tmp_path / "renamed.jsonl", renamed)
    done = mtbenchx("agreement", "--votes", "people.jsonl", "--judgments", "renamed.jsonl", cwd=tmp_path)
    assert "No verdict is on the votes' models vicuna (only the verdicts have vicuna-13b)" in done.stderr
    done = mtbenchx(
        "agreement", "--votes", "people.jsonl", "--judgments", "gpt4.jsonl", "--language", "de", cwd=tmp_path
    )
    assert done.stderr == ""
    lines = (tmp_path / "people.jsonl").read_text(encoding="utf-8").splitlines()
    told = [{**json.loads(line), "language": "de"} for line in lines]
    jsonl.write(tmp_path / "german.jsonl", told)  # as our export is; FastChat's files tell no language
    done = mtbenchx("agreement", "--votes", "german.jsonl", "--judgments", "gpt4.jsonl", cwd=tmp_path)
    assert done.stderr == ""


def test_repeated_votes_count_if_asked_for_as_in_fastchat(tmp_path: Path) -> None:
    # expert_1 votes twice on one item, against themselves; expert_2 with the first. Pairs: 1 of 1, or 1 of 3.
    rows = [(81, "a", "b", said, f"expert_{who}", 1) for who, said in ((1, "model_a"), (1, "tie"), (2, "model_a"))]
    people = read_votes(lmsys(tmp_path / "votes.jsonl", rows))
    shares = []
    ways: tuple[Repeated, ...] = ("first", "all")
    for repeated in ways:
        found = results(gather(people, repeated=repeated), {})
        assert found.people["repeated"] == 1
        shares.append(next((one.value, one.n) for one in found.statistics if one.statistic == "human_human"))
    assert shares == [(1, 1), (1 / 3, 3)]


def test_files_are_written_though_nobody_reads_the_tables(tmp_path: Path) -> None:
    study_files(tmp_path)
    read_end, write_end = os.pipe()
    os.close(read_end)  # as `| head` does
    command = [sys.executable, "-m", "mtbenchx_tasks.cli", "agreement", "--votes", "people.jsonl", "--out", "out"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])}
    done = subprocess.run(
        command, stdout=write_end, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment, check=False
    )
    os.close(write_end)
    assert (tmp_path / "out" / "agreement.json").is_file()
    assert "Traceback" not in done.stderr

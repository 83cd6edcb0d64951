"""`mtbenchx judge`: saved answers, judged without generating again."""

import json
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.ledger.store import open_ledger
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from model_cards.groups import read_groups
from mtbenchx_tasks.formats.answers import read_answers
from mtbenchx_tasks.formats.benchmark import Told
from mtbenchx_tasks.formats.fastchat.export import export
from mtbenchx_tasks.formats.study import read_study
from mtbenchx_tasks.rating.results_files import write_results
from mtbenchx_tasks.rating.saved_answers import judge_files
from mtbenchx_tasks.rating.terminal import print_metrics, remarks
from mtbenchx_tasks.report.sections import sections
from mtbenchx_tasks.stats.cells import mean_of
from tests.doubles.model import Model
from tests.doubles.openai_api import Api
from tests.harness import evaluate
from tests.mini import QUESTIONS

FR = "mtbench_x_mini_fr"


@pytest.fixture
def judge(api: Api, tmp_path: Path) -> dict[str, Any]:
    return {"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "ledger.sqlite")}


def write(file: Path, rows: list[dict[str, Any]]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return file


def samples(results: Any, file: Path) -> Path:
    rows = [{"doc": sample["doc"], "resps": sample["resps"]} for sample in results["samples"][FR]]
    return write(file, rows)


def test_predict_only_samples_give_the_tasks_numbers(api: Api, judge: dict[str, Any], tmp_path: Path) -> None:
    api.answer = lambda request: f"[[{1 + len(str(request['messages'])) % 10}]]"
    later = evaluate(Model(), FR, limit=4, predict_only=True)
    file = samples(later, tmp_path / "ORG__my-model" / "samples.jsonl")
    (scored,) = judge_files([file], json.dumps(judge), None)
    at_once = evaluate(Model(), FR, judge, limit=4)
    assert (scored.model, scored.language) == ("my-model", "fr")
    assert scored.metrics == {name: at_once["results"][FR][f"{name},gpt-4"] for name in scored.metrics}
    assert len(api.judgments) == 8  # the task found all of them in the ledger


def test_judged_answers_are_exported(judge: dict[str, Any], tmp_path: Path) -> None:
    rows = [{"question_id": 81 + i, "model_id": "m", "choices": [{"turns": ["a", "b"]}]} for i in range(2)]
    file = write(tmp_path / "m.jsonl", [{**row, "question_id": row["question_id"] - 80} for row in rows])
    assert read_answers(file).benchmark == ""
    answers = read_answers(file, Told(benchmark="mini"))
    assert answers.texts == {1: ("a", "b"), 2: ("a", "b")}
    assert answers.benchmark == "mini"
    judge_files([file], json.dumps(judge), "en", benchmark="mini")
    assert len(export(open_ledger(Path(judge["ledger"])), tmp_path / "out")) == 2


@pytest.mark.parametrize(
    ("rows", "language", "said"),
    [
        ([{"question_id": 1, "model_id": "m", "choices": [{"turns": ["a", "b"]}]}], None, "name it by --language"),
        ([{"question_id": "81_DE", "model_id": "m", "choices": [{"turns": ["a", "b"]}]}], "fr", "answers in 'de'"),
        ([{"question_id": 1, "choices": []}], "de", "line 1: not a model_answer row"),
        ([{"question_id": 1, "choices": [{"turns": ["a"]}]}], "de", "needs two answers"),
        ([{"question_id": 99, "choices": [{"turns": ["a", "b"]}]}] * 2, "de", "more than once"),
        ([{"a": 1}], "de", "found 'a'"),
        ([], "de", "is empty"),
    ],
)
def test_bad_files_are_named(
    judge: dict[str, Any], tmp_path: Path, rows: list[dict[str, Any]], language: str | None, said: str
) -> None:
    file = write(tmp_path / "answers.jsonl", rows)
    with pytest.raises(UserError, match=said):
        judge_files([file], json.dumps(judge), language, benchmark="mini")


def test_a_missing_file_is_named(judge: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no file .*nowhere\.jsonl"):
        judge_files([tmp_path / "nowhere.jsonl"], json.dumps(judge), "de")


def test_a_benchmark_is_asked_for_and_not_guessed(judge: dict[str, Any], tmp_path: Path) -> None:
    """Vicuna's and others' questions begin at 1 as our mini benchmark's do."""
    file = write(tmp_path / "a.jsonl", [{"question_id": 1, "model_id": "m", "choices": [{"turns": ["a", "b"]}]}])
    with pytest.raises(UserError, match=r"a\.jsonl doesn't tell the benchmark .* by --benchmark"):
        judge_files([file], json.dumps(judge), "en")


def test_each_model_of_a_file_is_one(judge: dict[str, Any], tmp_path: Path) -> None:
    rows = [{"question_id": 1, "model_id": model, "choices": [{"turns": ["a", "b"]}]} for model in ("m", "n")]
    found = judge_files([write(tmp_path / "both.jsonl", rows)], json.dumps(judge), "en", benchmark="mini")
    assert [scored.model for scored in found] == ["m", "n"]


@pytest.mark.parametrize("turns", ["No", [None, "b"], [["a"], "b"], {"a": 1}, [7, "b"], []])
def test_answers_that_are_no_texts_are_named(tmp_path: Path, turns: object) -> None:
    rows = [{"question_id": 1, "choices": [{"turns": ["a", "b"]}]}, {"question_id": 2, "choices": [{"turns": turns}]}]
    with pytest.raises(UserError, match=r"a\.jsonl, line 2: not a model_answer row .choices.0..turns"):
        read_answers(write(tmp_path / "a.jsonl", rows))


def test_samples_of_another_task_are_named(tmp_path: Path) -> None:
    rows = [{"doc_id": 0, "doc": {"question": "2 + 2?", "answer": "4"}, "resps": [["4"]], "filter": "strict"}]
    with pytest.raises(UserError, match=r"line 1: not a sample of a mtbench_x task"):
        read_answers(write(tmp_path / "s.jsonl", rows))


def test_judged_later_gives_what_cards_and_reports_read(api: Api, judge: dict[str, Any], tmp_path: Path) -> None:
    api.answer = lambda request: "[[7]]"
    rows = [{"question_id": i, "model_id": "m", "choices": [{"turns": ["a", "b"]}]} for i in range(1, 5)]
    results = judge_files([write(tmp_path / "m.jsonl", rows)], json.dumps(judge), "de", benchmark="mini")
    files = write_results(tmp_path / "out", results)
    assert [file.name.split("_2")[0] for file in files] == ["samples_mtbench_x_mini_de", "results"]
    ((result,),) = [group.results for group in read_groups([tmp_path / "out"])]
    assert (result.metrics["score"], result.questions, result.scored, result.model) == (7.0, (4, QUESTIONS), 8, "m")
    study = read_study([tmp_path / "out"])
    assert {(rating.value, rating.conditions.benchmark, rating.model.name) for rating in study.ratings} == {
        (7.0, "mini", "m")
    }
    assert len(study.ratings) == 8
    (line,) = [line for line in remarks(results) if line.startswith("Partial")]
    assert f"4 of {QUESTIONS} questions of mini" in line


def test_the_table_tells_of_how_many_questions_and_categories_a_mean_is(
    api: Api, judge: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.answer = lambda request: "[[7]]"  # of mini, questions 1 and 2 are writing, 3 is roleplay
    rows = [{"question_id": i, "model_id": "m", "choices": [{"turns": ["a", "b"]}]} for i in (1, 2, 3)]
    print_metrics(judge_files([write(tmp_path / "m.jsonl", rows)], json.dumps(judge), "de", benchmark="mini"))
    shown = {row[0]: row[1] for line in capsys.readouterr().out.splitlines() if (row := cells(line))}
    assert shown["questions"] == f"3 of {QUESTIONS}"
    assert shown["categories"] == "2 of 8"
    assert (shown["writing"], shown["roleplay"]) == (f"7.00 (2 of {QUESTIONS // 8})", f"7.00 (1 of {QUESTIONS // 8})")


def cells(line: str) -> list[str]:
    """The cells of a row that the terminal shows."""
    return [cell.strip() for cell in line.split("│")[1:-1]]


def test_several_choices_are_repeats_and_every_way_gives_one_number(
    api: Api, judge: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Question 1: 4 and 8, question 2: 8 alone; per answer, then per question: (6 + 6 + 8 + 8) / 4 = 7.
    api.answer = lambda request: "[[4]]" if "worse" in str(request["messages"]) else "[[8]]"
    choices = {1: [["worse", "worse"], ["good", "good"]], 2: [["good", "good"]]}
    rows = [
        {"question_id": i, "model_id": "m", "choices": [{"turns": turns} for turns in of_question]}
        for i, of_question in choices.items()
    ]
    results = judge_files([write(tmp_path / "m.jsonl", rows)], json.dumps(judge), "en", benchmark="mini")
    assert results[0].metrics["score"] == 7
    print_metrics(results)
    assert "Up to 2 answers to a question (m, en, gpt-4)" in capsys.readouterr().out
    write_results(tmp_path / "out", results)
    ((card,),) = [group.results for group in read_groups([tmp_path / "out"])]
    assert card.metrics["score"] == 7
    for place in (tmp_path / "out", Path(judge["ledger"])):
        (section,) = sections(read_study([place]).ratings)
        assert mean_of(section.answers).value == 7
        assert sorted({rating.repeat for answer in section.answers for rating in answer.ratings}) == [0, 1]


@pytest.mark.parametrize("as_object", [True, False])
def test_a_verdict_is_an_object_of_names_and_lists_of_older_releases_are_read(
    api: Api, judge: dict[str, Any], tmp_path: Path, as_object: bool
) -> None:
    api.answer = lambda request: "[[7]]"
    rows = [{"question_id": 1, "model_id": "m", "choices": [{"turns": ["a", " "]}]}]
    results = judge_files([write(tmp_path / "m.jsonl", rows)], json.dumps(judge), "en", benchmark="mini")
    samples, _ = write_results(tmp_path / "out", results)
    (row,) = jsonl.read(samples)
    verdict = row["filtered_resps"][0][0]
    assert list(verdict) == ["rating", "text", "reason", "key", "snapshot"]
    if not as_object:
        row["filtered_resps"] = [[list(verdict.values()) for verdict in runs] for runs in row["filtered_resps"]]
        jsonl.write(samples, [row])
    first, empty = read_study([samples]).ratings
    assert (first.value, first.evidence.text, first.evidence.key) == (7, "[[7]]", verdict["key"])
    assert (empty.value, empty.reason) == (None, "the answer is empty")

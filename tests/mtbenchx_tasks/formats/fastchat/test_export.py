"""The export in FastChat's layouts."""

import json
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.ledger.store import open_ledger
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.answers import read_answers
from mtbenchx_tasks.formats.fastchat.export import export
from tests.doubles.model import Model
from tests.doubles.openai_api import Api
from tests.harness import evaluate


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def judge(api: Api, tmp_path: Path) -> dict[str, Any]:
    return {"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "ledger.sqlite")}


def test_answers_and_judgments_of_a_run(api: Api, judge: dict[str, Any], tmp_path: Path) -> None:
    api.answer = lambda request: "none" if "Turn your notice" in str(request) else "Good. [[6.5]]"
    evaluate(Model(lambda prompt: f"Answer {len(prompt)} «ü»"), "mtbench_x_mini_en", judge, limit=6)
    files = export(open_ledger(Path(judge["ledger"])), tmp_path / "out")
    bench = tmp_path / "out" / "mini_en"
    assert files == [bench / "model_answer/double.jsonl", bench / "model_judgment/gpt-4_single.jsonl"]
    answers, judgments = rows(files[0]), rows(files[1])
    assert [row["question_id"] for row in answers] == [1, 2, 3, 4, 5, 6]
    assert {row["model_id"] for row in answers} == {"double"}
    assert all("«ü»" in turn for row in answers for turn in row["choices"][0]["turns"])
    assert len(judgments) == 12
    scores = {(row["question_id"], row["turn"]): row["score"] for row in judgments}
    assert (scores[1, 1], scores[1, 2]) == (6.5, -1)  # FastChat's mark of a failed judgment
    by_place = {(row["question_id"], row["turn"]): row for row in judgments}
    assert by_place[5, 2]["judge"] == ["gpt-4", "single-math-v1-multi-turn"]
    assert answers[4]["choices"][0]["turns"][1] in by_place[5, 2]["user_prompt"]
    assert by_place[5, 2]["judgment"] == "Good. [[6.5]]"


def test_models_named_alike_get_files_of_their_own(judge: dict[str, Any], tmp_path: Path) -> None:
    one, other = Model(), Model(lambda prompt: "Another")
    other.base_url = "http://127.0.0.1:10/v1"
    for model in (one, other):
        evaluate(model, "mtbench_x_mini_en", judge, limit=1)
    export(open_ledger(Path(judge["ledger"])), tmp_path / "out")
    assert len(list((tmp_path / "out/mini_en/model_answer").iterdir())) == 2


def test_exported_answers_read_back(judge: dict[str, Any], tmp_path: Path) -> None:
    evaluate(Model(), "mtbench_x_mini_en", judge, limit=2)
    (file, _) = export(open_ledger(Path(judge["ledger"])), tmp_path / "out")
    answers = read_answers(file)
    assert (answers.model, sorted(answers.texts)) == ("double", [1, 2])


def test_an_empty_ledger_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no judged answers of 'nobody'"):
        export(open_ledger(tmp_path / "ledger.sqlite"), tmp_path / "out", "nobody")

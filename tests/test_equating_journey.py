"""An old judge's scale, as a user types it: anchors judged again, the equating, and scores of a new model beside it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hf_datasets.benchmark.questions import questions
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.cli import app
from tests.doubles.openai_api import Api
from tests.model_cards.files import make_run

LEVELS = {"llama-a": 3, "llama-b": 4, "qwen-a": 5, "gemma-a": 6, "mistral-a": 7, "phi-a": 8}
"""The anchors; the judge sees an answer's worth in its text."""
ITEMS = [(one.question_id, turn) for one in questions("mini", "de") for turn in (1, 2)]


def worth(level: int, question: int) -> int:
    return level + (question % 3) - 1


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": "200"})
    if isinstance(result.exception, UserError):
        raise result.exception
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def answers(folder: Path, model: str, level: int) -> Path:
    file = folder / "mini_de" / "model_answer" / f"{model}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    ids = dict.fromkeys(question for question, _ in ITEMS)
    rows = [
        {"question_id": q, "model_id": model, "choices": [{"turns": [f"Wert {worth(level, q)}."] * 2}]} for q in ids
    ]
    jsonl.write(file, rows)
    return file


def published(folder: Path) -> Path:
    """The old judge's file: 2 points and 0.7 of what the answer is worth, and a bit that no line tells."""
    rows: list[dict[str, Any]] = []
    for model, level in LEVELS.items():
        for question, turn in ITEMS:
            score = round(2 + 0.7 * worth(level, question) + 0.2 * ((question * 7 + turn + level) % 5 - 2), 2)
            row = {"question_id": question, "model": model, "judge": ["gpt-4", "single-v1"], "turn": turn}
            rows.append({**row, "user_prompt": "", "judgment": f"[[{score}]]", "score": score, "tstamp": 1.7e9})
    file = folder / "mini_de" / "model_judgment" / "gpt-4_single.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    jsonl.write(file, rows)
    return file


def says_the_worth(request: dict[str, Any]) -> str:
    found = re.findall(r"Wert (\d+)\.", request["messages"][-1]["content"])
    return f"[[{found[-1]}]]" if found else "[[5]]"


@pytest.fixture
def judge(api: Api, tmp_path: Path) -> str:
    api.answer = says_the_worth
    return json.dumps({"model": "new-judge", "base_url": api.url, "ledger": str(tmp_path / "ledger.sqlite")})


def test_from_anchors_to_a_card(api: Api, judge: str, tmp_path: Path) -> None:
    forks, scale, results = tmp_path / "forks", tmp_path / "equating.json", tmp_path / "results"
    published(forks)
    files = [answers(forks, model, level) for model, level in LEVELS.items()]
    with pytest.raises(UserError, match="No anchor is rated by new-judge"):
        run("equate", "fit", "--old", "gpt-4", "--new", "new-judge", "--anchors", forks, "--out", scale)
    asked = ("--language", "de", "--judge", judge)
    run("judge", *files, *asked, "--out", tmp_path / "judged")
    fitted = ("equate", "fit", "--old", "gpt-4", "--new", "new-judge", "--out", scale, "--anchors", forks)
    shown = run(*fitted, tmp_path / "judged").output
    assert "From new-judge to gpt-4 (2023-11-14)" in shown
    by_results = json.loads(scale.read_text("utf-8"))
    run(*fitted, tmp_path / "ledger.sqlite")
    by_ledger = json.loads(scale.read_text("utf-8"))
    assert by_ledger["scales"] == by_results["scales"]
    assert by_ledger["new"] == by_results["new"]

    before = len(api.judgments)
    other = judge.replace("new-judge", "third")
    with pytest.raises(UserError, match="carries ratings by new-judge to the scale of gpt-4, and --judge is third"):
        run("judge", files[0], "--language", "de", "--judge", other, "--scale", scale)
    assert len(api.judgments) == before

    mine = answers(tmp_path / "mine", "my-model", 6)
    told = run("judge", mine, *asked, "--out", results, "--scale", scale).output
    assert re.search(r"my-model +│ de +│ 6\.00 +│ ~6\.\d\d", told)
    assert "score" in told

    (file,) = results.rglob("results_*.json")
    assert "~" not in file.read_text("utf-8")
    run("report", results, "--no-figures", "--scale", scale, "--out", tmp_path / "report")
    page = (tmp_path / "report" / "index.html").read_text("utf-8")
    assert "Predicted, not rated: on the scale of gpt-4 (2023-11-14)" in page
    run("verify", tmp_path / "report")

    card = tmp_path / "card"
    make_run(tmp_path / "run")
    run("card", tmp_path / "run", "--results", results, "--scale", scale, "--out", card)
    readme = (card / "README.md").read_text("utf-8")
    run("verify", card)
    assert re.search(r"\| `my-model` \| de \| 6\.00 \| ~6\.\d\d \|", readme)
    assert json.loads(scale.read_text("utf-8"))["hash"][:12] in readme
    data = "".join(one.read_text("utf-8") for one in (card / ".eval_results").glob("*.yaml"))
    assert "value: 6.0" in data
    assert not {"predicted", "~", by_ledger["hash"][:12]} & set(re.split(r"[\s:,;]", data.lower()))

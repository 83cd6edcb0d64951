"""From saved answers to a card, as a user types it: `--predict_only` or FastChat's files, `judge --out`, `card`."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hf_datasets.benchmark.questions import questions
from hf_datasets.shared.errors import UserError
from model_cards.groups import read_groups
from mtbenchx_tasks.cli import app
from tests.doubles.model import Model
from tests.doubles.openai_api import Api
from tests.harness import evaluate
from tests.mini import ANSWERS
from tests.model_cards.files import make_run

TASK = "mtbench_x_mini_de"
ROW = "| de | 7.00 ± 0.00 | 7.00 ± 0.00 | 7.00 ± 0.00 | 7.00 |"


@pytest.fixture
def judge(api: Api, tmp_path: Path) -> str:
    api.answer = lambda request: "[[7]]"
    return json.dumps({"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "ledger.sqlite")})


def run(*arguments: object) -> None:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    assert result.exit_code == 0, (result.output, result.exception)


def write(file: Path, rows: list[dict[str, Any]]) -> str:
    file.parent.mkdir(parents=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(file)


def samples(folder: Path) -> str:
    """What `lm_eval run --predict_only` leaves."""
    rows = evaluate(Model(), TASK, predict_only=True)["samples"][TASK]
    kept = [{"doc": row["doc"], "resps": row["resps"]} for row in rows]
    return write(folder / "chat" / f"samples_{TASK}_2026-01-01T00-00-00.000000.jsonl", kept)


def fastchat(folder: Path) -> str:
    """What FastChat's gen_model_answer leaves."""
    rows = [
        {"question_id": one.question_id, "model_id": "chat", "choices": [{"turns": ["Eine Antwort."] * 2}]}
        for one in questions("mini", "de")
    ]
    return write(folder / "mini_de" / "model_answer" / "chat.jsonl", rows)


@pytest.mark.parametrize("answers", [samples, fastchat])
def test_saved_answers_become_a_card(answers: Any, judge: str, tmp_path: Path) -> None:
    file, results = answers(tmp_path / "answers"), tmp_path / "results"
    run("judge", file, "--judge", judge, "--language", "de", "--benchmark", "mini", "--out", results)
    out = tmp_path / "card"
    run("card", make_run(tmp_path / "out"), "--results", results, "--out", out)
    text = (out / "README.md").read_text(encoding="utf-8")
    assert "### Mini benchmark of mtbench-x, judged by `gpt-4`" in text
    assert "evaluated as `chat`" in text
    assert ROW in text
    assert "the judge's parameters sent: `" in text
    assert "temperature 0.0" in text
    assert f"{ANSWERS} / {ANSWERS} |" in text
    assert (out / ".eval_results").is_dir()


def test_a_ledger_becomes_a_card(judge: str, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    run("judge", fastchat(tmp_path / "answers"), "--judge", judge, "--language", "de", "--benchmark", "mini")
    run("card", make_run(tmp_path / "out"), "--results", ledger, "--repo-id", "ORG/chat", "--out", tmp_path / "card")
    text = (tmp_path / "card" / "README.md").read_text(encoding="utf-8")
    assert ROW in text
    assert f"{ANSWERS} / {ANSWERS} |" in text
    assert f"| writing | 7.00 ({ANSWERS // 8}/{ANSWERS // 8}) |" in text
    assert "the judge's parameters sent: `" in text
    assert "generation: not recorded" in text
    assert "lm_eval run" not in text
    with pytest.raises(UserError, match=r"ledger.sqlite holds no judgments of 'out', but of 'chat'; name .* by --name"):
        read_groups([ledger], ["out"])


def test_two_sets_of_parameters_in_a_ledger_are_two_tables(judge: str, tmp_path: Path) -> None:
    file = fastchat(tmp_path / "answers")
    for temperature in (0, 1):
        settings = json.dumps({**json.loads(judge), "temperature": temperature})
        run("judge", file, "--judge", settings, "--language", "de", "--benchmark", "mini")
    groups = read_groups([tmp_path / "ledger.sqlite"], ["chat"])
    assert [group.setup["judge"]["sent"]["temperature"] for group in groups] == [0.0, 1.0]
    assert all(len(group.results) == 1 for group in groups)


def test_the_judge_s_exam_stands_among_the_limits(judge: str, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    run("judge", fastchat(tmp_path / "answers"), "--judge", judge, "--language", "de", "--benchmark", "mini")
    run("judges", "exam", "--judge", judge, "--languages", "de", "--kinds", "cut_off", "--mode", "single")
    run("card", make_run(tmp_path / "out"), "--results", ledger, "--repo-id", "ORG/chat", "--out", tmp_path / "card")
    text = (tmp_path / "card" / "README.md").read_text(encoding="utf-8")
    assert "- Exam of gpt-4 (de; prompts native): 50.0 % right of 20 pairs by ratings" in text

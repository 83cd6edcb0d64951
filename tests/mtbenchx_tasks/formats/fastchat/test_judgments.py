"""FastChat's judgments in the ledger: paid for once, wherever that was."""

import json
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.benchmark.questions import questions
from hf_datasets.endpoints.client import OPENAI_URL
from hf_datasets.ledger.store import open_ledger
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.fastchat.judgments import Imported, import_judgments
from mtbenchx_tasks.judge.messages import SinglePrompts, prompt_name
from tests.sources import needs_sources

ANSWERS = {1: ("Una risposta.", "E un'altra."), 7: ("Sono 120 euro.", "Sono 16,68 euro.")}


def single(question_id: int, turn: int, judgment: str) -> dict[str, Any]:
    """A row as FastChat writes it, for the native prompts."""
    question = next(q for q in questions("mini", "it") if q.question_id == question_id)
    messages = SinglePrompts("native", "it").messages(question, ANSWERS[question_id][:turn])
    judge = ["gpt-4", prompt_name(question, turn)]
    place = {"question_id": question_id, "model": "m", "turn": turn, "tstamp": 1.0, "score": -1}
    return {**place, "judge": judge, "user_prompt": messages[1]["content"], "judgment": judgment}


def write(file: Path, rows: list[dict[str, Any]]) -> Path:
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return file


def test_imported_judgments_answer_a_later_run(tmp_path: Path) -> None:
    rows = [single(1, 1, "[[6]]"), single(1, 2, "[[8]]"), single(7, 1, "[[10]]"), single(7, 2, "$ERROR$")]
    ledger = tmp_path / "ledger.sqlite"
    file = write(tmp_path / "gpt-4_single.jsonl", rows)
    assert import_judgments(open_ledger(ledger), file, "it", "native") == Imported(added=3, known=0, failed=1)
    assert import_judgments(open_ledger(ledger), file, "it", "native") == Imported(added=0, known=3, failed=1)
    stored = [json.loads(row["request"]) for row in open_ledger(ledger)._rows("SELECT request FROM judgment")]
    assert {(request["endpoint"], request["model"]) for request in stored} == {(OPENAI_URL, "gpt-4")}


def test_a_prompt_judged_again_is_another_run(tmp_path: Path) -> None:
    file = write(tmp_path / "gpt-4_single.jsonl", [single(1, 1, "[[3]]"), single(1, 1, "[[7]]")])
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    assert import_judgments(ledger, file, "it", "native").added == 2
    runs = sorted(json.loads(row["request"])["run"] for row in ledger._rows("SELECT request FROM judgment"))
    assert runs == [0, 1]


def test_a_row_of_another_layout_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "other.jsonl", [single(1, 1, "[[3]]"), {"question_id": 1}])
    with pytest.raises(UserError, match=r"other\.jsonl, line 2"):
        import_judgments(open_ledger(tmp_path / "ledger.sqlite"), file, "it", "native")


def test_votes_are_told_where_they_belong(tmp_path: Path) -> None:
    vote = {"question_id": 81, "model_a": "a", "model_b": "b", "winner": "tie", "judge": "gpt4_pair", "turn": 1}
    file = write(tmp_path / "votes.jsonl", [vote])
    with pytest.raises(UserError, match=r"votes\.jsonl, line 1: a vote, .* `mtbenchx report`"):
        import_judgments(open_ledger(tmp_path / "ledger.sqlite"), file, "it", "native")


def test_null_is_a_failed_judgment(tmp_path: Path) -> None:
    rows = [{**single(1, 1, ""), "judgment": None}, single(1, 2, "[[8]]")]
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    assert import_judgments(ledger, write(tmp_path / "s.jsonl", rows), "it", "native") == Imported(1, 0, 1)


@pytest.mark.sources
@needs_sources
def test_both_games_of_a_pair_are_read(tmp_path: Path) -> None:
    row = {"question_id": 81, "judge": ["gpt-4", "pair-v2"], "g1_user_prompt": "A first", "g1_judgment": "[[A]]"}
    file = write(tmp_path / "gpt-4_pair.jsonl", [{**row, "g2_user_prompt": "B first", "g2_judgment": "[[B]]"}])
    assert import_judgments(open_ledger(tmp_path / "ledger.sqlite"), file, "en").added == 2

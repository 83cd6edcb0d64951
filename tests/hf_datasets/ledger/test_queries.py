"""SQL on the ledger: where it stands, and what the queries give back."""

import json
import re
from pathlib import Path

import pytest

from hf_datasets.ledger.layout import TABLES
from hf_datasets.ledger.queries import (
    Counts,
    comparisons,
    counts,
    game_request,
    latest_answered,
    latest_details,
    uses,
)
from hf_datasets.ledger.store import Ledger, LedgerError
from hf_datasets.ledger.translations import claim, engines, store
from hf_datasets.records import Comparison, Completion, Use

ROOT = Path(__file__).parents[3]
STATEMENT = re.compile(
    rf"\b(FROM|JOIN|INTO|UPDATE)\s+({'|'.join(TABLES)})\b|\.(_rows|_db|execute)\(\s*f?[\"'](SELECT|INSERT|UPDATE|DELETE)"
)
OTHER_DATABASES = ("hf_datasets/curate/", "mtbenchx_tasks/annotate/")
"""Rooms with an SQLite file of their own."""
USE = Use(
    "m", "i", "mini", "r", 1.0, "de", 1, 1, 0, 0, "j", "{}", "single-v1", suspicious=False, answer="Hallo", judgment="a"
)
GAME = Comparison("mini", "r", "de", 1, 1, 0, "j", "{}", "pair-v2", "m", "n", 1, False, "Hallo", "Servus", "a")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    request = {
        "endpoint": "https://e",
        "model": "j",
        "parameters": {"max_tokens": 9, "reasoning_effort": "low"},
        "messages": [{"role": "system", "content": "?"}],
    }
    ledger.claim("a", json.dumps(request))
    ledger.finish("a", Completion("answered", "[[8]]", details={"usage": {"completion_tokens": 3}}))
    ledger.record([USE])
    ledger.record_comparisons([GAME])
    return ledger


def test_no_module_outside_the_ledgers_room_holds_its_sql() -> None:
    files = [file for room in ("hf_datasets", "mtbenchx_tasks", "model_cards") for file in (ROOT / room).rglob("*.py")]
    holding = {str(file.relative_to(ROOT)) for file in files if STATEMENT.search(file.read_text(encoding="utf-8"))}
    elsewhere = {name for name in holding if not name.startswith(("hf_datasets/ledger/", *OTHER_DATABASES))}
    assert elsewhere == set()
    assert {"hf_datasets/ledger/queries.py", "hf_datasets/ledger/store.py"} <= holding  # it would be seen


def test_uses_and_comparisons_come_with_their_judgment_and_request(ledger: Ledger) -> None:
    (use,), (game,) = uses(ledger), comparisons(ledger, benchmark="mini", judge="j")
    for row in (use, game):
        assert (row["state"], row["text"], row["endpoint"], row["role"]) == ("answered", "[[8]]", "https://e", "system")
        assert json.loads(row["parameters"]) == {"max_tokens": 9, "reasoning_effort": "low"}
    assert (use["answer"], game["answer_1"], game["answer_2"]) == ("Hallo", "Hallo", "Servus")
    assert comparisons(ledger, judge="another") == []
    assert counts(ledger) == Counts(models=1, uses=1, answers=0, comparisons=1)


def test_a_damaged_request_leaves_its_columns_empty(ledger: Ledger) -> None:
    ledger.execute("UPDATE judgment SET request = '{'")
    (use,) = uses(ledger)
    assert (use["endpoint"], use["parameters"], use["text"]) == (None, None, "[[8]]")


def test_a_damaged_translation_is_told(ledger: Ledger) -> None:
    claim(ledger, {"t": "{}"}, "deepl")
    store(ledger, [("t", "Hallo", 5, {})])
    ledger.execute("UPDATE translation SET request = '{'")
    with pytest.raises(LedgerError, match="is damaged: the request of a translation can't be read"):
        engines(ledger)


def test_the_request_of_a_game_is_found_by_its_place(ledger: Ledger) -> None:
    place = {"benchmark": "mini", "question_id": 1, "model_1": "m", "model_2": "n", "judgment": "a"}
    row = game_request(ledger, place)
    assert row is not None
    assert (row["prompt"], json.loads(row["request"])["model"]) == ("pair-v2", "j")
    assert game_request(ledger, {**place, "judgment": None}) is None


def test_latest_judgments_are_those_of_the_same_judge_and_parameters(ledger: Ledger) -> None:
    parameters = {"reasoning_effort": "low", "max_tokens": 9}
    assert [row.key for row in latest_answered(ledger, "j", "https://e", parameters, 5)] == ["a"]
    assert latest_answered(ledger, "j", "https://e", {"max_tokens": 10}, 5) == []
    assert latest_details(ledger, "j", "https://e", "low") == ['{"usage": {"completion_tokens": 3}}']
    assert latest_details(ledger, "j", "https://e", None) == []

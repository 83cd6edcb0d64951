"""What a judgment's record says it used, and what that cost."""

from pathlib import Path
from typing import Any

import pytest

from hf_datasets.endpoints.client import OPENAI_URL
from hf_datasets.ledger.store import open_ledger
from hf_datasets.records import Completion, canonical_json
from mtbenchx_tasks.judge.costs import Tokens, accounts, summary, tries


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 5}, Tokens(9, 5)),
        ({"prompt_tokens": 9, "completion_tokens": 5, "cached_tokens": 4, "reasoning_tokens": 3}, Tokens(9, 5, 4)),
        ({"prompt_tokens": 9, "completion_tokens": 5, "reasoning_tokens": 70}, Tokens(9, 75)),  # beside the text
        ({"prompt_tokens": 9, "completion_tokens": 5, "cached_tokens": 40}, Tokens(9, 5, 9)),
        ({"prompt_tokens": 9, "completion_tokens": 5, "cached_tokens": "4"}, Tokens(9, 5)),
        ({"prompt_tokens": 0, "completion_tokens": 0}, Tokens(0, 0)),
        ({"prompt_tokens": 9}, None),
        ({"prompt_tokens": 9, "completion_tokens": None}, None),
        ({"prompt_tokens": 9.5, "completion_tokens": 5}, None),
        ({"prompt_tokens": True, "completion_tokens": 5}, None),
        ({"prompt_tokens": -1, "completion_tokens": 5}, None),
        (None, None),
        ([9, 5], None),
        ("9", None),
    ],
)
def test_only_whole_numbers_are_counted(usage: Any, tokens: Tokens | None) -> None:
    assert Tokens.of(usage) == tokens


@pytest.mark.parametrize("attempts", [None, 7, "x", [], [3]])
def test_odd_attempts_are_none(attempts: Any) -> None:
    details = {"usage": {"prompt_tokens": 1, "completion_tokens": 2}, "attempts": attempts}
    assert tries(details) == [(Tokens(1, 2), False)]


def test_a_judgment_asked_twice_costs_twice(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    ledger.claim("a", canonical_json({"endpoint": OPENAI_URL, "model": "gpt-5.4-mini-2026-03-17"}))
    cut_off = {"max_tokens": 100, "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}
    usage = {"prompt_tokens": 1000, "completion_tokens": 300, "cached_tokens": 400}
    ledger.finish("a", Completion("answered", "[[7]]", details={"usage": usage, "attempts": [cut_off]}))
    account = accounts(ledger)[OPENAI_URL, "gpt-5.4-mini-2026-03-17"]
    assert (account.read, account.written, account.untold) == (2000, 400, 0)
    # 1600 read at 0.75, 400 cached at 0.075, 400 written at 4.5 a million: 1200 + 30 + 1800
    assert account.cost == pytest.approx(0.00303)


def test_a_server_at_home_and_an_unknown_one(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    usage = {"usage": {"prompt_tokens": 1000, "completion_tokens": 100}}
    for key, endpoint in (("a", "http://localhost:8000/v1"), ("b", "https://elsewhere.example/v1")):
        ledger.claim(key, canonical_json({"endpoint": endpoint, "model": "gpt-4"}))
        ledger.finish(key, Completion("answered", "[[7]]", details=usage))
    told = summary(ledger)
    assert "gpt-4 at http://localhost:8000/v1: 1 answered; 1000 tokens read, 100 written; $0.00 (it runs on" in told
    assert "gpt-4 at https://elsewhere.example/v1: 1 answered; 1000 tokens read, 100 written; price unknown" in told


@pytest.mark.parametrize(("column", "text"), [("details", "{"), ("details", "[1]"), ("request", "not JSON")])
def test_a_damaged_row_is_counted_and_nothing_more(tmp_path: Path, column: str, text: str) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    ledger.claim("a", canonical_json({"endpoint": OPENAI_URL, "model": "gpt-4"}))
    ledger.finish("a", Completion("answered", "[[7]]"))
    ledger.execute(f"UPDATE judgment SET {column} = ?", (text,))
    assert "1 answered; 0 tokens read, 0 written" in summary(ledger)


def test_what_was_imported_was_not_paid_for(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    ledger.claim("a", canonical_json({"endpoint": OPENAI_URL, "model": "gpt-4"}))
    ledger.finish("a", Completion("answered", "[[7]]", details={"imported": "gpt-4_single.jsonl"}))
    assert accounts(ledger)[OPENAI_URL, "gpt-4"].untold == 0

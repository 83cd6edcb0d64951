"""The plan: the very requests that judging would send, what the ledger holds of them, and what the rest costs."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.endpoints.client import OPENAI_URL, ChatRequest
from hf_datasets.ledger.store import Ledger, open_ledger
from hf_datasets.records import Completion
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines.plan import Plan, PlanEngine, Planned, plan, print_plan
from mtbenchx_tasks.judge.estimate import Dollars
from mtbenchx_tasks.judge.prices import Price
from mtbenchx_tasks.judge.settings import JudgeSettings, parse_judges
from mtbenchx_tasks.rating.saved_answers import judge_files, plan_files
from tests.doubles.openai_api import Api

HEADER = 3 + 3
"""Tokens around one message."""


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return open_ledger(tmp_path / "ledger.sqlite")


def request(characters: int, most: int = 100, endpoint: str = OPENAI_URL, run: int = 0) -> ChatRequest:
    return ChatRequest(endpoint, "gpt-4", ({"role": "user", "content": "x" * characters},), {"max_tokens": most}, run)


def noted(ledger: Ledger, *requests: ChatRequest) -> PlanEngine:
    engine = PlanEngine(ledger, "gpt-4")
    for one in requests:
        assert engine.submit(one).done() == (one not in engine.missing)
    return engine


def paid(ledger: Ledger, one: ChatRequest, written: int) -> None:
    ledger.claim(one.key, one.text)
    usage = {"usage": {"prompt_tokens": 1, "completion_tokens": written}}
    ledger.finish(one.key, Completion("answered", "[[8]]", details=usage))


def only(found: Plan) -> Planned:
    (cell,) = found.cells
    return cell


@pytest.fixture(autouse=True)
def _no_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")


def test_equal_requests_are_planned_once(ledger: Ledger) -> None:
    cell = only(plan({("gpt-4", "de", "single"): noted(ledger, request(7), request(7), request(7, run=1))}))
    assert (cell.requests, cell.held, cell.missing) == (2, 0, 2)


def test_the_cost_of_what_is_missing(ledger: Ledger) -> None:
    # two prompts of 7 characters: 2 tokens each and the format's; judgments: usually 250, here at most 100 and 1,000
    cell = only(plan({("gpt-4", "de", "single"): noted(ledger, request(7), request(7, 1000))}))
    assert (cell.prompt_tokens, cell.expected_tokens, cell.most_tokens) == (2 * (2 + HEADER), 100 + 250, 1100)
    assert cell.live is not None
    assert cell.live.expected == pytest.approx((16 * 30 + 350 * 60) / 1e6)
    assert cell.live.most == pytest.approx((16 * 30 + 1100 * 60) / 1e6)


def test_what_the_ledger_holds_is_free_and_tells_the_usual_length(ledger: Ledger) -> None:
    paid(ledger, request(7), 40)
    paid(ledger, request(8), 60)
    paid(ledger, request(9, endpoint="elsewhere"), 999)  # another endpoint's judge is another judge
    cell = only(plan({("gpt-4", "de", "single"): noted(ledger, request(7), request(70))}))
    assert (cell.requests, cell.held, cell.expected_tokens) == (2, 1, 50)
    assert cell.prompt_tokens == 20 + HEADER


def test_a_judge_that_thinks_is_taken_to_think_until_the_ledger_knows(ledger: Ledger) -> None:
    def asked(text: str, effort: str) -> ChatRequest:
        return replace(request(7, 4096), messages=({"role": "user", "content": text},),
                       parameters={"max_tokens": 4096, "reasoning_effort": effort})  # fmt: skip

    paid(ledger, asked("other", "none"), 200)
    medium, none = (only(plan({("m", "de", "single"): noted(ledger, asked("x", e))})) for e in ("medium", "none"))
    assert (medium.expected_tokens, none.expected_tokens) == (250 + 1000, 200)  # another effort is another length


def test_a_server_on_this_machine_costs_nothing(ledger: Ledger) -> None:
    cell = only(plan({("gpt-4", "de", "single"): noted(ledger, request(7, endpoint="http://127.0.0.1:8000/v1"))}))
    assert (cell.held, cell.live) == (0, Dollars(0, 0))


def test_a_failed_judgment_is_asked_again(ledger: Ledger) -> None:
    ledger.claim(request(7).key, request(7).text)
    ledger.finish(request(7).key, Completion("failed"))
    assert only(plan({("gpt-4", "de", "single"): noted(ledger, request(7))})).missing == 1


def test_a_request_of_two_cells_counts_in_the_first(ledger: Ledger) -> None:
    cells = {("gpt-4", language, "single"): noted(ledger, request(7)) for language in ("de", "en")}
    assert [cell.requests for cell in plan(cells).cells] == [1, 0]


@pytest.mark.parametrize("backend", ["local", "vllm", "hf", "sglang"])
def test_a_local_judge_is_free_and_its_ledger_unknown(ledger: Ledger, backend: str) -> None:
    cell = only(plan({("ours", "de", "single"): noted(ledger, request(7, endpoint=backend))}))
    assert (cell.held, cell.missing, cell.live) == (None, 1, Dollars(0, 0))


def test_an_unknown_price_is_named(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    engine = PlanEngine(ledger, "ours")
    engine.submit(request(7))
    found = plan({("ours", "de", "single"): engine})
    assert (only(found).live, found.unpriced) == (None, ["ours"])
    print_plan(found)
    assert "name it by --price IN,OUT" in capsys.readouterr().out
    assert plan({("ours", "de", "single"): engine}, {"": Price.flat(1, 1)}).unpriced == []


# from files --------------------------------------------------------------------------------------------------------


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    rows = [{"question_id": i, "model_id": "m", "choices": [{"turns": ["An answer", "Another"]}]} for i in (1, 2, 3)]
    file = tmp_path / "mini_en" / "m.jsonl"
    file.parent.mkdir()
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def settings(api_url: str | None, tmp_path: Path, **more: Any) -> list[JudgeSettings]:
    text = json.dumps({"model": "gpt-4", "base_url": api_url, "ledger": str(tmp_path / "ledger.sqlite"), **more})
    return parse_judges([text])


def test_a_plan_needs_no_key_and_asks_nothing(answers: Path, tmp_path: Path) -> None:
    cell = only(plan_files([answers], settings("http://127.0.0.1:9/v1", tmp_path, runs=2), "en"))
    assert (cell.judge, cell.language, cell.mode, cell.missing) == ("gpt-4", "en", "single", 12)


def test_the_plan_is_what_is_asked_and_then_nothing_is_left(api: Api, answers: Path, tmp_path: Path) -> None:
    judge = settings(api.url, tmp_path)
    planned = only(plan_files([answers], judge, "en"))
    judge_files([answers], judge, "en")
    assert len(api.judgments) == planned.missing == 6
    after = only(plan_files([answers], judge, "en"))
    assert (after.held, after.missing, after.live) == (6, 0, Dollars(0, 0))


def test_a_plan_finds_the_errors_of_the_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file"):
        plan_files([tmp_path / "nowhere.jsonl"], settings(None, tmp_path), "en")


def test_a_plan_reads_well_in_80_columns(
    answers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    print_plan(plan_files([answers], settings("https://api.openai.com/v1", tmp_path), "en"))
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 80
    assert "0 of 6 judgments are in the ledger, 6 are left to ask." in said
    assert "gpt-4 single" in said
    assert "By Batch API (--batch): $" in said
    assert "judgment: 250, as in the published judgments. Price: $30 read" in " ".join(said.split())
    assert "Prompt tokens of gpt-4: estimated: characters / 3.5" in said

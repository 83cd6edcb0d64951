"""Judges that end: refused when they are gone, told when it is near, and only at their vendor's own address."""

from datetime import date
from typing import Any

import pytest

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.ends import Closed, notice, refusal
from mtbenchx_tasks.judge.settings import JudgeSettings


@pytest.mark.parametrize("judge", ["gpt-4", "gpt-4-0613", "paper", "gpt-4-turbo", "gpt-4o-2024-05-13", "o1"])
def test_a_judge_that_is_gone_is_refused_with_its_end_and_the_way_out(judge: str) -> None:
    said = refusal(JudgeSettings.parse(judge))
    for part in ("2026-10-23", "mtbenchx judges", "ledger import", "report"):
        assert part in said


@pytest.mark.parametrize(
    "judge",
    [
        {"model": "gpt-4", "base_url": "http://127.0.0.1:8000/v1"},
        {"model": "paper", "base_url": "https://me.openai.azure.com/openai/v1"},  # Azure ends it by its own calendar
        {"model": "gpt-4", "backend": "local"},
        {"model": "gpt-4o"},  # ends, but later than we looked
        {"model": "gpt-5"},
        {"model": "hosted"},
        {"model": "gpt-4-mine"},
        {"model": "open", "base_url": "http://127.0.0.1:8000/v1"},
        {"model": "open", "backend": "vllm"},
    ],
)
def test_others_may_be_there(judge: dict[str, Any]) -> None:
    assert refusal(JudgeSettings.parse(judge)) == ""


def test_the_environments_url_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1")
    assert refusal(JudgeSettings.parse("gpt-4")) == ""


def test_the_open_judge_needs_a_server_or_a_backend() -> None:
    said = refusal(JudgeSettings.parse("open"))
    assert "base_url" in said
    assert "backend" in said


@pytest.mark.parametrize(
    ("judge", "today", "told"),
    [
        ("gpt-4o", date(2026, 11, 28), "on 2027-01-14, in 47 days"),
        ("gpt-4o", date(2026, 11, 15), "in 60 days"),
        ("gpt-4o", date(2026, 11, 14), ""),
        ("gpt-5", date(2026, 12, 11), "on 2026-12-11, now"),
        ("gpt-5", date(2026, 12, 12), "and may be gone"),  # put off, perhaps: the endpoint will tell
        ("gpt-4", date(2026, 11, 28), ""),  # refused
        ("hosted", date(2026, 11, 28), ""),
        ({"model": "gpt-4o", "base_url": "http://127.0.0.1:8000/v1"}, date(2026, 11, 28), ""),
    ],
)
def test_an_end_within_60_days_is_told(judge: Any, today: date, told: str) -> None:
    said = notice(JudgeSettings.parse(judge), today)
    assert told in said
    assert bool(said) == bool(told)


def test_a_closed_endpoint_says_why_and_stops_the_run() -> None:
    closed = Closed("It is gone.")
    with pytest.raises(UserError, match=r"^It is gone\.$"):
        closed.check("m")
    completion = closed.complete(ChatRequest("u", "m", ()))
    assert (completion.state, completion.reason, completion.details["stop"]) == ("failed", "It is gone.", "It is gone.")

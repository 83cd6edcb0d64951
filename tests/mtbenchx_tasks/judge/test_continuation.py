"""Which endpoints continue a verdict: found out once, told, and the right numbers either way."""

import logging
import math
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.rating.scoring import score_answers
from tests.doubles.continuing_api import begins_anew, mistral, one_token, vllm
from tests.doubles.openai_api import Api, Reply, completion, error

ANSWERS = {1: ["Erstantwort", "Zweitantwort"]}


def score(api: Api, tmp_path: Path, **settings: Any) -> float:
    judge = {
        "model": "org/judge", "base_url": api.url, "rating": "expected", "ledger": str(tmp_path / "ledger.sqlite"),
        "timeout": 5, **settings,
    }  # fmt: skip
    return score_answers(ANSWERS, "de", judge, "mini")["score"]


def odds(text: str) -> dict[str, float]:
    """Rating 6.1 by hand: of the 1's 0.5 a share of 0.8 is a 10, so 0.1 x 1 + 0.4 x 10 + 0.5 x 4."""
    return {"0": 0.8, "]]": 0.2} if text.endswith("[[1") else {"1": 0.5, "4": 0.5}


def written(asked: dict[str, Any]) -> Reply:
    """A judgment with a 9 or, as likely, a 7."""
    tokens = ["Gut", ". ", "Bewertung", ": [[", "9", "]]"]
    content = [{"token": token, "logprob": 0.0, "bytes": None, "top_logprobs": []} for token in tokens]
    content[4]["top_logprobs"] = [{"token": number, "logprob": math.log(0.5), "bytes": None} for number in ("9", "7")]
    logprobs = {"content": content} if asked.get("logprobs") else None
    return Reply(completion("".join(tokens), logprobs=logprobs))


def is_judgment(request: dict[str, Any]) -> bool:
    return "Erstantwort" in str(request["messages"])


@pytest.mark.parametrize("way", ["auto", "vllm"])
def test_vllm_continues(api: Api, tmp_path: Path, way: str) -> None:
    api.answer = vllm(odds)
    assert score(api, tmp_path, continuation=way) == pytest.approx(6.1)
    asked = [request for request in api.requests if is_judgment(request)]
    assert [request["messages"][-1]["content"] for request in asked].count("Bewertung: [[") == 2
    assert len(asked) == 4  # two turns, each with a second request after the 1
    assert {request["max_tokens"] for request in asked} == {1}


@pytest.mark.parametrize("way", ["auto", "prefix"])
def test_mistral_continues(api: Api, tmp_path: Path, way: str) -> None:
    api.answer = mistral(odds)
    assert score(api, tmp_path, continuation=way) == pytest.approx(6.1)
    asked = [request for request in api.requests if is_judgment(request)]
    assert all(request["messages"][-1]["prefix"] is True for request in asked)


@pytest.mark.parametrize("settings", [{}, {"continuation": "off"}])
def test_where_an_endpoint_begins_anew_the_written_verdict_is_read(
    api: Api, tmp_path: Path, caplog: pytest.LogCaptureFixture, settings: dict[str, Any]
) -> None:
    api.answer = begins_anew(written)
    assert score(api, tmp_path, **settings) == pytest.approx(8.0)
    told = [record for record in caplog.records if "doesn't continue a verdict" in record.getMessage()]
    assert len(told) == (0 if settings else 1)
    assert all(request["messages"][-1]["role"] == "user" for request in api.requests if is_judgment(request))


@pytest.mark.parametrize("answer", [vllm(odds), mistral(odds), begins_anew(written)])
def test_a_repeat_asks_nothing(api: Api, tmp_path: Path, answer: Any) -> None:
    api.answer = answer
    first, asked = score(api, tmp_path), len(api.requests)
    assert score(api, tmp_path) == first
    assert len(api.requests) == asked


def test_a_server_that_ignores_the_request_to_continue_is_not_believed(api: Api, tmp_path: Path) -> None:
    def answer(asked: dict[str, Any]) -> Reply:
        begun = asked["messages"][-1]["role"] == "assistant"
        return one_token({"The": 0.9, "7": 0.1}, asked) if begun else written(asked)

    api.answer = answer
    assert score(api, tmp_path) == pytest.approx(8.0)


def test_an_endpoint_that_fails_otherwise_is_no_endpoint_that_cannot(api: Api, tmp_path: Path) -> None:
    api.answer = lambda _: error(401, "Incorrect API key provided")
    with pytest.raises(UserError, match="401"):
        score(api, tmp_path)


def test_what_continues_stands_in_the_conditions_of_the_rating(
    api: Api, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from mtbenchx_tasks.judge.judge import judge_for
    from mtbenchx_tasks.judge.settings import JudgeSettings

    api.answer = vllm(odds)
    given = {"model": "m", "base_url": api.url, "rating": "expected", "ledger": str(tmp_path / "ledger.sqlite")}
    with caplog.at_level(logging.INFO, "lm_eval.mtbenchx"):
        judge = judge_for(JudgeSettings.parse(given), "mini", "de")
    assert judge.settings.continuation == "vllm"
    assert '"continuation":"vllm"' in judge.conditions
    assert "continues a verdict that is begun (vllm)" in caplog.text
    plain = judge_for(JudgeSettings.parse({**given, "rating": "text"}), "mini", "de")
    assert "continuation" not in plain.conditions


def test_a_batch_takes_no_second_request_whatever_the_ledger_knows(api: Api, tmp_path: Path) -> None:
    from mtbenchx_tasks.judge.engines.batch.engine import batch_engine
    from mtbenchx_tasks.judge.judge import judge_for
    from mtbenchx_tasks.judge.settings import JudgeSettings

    api.answer = vllm(odds)
    given = {"model": "m", "base_url": api.url, "rating": "expected", "ledger": str(tmp_path / "ledger.sqlite")}
    settings = JudgeSettings.parse(given)
    assert judge_for(settings, "mini", "de").settings.continuation == "vllm"
    assert judge_for(settings, "mini", "de", batch_engine(settings)).settings.continuation == "off"
    with pytest.raises(UserError, match="may take a second request, which a batch can't"):
        batch_engine(JudgeSettings.parse({**given, "continuation": "vllm"}))

"""The `evaluate` metric gives the task's numbers from the task's ledger."""

from pathlib import Path
from typing import Any

import evaluate as hf_evaluate
import pytest

import mtbenchx_tasks
from hf_datasets.shared.errors import UserError
from tests.doubles.model import Model
from tests.doubles.openai_api import Api
from tests.harness import evaluate
from tests.mini import ANSWERS, QUESTIONS


@pytest.fixture
def metric(tmp_path: Path) -> Any:
    return hf_evaluate.load(mtbenchx_tasks.metric_path(), cache_dir=str(tmp_path / "evaluate"))


def test_metric_equals_task_and_asks_nothing_again(metric: Any, api: Api, tmp_path: Path) -> None:
    api.answer = lambda request: f"[[{1 + len(str(request['messages'])) % 10}]]"
    judge = {"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "ledger.sqlite")}
    task = "mtbench_x_mini_it"
    results = evaluate(Model(lambda prompt: f"Una risposta lunga {len(prompt)} caratteri."), task, judge)
    samples = results["samples"][task]
    asked = len(api.judgments)
    scores = metric.compute(
        predictions=[[turn[0] for turn in sample["resps"]] for sample in samples],
        question_ids=[sample["doc"]["question_id"] for sample in samples],
        language="it",
        benchmark="mini",
        judge=judge,
    )
    assert len(api.judgments) == asked == ANSWERS
    assert scores == {name: results["results"][task][f"{name},gpt-4"] for name in scores}
    assert {"score", "category_mean", "math", "answer_language", "unscored"} <= scores.keys()


def test_an_unknown_question_is_named(metric: Any, api: Api) -> None:
    with pytest.raises(UserError, match=f"no question 99; its ids are 1 to {QUESTIONS}"):
        metric.compute(
            predictions=[["a", "b"]], question_ids=[99], language="it", benchmark="mini", judge={"base_url": api.url}
        )


def test_two_answers_are_needed(metric: Any, api: Api) -> None:
    with pytest.raises(UserError, match="needs two answers"):
        metric.compute(
            predictions=[["a"]], question_ids=[1], language="it", benchmark="mini", judge={"base_url": api.url}
        )

"""Whatever generation of lm_eval is installed: the same metrics under the same names, the same numbers."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import fmean, variance
from typing import Any

import pytest
from lm_eval.api.metrics import stderr_for_metric

from hf_datasets.benchmark.questions import questions
from hf_datasets.records import CATEGORIES
from tests.doubles.model import Model
from tests.doubles.openai_api import Api
from tests.harness import LANGUAGES, evaluate, of_task

OPENINGS = {q.turns[0]: (language, q) for language in LANGUAGES for q in questions("mini", language)}
NEITHER = {"alias", "name", "sample_len", "sample_count"}
"""What lm_eval writes beside metrics; each generation its own."""


def rating(language: str, question: int, turn: int) -> int:
    return 1 + (3 * question + 5 * turn + LANGUAGES.index(language)) % 10


def rate(request: dict[str, Any]) -> str:
    prompt = request["messages"][-1]["content"]
    language, question = next((found for opening, found in OPENINGS.items() if opening in prompt), ("en", None))
    number = question.question_id if question else 0
    return f"[[{rating(language, number, 2 if question and question.turns[1] in prompt else 1)}]]"


def expected(language: str) -> dict[str, float]:
    rows = questions("mini", language)
    both = {q.question_id: [rating(language, q.question_id, turn) for turn in (1, 2)] for q in rows}
    per_category = {name: [both[q.question_id] for q in rows if q.category == name] for name in CATEGORIES}
    numbers = {name: fmean([value for pair in pairs for value in pair]) for name, pairs in per_category.items()}
    # The variance of a mean over N questions: per category, its questions times their variance; the sum over N squared.
    spread = sum(len(pairs) * variance([fmean(pair) for pair in pairs]) for pairs in per_category.values())
    return {
        **numbers,
        "score": fmean([value for pair in both.values() for value in pair]),
        "score_stderr": spread**0.5 / len(rows),
        "turn_1": fmean([pair[0] for pair in both.values()]),
        "turn_2": fmean([pair[1] for pair in both.values()]),
        "category_mean": fmean(numbers.values()),
        "unscored": 0,
    }


def test_a_group_has_the_same_table(api: Api, tmp_path: Path) -> None:
    api.answer = rate
    judge = {"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "ledger.sqlite")}
    results = evaluate(Model(), "mtbench_x_mini", judge)
    for language in LANGUAGES:
        task = of_task(results["results"], f"mtbench_x_mini_{language}")
        for name, value in expected(language).items():
            assert task[f"{name},gpt-4"] == pytest.approx(value), (language, name)
        names = {name.removesuffix("_stderr").removesuffix("_stderr") for name in _metrics(task)}
        assert names == {"score", "turn_1", "turn_2", "category_mean", "answer_language", "unscored", *CATEGORIES}
        higher = of_task(results["higher_is_better"], f"mtbench_x_mini_{language}")
        assert [name for name, is_better in higher.items() if not is_better] == ["unscored"]
    group = results["groups"]["mtbench_x_mini"]
    assert group["score,gpt-4"] == pytest.approx(fmean(expected(language)["score"] for language in LANGUAGES))
    assert {"score", "turn_1", "turn_2", "category_mean", "answer_language", "unscored"} <= _metrics(group)


def _metrics(found: dict[str, Any]) -> set[str]:
    assert all(name.endswith(",gpt-4") for name in found.keys() - NEITHER)
    return {name.removesuffix(",gpt-4") for name in found.keys() - NEITHER}


def test_no_error_is_drawn_a_hundred_thousand_times(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(*_: object, **__: object) -> None:
        raise AssertionError("drawn")

    monkeypatch.setattr(f"{stderr_for_metric.__module__}.bootstrap_stderr", draw)
    judge = {"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "ledger.sqlite")}
    results = evaluate(Model(), "mtbench_x_mini_de", judge, limit=3, bootstrap_iters=100_000)
    assert results["results"]["mtbench_x_mini_de"]["score_stderr,gpt-4"] == 0
    unjudged = evaluate(Model(), "mtbench_x_mini_de", limit=3, bootstrap_iters=100_000, predict_only=True)
    assert unjudged["results"]["mtbench_x_mini_de"]["bypass,none"] == 999


FOREIGN = """
import sys, types, lm_eval.tasks
sys.modules["lm_eval.api.task"] = types.ModuleType("lm_eval.api.task")  # of a release that names its classes otherwise
try:
    import mtbenchx_tasks.task
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_release_that_nobody_knows_is_told_in_one_sentence() -> None:
    done = subprocess.run([sys.executable, "-c", FOREIGN], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"UserError lm_eval {version('lm_eval')} isn't one that this release works with")
    assert "pip install" in done.stdout

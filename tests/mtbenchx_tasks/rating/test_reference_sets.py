"""The judge sees the reference set that was asked for, in every way to judge, and results say which it was."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.benchmark.questions import reference_set_hash
from hf_datasets.benchmark.references import REFERENCE_SETS
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.answers import Answers
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.pairwise.run import start
from mtbenchx_tasks.rating.saved_answers import judge_files
from mtbenchx_tasks.rating.scoring import score_answers
from tests.answers import ours, published
from tests.doubles.model import Model
from tests.doubles.openai_api import Api
from tests.harness import evaluate
from tests.sources import needs_sources

ID = 104
"""A question whose published reference is wrong in both turns."""
both_sets = pytest.mark.parametrize("reference_set", REFERENCE_SETS)


@pytest.fixture
def judge(api: Api, tmp_path: Path) -> dict[str, Any]:
    return {"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "ledger.sqlite")}


def seen(api: Api) -> set[str]:
    """The sets whose answers to ID stand in the German prompts."""
    asked = "".join(message["content"] for request in api.judgments for message in request["messages"])
    texts = {
        "corrected": [ours("de", ID, turn) for turn in (1, 2)],
        "published": [published(ID, turn, "de") for turn in (1, 2)],
    }
    return {name for name, turns in texts.items() if all(turn in asked for turn in turns)}


def rules(judge: dict[str, Any], table: str) -> set[tuple[str, str]]:
    """Name and hash of the reference sets in a table of the ledger."""
    with sqlite3.connect(judge["ledger"]) as ledger:
        found = [json.loads(settings) for (settings,) in ledger.execute(f"SELECT settings FROM {table}")]
    ledger.close()
    return {(rule["reference_set"], rule["reference_set_sha256"]) for rule in found}


@pytest.mark.sources
@needs_sources
@both_sets
class TestWaysToJudge:
    def test_the_task(self, api: Api, judge: dict[str, Any], reference_set: str) -> None:
        task = "mtbench_x_de"
        results = evaluate(Model(), task, {**judge, "reference_set": reference_set}, samples={task: [ID - 81]})
        assert seen(api) == {reference_set}
        expected = (reference_set, reference_set_hash("mtbench_x", "de", reference_set))
        assert rules(judge, "use") == {expected}
        written = results["configs"][task]["metadata"]["judge"]
        assert (written["reference_set"], written["reference_set_sha256"]) == expected

    def test_answers_in_a_file(self, api: Api, judge: dict[str, Any], reference_set: str, tmp_path: Path) -> None:
        file = tmp_path / "m.jsonl"
        file.write_text(json.dumps({"question_id": ID, "model_id": "m", "choices": [{"turns": ["a", "b"]}]}))
        judge_files([file], json.dumps({**judge, "reference_set": reference_set}), "de")
        assert seen(api) == {reference_set}
        assert rules(judge, "use") == {(reference_set, reference_set_hash("mtbench_x", "de", reference_set))}

    def test_comparisons(self, api: Api, judge: dict[str, Any], reference_set: str) -> None:
        api.answer = lambda request: "[[A]]"
        given = [Answers(name, language="de", benchmark="mtbench_x", texts={ID: (name, name)}) for name in "ab"]
        start(given, "de", JudgeSettings.parse({**judge, "reference_set": reference_set})).preferences()
        assert seen(api) == {reference_set}
        assert rules(judge, "comparison") == {(reference_set, reference_set_hash("mtbench_x", "de", reference_set))}


@pytest.mark.sources
@needs_sources
def test_another_set_is_another_judgment_only_where_the_references_differ(api: Api, judge: dict[str, Any]) -> None:
    texts = {81: ("a", "b"), 102: ("a", "b"), ID: ("a", "b")}
    score_answers(texts, "en", judge)
    assert len(api.judgments) == 6
    score_answers(texts, "en", {**judge, "reference_set": "corrected"})
    # 81 has no reference and 102 keeps its own
    assert len(api.judgments) == 6 + 2


def test_the_mini_benchmark_has_one_set(api: Api, judge: dict[str, Any]) -> None:
    corrected = {**judge, "reference_set": "corrected"}
    for attempt in (
        lambda: evaluate(Model(), "mtbench_x_mini_de", corrected, limit=1),
        lambda: score_answers({1: ("a", "b")}, "de", corrected, "mini"),
    ):
        with pytest.raises(UserError, match="mini benchmark has no references 'corrected'; set reference_set to"):
            attempt()
    assert api.requests == []

"""The published and the corrected questions are two conditions, and answers to one are never judged as the other's."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.benchmark.questions import question_set_hash, questions
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate.study import study_of_files
from mtbenchx_tasks.formats.answers import read_answers
from mtbenchx_tasks.formats.study import read_study
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.pairwise.run import start
from mtbenchx_tasks.rating.results_files import write_results
from mtbenchx_tasks.rating.saved_answers import judge_files
from mtbenchx_tasks.report.sections import sections
from tests.doubles.judges import Judges, serve_judges
from tests.sources import needs_sources

pytestmark = [pytest.mark.sources, needs_sources]


def judged(folder: Path, api: Judges, question_set: str) -> dict[str, Any]:
    """Have one answer to question 84 in German judged; returns what its results say of the judge."""
    file = folder / "m.jsonl"
    jsonl.write(file, [{"question_id": 84, "model_id": "m", "choices": [{"turns": ["a", "b"]}]}])
    settings = {"model": "gpt-4.1", "base_url": api.url, "ledger": str(folder / "ledger.sqlite")}
    results = judge_files([file], json.dumps({**settings, "question_set": question_set}), "de")
    write_results(folder / question_set, results)
    return dict(results[0].about["judge"])


def samples(folder: Path, question_set: str, name: str = "m") -> Path:
    """lm_eval's samples of question 84 in German, with the turns as they were asked."""
    question = next(one for one in questions("mtbench_x", "de", question_set=question_set) if one.question_id == 84)
    file = folder / name / "samples_mtbench_x_de_2026-11-28.jsonl"
    file.parent.mkdir(exist_ok=True)
    row = {"doc": question.to_row(), "resps": [["a"], ["b"]], "filtered_resps": ["a", "b"], "filter": "none"}
    jsonl.write(file, [row])
    return file


def test_results_name_set_and_hash_and_a_report_keeps_them_apart(tmp_path: Path) -> None:
    with serve_judges() as api:
        said = {name: judged(tmp_path, api, name) for name in ("published", "corrected")}
    for name, judge in said.items():
        expected = question_set_hash("mtbench_x", "de", name)
        assert (judge["question_set"], judge["question_set_sha256"]) == (name, expected)
    for paths in ([tmp_path / "ledger.sqlite"], [tmp_path / "published", tmp_path / "corrected"]):
        names = {section.name for section in sections(read_study(paths).ratings)}
        assert len(names) == 2
        assert any("question set published" in name for name in names), names
        assert any("question set corrected" in name for name in names), names


def test_the_ledger_names_published_questions_as_older_releases_did(tmp_path: Path) -> None:
    with serve_judges() as api:
        judged(tmp_path, api, "published")
    with sqlite3.connect(tmp_path / "ledger.sqlite") as ledger:
        (settings,) = ledger.execute("SELECT DISTINCT settings FROM use").fetchone()
    assert not [name for name in json.loads(settings) if name.startswith("question_set")]


def test_the_judge_reads_the_question_that_was_asked(tmp_path: Path) -> None:
    with serve_judges() as api:
        judged(tmp_path, api, "corrected")
        asked = [json.dumps(one.body, ensure_ascii=False) for one in api.chats]
    assert any("einen Vergleich" in text for text in asked)  # question 84, turn 2
    assert not any("ein Gleichnis" in text for text in asked)


@pytest.mark.parametrize(("asked", "judged_as"), [("published", "corrected"), ("corrected", "published")])
def test_samples_of_the_other_set_are_refused(tmp_path: Path, asked: str, judged_as: str) -> None:
    file, other = samples(tmp_path, asked), samples(tmp_path, asked, "n")
    fault = rf"answered question 84 of the {asked} questions in 'de', not of the {judged_as} ones; set question_set"
    judge = JudgeSettings.parse({"model": "gpt-4.1", "base_url": "http://127.0.0.1:9/v1", "question_set": judged_as})
    with pytest.raises(UserError, match=fault):
        judge_files([file], [judge])
    with pytest.raises(UserError, match=fault):
        start([read_answers(file), read_answers(other)], "de", judge)
    with pytest.raises(UserError, match=fault):
        study_of_files([file, other], "de", question_set=judged_as)
    assert study_of_files([file, other], "de", question_set=asked).questions[0].question_id == 84

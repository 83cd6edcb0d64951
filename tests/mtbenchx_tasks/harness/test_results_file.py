"""The results file is JSON as everybody reads it: numbers or nothing, whatever the judge did."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lm_eval.loggers import EvaluationTracker

from mtbenchx_tasks.harness.results_file import as_json, install
from tests.doubles.model import Model
from tests.doubles.openai_api import Api, is_probe
from tests.harness import evaluate, of_task

TASKS = ["mtbench_x_mini_de", "mtbench_x_mini_en"]


def save(folder: Path, results: dict[str, Any]) -> Path:
    """Write results as lm_eval's command does."""
    tracker = EvaluationTracker(output_path=str(folder))
    about = {"system_instruction": None, "chat_template": "", "fewshot_as_multiturn": True}
    tracker.general_config_tracker.log_experiment_args("hf", "pretrained=ORG/chat", **about)
    samples = results.pop("samples")
    tracker.save_results_aggregated(results, samples)
    for task, rows in samples.items():
        tracker.save_results_samples(task, rows)
    (file,) = folder.rglob("results_*.json")
    return file


@pytest.fixture
def file(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """German answers are rated 7, English ones have no verdict; the ledger lies in the user's folder."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    api.answer = lambda request: "[[7]]" if is_probe(request) or "Schreib" in str(request) else "no verdict"
    judge = {"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "home" / "ledger.sqlite")}
    return save(tmp_path / "out", evaluate(Model(), TASKS, judge, limit=1))


def test_a_strict_reader_takes_it(file: Path) -> None:
    """What has no rating isn't there, `unscored` is 1; no error of an error; the home folder is `~`."""
    text = file.read_text(encoding="utf-8")
    found = json.loads(text, parse_constant=pytest.fail)
    german, english = (of_task(found["results"], task) for task in TASKS)
    assert (german["score,gpt-4"], german["unscored,gpt-4"]) == (7, 0)
    assert english["unscored,gpt-4"] == 1
    assert not [name for name in english if name.startswith(("score", "turn", "category_mean", "writing"))]
    assert "_stderr_stderr" not in text
    assert "score_stderr" not in of_task(found["higher_is_better"], TASKS[0])
    assert str(file.parents[2] / "home") not in text
    config = of_task(found["configs"], TASKS[0])
    assert config["metadata"]["judge"]["ledger"] in ("~/ledger.sqlite", "~\\ledger.sqlite")
    assert found["task_hashes"]


def test_the_file_of_an_unscored_language_becomes_a_card(file: Path) -> None:
    from model_cards.groups import read_groups

    (group,) = read_groups([file])
    scores = {result.language: result.metrics.get("score") for result in group.results}
    assert scores == {"de": 7, "en": None}


def test_tasks_of_others_stay_as_they_are() -> None:
    foreign = {"results": {"arc": {"acc,none": float("nan"), "x_stderr_stderr,none": 1}}, "configs": {"arc": {}}}
    assert as_json(foreign)["results"] is not foreign
    assert repr(as_json(foreign)) == repr(foreign)


def test_a_group_of_ours_is_ours() -> None:
    config = {"metadata": {"benchmark": {"name": "mini"}}}
    rows = {"de": {"score,j": 7.0}, "all": {"score,j": float("nan"), "score_stderr,j": "N/A", "unscored,j": 0.5}}
    results = {"results": rows, "groups": {"all": rows["all"]}, "configs": {"de": config}}
    written = as_json({**results, "group_subtasks": {"all": ["de"]}})
    assert written["groups"] == {"all": {"unscored,j": 0.5}}
    assert written["results"] == {"de": {"score,j": 7.0}, "all": {"unscored,j": 0.5}}


def test_it_is_installed_once() -> None:
    install()
    first = EvaluationTracker.save_results_aggregated
    install()
    assert EvaluationTracker.save_results_aggregated is first


@pytest.mark.slow
def test_every_eval_ever_converts_it(file: Path, tmp_path: Path) -> None:
    line = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--ignore-requires-python"]
    subprocess.run([*line, "--target", tmp_path / "theirs", "every-eval-ever==0.3.0"], check=True)
    code = "from every_eval_ever.cli import main; raise SystemExit(main())"
    options = ["--log_path", file.parent, "--output_dir", tmp_path / "eee", "--source_organization_name", "A lab"]
    done = subprocess.run(
        [sys.executable, "-c", code, "convert", "lm_eval", *map(str, options)],
        env={"PYTHONPATH": str(tmp_path / "theirs"), "PATH": "", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    written = [json.loads(one.read_text(encoding="utf-8")) for one in (tmp_path / "eee").rglob("*.json")]
    assert written, done.stdout + done.stderr

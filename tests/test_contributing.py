"""CONTRIBUTING.md tells the truth: its picture has the rooms that stand, its checklist's commands run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles.deepl_api import KEY, DeepLApi, serve_deepl
from tests.doubles.openai_api import Api
from tests.sources import needs_sources

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
DONE, SOMETHING_IS_ODD = 0, 3


def block(kind: str) -> str:
    (_, found, *_) = re.split(rf"^```{kind}\n|^```\n", PAGE[PAGE.index(f"```{kind}\n") :], flags=re.MULTILINE)
    return found


def rooms(package: str) -> set[str]:
    return {file.parent.name for file in (ROOT / package).glob("*/__init__.py")}


def test_the_picture_has_the_rooms_that_stand() -> None:
    drawn = set(re.findall(r"^    ([a-z_]+)  ", block("text"), flags=re.MULTILINE))
    assert drawn == rooms("hf_datasets") | rooms("mtbenchx_tasks")


@needs_sources
@pytest.mark.sources
@pytest.mark.slow
def test_the_checklist_for_a_language_runs(api: Api, tmp_path: Path) -> None:
    api.answer = lambda request: "Bem. [[8]]" if "[[5]]" in request["messages"][0]["content"] else "Aqui está."
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "mtbenchx").write_text(f'#!/bin/sh\nexec {sys.executable} -m mtbenchx_tasks.cli "$@"\n')
    (programs / "lm_eval").write_text(f'#!/bin/sh\nexec {sys.executable} -m lm_eval "$@"\n')
    for program in programs.iterdir():
        program.chmod(0o755)
    commands = block("sh").replace("\\\n", "").splitlines()
    with serve_deepl(DeepLApi(speak=lambda text, target: re.sub(r"[A-Za-z]{3,}", r"\g<0>ão", text))) as deepl:
        environment = os.environ | {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "ENDPOINT": api.url,
            "DEEPL_AUTH_KEY": KEY,
            "DEEPL_SERVER_URL": deepl.url,
        }
        for command in commands:
            done = subprocess.run(
                ["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False
            )
            assert done.returncode in (DONE, SOMETHING_IS_ODD), f"{command}\n{done.stdout}\n{done.stderr}"
    judged = [request for request in api.judgments if "[[5]]" in request["messages"][0]["content"]]
    assert len(judged) == 4 + 2  # 2 questions x 2 turns, and the probe's two answers
    assert list(tmp_path.glob("results/*/results_*.json"))

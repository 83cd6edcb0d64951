"""CONTRIBUTING.md tells the truth: its picture has the rooms that stand, its checklist's commands run."""

import functools
import os
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mtbenchx_tasks.cli import app
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


@pytest.fixture
def type_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], int]:
    """Run a command of mtbenchx or lm_eval in a user's folder; return its exit code."""
    from lm_eval._cli.harness import HarnessCLI
    from lm_eval.evaluator import TaskManager

    bundled = functools.partial(TaskManager, include_defaults=False)  # an index of all stock tasks takes ten seconds
    monkeypatch.setattr("lm_eval.tasks.TaskManager", bundled)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.chdir(tmp_path)

    def run(command: str) -> int:
        program, *words = shlex.split(os.path.expandvars(command), comments=True)
        if program == "mtbenchx":
            result = CliRunner().invoke(app, words)
            assert result.exception is None or isinstance(result.exception, SystemExit), (command, result.exception)
            return result.exit_code
        assert program == "lm_eval"
        monkeypatch.setattr(sys, "argv", [program, *words])
        parser = HarnessCLI()
        parser.execute(parser.parse_args())
        return DONE

    return run


@needs_sources
@pytest.mark.sources
@pytest.mark.slow
def test_the_checklist_for_a_language_runs(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, type_in: Callable[[str], int]
) -> None:
    api.answer = lambda request: "Bem. [[8]]" if "[[5]]" in request["messages"][0]["content"] else "Aqui está."
    with serve_deepl(DeepLApi(speak=lambda text, target: re.sub(r"[A-Za-z]{3,}", r"\g<0>ão", text))) as deepl:
        for name, value in {"ENDPOINT": api.url, "DEEPL_AUTH_KEY": KEY, "DEEPL_SERVER_URL": deepl.url}.items():
            monkeypatch.setenv(name, value)
        for command in block("sh").replace("\\\n", "").splitlines():
            assert type_in(command) in (DONE, SOMETHING_IS_ODD), command
    judged = [request for request in api.judgments if "[[5]]" in request["messages"][0]["content"]]
    assert len(judged) == 4  # 2 questions x 2 turns
    assert list(tmp_path.glob("results/*/results_*.json"))

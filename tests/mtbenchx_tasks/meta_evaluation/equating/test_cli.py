"""`mtbenchx equate`, as a user types it."""

import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.meta_evaluation.equating.cli import equate
from tests.mtbenchx_tasks.meta_evaluation.equating.places import ANCHORS, BOTH, judged
from tests.mtbenchx_tasks.test_cli import mtbenchx


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return judged(tmp_path_factory.mktemp("anchors"), ANCHORS, BOTH)


def test_fit_and_check(folder: Path, tmp_path: Path) -> None:
    old, new = (folder / "mt_bench_en" / "model_judgment" / f"{judge}_single.jsonl" for judge in BOTH)
    start = time.monotonic()
    done = mtbenchx("equate", "fit", "--old", "gpt-4", "--new", "new", "--anchors", str(old), str(new), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - start < 60  # some 2 s on an idle machine
    assert "From new to gpt-4 (2024-04-01)" in done.stdout
    shown = mtbenchx("equate", "check", "equating.json", cwd=tmp_path)
    assert shown.returncode == 0
    assert "12 models of 6 families" in shown.stdout
    assert "better than none" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--old", "gpt-4", "--new", "gpt-4"], "name two judges"),
        (["--old", "gpt-4", "--new", "other"], "No anchor is rated by other; the places hold ratings by gpt-4, new."),
        (["--old", "gpt-4", "--new", "new", "--since", "2024"], "--since must be a day such as 2023-07-01, not '2024'"),
        (["--old", "gpt-4", "--new", "new", "--where", "x"], "--where needs NAME=VALUE"),
        (["--old", "gpt-4", "--new", "new", "--where", "prompt_set=mini"], "is under prompt_set=mini"),
        (["--old", "gpt-4", "--new", "new", "--families", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_mistakes_are_one_sentence(folder: Path, tmp_path: Path, arguments: list[str], told: str) -> None:
    out = tmp_path / "equating.json"
    error = refused("fit", "--anchors", str(folder), "--out", str(out), *arguments)
    assert told in error
    assert not out.exists()


@pytest.mark.parametrize("arguments", [[], ["a.json", "b.json"], ["a.json", "--old", "gpt-4"]])
def test_check_needs_a_file_or_both_judges(arguments: list[str]) -> None:
    assert refused("check", *arguments).startswith("Name")


def refused(*arguments: str) -> str:
    found = CliRunner().invoke(equate, list(arguments)).exception
    assert isinstance(found, UserError)
    return str(found)


@pytest.mark.parametrize("command", ["fit", "check"])
def test_help_has_an_example(command: str) -> None:
    assert "Example" in CliRunner().invoke(equate, [command, "--help"]).output

"""`mtbenchx equate`, as a user types it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.meta_evaluation.equating.cli import equate
from tests.mtbenchx_tasks.meta_evaluation.equating.places import ANCHORS, BOTH, judged


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return judged(tmp_path_factory.mktemp("anchors"), ANCHORS, BOTH)


def test_fit_and_check(folder: Path, tmp_path: Path) -> None:
    old, new = (str(folder / "mt_bench_en" / "model_judgment" / f"{judge}_single.jsonl") for judge in BOTH)
    file, out = str(tmp_path / "equating.json"), tmp_path / "check"
    fitted = done("fit", "--old", "gpt-4", "--new", "new", "--anchors", old, new, "--out", file)
    assert "From new to gpt-4 (2024-04-01)" in fitted
    shown = done("check", file, "--out", str(out))
    assert "12 models of 6 families" in shown
    assert "better than none" in shown
    assert (out / "check-en.csv").read_text("utf-8").splitlines()[1].startswith("score,")
    assert len((out / "left-out-en.csv").read_text("utf-8").splitlines()) == 1 + 12


def done(*arguments: str) -> str:
    result = CliRunner().invoke(equate, list(arguments), env={"COLUMNS": "200"})
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--old", "gpt-4", "--new", "gpt-4"], "name two judges"),
        (["--old", "", "--new", "gpt-4"], "--old and --new each need the name of a judge"),
        (["--old", "gpt-4", "--new", "other"], "No anchor is rated by other; the places hold ratings by gpt-4, new."),
        (["--old", "gpt-4", "--new", "new", "--since", "2024"], "--since must be a day such as 2023-07-01, not '2024'"),
        (["--old", "gpt-4", "--new", "new", "--where", "x"], "--where needs NAME=VALUE"),
        (["--old", "gpt-4", "--new", "new", "--where", "prompt_set=mini"], "is under prompt_set=mini"),
        (["--old", "gpt-4", "--new", "new", "--families", "nowhere.yaml"], "nowhere.yaml"),
        (["--old", "gpt-4", "--new", "new", "--where", "a=1", "--where", "a=2"], "--where names one thing twice"),
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


def test_conditions_on_anchors_are_no_option_of_a_file_that_is_fitted(tmp_path: Path) -> None:
    error = refused("check", str(tmp_path / "equating.json"), "--since", "2024-01-01", "--language", "de")
    assert error.startswith("--since and --language would have no effect on a file that is fitted")


def refused(*arguments: str) -> str:
    found = CliRunner().invoke(equate, list(arguments)).exception
    assert isinstance(found, UserError)
    return str(found)


@pytest.mark.parametrize("command", ["fit", "check"])
def test_help_has_an_example(command: str) -> None:
    assert "Example" in CliRunner().invoke(equate, [command, "--help"]).output

"""What the environments of `make matrix` are made of, and the table that it prints."""

import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests import matrix

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_everything_that_is_needed_has_a_floor() -> None:
    extras = PROJECT["optional-dependencies"]
    needed = [*PROJECT["dependencies"], *(line for name, lines in extras.items() if name != "dev" for line in lines)]
    assert [line for line in needed if ">=" not in line] == [line for line in needed if line.startswith("mtbench-x[")]


def test_tests_bring_no_checker_along() -> None:
    names = {line.partition(">")[0] for line in matrix.tools()}
    assert {"pytest", "pytest-timeout", "pytest-xdist", "hypothesis", "llmock"} <= names
    assert not names & {"mypy", "ruff", "scipy-stubs", "types-PyYAML"}


def test_a_failure_stands_in_the_table(tmp_path: Path) -> None:
    report = tmp_path / "tests.xml"
    report.write_text('<testsuites><testsuite tests="9" failures="1" errors="1" skipped="2"/></testsuites>', "utf-8")
    (suite,) = matrix._suites(report)
    assert (suite.tag, ET.tostring(suite)[:10]) == ("testsuite", b"<testsuite")
    outcome = matrix.Outcome("3.11.7", ("0.4.13", *"12345"), 5, 2, 2, 61.4)
    lines = list(matrix.table({"floors": outcome}))
    assert lines[2] == "| floors | 3.11.7 | 0.4.13 | 1 | 2 | 3 | 4 | 5 | 5 | 2 | 2 | 61 |"
    assert lines[0].count("|") == lines[1].count("|") == lines[2].count("|")


def test_environments_and_tests_are_named_as_the_help_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Paths stand after an environment, as in the module's own example; without any, every environment runs its own."""
    ran: list[tuple[str, tuple[str, ...]]] = []
    outcome = matrix.Outcome("3.11.7", tuple("123456"), 1, 0, 0, 1.0)

    def run(python: Path, choice: matrix.Choice, tests: list[str], processes: str) -> matrix.Outcome:
        ran.append((python.name, tuple(tests)))
        return outcome

    monkeypatch.setattr(matrix, "made", lambda name, choice, python, torch: tmp_path / name.rpartition("-")[0])
    monkeypatch.setattr(matrix, "run", run)
    assert matrix.main(["--only", "floors", "tests/test_matrix.py"]) == 0
    assert matrix.main(["--only", "floors", "--only", "newest"]) == 0
    assert matrix.main([]) == 0
    assert ran[:3] == [("floors", ("tests/test_matrix.py",)), ("floors", ("tests",)), ("newest", ("tests",))]
    assert [name for name, _ in ran[3:]] == [*matrix.CHOICES]


@pytest.mark.parametrize("arguments", [["--only", "floor"], ["--only", "floors", "tests/no_such_folder"]])
def test_what_is_not_there_is_told_before_anything_is_made(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(matrix, "made")
    with pytest.raises(SystemExit):
        matrix.main(arguments)

"""What the environments of `make matrix` are made of, and the table that it prints."""

import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

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

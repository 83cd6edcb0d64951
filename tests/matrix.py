"""Runs the fast tests in environments with other versions of what we need, and prints a table.

    python -m tests.matrix                     # every environment, all that its versions can change
    python -m tests.matrix --part              # a few minutes: a folder of tests for each thing that may differ
    python -m tests.matrix --only floors tests/hf_datasets/translate    # --only again for a further environment

Environments lie in .cache/matrix; uv makes one anew when what it is made of has changed. uv doesn't read pip's
settings: they are handed on. The command ends with 1 if a test failed or an environment can't be made.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".cache" / "matrix"
CHECKERS = ("import-linter", "mypy", "pre-commit", "ruff", "uv")
"""Tools of `dev` that no test needs; nor does one need the stubs."""
SHOWN = ("lm-eval", "datasets", "numpy", "openai", "transformers", "typer")
KNOW_LM_EVAL = (
    *("tests/mtbenchx_tasks/harness", "tests/mtbenchx_tasks/rating", "tests/mtbenchx_tasks/judge/engines"),
    *("tests/mtbenchx_tasks/test_interface.py", "tests/model_cards/test_evaluations.py"),
    *("tests/model_cards/test_lm_eval_tracker.py", "tests/hf_datasets/benchmark/test_task_files.py"),
    "tests/test_journey.py",
)
"""Where another lm_eval can be noticed."""
OLD = ("DeprecationWarning", "PendingDeprecationWarning", "FutureWarning")
"""Warnings that old packages give beside new ones, of which we are neither."""
A_PART = (
    *("tests/mtbenchx_tasks/harness", "tests/mtbenchx_tasks/test_cli.py", "tests/hf_datasets/endpoints"),
    *("tests/hf_datasets/hub", "tests/hf_datasets/translate/test_deepl.py", "tests/mtbenchx_tasks/report/test_page.py"),
)


@dataclass(frozen=True)
class Choice:
    """Which versions an environment has."""

    options: tuple[str, ...]
    """uv's, where several versions fit."""
    more: tuple[str, ...] = ()
    """Requirements beside our own."""
    tests: tuple[str, ...] = ("tests",)
    part: tuple[str, ...] = A_PART
    """Tests of `--part`."""
    warnings: tuple[str, ...] = ()
    """Kinds that may be given."""


CHOICES = {
    "floors": Choice(("--resolution", "lowest-direct"), warnings=OLD),
    "newest": Choice(("--resolution", "highest"), part=()),  # what every other job runs
    # A bound that names a pre-release lets uv take one of this package, and of no other.
    "lm-eval's newest": Choice(
        ("--resolution", "highest"), ("lm-eval>=0.5.0.dev0",), KNOW_LM_EVAL, ("tests/mtbenchx_tasks/harness",)
    ),
}


@dataclass(frozen=True)
class Outcome:
    """What came of the tests in one environment."""

    python: str
    versions: tuple[str, ...]
    passed: int
    failed: int
    skipped: int
    seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the environments, run the tests, print the table; returns 0 if all is well."""
    parser = argparse.ArgumentParser(description="Run the fast tests with other versions of what we need.")
    parser.add_argument("--only", action="append", choices=CHOICES, metavar="ENVIRONMENT", help=", ".join(CHOICES))
    parser.add_argument("--part", action="store_true", help="a folder of tests for each thing that may differ")
    parser.add_argument("--torch", default="torch", help="requirement; one for CPUs saves gigabytes")
    parser.add_argument("--python", default=f"{sys.version_info.major}.{sys.version_info.minor}")
    parser.add_argument("--processes", default="4", help="of pytest")
    parser.add_argument("tests", nargs="*")
    asked = parser.parse_args(arguments)
    if missing := [test for test in asked.tests if not (ROOT / test.partition("::")[0]).exists()]:
        parser.error(f"there is no {', '.join(missing)}")
    outcomes: dict[str, Outcome] = {}
    for name in asked.only or CHOICES:
        choice = CHOICES[name]
        tests = asked.tests or (choice.part if asked.part else choice.tests)
        if tests:
            python = made(f"{name}-{asked.python}", choice, asked.python, asked.torch)
            outcomes[name] = run(python, choice, tests, asked.processes)
    print("\n".join(table(outcomes)))
    return int(not outcomes or any(outcome.failed or not outcome.passed for outcome in outcomes.values()))


def made(name: str, choice: Choice, python: str, torch: str) -> Path:
    """Return the interpreter of an environment, which is made if it isn't there as wanted."""
    folder = FOLDER / name.replace(" ", "-").replace("'", "")
    found = folder / "bin" / "python"
    wanted = f"{(ROOT / 'pyproject.toml').read_text(encoding='utf-8')}{choice}{torch}"
    stamp, mark = folder / "made-of", hashlib.sha256(wanted.encode()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == mark:
        return found
    begun = time.monotonic()
    _uv("venv", "--quiet", "--clear", "--python", python, str(folder))
    install = ("pip", "install", "--quiet", "--python", str(found))
    held = folder / "held.txt"
    held.write_text(torch + "\n", encoding="utf-8")
    _uv(*install, *choice.options, "--constraint", str(held), "--editable", f"{ROOT}[all]", *choice.more)
    held.write_text(_uv("pip", "freeze", "--python", str(found), "--exclude-editable"), encoding="utf-8")
    _uv(*install, "--constraint", str(held), *tools())
    stamp.write_text(mark, encoding="utf-8")
    print(f"{name}: made in {time.monotonic() - begun:.0f} s", flush=True)
    return found


def tools() -> list[str]:
    """Return what tests need beside the product, as pyproject.toml has it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [
        line
        for line in project["optional-dependencies"]["dev"]
        if not line.startswith((*CHECKERS, "types-")) and "stubs" not in line
    ]


def run(python: Path, choice: Choice, tests: Sequence[str], processes: str) -> Outcome:
    """Run the fast tests in an environment."""
    report = python.parents[1] / "tests.xml"
    report.unlink(missing_ok=True)
    options = ["-q", "-m", "not slow", "-n", processes, "--dist", "loadfile", "-p", "no:cacheprovider"]
    # By the environment, so that a pytest that a test starts has it too.
    given = " ".join(f"-W ignore::{kind}" for kind in choice.warnings)
    begun = time.monotonic()
    command = [str(python), "-m", "pytest", *options, f"--junit-xml={report}", *tests]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTEST_ADDOPTS": given}, check=False)
    seconds = time.monotonic() - begun
    kinds = ("tests", "failures", "errors", "skipped")
    counts = [int(suite.get(kind, 0)) for suite in _suites(report) for kind in kinds]
    ran, failures, errors, skipped = counts or (0, 1, 0, 0)
    *versions, spoken = _versions(python)
    passed = ran - failures - errors - skipped
    return Outcome(spoken, tuple(versions), passed, failures + errors, skipped, seconds)


def _suites(report: Path) -> Iterator[ET.Element]:
    if report.is_file():
        yield from ET.parse(report).getroot().iter("testsuite")


def _versions(python: Path) -> list[str]:
    told = (
        f"import json, platform; from {version.__module__} import version; "
        f"print(json.dumps([*map(version, {SHOWN!r}), platform.python_version()]))"
    )
    done = subprocess.run([str(python), "-c", told], capture_output=True, text=True, check=True)
    return [str(value) for value in json.loads(done.stdout)]


def table(outcomes: dict[str, Outcome]) -> Iterator[str]:
    """Yield the lines of a table in Markdown."""
    yield f"| versions | Python | {' | '.join(SHOWN)} | passed | failed | skipped | seconds |"
    yield "| --- | --- |" + " --- |" * len(SHOWN) + " ---: | ---: | ---: | ---: |"
    for name, one in outcomes.items():
        cells = (name, one.python, *one.versions, one.passed, one.failed, one.skipped, f"{one.seconds:.0f}")
        yield f"| {' | '.join(map(str, cells))} |"


def _uv(*arguments: str) -> str:
    from uv import find_uv_bin

    done = subprocess.run(
        [find_uv_bin(), *arguments], env=_environment(), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"tests.matrix: uv {' '.join(arguments[:2])} failed; see above.")
    return done.stdout


def _environment() -> dict[str, str]:
    """Return uv's settings: those of pip, unless uv has its own."""
    names = {"find-links": "UV_FIND_LINKS", "index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}
    told: dict[str, str] = {}
    for line in _pip_settings():
        key, _, value = line.partition("=")
        name = names.get(key.rpartition(".")[2])
        if name is not None:
            told[name] = value.strip("'\"")
    return {**told, **os.environ}


def _pip_settings() -> list[str]:
    done = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main())

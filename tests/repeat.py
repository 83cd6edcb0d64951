"""Runs tests again and again, to find those that fail by chance: each time Hypothesis draws anew, and so do threads.

    python -m tests.repeat --times 200 tests/mtbenchx_tasks/annotate/test_assignment.py::test_nobody_gets_more
    python -m tests.repeat --times 3   # every fast test that depends on chance

Python's hashes begin from another seed in each process. The first failure ends it; Hypothesis prints what it drew.
"""

import argparse
import functools
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

AT_ONCE = 20
"""Times that one process runs each test."""
TIMES = "MTBENCHX_TEST_TIMES"
CHANCE = re.compile(
    r"^(?:import|from) (?:concurrent|multiprocessing|random|secrets|signal|socket|threading|time)\b", re.M
)
"""What a test's module imports if it draws, waits or races."""


def main() -> int:
    """Run the tests; returns pytest's exit code of the first process that failed, or 0."""
    parser = argparse.ArgumentParser(description="Run tests again and again with new draws.")
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=1, help="of Python's hashes")
    parser.add_argument("tests", nargs="*", help="default: every fast test that depends on chance")
    asked = parser.parse_args()
    for seed, begun in enumerate(range(0, asked.times, AT_ONCE), start=asked.first_seed):
        code = _run(asked.tests, min(AT_ONCE, asked.times - begun), seed % 2**32)
        if code:
            print(f"It failed with PYTHONHASHSEED={seed}.")
            return code
    print(f"{asked.times} times without a failure.")
    return 0


def _run(tests: Sequence[str], times: int, seed: int) -> int:
    options = ["-q", "-x", "-n", "0", "-p", "no:cacheprovider", "-p", "tests.repeat", "-m", "not slow"]
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), TIMES: str(times)}
    named = [*tests] if tests else ["-m", "not slow and (hypothesis or chance)"]
    return subprocess.run([sys.executable, "-m", "pytest", *options, *named], env=environment, check=False).returncode


# a plugin of pytest, in the processes that `_run` starts -------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "chance: of a module that draws, waits or races (tests/repeat.py sets it)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test several times."""
    metafunc.fixturenames.append("time_of_many")
    metafunc.parametrize("time_of_many", range(int(os.environ[TIMES])), indirect=True)


@pytest.fixture
def time_of_many(request: pytest.FixtureRequest) -> int:
    """Which of the times it is, from 0."""
    return int(request.param)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of modules that import chance."""
    for item in items:
        if CHANCE.search(_text(item.path)):
            item.add_marker("chance")


@functools.cache
def _text(module: Path) -> str:
    return module.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

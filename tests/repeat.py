"""Runs tests again and again, to find those that fail by chance: each time Hypothesis draws anew, and so do threads.

    python -m tests.repeat --times 200 tests/mtbenchx_tasks/annotate/test_assignment.py::test_nobody_gets_more
    python -m tests.repeat --times 3  # those of QUICK, as `make test` does

Python's hashes begin from another seed in each process. The first failure ends it; Hypothesis prints what it drew.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

AT_ONCE = 20
"""Times that one process runs each test."""
TIMES = "MTBENCHX_TEST_TIMES"
QUICK = (
    *("hf_datasets/endpoints/test_limiter.py", "hf_datasets/instruct/test_mixtures.py"),
    *("hf_datasets/instruct/reading/test_json_stream.py", "hf_datasets/ledger/test_group_commit.py"),
    *("mtbenchx_tasks/annotate/test_assignment.py", "mtbenchx_tasks/judge/engines/batch/test_interrupts.py"),
    *("mtbenchx_tasks/judge/engines/test_budget.py", "mtbenchx_tasks/judge/engines/test_live.py"),
    *("mtbenchx_tasks/judge/engines/test_worth.py", "mtbenchx_tasks/stats/test_kappa.py"),
    *("mtbenchx_tasks/stats/test_pair_rates.py", "mtbenchx_tasks/stats/test_substitution.py"),
)
"""Tests that draw, wait or race, and take a second or two."""


def main() -> int:
    """Run the tests; returns pytest's exit code of the first process that failed, or 0."""
    parser = argparse.ArgumentParser(description="Run tests again and again with new draws.")
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=1, help="of Python's hashes")
    parser.add_argument("tests", nargs="*", default=[f"tests/{file}" for file in QUICK])
    asked = parser.parse_args()
    for seed, begun in enumerate(range(0, asked.times, AT_ONCE), start=asked.first_seed):
        code = _run(asked.tests, min(AT_ONCE, asked.times - begun), seed % 2**32)
        if code:
            print(f"It failed with PYTHONHASHSEED={seed}.")
            return code
    print(f"{asked.times} times without a failure.")
    return 0


def _run(tests: Sequence[str], times: int, seed: int) -> int:
    options = ["-q", "-x", "-n", "2", "-p", "no:cacheprovider", "-p", "tests.repeat", "-m", "not slow"]
    options.append("--hypothesis-profile=new draws")
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), TIMES: str(times)}
    return subprocess.run([sys.executable, "-m", "pytest", *options, *tests], env=environment, check=False).returncode


# a plugin of pytest, in the processes that `_run` starts -------------------------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test several times."""
    metafunc.fixturenames.append("time_of_many")
    metafunc.parametrize("time_of_many", range(int(os.environ[TIMES])), indirect=True)


@pytest.fixture
def time_of_many(request: pytest.FixtureRequest) -> int:
    """Which of the times it is, from 0."""
    return int(request.param)


if __name__ == "__main__":
    sys.exit(main())

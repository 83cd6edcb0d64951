"""Runs tests again and again with new seeds, to find those that fail by chance.

    python -m tests.repeat --times 200 tests/mtbenchx_tasks/annotate/test_assignment.py::test_nobody_gets_more

Each time Hypothesis and Python's hashes begin from the seed of that time. The first failure ends it, with its seed.
"""

import argparse
import os
import subprocess
import sys


def main() -> int:
    """Run the tests; returns pytest's exit code of the first time that failed, or 0."""
    parser = argparse.ArgumentParser(description="Run tests again and again with new seeds.")
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("tests", nargs="+")
    asked = parser.parse_args()
    for seed in range(asked.first_seed, asked.first_seed + asked.times):
        options = ["-q", "-n", "0", "-p", "no:cacheprovider", f"--hypothesis-seed={seed}"]
        environment = {**os.environ, "PYTHONHASHSEED": str(seed % 2**32)}
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *asked.tests],
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        if ran.returncode:
            print(f"{ran.stdout}{ran.stderr}\nIt failed with seed {seed}.")
            return ran.returncode
    print(f"{asked.times} times without a failure.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

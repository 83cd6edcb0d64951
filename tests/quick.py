"""Runs the fast tests of what was changed: a developer's loop of a minute; `make test` runs everything.

    python -m tests.quick               # what differs from main, committed or not
    python -m tests.quick --since HEAD

A module's tests stand where the tree of tests has its name, or else in its folder; the tests of the house always run.
What isn't reached within SECONDS is left to `make test`, and pytest says so.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]
ROOMS = ("hf_datasets", "mtbenchx_tasks", "model_cards")
HOUSE = ("tests/test_project.py", "tests/test_contributing.py", "tests/test_addresses.py")
SECONDS = 50
"""After which no other test begins."""


def main() -> int:
    """Run the tests; returns pytest's exit code."""
    parser = argparse.ArgumentParser(description="Run the fast tests of what was changed, for a minute at most.")
    parser.add_argument("--since", default="main", help="a commit")
    asked = parser.parse_args()
    found = sorted({test for file in changed(asked.since) for test in files_of(PurePosixPath(file))})
    print(f"{len(found)} files or folders of tests belong to what differs from {asked.since}.", flush=True)
    options = ["-q", "-m", "not slow", "--session-timeout", str(SECONDS), "--numprocesses", "2", "--dist", "loadfile"]
    return subprocess.run([sys.executable, "-m", "pytest", *options, *found, *HOUSE], cwd=ROOT, check=False).returncode


def changed(since: str) -> list[str]:
    """Return the paths of files that differ from a commit, new ones too."""
    commands = (["git", "diff", "--name-only", since], ["git", "ls-files", "--others", "--exclude-standard"])
    done = (subprocess.run(one, cwd=ROOT, capture_output=True, encoding="utf-8", check=True) for one in commands)
    return [line for one in done for line in one.stdout.splitlines()]


def files_of(file: PurePosixPath, root: Path = ROOT) -> Iterator[str]:
    """Yield the tests of one file, as paths from the root: its namesake's, or the nearest folder's."""
    if file.parts[0] == "tests":
        if file.name.startswith("test_") and (root / file).is_file():
            yield str(file)
    elif file.parts[0] in ROOMS:
        yield from _first(root, (PurePosixPath("tests") / file.with_name(f"test_{file.stem}.py"), *_folders(file)))


def _folders(file: PurePosixPath) -> Iterable[PurePosixPath]:
    return (PurePosixPath("tests") / folder for folder in file.parents if folder.parts)


def _first(root: Path, places: Iterable[PurePosixPath]) -> Iterator[str]:
    for place in places:
        if (root / place).exists():
            yield str(place)
            return


if __name__ == "__main__":
    sys.exit(main())

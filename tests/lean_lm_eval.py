"""The stock `lm_eval` command, which knows no tasks but those of --include_path.

To index its own 13,000 files takes it ten seconds of CPU at each start. Tests of what stands in its index start the
stock command itself.
"""

import sys
from functools import partialmethod
from pathlib import Path

COMMAND = (sys.executable, "-m", "tests.lean_lm_eval")


def write_program(folder: Path) -> None:
    """Write a program `lm_eval` to a folder, for the PATH of commands as a user types them."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "lm_eval"
    program.write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)} "$@"\n', encoding="utf-8")
    program.chmod(0o755)


def main() -> None:
    """Run lm_eval's own command line."""
    import lm_eval.__main__
    from lm_eval.tasks import TaskManager

    TaskManager.__init__ = partialmethod(TaskManager.__init__, include_defaults=False)
    sys.argv[0] = str(lm_eval.__main__.__file__)
    lm_eval.__main__.cli_evaluate()


if __name__ == "__main__":
    main()

"""The stock `lm_eval` command, which knows no tasks but those of --include_path.

To index its own 13,000 files takes it ten seconds of CPU at each start. Tests of what stands in its index start the
stock command itself.
"""

import sys
from functools import partialmethod

COMMAND = (sys.executable, "-m", "tests.lean_lm_eval")


def main() -> None:
    """Run lm_eval's own command line."""
    import lm_eval.__main__
    from lm_eval.tasks import TaskManager

    TaskManager.__init__ = partialmethod(TaskManager.__init__, include_defaults=False)
    sys.argv[0] = str(lm_eval.__main__.__file__)
    lm_eval.__main__.cli_evaluate()


if __name__ == "__main__":
    main()

"""What starting costs: CPU and wall of the commands' --help and of imports, beside what a user would start instead.

    python benchmarks/startup.py [--small] [--repeats 3]

Every command runs once before, so that its bytecode is compiled. What must not be loaded is asserted by
tests/mtbenchx_tasks/test_cli.py.
"""

import argparse
import sys
from pathlib import Path

from measure import LM_EVAL, MTBENCHX, print_table, run, spread
from peer import fastchat_python

TARGET = 0.5
"""Seconds of CPU for `mtbenchx --help`."""
COMMANDS = {
    "mtbenchx --help": [*MTBENCHX, "--help"],
    "mtbenchx judge --help": [*MTBENCHX, "judge", "--help"],
    "python -c 'import mtbenchx_tasks.rating.saved_answers'": [
        sys.executable,
        "-c",
        "import mtbenchx_tasks.rating.saved_answers",
    ],
    "python -c 'import openai'": [sys.executable, "-c", "import openai"],
    "python -c pass": [sys.executable, "-c", "pass"],
    "lm_eval --help": [*LM_EVAL, "--help"],
}
FASTCHAT = "FastChat: gen_judgment --help"


def main() -> None:
    """Measure each command and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="ours only, once: to see that the script runs")
    options = parser.parse_args()
    if options.small:
        commands, options.repeats = {"mtbenchx --help": [*MTBENCHX, "--help"]}, 1
    else:
        python = str(fastchat_python())
        commands = COMMANDS | {FASTCHAT: [python, "-m", "fastchat.llm_judge.gen_judgment", "--help"]}
    rows = []
    for name, command in commands.items():
        run(command, Path())
        costs = [run(command, Path()) for _ in range(options.repeats)]
        walls, cpus, memory = ([getattr(cost, kind) for cost in costs] for kind in ("wall", "cpu", "memory"))
        rows.append([f"`{name}`", spread(cpus), spread(walls), spread(memory, 0)])
    print_table(("command", "CPU s", "wall s", "peak MiB"), rows)
    print(f"Target: {TARGET} s of CPU for `mtbenchx --help`.")


if __name__ == "__main__":
    main()

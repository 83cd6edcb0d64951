"""All benchmarks, one after the other; what they print becomes RESULTS.md.

    MTBENCHX_SOURCES=DIR python benchmarks/run.py [--small] [--only NAME ...] [--out benchmarks/RESULTS.md]

Less than 20 minutes on 2 cores. A script that fails is named in the results, and the exit code is 1.
"""

import argparse
import datetime
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil
from measure import HERE, say

PACKAGES = ("mtbench-x", "lm-eval", "openai", "datasets", "transformers", "torch", "typer")


@dataclass(frozen=True)
class Script:
    """One script and why it is run."""

    name: str
    """Its file without .py."""
    title: str
    """Heading in the results."""
    small: tuple[str, ...] = ("--small",)
    """Options that let it run in a moment."""
    full: tuple[tuple[str, ...], ...] = ((),)
    """Options of each full run; several sizes show how it grows."""

    def options(self, small: bool) -> tuple[tuple[str, ...], ...]:
        """Return the options of each run."""
        return (self.small,) if small else self.full


SCRIPTS = (
    Script("startup", "Start-up"),
    Script("judge", "The judge's engine", ("--judgments", "20", "--in-flight", "10", "--latency", "0.01")),
    Script(
        "local_judge",
        "A judge in this process, with and without sharing what prompts begin with",
        full=(("--questions", "5"),),
    ),
    Script("fastchat", "Judging, beside FastChat", full=(("--in-flight", "8", "64"),)),
    Script("answers", "Answers, beside FastChat"),
    Script("overlap", "Judging while generating", full=(("--repeats", "1"),)),
    Script(
        "data_build",
        "Building a mixture of Bactrian-X's size, beside a plain script",
        ("--ids", "60", "--processes", "1"),
        (("--ids", "4188"), ("--ids", "16754"), ("--ids", "67017")),
    ),
    Script(
        "curate",
        "Curation, beside a plain script and datatrove",
        (
            *("--pairs", "200", "--references", "50", "--paragraphs", "2000"),
            *("--peers", "plain", "datatrove", "--workers", "1"),
        ),
        (
            ("--pairs", "3875", "--peers", "plain", "datatrove"),
            ("--pairs", "15500", "--peers", "plain"),
            ("--pairs", "62000"),
        ),
    ),
    Script(
        "report",
        "The report of a study, made up: 2,100, 8,400 and 33,600 ratings",
        ("--models", "2", "--languages", "1", "--runs", "1", "--questions", "8"),
        (("--questions", "5"), ("--questions", "20"), ("--questions", "80")),
    ),
    Script("exam", "A judge's exam, asked and scored again"),
    Script("equating", "Another judge's scale: fitted, and told of models that it didn't see"),
    Script("until_decided", "Pairs compared until they are decided"),
    Script("probe", "The probe before a run"),
    Script("judgearena", "JudgeArena, where it can be installed"),
    Script("rank", "100,000 battles ranked, plain and at equal style"),
    Script("annotate", "Fifty annotators at once", ("--annotators", "2", "--votes", "2", "--think", "0")),
    Script("cost", "Cost of the study"),
    Script("gpu", "On a GPU: training, answers, judge"),
)


def main() -> None:
    """Run what was asked for and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="every script in its small form: to see that they run")
    parser.add_argument("--only", nargs="+", choices=[script.name for script in SCRIPTS])
    parser.add_argument("--out", type=Path, default=HERE / "RESULTS.md")
    options = parser.parse_args()
    began = time.monotonic()
    chosen = [script for script in SCRIPTS if not options.only or script.name in options.only]
    done: dict[Script, list[Done]] = {}
    for script in chosen:
        done[script] = [run(script, more) for more in script.options(options.small)]
        sections = [f"## {one.title}\n\n" + "\n".join(map(str, runs)) for one, runs in done.items()]
        text = "\n".join([*heading(time.monotonic() - began), *sections])
        options.out.write_text(text, encoding="utf-8", newline="\n")  # at once: an interrupt loses nothing
    say(f"wrote {options.out}")
    sys.exit(any(one.code for runs in done.values() for one in runs))


@dataclass(frozen=True)
class Done:
    """One command that was run."""

    command: str
    """As a user types it."""
    seconds: float
    """What it took."""
    code: int
    """Exit code."""
    said: str
    """What it printed."""

    def __str__(self) -> str:
        failed = f" **It failed with exit code {self.code}.**" if self.code else ""
        said = self.said.strip() if "| --- |" in self.said else f"```text\n{self.said.strip()}\n```"
        return f"`{self.command}` took {self.seconds:.0f} s.{failed}\n\n{said}\n"


def run(script: Script, options: Sequence[str]) -> Done:
    """Run a script with options."""
    command = ["python", f"benchmarks/{script.name}.py", *options]
    say(f"$ {' '.join(command)}")
    began = time.monotonic()
    environment = os.environ | {"PYTHONPATH": str(HERE.parent), "PYTHONUTF8": "1", "COLUMNS": "120"}
    result = subprocess.run(
        [sys.executable, *command[1:]],
        cwd=HERE.parent,
        env=environment,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    said = result.stdout.replace(f"{HERE.parent}{os.sep}", "")  # a path of this machine says nothing to others
    return Done(" ".join(command), time.monotonic() - began, result.returncode, said)


def heading(seconds: float) -> list[str]:
    """Return what the numbers depend on."""
    now = datetime.datetime.now(datetime.UTC)
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!benchmarks/RESULTS.md")
    commit = (git("describe", "--always") or "unknown") + ", changed" * bool(changed)
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = ", ".join(f"{value:.1f}" for value in psutil.getloadavg())
    memory = psutil.virtual_memory().total / 2**30
    return [
        "# Results of `make bench`\n",
        "Where a number was measured repeatedly, it is the median, with the smallest and largest in brackets; a ratio",
        "is ours divided by the peer's. What a script measures, and how, stands at its top.\n",
        f"- {now:%Y-%m-%d %H:%M} UTC, commit {commit}, {seconds / 60:.0f} minutes in all",
        f"- {platform.platform()}, {os.cpu_count()} cores ({processor()}), {memory:.0f} GiB, load at the end {load}",
        f"- Python {platform.python_version()}; {packages}; FastChat: fschat 0.2.36 with openai 0.28.1\n",
    ]


def git(*arguments: str) -> str:
    """Return what git says of this checkout; nothing if it can't."""
    done = subprocess.run(["git", *arguments], cwd=HERE.parent, capture_output=True, encoding="utf-8", check=False)
    return done.stdout.strip()


def processor() -> str:
    """Return the processor's name, if the system tells it."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()

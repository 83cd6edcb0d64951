"""FastChat's gen_judgment and `mtbenchx judge`, side by side: the same judgments, the same endpoint, whole commands.

    MTBENCHX_SOURCES=DIR python benchmarks/fastchat.py [--judgments 800] [--in-flight 64] [--latency 1.0] [--repeats 1]

FastChat (PyPI fschat 0.2.36, openai 0.28) gets an environment of its own, .cache/bench/fschat, made at the first call;
it imports torch and transformers, which it finds in the environment that runs this script. Both read the same
model_answer files and build the same English prompts. The floor is rounds x latency: nobody can be faster. "Start" is
the command's --help, where FastChat has imported everything already and ours hasn't: both are part of the whole.
"""

import argparse
import json
import math
import os
import shutil
import site
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hf_datasets.jsonl import read, write
from hf_datasets.ledger import Ledger
from hf_datasets.sources import fetch

HERE = Path(__file__).parent
FOLDER = HERE.parent / ".cache" / "bench" / "fschat"
BENCH = "data/mt_bench"
PER_MODEL = 160
"""80 questions x 2 turns."""
WORDS = "The trip to the island was a joy and every day of it held something new to see and to taste. "


@dataclass(frozen=True)
class Cost:
    """What one command took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, user and system."""
    memory: float
    """MiB at the peak."""

    def __str__(self) -> str:
        return f"wall {self.wall:6.2f} s, CPU {self.cpu:6.2f} s, peak memory {self.memory:5.0f} MiB"


def main() -> None:
    """Run both, as often as asked, and print medians and ratios."""
    options = arguments()
    python = environment()
    models = [f"model-{number}" for number in range(options.judgments // PER_MODEL)]
    with tempfile.TemporaryDirectory() as temporary, endpoint(options) as url:
        folder = Path(temporary)
        lay_out(folder, models)
        settings = os.environ | {"OPENAI_API_KEY": "none", "OPENAI_API_BASE": url, "HF_HUB_OFFLINE": "1"}
        fastchat = [str(python), "-m", "fastchat.llm_judge.gen_judgment"]
        ours = [str(Path(sys.executable).with_name("mtbenchx")), "judge"]
        for name, command in (("FastChat", fastchat), ("mtbenchx", ours)):
            run([*command, "--help"], folder, settings)  # compiles the bytecode
            print(f"{name:9} start: {run([*command, '--help'], folder, settings)}", flush=True)
        costs: dict[str, list[Cost]] = {"FastChat": [], "mtbenchx": []}
        for _ in range(options.repeats):
            costs["FastChat"].append(judge_by_fastchat(fastchat, folder, settings, options))
            costs["mtbenchx"].append(judge_by_us(ours, folder, settings, url, options))
    report(costs, options)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judgments", type=int, default=800, help=f"a multiple of {PER_MODEL}")
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--latency", type=float, default=1.0, help="seconds")
    parser.add_argument("--jitter", type=float, default=0.0, help="share of the latency by which it varies, 0 to 1")
    parser.add_argument("--errors", type=float, default=0.0, help="share of the requests that get a 500, 0 to 1")
    parser.add_argument("--repeats", type=int, default=1)
    options = parser.parse_args()
    if options.judgments % PER_MODEL or options.judgments < PER_MODEL:
        parser.error(f"--judgments must be a multiple of {PER_MODEL} (80 questions x 2 turns a model)")
    return options


def environment() -> Path:
    """Return FastChat's Python, making its environment at the first call."""
    python = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    marker = FOLDER / "ready"
    if not marker.is_file():
        venv.create(FOLDER, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        for packages in (["--no-deps", "fschat==0.2.36", "openai==0.28.1"], ["anthropic>=0.3"]):
            done = subprocess.run([*pip, *packages], capture_output=True, text=True, check=False)
            if done.returncode:  # pip also complains about what FastChat finds in this script's environment
                sys.exit(f"{FOLDER} can't be made:\n{done.stderr[-3000:]}")
        marker.touch()
    (library,) = FOLDER.glob("[Ll]ib/**/site-packages")
    (library / "zz_project.pth").write_text("\n".join(site.getsitepackages()) + "\n", encoding="utf-8")
    return python


@contextmanager
def endpoint(options: argparse.Namespace) -> Iterator[str]:
    """Run the slow endpoint in a process of its own; gives its URL."""
    numbers = [f"--{name}={getattr(options, name)}" for name in ("latency", "jitter", "errors")]
    command = [sys.executable, str(HERE / "slow_api.py"), *numbers]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        finally:
            server.terminate()


def lay_out(folder: Path, models: Sequence[str]) -> None:
    """Write FastChat's data folder: questions, references and prompts as published, answers of ours."""
    source = "data/mt_bench_EN"
    for path in ("question.jsonl", "reference_answer/gpt-4.jsonl"):
        target = folder / BENCH / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(fetch("mtbench_x", f"{source}/{path}"), target)
    shutil.copyfile(fetch("mtbench_x", f"{source}/judge_prompts.jsonl"), folder / "data" / "judge_prompts.jsonl")
    questions = [row["question_id"] for row in read(folder / BENCH / "question.jsonl")]
    for model in models:
        rows = [
            {
                "question_id": question,
                "model_id": model,
                "choices": [{"index": 0, "turns": [f"{model}, {question}, {turn}: {WORDS * 12}" for turn in (1, 2)]}],
            }
            for question in questions
        ]
        write(folder / BENCH / "model_answer" / f"{model}.jsonl", rows)


def run(command: Sequence[str], folder: Path, settings: dict[str, str]) -> Cost:
    """Run a whole command and measure it; its output goes to a file."""
    with (folder / "output.txt").open("w", encoding="utf-8") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command, cwd=folder, env=settings, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT
        )
        assert process.stdin is not None
        process.stdin.write(b"\n")  # FastChat asks for Enter
        process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{(folder / 'output.txt').read_text()[-3000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def judge_by_fastchat(
    command: Sequence[str], folder: Path, settings: dict[str, str], options: argparse.Namespace
) -> Cost:
    """Run gen_judgment in an empty model_judgment folder."""
    shutil.rmtree(folder / BENCH / "model_judgment", ignore_errors=True)
    cost = run([*command, "--judge-model", "gpt-4", "--parallel", str(options.in_flight)], folder, settings)
    rows = read(folder / BENCH / "model_judgment" / "gpt-4_single.jsonl")
    scored = sum(row["score"] == 8 for row in rows)
    print(f"FastChat judged {scored} of {options.judgments}: {cost}", flush=True)
    return cost


def judge_by_us(
    command: Sequence[str], folder: Path, settings: dict[str, str], url: str, options: argparse.Namespace
) -> Cost:
    """Run `mtbenchx judge` on the same files with a new ledger."""
    for file in folder.glob("ledger.sqlite*"):
        file.unlink()
    judge = {
        "model": "gpt-4",
        "base_url": url,
        "concurrency": options.in_flight,
        "ledger": str(folder / "ledger.sqlite"),
    }
    files = sorted(map(str, (folder / BENCH / "model_answer").iterdir()))
    cost = run([*command, *files, "--judge", json.dumps(judge)], folder, settings)
    ledger = Ledger(folder / "ledger.sqlite")
    judged = ledger.rows("SELECT count(*) AS n FROM judgment WHERE state = 'answered'")[0]["n"]
    print(f"mtbenchx judged {judged} of {options.judgments}: {cost}", flush=True)
    return cost


def report(costs: dict[str, list[Cost]], options: argparse.Namespace) -> None:
    """Print medians, ratios and the floor."""
    floor = math.ceil(options.judgments / options.in_flight) * options.latency
    print(
        f"\n{options.judgments} judgments, {options.in_flight} in flight, {options.latency} s each: floor {floor:.2f} s"
    )
    medians = {
        name: Cost(*(statistics.median(getattr(cost, kind) for cost in runs) for kind in ("wall", "cpu", "memory")))
        for name, runs in costs.items()
    }
    for name, median in medians.items():
        print(f"{name:9} {median}")
    theirs, ours = medians["FastChat"], medians["mtbenchx"]
    print(
        f"mtbenchx / FastChat: wall {ours.wall / theirs.wall:.2f}, CPU {ours.cpu / theirs.cpu:.2f}, "
        f"memory {ours.memory / theirs.memory:.2f}"
    )


if __name__ == "__main__":
    main()

"""FastChat's gen_judgment and `mtbenchx judge`, side by side: the same judgments, the same endpoint, whole commands.

    MTBENCHX_SOURCES=DIR python benchmarks/fastchat.py [--small] [--repeats 2] [--in-flight 1 8 32 64 128]

Both read the same model_answer files and build the same English prompts: 20 judgments per slot. The floor is rounds x
latency: nobody can be faster. Start-up and, for ours, the call of one token and the probe are part of the whole.
FastChat waits 10 s after any refusal, whatever Retry-After says; both get the same refusals. At last both are killed
(kill -9) when half is judged, and called again.
"""

import argparse
import json
import math
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from measure import MTBENCHX, Cost, Endpoint, begin, endpoint, median, print_table, ratio, run, say, spread
from peer import BENCH, fastchat_python, lay_out

from hf_datasets.ledger.queries import uses
from hf_datasets.ledger.store import Ledger
from hf_datasets.shared.jsonl import read

PER_SLOT = 20
PER_MODEL = 160
"""80 questions x 2 turns."""
REFUSALS = 0.02
"""Share of 429s in the roughest case."""
FASTCHAT, OURS = "FastChat", "mtbenchx"


@dataclass(frozen=True)
class Case:
    """One row of the table: how many requests, and what the endpoint does to them."""

    in_flight: int
    """Most requests at a time."""
    latency: float
    """Seconds."""
    repeats: int
    """How often both are measured, one after the other."""
    jitter: float = 0.0
    """Share of the latency by which it varies."""
    refusals: float = 0.0
    """Share of the requests that get a 429."""

    @property
    def judgments(self) -> int:
        """Number of judgments."""
        return PER_SLOT * self.in_flight

    @property
    def floor(self) -> float:
        """Seconds of whole rounds."""
        return math.ceil(self.judgments / self.in_flight) * self.latency

    def __str__(self) -> str:
        more = f", ±{self.jitter:.0%}" * bool(self.jitter) + f", {self.refusals:.0%} 429s" * bool(self.refusals)
        return f"{self.in_flight} x {PER_SLOT}, {self.latency:g} s{more}"


class Bench:
    """Both programs in one folder, with the same files."""

    def __init__(self, folder: Path, case: Case, url: str) -> None:
        self._folder, self._case, self._url = folder, case, url
        models = [f"model-{number}" for number in range(max(1, case.judgments // PER_MODEL))]
        self._first = min(case.judgments, PER_MODEL) // 2
        self._files = lay_out(folder, models, self._first)
        self.ledger = folder / "ledger.sqlite"
        self.pairs = folder / BENCH / "model_judgment" / "gpt-4_single.jsonl"

    def command(self, who: str) -> list[str | Path]:
        """Return one's whole command line."""
        if who == FASTCHAT:
            options = ["--judge-model", "gpt-4", "--parallel", str(self._case.in_flight)]
            options += ["--first-n", str(self._first)]
            return [fastchat_python(), "-m", "fastchat.llm_judge.gen_judgment", *options]
        judge = {"model": "gpt-4", "base_url": self._url, "concurrency": self._case.in_flight}
        judge["ledger"] = str(self.ledger)
        return [*MTBENCHX, "judge", *self._files, "--judge", json.dumps(judge)]

    @property
    def settings(self) -> dict[str, str]:
        """The environment of both."""
        return {"OPENAI_API_KEY": "none", "OPENAI_API_BASE": self._url, "HF_HUB_OFFLINE": "1"}

    def clear(self) -> None:
        """Forget all judgments."""
        shutil.rmtree(self.pairs.parent, ignore_errors=True)
        for file in self._folder.glob("ledger.sqlite*"):
            file.unlink()

    def judged(self, who: str) -> int:
        """Count the judgments of the answers that one has stored; ours keeps those of its probe too."""
        if who == FASTCHAT:
            return sum(row["score"] == 8 for row in read(self.pairs))
        return len({row["judgment"] for row in uses(Ledger(self.ledger)) if row["state"] == "answered"})

    def run(self, who: str) -> Cost:
        """Run one's whole command on nothing judged yet."""
        self.clear()
        cost = run(self.command(who), self._folder, self.settings)
        if self.judged(who) != self._case.judgments:
            raise SystemExit(f"{who} judged {self.judged(who)} of {self._case.judgments}")
        say(f"{self._case}: {who} {cost}")
        return cost

    def repeated(self, who: str, server: Endpoint) -> tuple[int, int]:
        """Kill one when half is judged, call it again; return what was asked twice, and what is stored in the end."""
        self.clear()
        half = server.stats()["answered"] + self._case.judgments // 2
        process = begin(self.command(who), self._folder, self.settings)
        while server.stats()["answered"] < half:
            time.sleep(0.02)
            assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        time.sleep(self._case.latency)  # what was in flight is answered to nobody
        before = server.stats()
        run(self.command(who), self._folder, self.settings)
        after = server.stats()
        new = after["distinct"] - before["distinct"]
        return after["requests"] - before["requests"] - new, self.judged(who)


def main() -> None:
    """Measure every case and print the tables."""
    options = arguments()
    cases = list(plan(options))
    found = [(case, *measure(case)) for case in cases]
    print_table(
        ("in flight x 20", "floor s", "FastChat wall s", "mtbenchx wall s", "ratio", "floor / wall", "CPU s", "ratio"),
        [row(*one) for one in found],
    )
    header = ("peak memory", "FastChat MiB", "mtbenchx MiB")
    print_table(header, [[str(case), *(memory(costs) for costs in both)] for case, *both in found])
    kill = replace(cases[-1], in_flight=options.killed, latency=min(0.2, cases[-1].latency), jitter=0.0)
    kill = replace(kill, refusals=REFUSALS if options.small else 0.0)  # of ours alone: FastChat would wait
    who = (OURS,) if options.small else (FASTCHAT, OURS)
    print_table(
        ("killed half way, called again", "asked twice", f"stored of {kill.judgments}"), measure_kill(kill, who)
    )


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--in-flight", type=int, nargs="+", default=[1, 8, 32, 64, 128])
    parser.add_argument("--latency", type=float, default=1.0, help="seconds")
    parser.add_argument("--full", type=int, default=64, help="repeated, and also with jitter and refusals")
    parser.add_argument("--killed", type=int, default=16, help="in flight when they are killed")
    parser.add_argument("--repeats", type=int, default=2, help="at --full, in calm weather")
    parser.add_argument("--small", action="store_true", help="a few judgments, once: to see that the script runs")
    options = parser.parse_args()
    if options.small:
        options.latency, options.full, options.killed = 0.05, 4, 4
    return options


def plan(options: argparse.Namespace) -> Iterator[Case]:
    """Yield the cases: all counts in calm weather, one of them with jitter and refusals; in the small form one."""
    rough = Case(options.full, options.latency, 1, jitter=0.5)
    if options.small:
        yield rough
        return
    for in_flight in options.in_flight:
        yield Case(in_flight, options.latency, options.repeats if in_flight == options.full else 1)
    yield rough
    yield replace(rough, refusals=REFUSALS)


def measure(case: Case) -> tuple[list[Cost], list[Cost]]:
    """Measure both as often as asked, in turn."""
    costs: dict[str, list[Cost]] = {FASTCHAT: [], OURS: []}
    weather = {"jitter": case.jitter, "refusals": case.refusals}
    with tempfile.TemporaryDirectory() as folder, endpoint(case.latency, **weather) as server:
        bench = Bench(Path(folder), case, server.url)
        for _ in range(case.repeats):
            for who, found in costs.items():
                found.append(bench.run(who))
    return costs[FASTCHAT], costs[OURS]


def row(case: Case, theirs: Sequence[Cost], ours: Sequence[Cost]) -> list[str]:
    """Return a line of the main table."""
    their_wall, our_wall = [cost.wall for cost in theirs], [cost.wall for cost in ours]
    their_cpu, our_cpu = [cost.cpu for cost in theirs], [cost.cpu for cost in ours]
    return [
        str(case),
        f"{case.floor:.0f}",
        spread(their_wall, 1),
        spread(our_wall, 1),
        ratio(our_wall, their_wall),
        f"{case.floor / median(our_wall):.2f}",
        f"{median(their_cpu):.1f} / {median(our_cpu):.1f}",
        ratio(our_cpu, their_cpu),
    ]


def memory(costs: Sequence[Cost]) -> str:
    """Return the median of peaks."""
    return f"{median(cost.memory for cost in costs):.0f}"


def measure_kill(case: Case, who: Sequence[str]) -> list[list[str]]:
    """Kill each half way."""
    with tempfile.TemporaryDirectory() as folder, endpoint(case.latency) as server:
        bench = Bench(Path(folder), case, server.url)
        return [[one, *map(str, bench.repeated(one, server))] for one in who]


if __name__ == "__main__":
    main()

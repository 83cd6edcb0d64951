"""What the benchmarks share: run a whole command and measure it, medians with their spread, Markdown tables."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

HERE = Path(__file__).parent
CACHE = HERE.parent / ".cache" / "bench"
"""What is made once: the peers' environments, the small model."""
MTBENCHX = (sys.executable, "-m", "mtbenchx_tasks.cli")
LM_EVAL = (sys.executable, "-m", "lm_eval")


@dataclass(frozen=True)
class Cost:
    """What one command took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, user and system, of all its threads and children."""
    memory: float
    """MiB at the peak."""


class FailedError(RuntimeError):
    """A command ended with an error."""


def run(
    command: Sequence[str | Path],
    folder: Path = Path(),
    settings: Mapping[str, str] | None = None,
    *,
    family: bool = False,
) -> Cost:
    """Run a whole command and measure it.

    Args:
        command: The command; it reads one empty line.
        folder: Its working directory.
        settings: Its environment besides this one's.
        family: Count its child processes too, looked at ten times a second.

    Raises:
        FailedError: It ended with an error; the message holds what it printed last.
    """
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = begin(command, folder, settings, output.fileno())
        seen, peak = watch(process.pid) if family else (0.0, 0.0)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            said = output.read().decode("utf-8", "replace")
            raise FailedError(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{said[-3000:]}")
    cpu = usage.ru_utime + usage.ru_stime  # not of children that nobody waited for
    return Cost(wall, max(cpu, seen), peak or usage.ru_maxrss / 1024)


def watch(pid: int) -> tuple[float, float]:
    """Return what a process and its children took until it ended.

    Returns:
        Seconds of CPU that each was last seen to have used, and the most memory shared out among them (PSS) in MiB.
    """
    root, peak, used = psutil.Process(pid), 0, dict[int, float]()
    while root.status() != psutil.STATUS_ZOMBIE:
        with suppress(psutil.Error):  # one of them just ended
            family = (root, *root.children(recursive=True))
            used |= {one.pid: sum(one.cpu_times()[:2]) for one in family}
            peak = max(peak, sum(one.memory_full_info().pss for one in family))
        time.sleep(0.1)
    return sum(used.values()), peak / 2**20


def begin(
    command: Sequence[str | Path], folder: Path, settings: Mapping[str, str] | None = None, output: int | None = None
) -> "subprocess.Popen[bytes]":
    """Start a command that reads one empty line."""
    stream = subprocess.DEVNULL if output is None else output
    environment = os.environ | {"PYTHONPATH": str(HERE.parent)} | dict(settings or {})
    process = subprocess.Popen(
        list(map(str, command)), cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=stream, stderr=stream
    )
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.close()
    return process


@dataclass(frozen=True)
class Endpoint:
    """A slow endpoint in a process of its own."""

    url: str
    """Its base url, ending in /v1."""

    def stats(self) -> dict[str, int]:
        """Return what it was asked: `requests`, of them `distinct` ones, and how many were `refused`, `failed`."""
        with urllib.request.urlopen(self.url.removesuffix("/v1") + "/stats") as response:
            found: dict[str, int] = json.load(response)
            return found


@contextmanager
def endpoint(latency: float, **options: object) -> Iterator[Endpoint]:
    """Run slow_api.py with its options until the block ends."""
    command = [sys.executable, str(HERE / "slow_api.py"), f"--latency={latency}"]
    command += [f"--{name}={value}" for name, value in options.items()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield Endpoint(f"http://127.0.0.1:{server.stdout.readline().strip()}/v1")
        finally:
            server.terminate()


def median(values: Iterable[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Return `median [smallest - largest]`, or the one value."""
    middle = f"{statistics.median(values):,.{digits}f}"
    return middle if len(values) == 1 else f"{middle} [{min(values):,.{digits}f} - {max(values):,.{digits}f}]"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Return the ratio of medians, and between repeats that ran one after the other."""
    pairs = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    middle = f"{statistics.median(ours) / statistics.median(theirs):.2f}"
    return middle if len(pairs) == 1 else f"{middle} [{min(pairs):.2f} - {max(pairs):.2f}]"


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a Markdown table."""
    print(f"\n| {' | '.join(header)} |")
    print(f"|{' --- |' * len(header)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(flush=True)


def say(text: str) -> None:
    """Report progress on stderr, where it is no part of the results."""
    print(text, file=sys.stderr, flush=True)

"""A stream through processes: in order, and nobody outlives the one who started it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from hf_datasets.shared import processes as parallel
from hf_datasets.shared.processes import ordered_map

ROOT = Path(__file__).parents[3]


def squares(numbers: Sequence[int]) -> list[int]:
    return [number**2 for number in numbers]


def slowly(numbers: Sequence[int]) -> list[int]:
    time.sleep(60)
    return list(numbers)


@pytest.mark.parametrize(("few", "count"), [(2000, 2), (2000, 1), (10, 1), (10, 2)])
@pytest.mark.parametrize("items", [0, 1, 9, 10, 450])
def test_results_come_in_order(monkeypatch: pytest.MonkeyPatch, few: int, count: int, items: int) -> None:
    monkeypatch.setattr(parallel, "FEW", few)
    assert list(ordered_map(squares, range(items), count)) == [number**2 for number in range(items)]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_processes_end_with_the_one_that_started_them() -> None:
    code = (
        "from hf_datasets.shared import processes\n"
        "from tests.hf_datasets.shared.test_processes import slowly\n"
        "if __name__ == '__main__':\n"
        "    processes.FEW = 1; list(processes.ordered_map(slowly, range(1000), 2))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment) as process:
        started: list[psutil.Process] = []
        deadline = time.monotonic() + 60
        while len(started) < 3 and time.monotonic() < deadline:  # two workers and multiprocessing's resource tracker
            started = psutil.Process(process.pid).children()
            time.sleep(0.1)
        time.sleep(2)
        process.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(started, timeout=30)
    assert len(started) == 3
    assert alive == []

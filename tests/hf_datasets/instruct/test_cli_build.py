"""`mtbenchx data build` as a user types it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.hf_datasets.instruct import toy

ROOT = Path(__file__).parents[3]


def mtbenchx(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mtbenchx_tasks.cli", "data", "build", *arguments]
    environment = {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "COLUMNS": "200", "HOME": str(folder)}
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False, env=environment)


def test_the_mini_set_is_built_with_no_source(tmp_path: Path) -> None:
    done = mtbenchx("lima-x", "--configs", "mini", folder=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, str((tmp_path / "lima-x").resolve()))
    assert "Writing" in done.stderr  # the progress bar
    assert "mtbenchx:" not in done.stderr


def test_local_files_and_a_remark(tmp_path: Path) -> None:
    toy.bactrian(tmp_path / "rows", ["en", "pt"])
    done = mtbenchx("bactrian-x", "--source", "rows", "--languages", "EN,PT", "--out", "x", folder=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, str((tmp_path / "x").resolve()))
    assert "mtbenchx: 60 rows a language were found; the paper has 67,017." in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lima-y"], "mtbenchx: There is no dataset 'lima-y'; there are mtbench-x, lima-x, bactrian-x; a set"),
        (["mtbench-x", "--languages", "EN"], "mtbenchx: mtbench-x is built as a whole"),
        (["lima-x", "--source", "nowhere"], "mtbenchx: There is no nowhere; name a data file"),
        (["lima-x", "--languages", "EN,german"], "mtbenchx: 'german' is not a language code"),
        (["bactrian-x", "--published-mixtures"], "mtbenchx: --published-mixtures is for lima-x"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = mtbenchx(*arguments, folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.glob("*-x"))


def test_the_help_has_examples(tmp_path: Path) -> None:
    text = mtbenchx("--help", folder=tmp_path).stdout
    for example in (
        "lima-x --configs mini",
        "bactrian-x --languages EN,PT",
        "--published-mixtures",
        "Instruction data",
    ):
        assert example in text

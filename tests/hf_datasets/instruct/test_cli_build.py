"""`mtbenchx data build` as a user types it."""

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.commands import run
from tests.hf_datasets.instruct import toy


def mtbenchx(*arguments: str, folder: Path) -> CompletedProcess[str]:
    return run("data", "build", *arguments, cwd=folder)


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

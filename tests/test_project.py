"""Promises of the project as a whole: what an install carries, what its papers say."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import mtbenchx_tasks

ROOT = Path(__file__).parents[1]


def test_changelog_begins_with_this_version() -> None:
    versions = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert versions[0] == mtbenchx_tasks.__version__


def test_no_secret_and_no_upstream_file_is_committed() -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True).stdout
    assert "reference_answer" not in files
    assert "mt_bench_DE" not in files


def test_no_pattern_has_a_possessive_group() -> None:
    # Up to Python 3.11.4 such a group loses its place (python/cpython#106052); possessive characters, `[a-z]*+`, don't.
    rooms = [file for room in ("hf_datasets", "mtbenchx_tasks", "model_cards") for file in (ROOT / room).rglob("*.py")]
    assert len(rooms) > 300
    group = re.compile(r"\)(?:[?*+]|\{\d*,?\d*\})\+")
    assert [file for file in rooms if group.search(file.read_text(encoding="utf-8"))] == []


@pytest.mark.slow
def test_the_wheel_carries_its_data_and_nothing_of_lm_evals(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
    ]
    subprocess.run([*command, str(ROOT)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    data = [
        *(f"hf_datasets/benchmark/mini/questions.{language}.jsonl" for language in ("en", "de", "fr", "it", "es")),
        *(
            "hf_datasets/translate/review/culture_bound.txt",
            "hf_datasets/pins.toml",
            "hf_datasets/benchmark/edits/judge_prompts.jsonl",
            "hf_datasets/benchmark/cards/mtbench_x.md",
        ),
        *(
            f"hf_datasets/instruct/mini_set/instructions.{language}.jsonl"
            for language in ("en", "de", "fr", "it", "es")
        ),
        *(f"hf_datasets/instruct/cards/{card}.md" for card in ("lima_x", "bactrian_x", "instruct", "instruct_mini")),
        *("mtbenchx_tasks/tasks/mtbench_x_de.yaml", "mtbenchx_tasks/rating/metric/mtbench_x_judge/mtbench_x_judge.py"),
        *("mtbenchx_tasks/annotate/templates/vote.html", "mtbenchx_tasks/annotate/static/keys.js"),
        *(f"mtbenchx_tasks/annotate/texts/{language}.toml" for language in ("en", "de", "fr", "it", "es")),
        *("hf_datasets/py.typed", "mtbenchx_tasks/py.typed"),
        *("model_cards/template.md", "model_cards/space/README.md", "model_cards/space/index.html"),
    ]
    assert set(data) <= names
    recipes = {name.partition("/share/mtbench-x/recipes/")[2] for name in names if ".data/data/" in name}
    assert {"lima_x.yaml", "bactrian_x.yaml", "smoke.yaml", "chat_template.jinja", "study.smk", "slurm.sh"} < recipes
    assert not [name for name in names if name.startswith(("lm_eval", "tests", "benchmarks"))]


@pytest.mark.slow
def test_the_demo_runs_with_a_real_model(tmp_path: Path) -> None:
    """The command as users type it, but for the length of its answers."""
    briefly = "from mtbenchx_tasks import cli, demo; demo.NEW_TOKENS = 12; cli.main()"
    options = ("demo", "--folder", "demo", "--languages", "it", "--limit", "1")
    command = [sys.executable, "-c", briefly, *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "|mtbench_x_mini_it|" in done.stdout
    assert "The local judge shares the candidate's weights." in done.stderr
    score = re.search(r"\|score +\|↑ +\| *([0-9.]+)\|", done.stdout)
    assert score is not None
    assert 1 < float(score[1]) < 10
    assert list((tmp_path / "demo" / "results").glob("*/samples_*.jsonl"))
    page = tmp_path / "demo" / "report" / "index.html"
    assert page.as_uri() in done.stdout
    assert f"{float(score[1]):.2f}" in page.read_text(encoding="utf-8")
    assert "lm_eval run --model hf --model_args pretrained=MY/MODEL" in done.stdout.partition(page.as_uri())[2]

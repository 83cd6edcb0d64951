"""Commands that pages show are run as they stand, one after the other, in a folder of a user's; doubles answer.

What needs a GPU, Docker or hours is read only (test_commands.py). Of the rest these have tests of their own: training
(tests/recipes), the whole study (test_study.py), the app (tests/mtbenchx_tasks/annotate), a further language
(test_contributing.py), the demo (test_project.py).
"""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hf_datasets.benchmark.questions import questions
from hf_datasets.ledger.store import default_path
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.cli import app
from tests.doubles.openai_api import Api
from tests.model_cards.files import make_run
from tests.readme.pages import ROOT, commands, pages
from tests.sources import needs_sources

SHOWN = {shlex.join(command.words) for page in pages() for command in commands(page)}
ALONE = (
    "mtbenchx judges",
    "mtbenchx recipes --copy",
    "mtbenchx data build lima-x --configs mini",
    "mtbenchx data stats lima-x --config mini_DE",
    "mtbenchx annotate plan --questions 80 --width 0.1",
    "mtbenchx annotate invite 12",
)
"""What needs nothing but the package."""
TOUR = (
    "mtbenchx judges exam --judge hosted --plan",
    "mtbenchx report --paper",
    "mtbenchx data build mtbench-x",
    "mtbenchx judge answers.jsonl --benchmark mtbench_x --language de --judge hosted --out judged/",
    "mtbenchx judge 'results/MY__MODEL/samples_mtbench_x_de_*.jsonl' --judge hosted --plan",
    "mtbenchx judge 'results/MY__MODEL/samples_mtbench_x_de_*.jsonl' --judge hosted",
    "mtbenchx compare a.jsonl b.jsonl --judge hosted --language de --out pairs/",
    "mtbenchx ledger stats",
    "mtbenchx ledger export --out fastchat/",
    "mtbenchx agreement --votes votes.parquet"
    " --judgments 'pairs/mt_bench_de/model_judgment/*_pair.jsonl' --out agreement/",
    "mtbenchx rank ledger.sqlite votes.parquet --style",
    "mtbenchx report results/ --out report/",
    "mtbenchx export eee results/ --organization 'My lab' --developer MY --out eee/",
    "mtbenchx card MODEL-FOLDER --results results/ --out card/",
    "mtbenchx verify card/",
)
"""From answers to a card, as the README has it."""


def run(command: str) -> Result:
    """Type a command; the shell's part, names with *, is done here."""
    assert command in SHOWN, f"no page shows {command}"
    words = [
        found
        for word in shlex.split(command)[1:]
        for found in (sorted(map(str, Path().glob(word))) if "*" in word else [word])
    ]
    result = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
    if isinstance(result.exception, UserError):
        raise result.exception
    assert result.exit_code == 0, (command, result.output, result.exception)
    return result


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, api: Api) -> Path:
    """A user's folder, and a judge that prefers the longer answer and rates all of them 7."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_BASE_URL", api.url)
    api.answer = judged
    return tmp_path


def judged(request: dict[str, Any]) -> str:
    asked = json.dumps(request["messages"], ensure_ascii=False)
    return "Gut. [[7]]" if "[[5]]" in asked else "Beide gut. [[C]]"


def test_what_needs_nothing_but_the_package_is_run(here: Path) -> None:
    told = {command: run(command).output for command in ALONE}
    assert "hosted: gpt-5.4-mini-2026-03-17" in told["mtbenchx judges"]
    assert (here / "recipes" / "lima_x.yaml").is_file()
    assert len(told["mtbenchx annotate invite 12"].split()) >= 12


@pytest.mark.slow
@pytest.mark.sources
@needs_sources
def test_from_answers_to_a_card(here: Path) -> None:
    for file, model in (("a", "a"), ("b", "b"), ("answers", "MY/MODEL")):
        save_answers(here / f"{file}.jsonl", model)
    save_votes(here / "votes.parquet")
    make_run(here / "MODEL-FOLDER")
    for command in TOUR:
        if command.startswith("mtbenchx judge 'results") and not (here / "results").exists():
            (here / "results").mkdir()
            next((here / "judged").glob("*/samples_*.jsonl")).parent.rename(here / "results" / "MY__MODEL")
        if "ledger.sqlite" in command:
            (here / "ledger.sqlite").write_bytes(default_path().read_bytes())
        run(command)
    assert (here / "report" / "index.html").is_file()
    assert "7.0" in (here / "card" / "README.md").read_text(encoding="utf-8")
    assert list((here / "eee").rglob("*.json"))


def shown_below(page: str, command: str) -> list[str]:
    """Return what a page says that a command prints, without what it leaves out (...)."""
    text = (ROOT / page).read_text(encoding="utf-8")
    block = text[text.index(command) :].partition("\n")[2]
    block = block.partition("```text\n")[2] if block.startswith("```") else block
    lines = block[: block.index("```")].splitlines()
    return [line for line in lines if line.strip(". ") and not line.startswith("$ ")]


@pytest.mark.sources
@needs_sources
def test_what_pages_print_below_a_command_is_what_it_prints(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL")  # a judge on this machine costs nothing
    plan = CliRunner().invoke(app, ["recipes", "plan"]).output.splitlines()
    shown = shown_below("recipes/README.md", 'snakemake -s "$(mtbenchx recipes)/study.smk" --dry-run')
    assert len(shown) > 4
    assert set(shown) <= set(plan)
    command = "mtbenchx data translate en mini_en judge_prompts_en --to pt --out pt/ --dry-run"
    dry_run = run(command).output
    told = shown_below("hf_datasets/README.md", command)
    assert told[:3] == dry_run.splitlines()[:3]
    assert "438 texts, cut into 432 fragments;" in told[3]
    assert told[4] in dry_run


def save_answers(file: Path, model: str) -> None:
    """Answers to a German question of each category of MT-Bench-X, in FastChat's layout."""
    jsonl.write(
        file,
        [
            {"question_id": one.question_id, "model_id": model, "choices": [{"turns": [f"Antwort von {model}."] * 2}]}
            for one in questions("mtbench_x", "de")[::10]
        ],
    )


def save_votes(file: Path) -> None:
    """Two people vote on each of these questions: one for A, one for a tie."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {"question_id": number, "model_a": "a", "model_b": "b", "winner": winner, "judge": judge, "turn": turn}
        for number in range(81, 161, 10)
        for turn in (1, 2)
        for judge, winner in (("expert_1", "model_a"), ("expert_2", "tie"))
    ]
    pq.write_table(pa.Table.from_pylist([{**row, "conversation_a": [], "conversation_b": []} for row in rows]), file)

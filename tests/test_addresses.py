"""Addresses that published files and other people's code hold: each is imported as they import it."""

import importlib
import runpy
import sqlite3
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ADDRESSES = (
    "mtbenchx_tasks:metric_path",  # the README's `evaluate.load(mtbenchx_tasks.metric_path())`
    "mtbenchx_tasks.cli:main",  # the installed command
    "mtbenchx_tasks.scoring:score_answers",  # metric scripts on the Hub
    "mtbenchx_tasks.task:MTBenchX",  # task files, ours and those of built folders
    "mtbenchx_tasks.task:MTBenchXMini",
    "hf_datasets.builder:BactrianX",
    "hf_datasets.builder:LimaX",
    "hf_datasets.builder:MTBenchX",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_others_import_is_there(address: str) -> None:
    module, _, name = address.partition(":")
    assert callable(getattr(importlib.import_module(module), name))


def test_lm_eval_finds_the_folder_of_task_files_among_installed_packages() -> None:
    (found,) = entry_points(group="lm_eval.tasks", name="mtbench_x")
    assert found.value == "mtbenchx_tasks.tasks"
    folder = Path(importlib.import_module(found.value).__path__[0])
    assert (folder / "mtbench_x_de.yaml").is_file()


def test_the_command_is_installed_under_its_name() -> None:
    (found,) = entry_points(group="console_scripts", name="mtbenchx")
    assert found.value == "mtbenchx_tasks.cli:main"


def test_the_container_of_a_space_starts_the_module_that_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """`CMD ["python", "-m", "mtbenchx_tasks.annotate.on_space"]` stands in Dockerfiles of Spaces that are up."""
    pytest.importorskip("fastapi")
    monkeypatch.setenv("MTBENCHX_DATA", "/nowhere")
    monkeypatch.delitem(sys.modules, "mtbenchx_tasks.annotate.on_space", raising=False)  # another test may have it
    names = runpy.run_module("mtbenchx_tasks.annotate.on_space", run_name="imported")
    assert callable(names["main"])


def test_a_ledger_has_the_tables_that_ledgers_of_others_have(tmp_path: Path) -> None:
    """Version 0.3.0 wrote these; `ledger merge` and people's own SQL read them."""
    from hf_datasets.ledger.store import open_ledger

    open_ledger(tmp_path / "ledger.sqlite")
    with sqlite3.connect(tmp_path / "ledger.sqlite") as ledger:
        tables = {name for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    ledger.close()
    assert tables >= {"judgment", "answer", "use", "comparison", "translation"}

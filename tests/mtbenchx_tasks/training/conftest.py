"""A folder as a user has it after the README's first lines: recipes, data, a base, and nothing else."""

import shutil
from pathlib import Path

import pytest

from mtbenchx_tasks.training.recipes_folder import copy
from tests.mtbenchx_tasks.training.bench import write_base, write_data


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    for name in ("lima-x", "bactrian-x"):
        write_data(folder / name)
    write_base(folder / "base")
    copy(folder / "recipes")
    return folder


@pytest.fixture
def desk(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, a copy of its own for each test."""
    folder = tmp_path / "desk"
    shutil.copytree(made, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "datasets"))
    return folder

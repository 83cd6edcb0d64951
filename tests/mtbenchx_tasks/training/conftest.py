"""A folder as a user has it after the README's first lines: recipes, data, a base, and nothing else."""

import shutil
from contextlib import chdir
from pathlib import Path

import pytest

from mtbenchx_tasks.training.recipes_folder import copy
from tests.mtbenchx_tasks.training.bench import write_base, write_data
from tests.mtbenchx_tasks.training.trl_runs import flags, train

OWN = "{% for message in messages %}OWN {{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
"""A chat format that a base brought along, and that nobody trained."""


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


@pytest.fixture(scope="session")
def lora(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which an adapter was trained by the LoRA recipe: base/ (with a chat format of its own), out/."""
    folder = tmp_path_factory.mktemp("lora") / "desk"
    shutil.copytree(made, folder)
    (folder / "base" / "chat_template.jinja").write_text(OWN, encoding="utf-8")
    patch = pytest.MonkeyPatch()
    patch.setenv("HF_DATASETS_CACHE", str(folder / "datasets"))
    with chdir(folder):
        train(flags("lima_x_lora", "EN", "out", "--num_train_epochs", "2", "--logging_steps", "1"))
    patch.undo()
    return folder

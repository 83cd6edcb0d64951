"""`mtbenchx tasks link` where lm_eval is installed as a wheel and as an editable source tree, in either order."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import lm_eval
import pytest

ROOT = Path(__file__).parents[3]
PYPROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "lm_eval"
version = "{version}"
[tool.setuptools.packages.find]
include = ["lm_eval*"]
[tool.setuptools.package-data]
lm_eval = ["**/*.yaml"]
"""
SEEN = """
import lm_eval.tasks as t
manager = t.TaskManager()
assert len([name for name in manager.all_tasks if name.startswith("mtbench_x")]) == 12, "tasks"
assert "hellaswag" in manager.all_tasks
print(t.__file__)
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source tree of lm_eval, as a clone of its repository would be, with a few of its tasks."""
    folder = tmp_path_factory.mktemp("checkout")
    installed = Path(lm_eval.__file__).parent

    def unwanted(directory: str, names: list[str]) -> list[str]:
        kept = ("hellaswag", "_") if Path(directory) == installed / "tasks" else ("",)
        return [name for name in names if name == "__pycache__" or (not name.startswith(kept) and "." not in name)]

    shutil.copytree(installed, folder / "lm_eval", ignore=unwanted)
    (folder / "pyproject.toml").write_text(PYPROJECT.format(version="0.4.13"), encoding="utf-8")
    return folder


class Environment:
    """A virtual environment that sees this one's packages behind its own, all but lm_eval."""

    def __init__(self, folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        self.python = folder / "bin" / "python"
        own = next((folder / "lib").glob("python*/site-packages"))
        others = folder / "others"
        others.mkdir()
        for entry in Path(lm_eval.__file__).parents[1].iterdir():
            if not entry.name.startswith(("lm_eval", "__editable__")):
                (others / entry.name).symlink_to(entry)
        (own / "others.pth").write_text(f"{others}\n", encoding="utf-8")

    def run(self, *arguments: str) -> str:
        environment = {**os.environ, "PYTHONPATH": "", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        command = [str(self.python), *arguments]
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", env=environment, cwd=self.python.parent, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def pip(self, *arguments: str) -> None:
        self.run("-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", *arguments)

    def link(self) -> None:
        here = f"import sys; sys.path.insert(0, {str(ROOT)!r})"
        self.run("-c", f"{here}; from mtbenchx_tasks.harness.linking import link; link()")


@pytest.mark.slow
def test_linking_survives_each_order_of_installs(checkout: Path, tmp_path: Path) -> None:
    environment = Environment(tmp_path / "venv")
    environment.pip(str(checkout))  # lm_eval as a wheel
    environment.link()
    environment.link()
    assert str(tmp_path / "venv") in environment.run("-c", SEEN)
    environment.pip("--editable", str(checkout))  # the wheel goes, and our files with it
    assert str(checkout) in environment.run("-c", "import lm_eval.tasks as t; print(t.__file__)")
    environment.link()
    assert str(checkout) in environment.run("-c", SEEN)
    environment.run("-m", "pip", "uninstall", "--yes", "--quiet", "lm_eval")
    environment.pip(str(checkout))  # and back
    environment.link()
    assert str(tmp_path / "venv") in environment.run("-c", SEEN)

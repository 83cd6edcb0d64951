"""`mtbenchx tasks link` where lm_eval is installed as a wheel and as an editable source tree, in either order.

And what is said when lm_eval was upgraded, which takes the linked tasks along.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import lm_eval
import pytest

from mtbenchx_tasks.harness.linking import tasks_path

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


class Installed:
    """A small lm_eval, and an environment (`sys.prefix`) of its own; commands run in processes of their own."""

    COMMAND = "import sys; sys.prefix = {prefix!r}; from mtbenchx_tasks.cli import main; main()"

    def __init__(self, folder: Path) -> None:
        self.prefix, self.site = folder / "prefix", folder / "site"
        self.install("0.4.13")

    def install(self, version: str, tasks: str = "") -> None:
        """As pip does: what RECORD lists goes, and the new files come."""
        shutil.rmtree(self.site, ignore_errors=True)
        (self.site / "lm_eval" / "tasks").mkdir(parents=True)
        (self.site / "lm_eval" / "__init__.py").write_text("", encoding="utf-8")
        (self.site / "lm_eval" / "tasks" / "manager.py").write_text(tasks, encoding="utf-8")
        information = self.site / f"lm_eval-{version}.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: lm_eval\nVersion: {version}\n", "utf-8")
        (information / "RECORD").write_text("lm_eval/__init__.py,,\n", encoding="utf-8")

    def mtbenchx(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", self.COMMAND.format(prefix=str(self.prefix)), *arguments]
        environment = {**os.environ, "PYTHONPATH": f"{self.site}{os.pathsep}{ROOT}"}
        return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False)


def test_what_an_upgrade_of_lm_eval_took_along_is_told_until_it_is_linked_again(tmp_path: Path) -> None:
    here = Installed(tmp_path)
    never = here.mtbenchx("tasks", "status")
    assert (never.returncode, "0.4.13" in never.stdout, "not linked" in never.stdout) == (3, True, True)
    assert here.mtbenchx("tasks", "path").stderr == ""
    assert here.mtbenchx("tasks", "link").returncode == 0
    assert here.mtbenchx("tasks", "status").stdout.endswith("The tasks are linked.\n")
    here.install("0.4.14")
    told = here.mtbenchx("data", "build", "--help")
    assert told.returncode == 0
    assert told.stderr.startswith("mtbenchx: the linked tasks are gone, since lm_eval was installed anew")
    assert "mtbenchx tasks link" in told.stderr
    gone = here.mtbenchx("tasks", "status")
    assert (gone.returncode, "0.4.14" in gone.stdout, "gone" in gone.stdout) == (3, True, True)
    here.mtbenchx("tasks", "link")
    assert here.mtbenchx("data", "build", "--help").stderr == ""
    here.mtbenchx("tasks", "unlink")
    assert here.mtbenchx("data", "build", "--help").stderr == ""


def test_files_of_another_release_are_told(tmp_path: Path) -> None:
    here = Installed(tmp_path)
    here.mtbenchx("tasks", "link")
    linked = here.site / "lm_eval" / "tasks" / "mtbench_x"
    assert {file.name for file in linked.iterdir()} == {file.name for file in tasks_path().glob("*.yaml")}
    next(linked.glob("*_de.yaml")).unlink()
    told = here.mtbenchx("tasks", "status")
    assert (told.returncode, "another release" in told.stdout) == (3, True)


def test_where_lm_eval_reads_entry_points_nothing_need_be_linked(tmp_path: Path) -> None:
    here = Installed(tmp_path)
    here.install("0.6.0", 'PLUGINS = entry_points(group="lm_eval.tasks")\n')
    told = here.mtbenchx("tasks", "status")
    assert (told.returncode, "nothing need be linked" in told.stdout) == (0, True)

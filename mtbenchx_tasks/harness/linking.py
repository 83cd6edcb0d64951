"""How lm_eval finds the tasks without --include_path: their YAMLs are put where it looks.

The files are listed in lm_eval's own RECORD, so that uninstalling or replacing lm_eval takes them along: a folder left
behind would shadow an lm_eval that is later installed as an editable source tree. So an upgrade of lm_eval takes them
along, too; a mark in the environment remembers that they were linked, for `state` to tell.

A release of lm_eval that reads the entry point `lm_eval.tasks` finds the tasks by itself.
"""

import contextlib
import csv
import importlib.metadata
import importlib.util
import io
import shutil
import sys
from enum import StrEnum
from pathlib import Path

from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import write_file

FOLDER = "mtbench_x"
ENTRY_POINT = "lm_eval.tasks"
AGAIN = "run `mtbenchx tasks link` again"


class State(StrEnum):
    """Whether lm_eval finds the tasks without --include_path, in words."""

    FOUND = "found by lm_eval itself; nothing need be linked"
    LINKED = "linked"
    NEVER = "not linked: run `mtbenchx tasks link`, or name them at each run by --include_path"
    GONE = f"gone, since lm_eval was installed anew after they were linked: {AGAIN}"
    OLD = f"those of another release of mtbench-x: {AGAIN}"

    @property
    def is_well(self) -> bool:
        """Whether lm_eval finds the tasks of this release."""
        return self in (State.FOUND, State.LINKED)


def tasks_path() -> Path:
    """Return the folder of the task YAMLs, for `lm_eval --include_path`."""
    return Path(__file__).parents[1] / "tasks"


def state() -> State:
    """Tell whether this environment's lm_eval finds the tasks.

    Raises:
        UserError: lm_eval isn't there.
    """
    target = _target()
    if _reads_entry_points(target.parent):
        return State.FOUND
    if not target.is_dir():
        return State.GONE if _mark().is_file() else State.NEVER
    return State.LINKED if _texts(target) == _texts(tasks_path()) else State.OLD


def loss() -> str | None:
    """Return a sentence if the tasks were linked and lm_eval was installed anew since; quick enough for any command."""
    if not _mark().is_file():
        return None
    try:
        found = state()
    except UserError:  # whoever needs lm_eval will hear that it isn't there
        return None
    return f"the linked tasks are {found}." if found is State.GONE else None


def lm_eval_found() -> str:
    """Return lm_eval's version and place."""
    return f"{importlib.metadata.version('lm_eval')} in {_target().parents[1]}"


def _texts(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob("*.yaml")}


def _reads_entry_points(tasks: Path) -> bool:
    """Tell whether lm_eval looks for tasks among installed packages; it isn't imported for it, which takes seconds."""
    texts = [file.read_text(encoding="utf-8") for file in tasks.glob("*.py")]
    return any("entry_points" in text and f'"{ENTRY_POINT}"' in text for text in texts)


def _mark() -> Path:
    """Return the file that says that the tasks were linked in this environment."""
    return Path(sys.prefix) / "share" / "mtbench-x" / "linked"


def link() -> Path:
    """Copy the YAMLs to lm_eval's tasks folder; again and again does no harm.

    Raises:
        UserError: lm_eval isn't there or its folder can't be written.
    """
    target = _target()
    try:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        for file in sorted(tasks_path().glob("*.yaml")):
            shutil.copyfile(file, target / file.name)
        _record(target, add=True)
        _remember(target)
    except OSError as error:
        raise UserError(
            f"{target} can't be written ({error.strerror}); "
            f'name the tasks at each run instead: lm_eval ... --include_path "$(mtbenchx tasks path)".'
        ) from error
    return target


def unlink() -> Path:
    """Remove what `link` made.

    Raises:
        UserError: It can't be removed.
    """
    target = _target()
    try:
        if target.exists():
            shutil.rmtree(target)
        _record(target, add=False)
        _mark().unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{target} can't be removed ({error.strerror}).") from error
    return target


def _target() -> Path:
    spec = importlib.util.find_spec("lm_eval")
    if spec is None or spec.origin is None:
        raise UserError("lm_eval is not installed in this environment; pip install 'lm-eval[hf,api]'.")
    return Path(spec.origin).parent / "tasks" / FOLDER


def _remember(target: Path) -> None:
    with contextlib.suppress(OSError):  # an environment of another user's: only the reminder is lost
        _mark().parent.mkdir(parents=True, exist_ok=True)
        write_file(_mark(), f"{target}\n")


def _record(target: Path, *, add: bool) -> None:
    """Rewrite lm_eval's list of installed files; a source tree has none that counts."""
    distribution = importlib.metadata.distribution("lm_eval")
    record = next((file for file in distribution.files or [] if file.name == "RECORD"), None)
    if record is None:
        return
    path = Path(str(record.locate()))
    root = path.parent.parent
    if not target.is_relative_to(root):
        return
    prefix = target.relative_to(root).as_posix() + "/"
    rows = [row for row in csv.reader(path.read_text(encoding="utf-8").splitlines()) if not row[0].startswith(prefix)]
    if add:
        rows += [[prefix + file.name, "", ""] for file in sorted(target.iterdir())]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    write_file(path, text.getvalue())

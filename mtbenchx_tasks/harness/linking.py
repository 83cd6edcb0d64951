"""How lm_eval finds the tasks without --include_path: their YAMLs are put where it looks.

The files are listed in lm_eval's own RECORD, so that uninstalling or replacing lm_eval takes them along: a folder left
behind would shadow an lm_eval that is later installed as an editable source tree.
"""

import csv
import importlib.metadata
import importlib.util
import io
import shutil
from pathlib import Path

from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import write_file

FOLDER = "mtbench_x"


def tasks_path() -> Path:
    """Return the folder of the task YAMLs, for `lm_eval --include_path`."""
    return Path(__file__).parents[1] / "tasks"


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
    except OSError as error:
        raise UserError(f"{target} can't be removed ({error.strerror}).") from error
    return target


def _target() -> Path:
    spec = importlib.util.find_spec("lm_eval")
    if spec is None or spec.origin is None:
        raise UserError("lm_eval is not installed in this environment; pip install 'lm-eval[hf,api]'.")
    return Path(spec.origin).parent / "tasks" / FOLDER


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

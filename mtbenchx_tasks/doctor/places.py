"""What lies on this machine's disks: the linked tasks, the ledger, a mirror of the sources, room for more."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from hf_datasets.ledger.layout import SCHEMA
from hf_datasets.ledger.place import default_path
from hf_datasets.ledger.queries import counts
from hf_datasets.ledger.store import open_ledger
from hf_datasets.shared.errors import UserError
from hf_datasets.sources import MIRROR_VARIABLE, mirror
from mtbenchx_tasks.doctor.inspection import Inspection, Severity
from mtbenchx_tasks.harness.linking import lm_eval_found, state

GIB = 2**30
FULL, SCARCE = 1, 20
"""GiB free: below the first nothing can be kept safely; the weights of a model of 7 billion parameters take 15."""


def tasks() -> Iterator[Inspection]:
    """Yield whether lm_eval finds the tasks."""
    try:
        found = state()
    except UserError as error:
        yield Inspection("tasks", "lm_eval", "not found", Severity.WRONG, str(error))
        return
    yield Inspection("tasks", "lm_eval", lm_eval_found())
    if found.is_well:
        yield Inspection("tasks", "mtbench_x", found.partition(";")[0])
        return
    advice = 'Run `mtbenchx tasks link`, or give lm_eval `--include_path "$(mtbenchx tasks path)"`.'
    yield Inspection("tasks", "mtbench_x", found.partition(":")[0], Severity.WRONG, advice)


def ledger(file: Path | None = None) -> Iterator[Inspection]:
    """Yield where the ledger is, whether it can be read and written, and what it holds; it is left as it is.

    Args:
        file: The ledger; None: the default one.
    """
    path = (file or default_path()).expanduser().resolve()
    if not path.exists():
        yield _not_there(path, asked_for=file is not None)
        return
    try:
        with open_ledger(path, read_only=True) as opened:
            found = counts(opened)
    except UserError as error:
        yield Inspection("ledger", str(path), "can't be read", Severity.WRONG, str(error))
        return
    size = f"{path.stat().st_size / 2**20:.1f} MiB"
    told = f"layout {SCHEMA}, {found.uses} ratings, {found.comparisons} games of comparisons, {size}"
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        yield Inspection("ledger", str(path), told)
    else:
        yield Inspection(
            "ledger", str(path), f"{told}; can be read only", Severity.WRONG, "Let it be written, or name another."
        )


def _not_there(path: Path, *, asked_for: bool) -> Inspection:
    if asked_for:
        return Inspection("ledger", str(path), "not there", Severity.WRONG, "Name another by --ledger.")
    if os.access(_nearest(path), os.W_OK):
        return Inspection("ledger", str(path), "none yet: the first judgment makes it")
    advice = "Set XDG_CACHE_HOME to a folder that you may write, or give `ledger` in the judge's settings."
    return Inspection("ledger", str(path), "its folder can't be written", Severity.WRONG, advice)


def disk(file: Path | None = None) -> Iterator[Inspection]:
    """Yield how much room there is for results, judgments, and models with data sets.

    Args:
        file: The ledger; None: the default one.
    """
    from huggingface_hub.constants import HF_HUB_CACHE

    yield room("here", Path.cwd())
    yield room("ledger", file or default_path())
    yield room("models", Path(HF_HUB_CACHE))
    if os.environ.get(MIRROR_VARIABLE):
        yield _mirror()


def room(name: str, path: Path) -> Inspection:
    """Return how much is free where a path lies or would lie."""
    place = _nearest(path)
    free = shutil.disk_usage(place).free / GIB
    told = f"{free:,.1f} GiB free in {place}"
    if free < FULL:
        return Inspection(
            "disk", name, told, Severity.WRONG, f"Make room, or put it elsewhere: less than {FULL} GiB is left."
        )
    if name == "models" and free < SCARCE:
        advice = "HF_HOME names another place; a model of 7 billion parameters takes 15 GB."
        return Inspection("disk", name, told, Severity.NOTE, advice)
    return Inspection("disk", name, told)


def _mirror() -> Inspection:
    try:
        return Inspection("disk", MIRROR_VARIABLE, f"source files are read from {mirror()}, none is downloaded")
    except UserError as error:
        return Inspection("disk", MIRROR_VARIABLE, "names no folder", Severity.WRONG, str(error))


def _nearest(path: Path) -> Path:
    """Return the path if it is a folder, else the nearest folder above it."""
    path = path.expanduser().absolute()
    return next(place for place in (path, *path.parents) if place.is_dir())

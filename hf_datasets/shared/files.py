"""Files and folders that are there as a whole or not at all, however the writing ends.

Each is written beside its place as `.NAME.new-...`, locked while its writer lives; whoever writes that name next
removes what killed writers left.
"""

import glob
import os
import re
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from hf_datasets.shared.errors import UserError
from hf_datasets.shared.locks import Lock, is_locked

_KEPT_BYTES = 180
"""Of a long name; with what is added it must stay below the file systems' 255."""

_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *([.:].*)?", re.IGNORECASE | re.DOTALL)


def is_device(name: str) -> bool:
    """Tell whether Windows takes a name for a device, as it does `con`, `NUL.txt` and `com1`: no file can have it."""
    return _DEVICE.fullmatch(name) is not None


def slug(name: str) -> str:
    """Return a name fit for a file and a column: letters, digits, `.`, `_` and `-`; `_con` for a device of Windows."""
    plain = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "model"
    return f"_{plain}" if is_device(plain) else plain


def without_home(path: Path | str) -> str:
    """Return a path as others may read it: `~` for this user's folder."""
    text, home = str(path), os.path.expanduser("~")  # noqa: PTH111  (Path.home raises where there is none)
    return f"~{text[len(home) :]}" if len(home) > 1 and text.startswith((f"{home}/", f"{home}\\")) else text


@contextmanager
def replacing_file(path: Path) -> Iterator[TextIO]:
    """Give a text file (UTF-8, LF) to write beside `path`; it takes its place at the end, or vanishes on an error.

    Raises:
        UserError: It can't be written.
    """
    with replacing(path) as new, new.open("w", encoding="utf-8", newline="\n", errors="replace") as file:
        yield file


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file (text: UTF-8, line ends as they are) as a whole or not at all.

    Raises:
        UserError: It can't be written.
    """
    with replacing(path) as new:
        new.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))


@contextmanager
def replacing(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Give an empty file beside `path` to whoever writes files by their names; else as `replacing_file`.

    Args:
        path: The file; one that is there keeps its permissions.
        private: Only its owner may read a new one.
    """
    with told(path, "file"):
        if path.exists() and not path.is_file():  # a pipe, /dev/stdout: nothing to put in its place
            yield path
            return
        place = path.resolve()  # a link's file is replaced, not the link
        place.parent.mkdir(parents=True, exist_ok=True)
        with _beside(place, "new", make_private if private else Path.touch) as new:
            if place.exists():
                shutil.copymode(place, new)
            yield new
            new.replace(place)


def make_private(path: Path) -> None:
    """Make an empty file that only its owner may read; one that is there stays as it is."""
    if not path.exists():
        path.touch(mode=0o600)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Give an empty sibling to fill; it takes the folder's place at the end, or vanishes on an error.

    Raises:
        UserError: It can't be written.
    """
    with told(folder, "folder"):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _beside(folder, "new", Path.mkdir) as new:
            yield new
            _swap(folder, new)


def check_writable(folder: Path | None, *names: str) -> None:
    """Make a folder if it isn't there, and see that files can be written into it: before anything is paid for.

    Args:
        folder: The folder; None: nothing is to be written.
        names: Names of files that are to be written; one that is too long is told.

    Raises:
        UserError: It can't be written.
    """
    if folder is None:
        return
    with told(folder, "folder"):
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            (folder / name).exists()
        with _beside(folder / "probe", "new", Path.touch):
            pass


@contextmanager
def told(path: Path, kind: str) -> Iterator[None]:
    """Tell what the system says against writing a place in one sentence.

    Args:
        path: The place.
        kind: `file` or `folder`.

    Raises:
        UserError: It says something.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"Can't write {path} ({reason}); name a {kind} in a place you may write.") from error


@contextmanager
def _beside(path: Path, what: str, make: Callable[[Path], object]) -> Iterator[Path]:
    """Give a sibling that `make` makes, locked meanwhile; at the end it is gone, unless it was moved."""
    _sweep(path, what)
    made, lock = _made(path, what, make)
    try:
        yield made
    finally:
        _remove(made)
        if lock:
            lock.release()


def _made(path: Path, what: str, make: Callable[[Path], object]) -> tuple[Path, Lock | None]:
    while True:
        new = path.with_name(f"{_prefix(path, what)}{os.getpid()}-{uuid.uuid4().hex[:8]}")
        make(new)
        if sys.platform == "win32":
            return new, None  # what is open can't be removed there anyway
        with suppress(FileNotFoundError):  # one that swept took it for a killed writer's before it was locked
            return new, Lock(new)


def _prefix(path: Path, what: str) -> str:
    name = path.name.encode("utf-8", "replace")[:_KEPT_BYTES].decode("utf-8", "ignore")
    return f".{name}.{what}-"


def _sweep(path: Path, what: str) -> None:
    """Remove what killed writers of this name left."""
    for left in path.parent.glob(f"{glob.escape(_prefix(path, what))}*"):
        with suppress(OSError):
            if not is_locked(left):
                _remove(left)


def _remove(path: Path) -> None:
    with suppress(OSError):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _swap(folder: Path, new: Path) -> None:
    """Put a folder in another's place; where that fails, the other comes back."""
    _sweep(folder, "old")
    if not folder.exists():
        new.rename(folder)
        return
    with _beside(folder, "old", Path.mkdir) as old:
        folder.rename(old / "folder")
        try:
            new.rename(folder)
        except BaseException:
            (old / "folder").rename(folder)
            raise

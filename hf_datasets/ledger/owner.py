"""Who holds a claim: an open ledger, named by a file beside it that stays locked until its process ends.

The lock is the operating system's: it holds across containers with process numbers of their own and whatever the clock
does, and it ends at once when the process does, however that was ended.
"""

import glob
import re
import uuid
import weakref
from contextlib import suppress
from pathlib import Path

from hf_datasets.shared.locks import Lock, is_locked

_NAME = re.compile(r"[0-9a-f]{32}")


class Owner:
    """One opened ledger among all that are open, in this process and in others.

    Args:
        ledger: The ledger's file; the lock's lies beside it.

    Raises:
        OSError: No file can be made there.
    """

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        self._sweep()
        self.name, lock = _new(ledger)
        self.close = weakref.finalize(self, _end, _path(ledger, self.name), lock)
        """Give up every claim."""

    def lives(self, name: str | None) -> bool:
        """Tell whether the owner of that name (this one, too) is still there; one of an earlier release isn't.

        Raises:
            OSError: Its file can't be looked at.
        """
        return bool(name and _NAME.fullmatch(name)) and is_locked(_path(self._ledger, str(name)))

    def _sweep(self) -> None:
        """Remove the files of the dead."""
        for path in self._ledger.parent.glob(f".{glob.escape(self._ledger.name)}.owner-*"):
            with suppress(OSError):
                if not is_locked(path):
                    path.unlink()


def _path(ledger: Path, name: str) -> Path:
    return ledger.with_name(f".{ledger.name}.owner-{name}")


def _new(ledger: Path) -> tuple[str, Lock]:
    """Make a name and lock its file."""
    while True:
        name = uuid.uuid4().hex
        _path(ledger, name).touch(mode=0o600, exist_ok=False)
        with suppress(FileNotFoundError):  # one that swept took it for a dead owner's before it was locked
            return name, Lock(_path(ledger, name))


def _end(path: Path, lock: Lock) -> None:
    if lock.is_held:
        with suppress(OSError):
            path.unlink()
        lock.release()
        with suppress(OSError):
            path.unlink(missing_ok=True)  # Windows removes no file that is open

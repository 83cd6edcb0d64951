"""Locks of the operating system: they end with the process that holds them, and need neither its number nor a clock."""

import os
import sys
import weakref
from contextlib import suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class Lock:
    """A lock on a file (or a folder, but on Windows) that is there, until `release` or the end of the process.

    Raises:
        FileNotFoundError: It isn't there, or somebody who found it unlocked has just removed it.
        OSError: It can't be locked.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor: int | None = os.open(path, os.O_RDONLY)
        try:
            _take(self._descriptor)
            if not os.path.samestat(os.fstat(self._descriptor), path.stat()):
                raise FileNotFoundError(path)
        except BaseException:
            self.release()
            raise
        _locks.add(self)

    @property
    def is_held(self) -> bool:
        """Whether it wasn't released; a forked child holds nothing that its parent holds."""
        return self._descriptor is not None

    def release(self) -> None:
        """Give it back; once more is harmless."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with suppress(OSError):
                os.close(descriptor)


_locks: weakref.WeakSet[Lock] = weakref.WeakSet()


def is_locked(path: Path) -> bool:
    """Tell whether a living process (this one, too) holds a lock on a path; nobody holds what isn't there.

    Raises:
        OSError: It can't be looked at.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not _is_free(descriptor)
    finally:
        os.close(descriptor)


if sys.platform == "win32":

    def _take(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

    def _is_free(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
        except OSError:
            return False
        return True

else:

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _is_free(descriptor: int) -> bool:
        """Try for a shared lock, so that two who look don't take each other for the holder."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _release_in_child() -> None:
    for lock in list(_locks):
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_release_in_child)

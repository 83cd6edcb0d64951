"""Where a ledger lies: a local disk, a file that only its owner reads; the copy by which one is read; its errors."""

import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from hf_datasets.ledger.layout import LedgerError
from hf_datasets.shared.files import make_private

BUSY_SECONDS = 60.0
NETWORK_FILE_SYSTEMS = frozenset(
    {
        *(
            "nfs",
            "nfs4",
            "cifs",
            "smb3",
            "smbfs",
            "lustre",
            "beegfs",
            "gpfs",
            "ceph",
            "9p",
            "afs",
            "virtiofs",
            "vboxsf",
        ),
        *("fuse.sshfs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse", "fuse.ceph"),
    }
)
_MAGIC = b"SQLite format 3\x00"


def default_path() -> Path:
    """Return the ledger's place in the user's cache folder."""
    import pooch

    return Path(pooch.os_cache("mtbench-x")) / "ledger.sqlite"


def connect(path: Path) -> sqlite3.Connection:
    """Open a ledger's file, made if it isn't there: only its owner may read it, and what SQLite lays beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _refuse_network_file_system(path)
    with contextlib.suppress(OSError):  # SQLite says it better
        make_private(path)
    return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def enter_wal(db: sqlite3.Connection) -> None:
    """Switch to WAL; where two processes make the file at once one must wait, which SQLite doesn't do here."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def copy_to_read(path: Path, folder: Path) -> Path:
    """Copy one moment of a ledger into a folder, with what still stands in its write-ahead log.

    The ledger may lie on a read-only disk, and another process may write to it meanwhile.

    Raises:
        LedgerError: There is no SQLite file.
        OSError, sqlite3.Error: It can't be copied.
    """
    if not path.is_file():
        raise LedgerError(f"There is no ledger at {path}; name one by --ledger.")
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) not in (_MAGIC, b""):
            raise LedgerError(f"{path} is not a ledger (file is not a database); name another.")
    copy = folder / "ledger.sqlite"
    if not _log(path).is_file():
        shutil.copyfile(path, copy)
    if _log(path).is_file():  # somebody writes to it, or was killed
        copy.unlink(missing_ok=True)
        _copy_with_log(path, copy)
    return copy


def _copy_with_log(path: Path, copy: Path) -> None:
    live = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
    with contextlib.closing(live), contextlib.closing(sqlite3.connect(copy)) as database:
        try:
            live.backup(database)
            return
        except sqlite3.OperationalError:
            if _log(path).with_name(f"{path.name}-shm").is_file():
                raise
    shutil.copyfile(path, copy)  # a read-only disk, where SQLite can't look into a log: nobody writes there
    shutil.copyfile(_log(path), _log(copy))


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _refuse_network_file_system(path: Path) -> None:
    """WAL and locks need shared memory, which network file systems don't have."""
    import psutil

    mounts = [mount for mount in psutil.disk_partitions(all=True) if path.is_relative_to(mount.mountpoint)]
    nearest = max(mounts, key=lambda mount: len(mount.mountpoint), default=None)
    if nearest is not None and nearest.fstype.lower() in NETWORK_FILE_SYSTEMS:
        raise LedgerError(
            f"The ledger {path} would lie on a network file system ({nearest.fstype}), where SQLite loses writes; "
            f"give each job a ledger on a local disk and join them with `mtbenchx ledger merge`."
        )


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raise what SQLite or the disk raises within as a LedgerError that names the ledger and a way out."""
    try:
        yield
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise LedgerError(f"The ledger {path} can't be used ({error}); {_remedy(path)}.") from error


def _remedy(path: Path) -> str:
    """Return what a user can do about a ledger that can't be used; SQLite doesn't say that a disk is read-only."""
    by_process = os.access in os.supports_effective_ids
    if path.is_file() and not all(os.access(place, os.W_OK, effective_ids=by_process) for place in (path, path.parent)):
        return "it may only be read there: copy it to a place where you may write, and name the copy"
    return 'free the disk or name another place, e.g. --metadata \'{"judge": {"ledger": "PATH"}}\''

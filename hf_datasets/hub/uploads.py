"""What goes to the Hub: the files of a push and their hashes."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from hf_datasets.shared.errors import UserError

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoFile

NEVER = (
    *(".git", ".git/*", "*/.git/*", ".cache/*", "*/.cache/*", "__pycache__/*", "*/__pycache__/*", "*.pyc"),
    *(".DS_Store", "*/.DS_Store", ".env*", "*/.env*", "*.pem", "*.key", "id_rsa*", ".netrc", "token", "*.sqlite*"),
)
"""Patterns of files that no push of ours uploads, whatever folder they lie in."""


@dataclass(frozen=True)
class Upload:
    """One file of a push."""

    path: str
    """Where it goes in the repository."""
    source: Path | bytes
    """A file on disk, or the content itself."""

    def read(self) -> bytes:
        """Return the content."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()

    @cached_property
    def size(self) -> int:
        """Bytes."""
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size

    @cached_property
    def sha256(self) -> str:
        """Hash of the content (hex), by which LFS knows it."""
        if isinstance(self.source, bytes):
            return hashlib.sha256(self.source).hexdigest()
        with self.source.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @cached_property
    def git_oid(self) -> str:
        """Hash by which git knows it."""
        return hashlib.sha1(b"blob %d\0" % self.size + self.read(), usedforsecurity=False).hexdigest()

    def equals(self, remote: "RepoFile | None") -> bool:
        """Tell whether the repository has just this content at this path."""
        if remote is None or remote.size != self.size:
            return False
        return self.sha256 == remote.lfs.sha256 if remote.lfs else self.git_oid == remote.blob_id


def uploads(
    folder: Path | None, *, allow: Iterable[str] | None = None, extra: Mapping[str, bytes] | None = None
) -> dict[str, Upload]:
    """Collect the files of a push.

    Args:
        folder: Its files, at any depth; symbolic links are followed. None: only `extra`.
        allow: Only files that match one of these patterns (`*` crosses slashes); None: all. NEVER is always left out.
        extra: Path -> content of files that aren't in the folder, or are other there.

    Raises:
        UserError: The folder isn't there, or can't be read.
    """
    found = {} if folder is None else {file.relative_to(folder).as_posix(): file for file in _walk(folder)}
    allowed = list(allow) if allow is not None else None
    names = [
        name for name in sorted(found) if not _matches(name, NEVER) and (allowed is None or _matches(name, allowed))
    ]
    chosen = {name: Upload(name, found[name]) for name in names}
    return chosen | {name: Upload(name, content) for name, content in (extra or {}).items()}


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _walk(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}.")
    return [file for file in folder.rglob("*") if file.is_file()]


def left_out(folder: Path, files: Mapping[str, Upload]) -> list[str]:
    """Name what of a folder isn't uploaded; a sub-folder of which nothing is, by its name."""
    kept = {PurePosixPath(path).parts[0] for path in files}
    rest = {file.relative_to(folder).as_posix() for file in _walk(folder)} - set(files)
    tops = {path: PurePosixPath(path).parts[0] for path in rest}
    return sorted({path if top in kept or top == path else f"{top}/" for path, top in tops.items()})

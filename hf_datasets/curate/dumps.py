"""Dump files as streams of bytes: a Posts.xml as it is, or inside a .7z, of which nothing is unpacked on disk."""

import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from hf_datasets.shared.errors import UserError

POSTS = "Posts.xml"
PIECE = 1 << 20
"""Bytes passed on at a time."""
MAGIC = b"7z\xbc\xaf\x27\x1c"
SMALL_BYTES = 100_000_000
MOST_UNPACKED = 200
"""Unpacked bytes for each packed one; beyond SMALL_BYTES it is no archive of posts."""
Take = Callable[[bytes], None]


def find_dump(path: Path) -> Path:
    """Return the file to read: `path`, or the Posts.xml in that folder.

    Raises:
        UserError: There is no such file.
    """
    file = path / POSTS if path.is_dir() else path
    if not file.is_file():
        raise UserError(f"{file} is not a file; name a .7z of the StackExchange dump, or a {POSTS}.")
    return file


def stream(file: Path, take: Take) -> str:
    """Call `take` with the bytes of a dump's Posts.xml, in order.

    Args:
        file: A 7z archive (told by its first bytes) or the XML itself.
        take: Called with each piece.

    Returns:
        Where an archive is damaged behind the first pieces, in words; empty if all of it was read.

    Raises:
        UserError: The file can't be read, or holds no Posts.xml or several; or the archive is locked.
    """
    if _is_7z(file):
        with _opened(file) as archive:
            return _extract(file, archive, take)
    try:
        with file.open("rb") as opened:
            while piece := opened.read(PIECE):
                take(piece)
    except OSError as error:
        raise UserError(f"{file} can't be read ({error.strerror or error}).") from error
    return ""


def size(file: Path) -> int:
    """Return how many bytes `stream` will give; for a progress bar.

    Raises:
        UserError: As `stream`.
    """
    if _is_7z(file):
        with _opened(file) as archive:
            return int(_member(file, archive).uncompressed)
    return file.stat().st_size


def _is_7z(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise UserError(f"{file} can't be read ({error.strerror or error}).") from error


class _Sink:
    """What py7zr takes for the only file to write, and for the factory that opens it."""

    def __init__(self, take: Take) -> None:
        self.taken = 0
        self.refusal: Exception | None = None
        """What `take` raised: not the archive's fault."""
        self._take = take

    def create(self, _filename: str) -> "_Sink":
        return self

    def write(self, s: bytes | bytearray) -> int:
        self.taken += len(s)
        try:
            for start in range(0, len(s), PIECE):
                self._take(bytes(s[start : start + PIECE]))
        except Exception as error:  # 7z's reader hides what its sink raises: kept, so that it is told
            self.refusal = error
            raise
        return len(s)

    def read(self, _size: int | None = None) -> bytes:
        return b""

    def seek(self, _offset: int, _whence: int = 0) -> int:
        return 0

    def flush(self) -> None:
        pass

    def size(self) -> int:
        return self.taken


def _damages() -> tuple[type[Exception], ...]:
    """Return what py7zr lets through when an archive is cut or garbled."""
    from py7zr.exceptions import ArchiveError

    of_libraries = (ArchiveError, lzma.LZMAError, zlib.error, struct.error, EOFError, OSError)
    return (*of_libraries, ValueError, IndexError, TypeError, AttributeError, AssertionError)


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    try:
        import py7zr
    except ModuleNotFoundError as error:
        raise UserError("Reading .7z needs py7zr: pip install 'mtbench-x[curate]'.") from error
    try:
        archive = py7zr.SevenZipFile(file)
    except py7zr.PasswordRequired as error:
        raise _locked(file) from error
    except _damages() as error:
        raise UserError(
            f"{file} ({file.stat().st_size} bytes) can't be opened as 7z ({_named(error)}): an archive's list of files "
            "is at its end, so this one is cut or damaged; copy it anew."
        ) from error
    with archive:
        yield archive


def _extract(file: Path, archive: Any, take: Take) -> str:
    from py7zr.io import Py7zIO

    member = _member(file, archive)
    sink = type("Sink", (_Sink, Py7zIO), {})(take)  # py7zr is optional, so its base class can't stand above
    try:
        archive.extract(targets=[member.filename], factory=sink)
    except _damages() as error:
        if sink.refusal:
            raise sink.refusal from None
        damage = f"{file} is damaged {sink.taken} bytes into {member.filename} ({_named(error)})"
        if not sink.taken:
            raise UserError(f"{damage}; copy it anew.") from error
        return damage
    return ""


def _locked(file: Path) -> UserError:
    return UserError(f"{file} is locked by a password; unpack it and name its {POSTS}.")


def _member(file: Path, archive: Any) -> Any:
    if archive.needs_password():
        raise _locked(file)
    members = [info for info in archive.list() if PurePosixPath(info.filename).name.lower() == POSTS.lower()]
    if len(members) == 1:
        _check_size(file, int(members[0].uncompressed))
        return members[0]
    if members:
        raise UserError(f"{file} holds several {POSTS}; unpack it and name each with its --site.")
    names = ", ".join(sorted(archive.getnames())[:8]) or "nothing"
    raise UserError(f"{file} holds no {POSTS} (but {names}); name the archive with the posts.")


def _check_size(file: Path, unpacked: int) -> None:
    """Refuse a bomb: text packs into a tenth, and what packs better by far takes memory before it is read."""
    if unpacked > SMALL_BYTES and unpacked > MOST_UNPACKED * file.stat().st_size:
        raise UserError(
            f"{file} ({file.stat().st_size} bytes) says that it holds {unpacked} bytes of {POSTS}, which no posts pack "
            "to; unpack it yourself if you trust it."
        )


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")

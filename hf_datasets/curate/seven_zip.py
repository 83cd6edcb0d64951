"""The Posts.xml of a 7z archive as a stream: py7zr writes into a callback, nothing is unpacked."""

import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import py7zr
from py7zr.exceptions import ArchiveError
from py7zr.io import Py7zIO, WriterFactory

from hf_datasets.curate.pieces import PIECE, POSTS, CutError
from hf_datasets.shared.errors import UserError

_DAMAGES = (
    *(ArchiveError, lzma.LZMAError, zlib.error, struct.error, EOFError, OSError),
    *(ValueError, IndexError, TypeError, AttributeError, AssertionError),
)
"""What py7zr lets through when an archive is cut or garbled."""
SMALL_BYTES = 100_000_000
MOST_UNPACKED = 200
"""Unpacked bytes for each packed one; beyond SMALL_BYTES it is no archive of posts."""


class _Sink(Py7zIO):
    """What py7zr takes for a file to write."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self.taken = 0
        self.refusal: Exception | None = None
        """What `take` raised: not the archive's fault."""
        self._take = take

    def write(self, s: bytes | bytearray) -> int:
        self.taken += len(s)
        try:
            for start in range(0, len(s), PIECE):
                self._take(bytes(s[start : start + PIECE]))
        except Exception as error:
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


class _Sinks(WriterFactory):
    def __init__(self, sink: _Sink) -> None:
        self._sink = sink

    def create(self, _filename: str) -> _Sink:
        return self._sink


def stream_7z(file: Path, take: Callable[[bytes], None]) -> None:
    """Call `take` with the bytes of the archive's Posts.xml, in order.

    Raises:
        UserError: The archive can't be opened, is locked, or holds no Posts.xml or several.
        CutError: It is damaged behind the first pieces.
    """
    sink = _Sink(take)
    with _opened(file) as archive:
        member = _member(file, archive)
        try:
            archive.extract(targets=[member.filename], factory=_Sinks(sink))
        except _DAMAGES as error:
            if sink.refusal:
                raise sink.refusal from None
            message = f"{file} is damaged {sink.taken} bytes into {member.filename} ({_told(error)})"
            if not sink.taken:
                raise UserError(f"{message}; copy it anew.") from error
            raise CutError(message) from error


def size_7z(file: Path) -> int:
    """Return the unpacked size of the archive's Posts.xml in bytes.

    Raises:
        UserError: As `stream_7z`.
    """
    with _opened(file) as archive:
        return int(_member(file, archive).uncompressed)


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    try:
        archive = py7zr.SevenZipFile(file)
    except py7zr.PasswordRequired as error:
        raise _locked(file) from error
    except _DAMAGES as error:
        raise UserError(
            f"{file} ({file.stat().st_size} bytes) can't be opened as 7z ({_told(error)}): an archive's list of files "
            "is at its end, so this one is cut or damaged; copy it anew."
        ) from error
    with archive:
        yield archive


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


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")

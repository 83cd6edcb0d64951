"""Dump files as streams of bytes: a Posts.xml as it is, or inside a .7z, which is never unpacked to disk or memory."""

import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from hf_datasets.errors import UserError

if TYPE_CHECKING:
    import py7zr

POSTS = "Posts.xml"
MAGIC = b"7z\xbc\xaf\x27\x1c"
CHUNK = 1 << 20
"""Bytes read at a time."""


class Cut(Exception):  # noqa: N818  (not a mistake of the program: the archive is damaged behind what was read)
    """A dump ended before its end; what was read stays good."""


def find_dump(path: Path) -> Path:
    """Return the file to read: `path`, or the Posts.xml in that folder.

    Raises:
        UserError: There is no such file.
    """
    file = path / POSTS if path.is_dir() else path
    if not file.is_file():
        raise UserError(f"{file} is not a file; name a .7z of the StackExchange dump, or a {POSTS}.")
    return file


def stream(file: Path, take: Callable[[bytes], None]) -> None:
    """Call `take` with the bytes of a dump's Posts.xml, in order.

    Args:
        file: A 7z archive (told by its first bytes) or the XML itself.
        take: Called with each piece.

    Raises:
        UserError: The file can't be read, or holds no Posts.xml.
        Cut: The archive is damaged behind the first pieces.
    """
    try:
        with file.open("rb") as opened:
            zipped = opened.read(len(MAGIC)) == MAGIC
            opened.seek(0)
            if not zipped:
                while piece := opened.read(CHUNK):
                    take(piece)
                return
    except OSError as error:
        raise UserError(f"{file} can't be read ({error.strerror or error}).") from error
    _stream_7z(file, take)


def size(file: Path) -> int:
    """Return how many bytes `stream` will give, 0 where that can't be told; for a progress bar."""
    with file.open("rb") as opened:
        if opened.read(len(MAGIC)) != MAGIC:
            return file.stat().st_size
    with _opened(file) as archive:
        return int(_member(file, archive).uncompressed)


def _stream_7z(file: Path, take: Callable[[bytes], None]) -> None:
    from py7zr.io import Py7zIO, WriterFactory

    class Sink(Py7zIO):
        taken = 0
        refusal: Exception | None = None

        def write(self, s: bytes | bytearray) -> int:
            self.taken += len(s)
            try:
                for start in range(0, len(s), CHUNK):
                    take(bytes(s[start : start + CHUNK]))
            except Exception as error:
                self.refusal = error
                raise
            return len(s)

        def read(self, size: int | None = None) -> bytes:
            return b""

        def seek(self, offset: int, whence: int = 0) -> int:
            return 0

        def flush(self) -> None:
            pass

        def size(self) -> int:
            return self.taken

    class Sinks(WriterFactory):
        def create(self, filename: str) -> Sink:
            return sink

    sink = Sink()
    with _opened(file) as archive:
        member = _member(file, archive)
        try:
            archive.extract(targets=[member.filename], factory=Sinks())
        except _damages() as error:
            if sink.refusal:  # not the archive's fault
                raise sink.refusal from None
            message = f"{file} is damaged {sink.taken} bytes into {member.filename} ({_told(error)})"
            if not sink.taken:
                raise UserError(f"{message}; copy it anew.") from error
            raise Cut(message) from error


@contextmanager
def _opened(file: Path) -> Iterator["py7zr.SevenZipFile"]:
    try:
        import py7zr
    except ModuleNotFoundError as error:
        raise UserError("Reading .7z needs py7zr: pip install 'mtbench-x[curate]'.") from error
    try:
        archive = py7zr.SevenZipFile(file)
    except py7zr.PasswordRequired as error:
        raise UserError(f"{file} is locked by a password; unpack it and name its {POSTS}.") from error
    except _damages() as error:
        raise UserError(
            f"{file} ({file.stat().st_size} bytes) can't be opened as 7z ({_told(error)}): an archive's list of files is "
            "at its end, so this one is cut or damaged; copy it anew."
        ) from error
    with archive:
        yield archive


def _member(file: Path, archive: "py7zr.SevenZipFile") -> Any:
    if archive.needs_password():
        raise UserError(f"{file} is locked by a password; unpack it and name its {POSTS}.")
    members = [info for info in archive.list() if PurePosixPath(info.filename).name.lower() == POSTS.lower()]
    if len(members) == 1:
        return members[0]
    if members:
        raise UserError(f"{file} holds several {POSTS}; unpack it and name each with its --site.")
    names = ", ".join(sorted(archive.getnames())[:8]) or "nothing"
    raise UserError(f"{file} holds no {POSTS} (but {names}); name the archive with the posts.")


def _damages() -> tuple[type[Exception], ...]:
    """What py7zr lets through when an archive is cut or garbled."""
    import struct

    from py7zr.exceptions import ArchiveError

    return (
        ArchiveError,
        lzma.LZMAError,
        zlib.error,
        EOFError,
        OSError,
        struct.error,
        ValueError,
        IndexError,
        TypeError,
        AttributeError,
        AssertionError,
    )


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")

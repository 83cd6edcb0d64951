"""Dump files as streams of bytes: a Posts.xml as it is, or inside a .7z."""

from collections.abc import Callable
from pathlib import Path

from hf_datasets.curate.pieces import PIECE, POSTS
from hf_datasets.shared.errors import UserError

MAGIC = b"7z\xbc\xaf\x27\x1c"


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
        CutError: The archive is damaged behind the first pieces.
    """
    if _is_7z(file):
        from hf_datasets.curate.seven_zip import stream_7z

        stream_7z(file, take)
        return
    try:
        with file.open("rb") as opened:
            while piece := opened.read(PIECE):
                take(piece)
    except OSError as error:
        raise UserError(f"{file} can't be read ({error.strerror or error}).") from error


def size(file: Path) -> int:
    """Return how many bytes `stream` will give; for a progress bar.

    Raises:
        UserError: As `stream`.
    """
    if _is_7z(file):
        from hf_datasets.curate.seven_zip import size_7z

        return size_7z(file)
    return file.stat().st_size


def _is_7z(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            zipped = opened.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise UserError(f"{file} can't be read ({error.strerror or error}).") from error
    if zipped:
        _need_py7zr()
    return zipped


def _need_py7zr() -> None:
    from importlib.util import find_spec

    if find_spec("py7zr") is None:
        raise UserError("Reading .7z needs py7zr: pip install 'mtbench-x[curate]'.")

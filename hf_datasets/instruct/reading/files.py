"""Rows of a data file, whatever its format, one at a time, with errors that name the place.

Read by content, not by name: a JSON array, JSON Lines (or objects one after another), either of them gzipped, Parquet,
or Arrow: a file, or the stream that `save_to_disk` leaves.
"""

import gzip
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from hf_datasets.instruct.reading.json_stream import JsonError, JsonStream, array_items, values
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.parquet import BATCH, parquet_rows

GZIP, ZSTD, PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
ARROW_FILE, ARROW_STREAM = b"ARRO", b"\xff\xff\xff\xff"
BLANK = b"\xef\xbb\xbf \t\r\n"
WRAPPERS = ("data", "rows", "samples", "examples", "train")
"""Keys under which some files hold all their rows in one object."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row of a file."""

    file: Path
    """The file that the row stands in."""
    number: int
    """1-based: the line in JSON Lines, else the position."""
    values: Mapping[str, Any]
    """Columns or keys of the row."""

    @property
    def place(self) -> str:
        """What an error calls it."""
        return f"{self.file}, row {self.number}"


def rows(file: Path) -> Iterator[FileRow]:
    """Yield the rows of one file in its order.

    Raises:
        UserError: The file can't be read, is in no known format, or is damaged; the rows before the damage were given.
    """
    number = 0
    try:
        with file.open("rb") as raw:
            try:
                for number, found in _numbered(raw, file):
                    yield FileRow(file, number, found)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise UserError(
                    f"{file}: broken gzip after row {number}, near byte {raw.tell()} of {file.stat().st_size} "
                    f"({error}); copy or download it anew."
                ) from error
    except JsonError as error:
        raise UserError(f"{file}, row {number + 1}: not JSON ({error} at byte {error.offset}).") from error
    except OSError as error:
        raise UserError(f"{file} can't be read ({error.strerror or error}).") from error


def _numbered(raw: BufferedReader, file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield (1-based number, row) of an open file."""
    head = raw.peek(4)[:4]
    if head == ZSTD:
        raise UserError(f"{file} is compressed by zstd; unpack it first.")
    if head == PARQUET:
        yield from enumerate(parquet_rows(file), start=1)
        return
    if head in (ARROW_FILE, ARROW_STREAM):
        yield from enumerate(_arrow(raw, file, is_stream=head == ARROW_STREAM), start=1)
        return
    stream = gzip.GzipFile(fileobj=raw) if head.startswith(GZIP) else raw
    with _rewindable(stream) as text:
        yield from _json(text, file)


@contextmanager
def _rewindable(stream: Any) -> Iterator[Any]:
    """Close the unpacker, not the file beneath it."""
    try:
        yield stream
    finally:
        if isinstance(stream, gzip.GzipFile):
            stream.close()


def _json(stream: Any, file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    first = _first_byte(stream)
    found: Iterator[tuple[int, Any]]
    if first == b"[":
        found = enumerate(array_items(JsonStream(stream)), start=1)
    elif first == b"{":
        found = (
            enumerate(values(JsonStream(stream)), start=1)
            if _spread(stream)
            else jsonl.numbered_rows(stream, str(file))
        )
    elif first:
        raise UserError(
            f"{file} is neither JSON, JSON Lines, Parquet nor Arrow, gzipped or not; it begins {str(first)[1:]}."
        )
    else:
        return
    for number, value in found:
        if not isinstance(value, dict):
            raise UserError(f"{file}, row {number}: expected a JSON object, found {type(value).__name__}.")
        if number == 1 and (wrapped := _wrapped(value)):
            yield from enumerate(wrapped, start=1)
        else:
            yield number, value


def _first_byte(stream: Any) -> bytes:
    """Return the first byte that isn't white space or a byte order mark, empty if there is none; rewinds the stream."""
    data = b"\n"
    while data and not data.lstrip(BLANK):
        data = stream.read(1024)
    stream.seek(0)
    return bytes(data.lstrip(BLANK)[:1])


def _spread(stream: Any) -> bool:
    """Tell whether the first object of a file goes over several lines; rewinds the stream."""
    try:
        lines = iter(lambda: stream.readline(jsonl.LONGEST_ROW + 1), b"")
        first = next(filter(bytes.strip, lines))
        return len(first) <= jsonl.LONGEST_ROW and not first.rstrip().endswith(b"}")
    finally:
        stream.seek(0)


def _wrapped(value: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the rows that an object holds as a whole file."""
    for key in WRAPPERS:
        inside = value.get(key)
        if isinstance(inside, list) and inside and all(isinstance(row, dict) and len(row) > 1 for row in inside):
            speakers = {"role", "from"} & set(inside[0])
            return [] if speakers else inside
    return []


def _arrow(raw: BufferedReader, file: Path, *, is_stream: bool) -> Iterator[Mapping[str, Any]]:
    import pyarrow as pa

    try:
        with (pa.ipc.open_stream if is_stream else pa.ipc.open_file)(raw) as reader:
            batches = reader if is_stream else map(reader.get_batch, range(reader.num_record_batches))
            for batch in batches:
                for start in range(0, batch.num_rows, BATCH):  # few: a dictionary may mean a long text in every row
                    yield from batch.slice(start, BATCH).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{file} is damaged Arrow ({' '.join(str(error).split())}); copy it anew.") from error

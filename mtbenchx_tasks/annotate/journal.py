"""Votes as append-only JSON Lines, for places whose disk doesn't last: a Space writes them, a commit saves them.

One file a process, so that nobody appends to what another commits. Each change is on disk before it is acknowledged,
by whole lines; after a restart the database is made anew from the study, the invitations and all journals (replay.py).
"""

import json
import os
import uuid
from collections.abc import Iterator, Sequence, Set
from contextlib import suppress
from io import FileIO
from pathlib import Path

from hf_datasets.records import canonical_json
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import make_private, write_file
from mtbenchx_tasks.annotate.store import Event

JOURNALS = "votes-*.jsonl"
WITHDRAWAL = "withdrawal"


class Journal:
    """The file of this process; made with its first change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._size = 0
        self._names: set[str] = set()
        self._begin()

    def _begin(self) -> None:
        self.path = self.folder / f"votes-{uuid.uuid4().hex}.jsonl"
        self._names.add(self.path.name)

    def is_ours(self, name: str) -> bool:
        """Tell whether this process writes a journal of that name, or wrote it before its disk failed."""
        return name in self._names

    def write(self, events: Sequence[Event]) -> None:
        """Append changes, all or none; when this returns, they are on disk.

        Raises:
            OSError: They couldn't be written; nothing of them is left.
        """
        data = "".join(canonical_json(event) + "\n" for event in events).encode("utf-8", "replace")
        self._make()
        with FileIO(self.path, "ab") as file:  # no buffer, or a full disk would be met again in closing
            self._size = os.fstat(file.fileno()).st_size
            try:
                while data:
                    data = data[file.write(data) or 0 :]
                os.fsync(file.fileno())
            except OSError:
                self._cut(file)
                raise

    def take_back(self) -> None:
        """Cut off what `write` appended last: the change wasn't made after all."""
        with suppress(OSError), FileIO(self.path, "ab") as file:
            self._cut(file)

    def _make(self) -> None:
        """Make the file, and let its name be on disk, too."""
        if self.path.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        make_private(self.path)
        if os.name == "posix":
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _cut(self, file: FileIO) -> None:
        try:
            file.truncate(self._size)
        except OSError:
            self._begin()  # half a line is harmless where it is the last one


def read_journals(folder: Path) -> Iterator[tuple[str, list[Event]]]:
    """Yield (place, changes) of every journal in a folder and below, in the order of their names.

    The same journal may be there twice, for example as the dataset's copy, which is a part of it.

    Raises:
        UserError: A line isn't one of ours. What follows the last line end was never acknowledged and is left out, and
            so is a half line that a full disk left before a whole one.
    """
    for file in sorted(folder.rglob(JOURNALS)):
        lines = file.read_bytes().split(b"\n")
        yield str(file), [_event(line, f"{file}, line {number}") for number, line in enumerate(lines[:-1], start=1)]


def _event(line: bytes, place: str) -> Event:
    try:
        return _checked(line, place)
    except UserError:
        whole = line.rfind(b'{"')  # a text's own quotes are escaped, so this is where the last change begins
        if whole <= 0:
            raise
        return _checked(line[whole:], place)


def _checked(line: bytes, place: str) -> Event:
    event = jsonl.loads(line.decode("utf-8", "replace"), place)
    at = event.get("at") if isinstance(event, dict) else None
    if isinstance(at, bool) or not isinstance(at, int | float):
        raise UserError(f"{place}: not a line of a journal (no time `at`); get the file again, or leave the line out.")
    return dict(event)


def forget(folder: Path, names: Set[str]) -> list[Path]:
    """Write every journal of a folder anew without the lines of people who withdrew; returns those that changed.

    That they withdrew stays, or another copy's lines would count again.
    """
    return [file for file in sorted(folder.rglob(JOURNALS)) if _forget(file, names)]


def _forget(file: Path, names: Set[str]) -> bool:
    lines = file.read_bytes().split(b"\n")
    kept = [line for line in lines[:-1] if not _is_of(line, names)]
    if len(kept) == len(lines) - 1:
        return False
    write_file(file, b"".join(line + b"\n" for line in kept))
    return True


def _is_of(line: bytes, names: Set[str]) -> bool:
    try:
        event = json.loads(line)
    except ValueError:
        return False
    return isinstance(event, dict) and event.get("annotator") in names and event.get("type") != WITHDRAWAL

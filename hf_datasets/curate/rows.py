"""The rows of a Posts.xml, out of a stream of bytes, in flat memory; a broken row costs that row only.

A dump is XML with one `<row .../>` a line. The reader therefore feeds the parser line by line: it always knows which
line the row in hand began on, and a new parser can go on behind a broken row. It doesn't depend on the lines: a row may
stretch over several, and all rows may stand on one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from hf_datasets.shared.errors import UserError

ROOT, ROW = "posts", "row"
PIECE = 1 << 20
"""A line longer than this many bytes is fed in pieces, so that a file of one line needs no more memory."""
MOST_FAULTS = 1000
"""More broken rows than this, and more than whole ones, and it isn't worth going on."""


@dataclass(frozen=True)
class BrokenRow:
    """One place where a dump is broken."""

    line: int
    """1-based line on which the broken row begins, or on which the file ends too early."""
    byte: int
    """0-based offset of that line's first byte; of the file's end if it ends too early."""
    reason: str
    """What the XML parser said."""


class RowReader:
    """Takes the bytes of a Posts.xml in pieces of any size and calls back once for every row."""

    def __init__(self, name: str, on_row: Callable[[Mapping[str, str]], None]) -> None:
        self.name = name
        """What errors call the file."""
        self.rows = 0
        """Rows read so far."""
        self.faults: list[BrokenRow] = []
        """Rows that were skipped, in the file's order."""
        self._on_row = on_row
        self._rest = b""
        self._line, self._byte = 1, 0
        self._began: tuple[int, int] | None = None
        """Line and byte of the row in hand."""
        self._since: tuple[int, int] = (1, 0)
        """Line and byte of what follows the last whole row."""
        self._inside_line = self._skipping = False
        self._parser = self._new_parser()

    def feed(self, data: bytes) -> None:
        """Read some more bytes.

        Raises:
            UserError: This isn't a Posts.xml.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._piece(line + b"\n")
        if len(self._rest) > PIECE:
            self._piece(self._rest)
            self._rest = b""

    def close(self) -> None:
        """End the file.

        Raises:
            UserError: This isn't a Posts.xml: no row could be read from something that isn't an empty one.
        """
        if self._rest:
            self._piece(self._rest)
        try:
            root = self._parser.close()
        except etree.XMLSyntaxError as error:
            if not (self._skipping and self.faults):
                line, byte = self._began or (self._line, self._byte)
                self.faults.append(BrokenRow(line, byte, f"the file ends early: {error.msg}"))
        else:
            self._check_root(root)
        if self.faults and not self.rows:
            fault = self.faults[0]
            raise UserError(
                f"{self.name}, line {fault.line}, byte {fault.byte}: not a Posts.xml ({fault.reason}); "
                "name a StackExchange dump."
            )

    def _new_parser(self) -> Any:
        return etree.XMLPullParser(
            events=("end",), tag=ROW, huge_tree=True, resolve_entities=False, no_network=True, load_dtd=False
        )

    def _piece(self, piece: bytes) -> None:
        """Feed one line, or the next part of a very long one."""
        begins, rows = not self._inside_line, self.rows
        if begins and self._began and _begins_row(piece):  # never inside a value: `<` would be escaped there
            self._note(self._began, "the row has no end")
            self._restart()
        if not self._rows_yet() and b"<!DOCTYPE" in piece:
            raise UserError(f"{self.name}, line {self._line}: a Posts.xml has no DOCTYPE; name a StackExchange dump.")
        if begins or not self._skipping:
            self._skipping = False
            self._parse(piece)
        self._inside_line = not piece.endswith(b"\n")
        self._line += not self._inside_line
        self._byte += len(piece)
        if self.rows > rows or self._skipping:
            self._since = self._line, self._byte

    def _parse(self, piece: bytes) -> None:
        if self._began is None and b"<row" in piece:
            self._began = self._line, self._byte
        if not (error := self._try(piece)):
            return
        place = self._began or (self._line, self._byte)
        self._restart()
        if self._since[0] < self._line and _begins_row(piece) and not self._try(piece):
            self._note(self._since, error)  # the row is whole: what stands before it isn't
        else:
            self._note(place, error)
            self._restart()
            self._skipping = True

    def _try(self, piece: bytes) -> str:
        """Feed the parser and take the rows; return what it said if it stumbled."""
        try:
            self._parser.feed(piece)
        except etree.XMLSyntaxError as error:
            self._take_rows()
            return str(error.msg)
        self._take_rows()
        return ""

    def _take_rows(self) -> None:
        for _, row in self._parser.read_events():
            if not self.rows:
                self._check_root(row.getroottree().getroot())
            self.rows += 1
            self._began = None
            self._on_row(row.attrib)
            row.clear()
            while row.getprevious() is not None:
                del row.getparent()[0]

    def _note(self, place: tuple[int, int], reason: str) -> None:
        self.faults.append(BrokenRow(*place, reason))
        if len(self.faults) > max(MOST_FAULTS, self.rows):
            raise UserError(f"{self.name} has more broken rows than whole ones up to line {place[0]}; copy it anew.")

    def _restart(self) -> None:
        self._parser, self._began = self._new_parser(), None
        self._parser.feed(f"<{ROOT}>".encode())

    def _rows_yet(self) -> bool:
        return bool(self.rows or self.faults)

    def _check_root(self, root: Any) -> None:
        if root is not None and root.tag != ROOT:
            raise UserError(f"{self.name} holds <{root.tag}>, not <{ROOT}>; name a Posts.xml, or a .7z that has one.")


def _begins_row(piece: bytes) -> bool:
    return piece.lstrip().startswith(b"<row")

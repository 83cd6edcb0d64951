"""Files that are there as a whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from hf_datasets.shared.errors import UserError


@contextmanager
def replacing_file(path: Path) -> Iterator[TextIO]:
    """Give a text file (UTF-8, LF) to write beside `path`; it takes its place at the end, or vanishes on an error.

    Raises:
        UserError: It can't be written.
    """
    new = path.with_name(f".{path.name}.new-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("w", encoding="utf-8", newline="\n", errors="replace") as file:
            yield file
        new.replace(path)
    except OSError as error:
        raise UserError(
            f"Can't write {path} ({error.strerror or error}); name a file in a place you may write."
        ) from error
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)

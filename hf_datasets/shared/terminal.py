"""The console that tables and sentences are printed on: what others wrote stands there as they wrote it."""

from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console


def literal_console(file: TextIO | None = None, width: int | None = None, *, stderr: bool = False) -> "Console":
    """Return a console on which a model named `[/red]` or `:cat:` is shown so: no text is markup.

    Args:
        file: Where to; None: the terminal.
        width: Characters a line; None: as the terminal has.
        stderr: Whether it is the terminal's error stream.
    """
    from rich.console import Console

    return Console(file=file, width=width, stderr=stderr, markup=False, emoji=False)

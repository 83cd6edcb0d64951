"""Writing the folder: page, CSV and LaTeX of each table, SVG and PNG of each figure; each file whole or not at all."""

import json
from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from hf_datasets.shared.files import check_writable, write_file
from mtbenchx_tasks.report.contents import Chapter
from mtbenchx_tasks.report.figures.drawing import Figure, Rendered, render
from mtbenchx_tasks.tables import Table, to_csv, to_latex

MANIFEST = "files.json"
"""What a report wrote, so that the next one can take away what it no longer has."""


def prepare(folder: Path) -> None:
    """Make the folder, before anything is computed.

    Raises:
        UserError: It can't be written.
    """
    check_writable(folder)


def draw_all(found: Sequence[Chapter]) -> dict[str, Rendered]:
    """Draw every figure, with a progress bar."""
    from rich.console import Console
    from rich.progress import track

    figures = [part for chapter in found for part in chapter.parts if isinstance(part, Figure)]
    console = Console(stderr=True)
    return {
        figure.name: render(figure)
        for figure in track(figures, "Drawing", console=console, transient=True, disable=not console.is_terminal)
    }


def write_all(
    folder: Path,
    html: str,
    found: Sequence[Chapter],
    drawn: Mapping[str, Rendered],
    pages: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write everything; returns the files, the page first.

    Args:
        folder: Where to.
        html: The page.
        found: Its chapters, whose tables and figures are written as files of their own.
        drawn: Name of a figure -> its drawing.
        pages: File name -> HTML of further pages.

    Raises:
        UserError: The folder can't be written.
    """
    files: dict[str, str | bytes] = {"index.html": html, **(pages or {})}
    for part in (part for chapter in found for part in chapter.parts):
        if isinstance(part, Table):
            files[f"tables/{part.name}.csv"] = to_csv(part)
            files[f"tables/{part.name}.tex"] = to_latex(part)
        elif isinstance(part, Figure) and part.name in drawn:
            files[f"figures/{part.name}.svg"] = drawn[part.name].svg
            files[f"figures/{part.name}.png"] = drawn[part.name].png
    _remove_old(folder, files)
    for name, content in files.items():
        write_file(folder / name, content)
    write_file(folder / MANIFEST, json.dumps(sorted(files), indent=1) + "\n")
    return [folder / name for name in files]


def _remove_old(folder: Path, files: Container[str]) -> None:
    """Take away tables, figures and answers that an earlier report wrote and this one doesn't have; nothing else."""
    try:
        earlier = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for name in earlier if isinstance(earlier, list) else []:
        ours = isinstance(name, str) and name.startswith(("tables/", "figures/", "answers/")) and ".." not in name
        if ours and name not in files:
            with suppress(OSError):
                (folder / name).unlink(missing_ok=True)

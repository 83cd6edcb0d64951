"""Writing the folder: page, CSV and LaTeX of each table, SVG and PNG of each figure; each file whole or not at all."""

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from hf_datasets.shared.files import check_writable, write_file
from mtbenchx_tasks.formats.excerpt import RECORDS
from mtbenchx_tasks.latex import to_latex
from mtbenchx_tasks.report.contents import Chapter
from mtbenchx_tasks.report.figures.drawing import Figure, Rendered, render
from mtbenchx_tasks.tables import Table, to_csv

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


def files_of(
    html: str, found: Sequence[Chapter], drawn: Mapping[str, Rendered], pages: Mapping[str, str] | None = None
) -> dict[str, str | bytes]:
    """Return path -> content, the page first.

    Args:
        html: The page.
        found: Its chapters, whose tables and figures are files of their own.
        drawn: Name of a figure -> its drawing.
        pages: File name -> HTML of further pages.
    """
    files: dict[str, str | bytes] = {"index.html": html, **(pages or {})}
    for part in (part for chapter in found for part in chapter.parts):
        if isinstance(part, Table):
            files[f"tables/{part.name}.csv"] = to_csv(part)
            files[f"tables/{part.name}.tex"] = to_latex(part)
        elif isinstance(part, Figure) and part.name in drawn:
            files[f"figures/{part.name}.svg"] = drawn[part.name].svg
            files[f"figures/{part.name}.png"] = drawn[part.name].png
    return files


def write_all(folder: Path, files: Mapping[str, str | bytes]) -> list[Path]:
    """Write everything and take away what an earlier report left; returns the files in their order.

    Args:
        folder: Where to.
        files: Path -> content.

    Raises:
        UserError: The folder can't be written.
    """
    _remove_old(folder, files)
    for name, content in files.items():
        write_file(folder / name, content)
    write_file(folder / MANIFEST, manifest(files))
    return [folder / name for name in files]


def manifest(names: Iterable[str]) -> str:
    """Return the text of MANIFEST."""
    return json.dumps(sorted(names), indent=1) + "\n"


def _remove_old(folder: Path, files: Container[str]) -> None:
    """Take away tables, figures and answers that an earlier report wrote and this one doesn't have; nothing else."""
    try:
        earlier = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for name in earlier if isinstance(earlier, list) else []:
        ours = isinstance(name, str) and name.startswith(("tables/", "figures/", "answers/", RECORDS))
        if ours and ".." not in name and name not in files:
            with suppress(OSError):
                (folder / name).unlink(missing_ok=True)

"""The page: one HTML file that needs nothing else, no network and no script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mtbenchx_tasks import __version__
from mtbenchx_tasks.report.contents import Chapter, Html
from mtbenchx_tasks.report.figures.drawing import Figure, Rendered, inline_svg
from mtbenchx_tasks.tables import Table, html_text, to_html

CSS = Path(__file__).with_name("page.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Even if something foreign slipped through, it could load and run nothing."""
PIXELS = 92
"""Per inch of a figure: 10-point text is then about as large as the page's."""


@dataclass(frozen=True)
class Head:
    """What stands on top."""

    title: str
    """The heading."""
    lead: str
    """One paragraph."""
    facts: Mapping[str, str]
    """Name -> number."""
    sources: Sequence[str]
    """Files that were read."""
    notes: Sequence[str] = ()
    """What the reader must know of them."""


def page(head: Head, found: Sequence[Chapter], drawn: Mapping[str, Rendered]) -> str:
    """Return the whole page; `drawn` maps names of figures to drawings."""
    title = html_text(head.title)
    entries = "".join(f'<li><a href="#{chapter.anchor}">{html_text(chapter.title)}</a></li>' for chapter in found)
    counted = "".join(
        f"<div><dt>{html_text(name)}</dt><dd>{html_text(value)}</dd></div>" for name, value in head.facts.items()
    )
    body = "".join(_chapter(chapter, drawn) for chapter in found)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">'
        f"<title>{title}</title><style>{CSS.read_text(encoding='utf-8')}</style></head>"
        f'<body><a class="skip" href="#contents">Skip to the contents</a><div class="page"><header><h1>{title}</h1>'
        f'<p class="lead">{html_text(head.lead)}</p><dl class="facts">{counted}</dl>{_notes(head.notes)}</header>'
        f'<nav id="contents" aria-label="Contents"><ol>{entries}</ol></nav>'
        f"<main>{body}</main>{_footer(head.sources)}</div></body></html>\n"
    )


def _notes(notes: Sequence[str]) -> str:
    items = "".join(f"<li>{html_text(note)}</li>" for note in notes)
    return f'<p><strong>Read this first</strong></p><ul class="notes">{items}</ul>' if items else ""


def _chapter(chapter: Chapter, drawn: Mapping[str, Rendered]) -> str:
    remarks = "".join(f"<p>{html_text(remark)}</p>" for remark in chapter.remarks if remark)
    parts = "".join(_part(part, drawn) for part in chapter.parts)
    return f'<section id="{chapter.anchor}"><h2>{html_text(chapter.title)}</h2>{remarks}{parts}</section>\n'


def _part(part: Table | Figure | Html, drawn: Mapping[str, Rendered]) -> str:
    if isinstance(part, Html):
        return part.html
    if isinstance(part, Table):
        if not part.shown:
            return ""
        shown = to_html(part)
        return (
            f'<details class="table"><summary>{html_text(part.title)}</summary>{shown}</details>'
            if part.folded
            else shown
        )
    if part.name not in drawn:
        return ""
    svg = inline_svg(drawn[part.name].svg, html_text(part.alt))
    wide = round(part.width * PIXELS)
    # On a phone a drawing scrolls in its box rather than shrink until nobody can read it.
    svg = svg.replace(
        "<svg ", f'<svg style="width:{wide}px;min-width:min({wide}px,560px);max-width:max(100%,560px)" ', 1
    )
    return (
        f'<figure><p class="title" id="figure-{part.name}-title">{html_text(part.title)}</p>'
        f'<div class="box" role="region" aria-labelledby="figure-{part.name}-title" tabindex="0">{svg}</div>'
        f"<figcaption>{html_text(part.caption)}</figcaption></figure>"
    )


def _footer(sources: Sequence[str]) -> str:
    files = "".join(f"<li>{html_text(source)}</li>" for source in sources)
    beside = "Every table and figure lies beside this page as CSV, LaTeX, SVG and PNG."
    return (
        f"<footer><details><summary>Files read: {len(sources)}</summary><ul>{files}</ul></details>"
        f"<p>Made by mtbench-x {__version__}. {beside}</p></footer>"
    )

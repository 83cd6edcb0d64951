"""The page: one HTML file that needs nothing else, no network and no script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from mtbenchx_tasks import __version__
from mtbenchx_tasks.formats.excerpt import PROOF, RECORDS
from mtbenchx_tasks.report.browse import FOLDER
from mtbenchx_tasks.report.contents import Chapter, Html
from mtbenchx_tasks.report.figures.drawing import Figure, Rendered, inline_svg
from mtbenchx_tasks.report.html import POLICY, TEMPLATES, render, table_html
from mtbenchx_tasks.tables import Table


@dataclass(frozen=True)
class Head:
    """What stands on top of the page."""

    title: str
    lead: str
    """One paragraph."""
    facts: Mapping[str, str]
    """Name -> number, e.g. `Models` -> `12`."""
    sources: Sequence[str]
    """Files that were read."""
    notes: Sequence[str] = ()
    """What the reader must know of them."""
    records: str = ""
    """The sha256 of the records that lie beside the page; "" without them."""


def page(head: Head, chapters: Sequence[Chapter], drawn: Mapping[str, Rendered], *, has_answers: bool = False) -> str:
    """Return the whole page.

    Args:
        head: What stands on top.
        chapters: What follows.
        drawn: Name of a figure -> its drawing.
        has_answers: Whether there are pages of all answers to link to.
    """
    css = Markup((TEMPLATES / "page.css").read_text(encoding="utf-8"))
    html = render(
        "page.html",
        head=head,
        chapters=chapters,
        answers=f"{FOLDER}/index.html" if has_answers else "",
        html_of=lambda part: _part(part, drawn),
        policy=Markup(POLICY),
        css=css,
        version=__version__,
        records=RECORDS,
        proof=PROOF,
    )
    return str(html)


def _part(part: Table | Figure | Html, drawn: Mapping[str, Rendered]) -> Markup:
    if isinstance(part, Html):
        return part.html
    if isinstance(part, Figure):
        if part.name not in drawn:
            return Markup()
        return render("figure.html", figure=part, svg=inline_svg(drawn[part.name].svg, part.alt, part.width))
    return table_html(part) if part.shown else Markup()

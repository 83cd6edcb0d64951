"""Figures: a title, a text for those who don't see it, and a drawing; rendered to SVG and PNG, the same each time.

Ink is one colour that the page replaces by its own, so that a drawing fits light and dark.
"""

import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from hf_datasets.shared.errors import UserError

INK = "#24292f"
"""Text and axes; the page turns it into its own colour."""
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#6e7781", "#7f5fc4", "#8c564b")
"""Told apart by the colour-blind (Okabe and Ito's, some replaced that vanish on light or dark)."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
STYLES = ("-", "--", "-.", ":")
DPI = 160
PIXELS = 92
"""Per inch of a figure in the page: 10-point text is then about as large as the page's."""
MOST_LABEL = 38
"""Characters of a label in a figure."""


@dataclass(frozen=True)
class Figure:
    """A figure to draw: what it is called, what it shows, and how it is drawn."""

    name: str
    """Name of its files, without ending."""
    title: str
    alt: str
    """What it shows, for those who don't see it."""
    caption: str
    """How to read the figure, below it."""
    draw: Callable[[], Any]
    """Function that makes a matplotlib Figure."""
    width: float = 7.0
    """Inches; wider ones scroll on a phone."""


@dataclass(frozen=True)
class Rendered:
    """A drawing in both formats."""

    svg: str
    """For screens, without date or random ids."""
    png: bytes
    """For slides; white background."""


def check_matplotlib() -> None:
    """Raise a UserError that names the extra if matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise UserError("Figures need matplotlib: pip install 'mtbench-x[report]'.") from error


def new_figure(width: float, height: float) -> Any:
    """Return an empty figure that belongs to no global state."""
    from matplotlib.figure import Figure as Canvas

    return Canvas(figsize=(width, height), facecolor="none")


def render(figure: Figure) -> Rendered:
    """Draw a figure as SVG and PNG, the same bytes each time."""
    import matplotlib as mpl

    settings = {
        "svg.hashsalt": figure.name, "svg.fonttype": "path", "font.size": 10, "font.family": "DejaVu Sans",
        "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK,
        "axes.facecolor": "none", "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11,
        "axes.titlelocation": "left", "text.parse_math": False,
    }  # fmt: skip
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # of a script that the font lacks, in a model's name
        canvas = figure.draw()
        svg, png = io.StringIO(), io.BytesIO()
        tight = canvas.get_tightbbox().padded(0.08)  # once for both formats
        about = {"bbox_inches": tight}
        canvas.savefig(svg, format="svg", metadata={"Date": None, "Creator": None}, **about)
        canvas.savefig(png, format="png", dpi=DPI, facecolor="white", metadata={"Software": None}, **about)
    return Rendered(svg.getvalue(), png.getvalue())


def inline_svg(svg: str, alt: str, width: float) -> Markup:
    """Return an SVG for a page: no prologue, no ids that clash, in the page's ink.

    Args:
        svg: What `render` drew.
        alt: What it shows, for those who don't see it; escaped here.
        width: Inches; on a phone the drawing scrolls rather than shrink until nobody can read it.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r' id="(?:[A-Za-z.]+_\d+|[A-Za-z.]+_?)"', "", body)  # groups; glyphs and clips keep theirs
    body = body.replace(INK, "currentColor").replace(
        PALETTE[0], "var(--blue)"
    )  # the page has a lighter one in the dark
    body = re.sub(r"(\d\d\.\d{2})\d+", r"\1", body)
    pixels = round(width * PIXELS)
    style = f"width:{pixels}px;min-width:min({pixels}px,560px);max-width:max(100%,560px)"
    links = "http://www.w3.org/1999/xlink"
    start = Markup('<svg style="{}" {} role="img" aria-label="{}" xmlns:xlink="{}">')
    opening = re.search(r"<svg[^>]*?(viewBox=\"[^\"]*\")[^>]*>", body)
    view, rest = (opening[1], body[opening.end() :]) if opening else ("", body)
    return start.format(style, Markup(view), alt, links) + Markup(rest)


def shorten(label: str, most: int = MOST_LABEL) -> str:
    """Return a label that fits a figure: the middle of a long one is left out. No character that fonts lack."""
    plain = "".join(character if character.isprintable() and character < "\u2e80" else "?" for character in label)
    if len(plain) <= most:
        return plain
    return f"{plain[: most // 2 - 1]}…{plain[-(most // 2) :]}"


def label_width(labels: list[str], characters: float = 0.085) -> float:
    """Return the inches that the longest label takes."""
    return characters * max((len(shorten(label)) for label in labels), default=0)

"""An answer's Markdown to HTML that can do nothing: no script, style, link, image, form or frame leaves this file.

markdown-it (raw HTML stays text) -> Pygments and MathML -> nh3's allow-list. Models write every kind of markup, and
what people don't see they can't judge; so nothing of a text may vanish: where the markup lost words, the text is shown
as it is, and where nothing visible is left, `RenderedText.blank` says so and the answer must not be shown.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape, unescape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

from hf_datasets.records import storable
from mtbenchx_tasks.annotate.mathtex import math_plugin

LONGEST_HIGHLIGHTED = 20_000
"""Characters of code beyond which it isn't coloured."""
LOWEST_HEADING = 6
"""Headings of an answer stand below those of the page (h1, h2)."""
TAG = re.compile(r"<[^>]*>")
WORD = re.compile(r"[^\W_]+")
NUMBERING = re.compile(r"^(?:[\s>*+-]*\d+[.)])+", re.MULTILINE)
"""Numbers of a list are drawn by the browser."""
HTML_TAGS = {
    *("p", "br", "hr", "h3", "h4", "h5", "h6", "strong", "em", "s", "code", "pre", "div", "span", "blockquote"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
}
MATH_TAGS = {
    *("math", "mrow", "mi", "mo", "mn", "mtext", "mspace", "msqrt", "mroot", "mfrac", "msub", "msup", "msubsup"),
    *("munder", "mover", "munderover", "mtable", "mtr", "mtd", "mstyle", "menclose", "mmultiscripts", "mprescripts"),
}
MATH_ATTRIBUTES = {
    "math": {"display"},
    "mi": {"mathvariant"},
    "mo": {"stretchy", "fence", "form", "accent", "movablelimits", "largeop", "minsize", "maxsize"},
    "mspace": {"width"},
    "mfrac": {"linethickness"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mtable": {"columnalign", "displaystyle", "rowspacing", "columnspacing"},
    "mtd": {"columnalign"},
    "menclose": {"notation"},
}
CLASSES = {
    "span": {"link", "image", *(name for name in STANDARD_TYPES.values() if name)},
    "div": {"code", "formula", "scroll"},
    "pre": {"plain"},
    "code": {"tex"},
    "th": {"left", "center", "right"},
    "td": {"left", "center", "right"},
}
MOST_LINES = 2000
"""A text of more lines is shown as it stands: Markdown's reader takes time that grows with their square."""
MOST_CHARACTERS = 200_000
"""So is a text of more characters."""
MOST_SEARCHES = 1000
"""Words that may stand elsewhere than in their order."""


@dataclass(frozen=True)
class RenderedText:
    """One text, ready for a page."""

    html: str
    """Sanitised; empty for an empty text."""
    blank: bool
    """The text isn't empty, but nothing of it can be seen."""


def render(text: str) -> RenderedText:
    """Render Markdown with code, tables and formulas.

    Args:
        text: An answer, a question or a reference: anything.
    """
    if not text.strip():
        return RenderedText("", blank=False)
    text = storable(text)
    if text.count("\n") > MOST_LINES or len(text) > MOST_CHARACTERS:
        return _plain(text)
    env: dict[str, Any] = {}
    html = _clean(_markdown().render(text, env))
    seen = _visible(html)
    blank = not _is_visible(seen) and "<ol" not in html
    if _lost(text, seen, env.get("latex", [])) or (blank and "<blockquote>" in html):
        return _plain(text)  # Markdown's reader goes no deeper than 20 quotes within each other
    return RenderedText(html, blank)


def _plain(text: str) -> RenderedText:
    """Show a text as it stands."""
    return RenderedText(f'<pre class="plain">{escape(text)}</pre>', blank=not _is_visible(text))


def _is_visible(text: str) -> bool:
    """Whether a text has a character with ink (no space, no control, no zero-width format character)."""
    return any(unicodedata.category(character)[0] not in "ZC" for character in text)


def _visible(html: str) -> str:
    """Return the text of sanitised HTML, where every < that isn't a tag's is written as an entity."""
    return unescape(TAG.sub("", html))


def _lost(text: str, seen: str, latex: Sequence[str]) -> bool:
    """Whether a word of the text isn't on the page; formulas are drawn, not written.

    Words keep their order nearly always, so each is looked for behind the one before, and only then everywhere.
    """
    whole, place, searches = set(WORD.findall(seen)), 0, 0
    for word in dict.fromkeys(WORD.findall(NUMBERING.sub(" ", unescape(_without(text, latex))))):
        if word in whole:
            continue
        found = seen.find(word, place)
        if found < 0:
            found, searches = seen.find(word, 0, place), searches + 1
        if found < 0 or searches > MOST_SEARCHES:
            return True
        place = found
    return False


def _without(text: str, latex: Sequence[str]) -> str:
    """Leave formulas out, each where it stands behind the one before."""
    parts, place = [], 0
    for formula in latex:
        found = text.find(formula, place)
        if found >= 0:
            parts.append(text[place:found])
            place = found + len(formula)
    return " ".join([*parts, text[place:]])


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=HTML_TAGS | MATH_TAGS,
        attributes={**MATH_ATTRIBUTES, "ol": {"start"}},
        allowed_classes=CLASSES,
        link_rel=None,
        url_schemes=set(),
    )


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True, "typographer": False})
    markdown.enable(["table", "strikethrough"]).disable(["reference", "lheading"])
    math_plugin(markdown)
    for name in ("fence", "code_block", "image", "link_open", "link_close", "heading_open", "heading_close"):
        markdown.add_render_rule(name, globals()[f"_{name}"])
    for name in ("th_open", "td_open"):
        markdown.add_render_rule(name, _cell_open)
    markdown.add_render_rule("table_open", lambda *_: '<div class="scroll"><table>')
    markdown.add_render_rule("table_close", lambda *_: "</table></div>")
    return markdown


# one render rule a kind of token ------------------------------------------------------------------------------------


def _fence(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    """Code, coloured where its language is known, with the language above it."""
    token, info = tokens[index], unescape(tokens[index].info.strip())
    label = f'<div class="code">{escape(info)}</div>' if info else ""
    return f"{label}<pre><code>{_coloured(token.content, info.split()[0] if info else '')}</code></pre>"


def _code_block(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    return f"<pre><code>{escape(tokens[index].content)}</code></pre>"


def _coloured(code: str, language: str) -> str:
    if len(code) > LONGEST_HIGHLIGHTED:
        return escape(code)
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return escape(code)
    return highlight(code, lexer, HtmlFormatter(nowrap=True))


def _image(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    """An image is never fetched: its description and address stand in its place."""
    token = tokens[index]
    caption = f"{token.content} {token.attrs.get('title', '')}".strip()
    return f'<span class="image">[{escape(caption)}] ({escape(_address(str(token.attrs["src"])))})</span>'


def _link_open(*_: Any) -> str:
    return '<span class="link">'


def _link_close(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    """A link leads nowhere: its address follows its text, unless it is the text."""
    opening = next(token for token in reversed(tokens[:index]) if token.type == "link_open")
    title = f" {opening.attrs['title']}" if "title" in opening.attrs else ""
    if tokens[index].info == "auto":
        return "</span>"
    return f"</span> ({escape(_address(str(opening.attrs['href'])) + title)})"


def _address(url: str) -> str:
    return _markdown().normalizeLinkText(url)


def _heading_open(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    return f"<h{_level(tokens[index])}>"


def _heading_close(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    return f"</h{_level(tokens[index])}>"


def _level(token: Token) -> int:
    return min(LOWEST_HEADING, int(token.tag[1]) + 2)


def _cell_open(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    """Alignment as a class: the page's policy allows no inline style."""
    token = tokens[index]
    side = str(token.attrs.get("style", "")).removeprefix("text-align:")
    return f'<{token.tag} class="{side}">' if side else f"<{token.tag}>"

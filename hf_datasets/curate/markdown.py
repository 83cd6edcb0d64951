"""HTML of a post to Markdown: code with its language, lists, quotes, tables and formulas stay; links and images go.

Written here because the libraries lose what matters: markdownify 1.2 doesn't lengthen a fence around code that holds
one and leaves `|` in cells as it is, html2text indents code without its language; both drop `<name>` where a post
didn't escape it, and markdownify takes about 1 ms for a short post.

Nothing is escaped: the text is for a language model, and formulas must stay as they are. Of `a` the text stays, of
`img` nothing. `sub` and `sup` stay as tags, since 2<sup>3</sup> isn't 23.
"""

import functools
import re
from collections.abc import Callable, Iterable
from typing import Any

from lxml import etree

MOST_NESTED = 60
"""Deeper nesting is no post that anyone wrote."""
_TAGS = (
    "a|abbr|acronym|b|big|blockquote|body|br|caption|center|cite|code|col|colgroup|dd|del|details|dfn|div|dl|dt|em|"
    "figcaption|figure|font|h[1-6]|head|hr|html|i|iframe|img|ins|kbd|li|mark|noscript|ol|p|pre|q|s|samp|script|"
    "section|small|span|strike|strong|style|sub|summary|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul|var"
)
_FOREIGN = re.compile(rf"<(?!/?(?:{_TAGS})(?=[\s/>])|!--)", re.IGNORECASE)
"""A `<` that begins no tag of ours: text that should have been escaped, as in `vector<int>` or `a < b`."""
_COMMENT_LANGUAGE = re.compile(r"^\s*language(-all)?:\s*(?:lang-)?([\w+#.-]+)\s*$")
_CLASS_LANGUAGE = re.compile(r"\b(?:lang|language)-([\w+#.-]+)")
_NO_LANGUAGE = {"none", "default", "text", "prettyprint", "prettyprint-override"}
_MARKS = {"em": "*", "i": "*", "strong": "**", "b": "**", "del": "~~", "s": "~~", "strike": "~~"}
_KEPT = {"sub", "sup"}
_DROPPED = {"img", "script", "style", "iframe", "col", "colgroup", "head"}
_CODE = {"code", "tt", "samp"}
_SPACES = re.compile(r"((?<!`)(`+)(?!`).*?(?<!`)\2(?!`))|[ \t\f\v]+")
"""Inline code, which stays, or a run of spaces."""
_BREAK = re.compile(r"\s*\0\s*")
HARD_BREAK = "\0"
"""Stands for a `<br>` until its paragraph is whole."""


class TooDeepError(ValueError):
    """The markup is nested deeper than MOST_NESTED."""


def to_markdown(html: str) -> str:
    """Return a post's HTML as Markdown, without blank lines at its ends.

    Raises:
        TooDeepError: The markup is nested deeper than MOST_NESTED.
    """
    text = _FOREIGN.sub("&lt;", html.replace("\r\n", "\n").replace("\0", ""))
    root = etree.fromstring(f"<div>{text}</div>", _parser())
    if root is None:
        return ""
    return "\n\n".join(_blocks(root, 0))


@functools.cache
def _parser() -> Any:
    return etree.HTMLParser(huge_tree=True, no_network=True)


def _blocks(element: Any, depth: int) -> list[str]:
    """Return an element's content as blocks; runs of inline content are paragraphs."""
    if depth > MOST_NESTED:
        raise TooDeepError(f"markup nested deeper than {MOST_NESTED}")
    blocks: list[str] = []
    inline = [element.text or ""]
    language = ""
    for child in element:
        if not isinstance(child.tag, str):
            language = _commented_language(child) or language
        elif block := _BLOCKS.get(child.tag):
            blocks += _paragraph(inline)
            blocks += _pre(child, language) if child.tag == "pre" else block(child, depth + 1)
            inline = []
        elif _holds_blocks(child):
            blocks += _paragraph(inline)
            blocks += _blocks(child, depth + 1)
            inline = []
        else:
            inline.append(_inline(child, depth + 1))
        inline.append(_text(child.tail))
    return blocks + _paragraph(inline)


def _holds_blocks(element: Any) -> bool:
    """An inline element around blocks, as in `<a><p>`; libxml2 leaves it where it is."""
    return element.tag not in _DROPPED and any(child.tag in _BLOCKS for child in element.iterdescendants())


def _paragraph(inline: Iterable[str]) -> list[str]:
    text = "".join(inline).strip(" \n" + HARD_BREAK)
    if "  " in text or "\t" in text:
        text = _SPACES.sub(lambda found: found[1] or " ", text)
    if "\n" in text:
        text = "\n".join(filter(None, map(str.strip, text.split("\n"))))
    if HARD_BREAK in text:
        text = _BREAK.sub("  \n", text)
    return [text] if text else []


def _text(text: str | None) -> str:
    return text or ""


def _inline(element: Any, depth: int) -> str:
    if depth > MOST_NESTED:
        raise TooDeepError(f"markup nested deeper than {MOST_NESTED}")
    tag = element.tag
    if not isinstance(tag, str) or tag in _DROPPED:
        return ""
    if tag == "br":
        return HARD_BREAK
    if tag in _CODE:
        return _inline_code("".join(element.itertext()))
    content = _text(element.text) + "".join(_inline(child, depth + 1) + _text(child.tail) for child in element)
    if mark := _MARKS.get(tag):
        return _marked(content, mark, mark)
    return _marked(content, f"<{tag}>", f"</{tag}>") if tag in _KEPT else content


def _marked(content: str, before: str, after: str) -> str:
    """Put marks around a text, but inside the spaces at its ends; Markdown knows no `** a **`."""
    core = content.strip()
    if not core:
        return content
    start = content.index(core)
    return content[:start] + before + core + after + content[start + len(core) :]


def _inline_code(code: str) -> str:
    text = " ".join(code.split("\n"))
    if not text.strip():
        return text
    fence = "`" * (_longest_run(text) + 1 if "`" in text else 1)
    return f"{fence} {text} {fence}" if text.startswith("`") or text.endswith("`") else f"{fence}{text}{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _pre(element: Any, language: str = "") -> list[str]:
    code = "".join(element.itertext()).removeprefix("\n").rstrip("\n")
    if not code.strip():
        return []
    fence = "`" * max(3, _longest_run(code) + 1)
    return [f"{fence}{_class_language(element) or language}\n{code}\n{fence}"]


def _class_language(element: Any) -> str:
    classes = " ".join(item.get("class", "") for item in (element, *element.iter("code")))
    found = [name for name in _CLASS_LANGUAGE.findall(classes) if name not in _NO_LANGUAGE]
    return found[0] if found else ""


def _commented_language(comment: Any) -> str:
    """`<!-- language: lang-py -->`: how posts named a block's language before the class did."""
    found = _COMMENT_LANGUAGE.match(comment.text or "")
    return found[2] if found and found[2] not in _NO_LANGUAGE else ""


def _heading(element: Any, depth: int) -> list[str]:
    text = " ".join(" ".join(_blocks(element, depth)).split())
    return [f"{'#' * int(element.tag[1])} {text}"] if text else []


def _quote(element: Any, depth: int) -> list[str]:
    text = "\n\n".join(_blocks(element, depth))
    return ["\n".join(f"> {line}".rstrip() for line in text.split("\n"))] if text else []


def _list(element: Any, depth: int) -> list[str]:
    if any((child.tail or "").strip() for child in element) or (element.text or "").strip():
        return _blocks(element, depth)  # text between the items: no list that Markdown knows
    first = element.get("start", "1")
    number = int(first) if re.fullmatch(r"\d{1,9}", first) else 1
    texts: list[str] = []
    for child in element:
        if child.tag == "li":
            marker = f"{number + len(texts)}. " if element.tag == "ol" else "- "
            texts.append(_item(marker, child, depth))
        elif isinstance(child.tag, str) and (inside := "\n\n".join(_BLOCKS.get(child.tag, _blocks)(child, depth + 1))):
            last = texts.pop() if texts else "-"  # a list beside the item that it belongs in
            texts.append(f"{last}\n{_indented(inside, 2)}")
    loose = any(paragraph.tag == "p" for child in element for paragraph in child)
    return ["\n\n".join(texts) if loose else "\n".join(texts)] if texts else []


def _indented(text: str, width: int) -> str:
    return "\n".join(" " * width + line if line else "" for line in text.split("\n"))


def _item(marker: str, item: Any, depth: int) -> str:
    blocks = _blocks(item, depth + 1)
    text = "\n\n".join(blocks)
    if len(blocks) > 1 and not any(child.tag == "p" for child in item):
        text = re.sub(r"\n\n(?=(?:- |\d+\. ))", "\n", text, count=1)  # a tight list inside a tight item
    return (marker + _indented(text, len(marker))[len(marker) :]).rstrip(" ")


def _table(element: Any, depth: int) -> list[str]:
    rows = [[_cell(cell, depth) for cell in row if cell.tag in ("td", "th")] for row in element.iter("tr")]
    rows = [row for row in rows if row]
    if not rows:
        return _blocks(element, depth)
    width = max(map(len, rows))
    lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
    captions = [block for caption in element.iter("caption") for block in _blocks(caption, depth)]
    return [*captions, "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])]


def _cell(cell: Any, depth: int) -> str:
    return " ".join(" ".join(_blocks(cell, depth + 1)).split()).replace("|", "\\|")


def _rule(_element: Any, _depth: int) -> list[str]:
    return ["---"]


def _unformatted(element: Any, _depth: int) -> list[str]:
    return _pre(element)


_BLOCKS: dict[str, Callable[[Any, int], list[str]]] = {
    **dict.fromkeys(
        ("p", "div", "center", "section", "figure", "figcaption", "details", "summary", "dl", "dt", "dd", "li", "body"),
        _blocks,
    ),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _heading),
    **dict.fromkeys(("ul", "ol"), _list),
    "blockquote": _quote,
    "pre": _unformatted,
    "table": _table,
    "hr": _rule,
}
"""Tags that end a paragraph -> how they are written."""

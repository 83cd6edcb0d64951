r"""LaTeX in answers: `$..$`, `$$..$$`, `\(..\)` and `\[..\]` to native MathML, outside code only.

The delimiters are rules of the Markdown parser, so code spans, fences and indented code keep them as text.
"""

import re
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from mdit_py_plugins.dollarmath import dollarmath_plugin

from hf_datasets.shared.dollars import FORMULA, is_sum

_FORMULA = re.compile(FORMULA)
INTERRUPTS = ["paragraph", "blockquote", "list"]
"""What a displayed formula ends without a blank line between."""
NUMBERED = re.compile(r"\{(align|equation|gather)\}")
"""Environments that would number their lines: the answer has no such numbers."""
LONGEST, MOST_LINES = 4000, 200
"""Characters and lines of one formula; what isn't closed within them is none, or looking for ends took for ever."""


def math_plugin(markdown: MarkdownIt) -> None:
    """Add all four delimiters to a parser."""
    dollarmath_plugin(
        markdown, allow_space=False, allow_digits=False, allow_labels=False, double_inline=True, renderer=_rendered
    )
    markdown.inline.ruler.before("math_inline", "dollar", _dollar)
    markdown.inline.ruler.before("escape", "math_brackets", _inline)
    markdown.block.ruler.before("fence", "math_brackets", _block, {"alt": INTERRUPTS})
    for name in ("math_inline", "math_inline_double", "math_block"):
        markdown.add_render_rule(name, _render_token)


def to_mathml(latex: str, display: bool) -> str:
    """Return MathML, not yet sanitised; the source as code where the converter doesn't understand it."""
    from latex2mathml.converter import convert

    try:
        return str(convert(NUMBERED.sub(r"{\1*}", latex), display="block" if display else "inline"))
    except (Exception, RecursionError):  # the converter raises whatever its parser runs into
        return f'<code class="tex">{escape(latex)}</code>'


def _rendered(latex: str, options: dict[str, Any]) -> str:
    return to_mathml(latex, bool(options["display_mode"]))


def _render_token(_self: Any, tokens: Any, index: int, _options: Any, env: Any) -> str:
    token = tokens[index]
    display = token.type != "math_inline"
    env.setdefault("latex", []).append(token.content)
    html = to_mathml(token.content.strip(), display)
    return f'<div class="formula">{html}</div>' if token.type == "math_block" else html


def _dollar(state: StateInline, silent: bool) -> bool:
    """A dollar that begins no formula is a dollar; what begins one is left to the plugin."""
    if not state.src.startswith("$", state.pos) or state.src.startswith("$$", state.pos):
        return False
    formula = _FORMULA.match(state.src, state.pos)
    if formula and not is_sum(formula["formula"]):
        return False
    if not silent:
        state.pending += "$"
    state.pos += 1
    return True


def _inline(state: StateInline, silent: bool) -> bool:
    opening = state.src[state.pos : state.pos + 2]
    if opening not in (r"\(", r"\["):
        return False
    end = state.src.find(r"\)" if opening == r"\(" else r"\]", state.pos + 2, state.pos + LONGEST)
    content = state.src[state.pos + 2 : end]
    if end < 0 or not content.strip():
        return False
    if not silent:
        token = state.push("math_inline" if opening == r"\(" else "math_inline_double", "math", 0)
        token.content = content
    state.pos = end + 2
    return True


def _block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    r"""A formula that begins a line with `\[` and ends one with `\]`, within its block."""
    if state.is_code_block(first):
        return False
    lines = []
    for line in range(first, min(last, first + MOST_LINES)):
        if line > first and state.sCount[line] < state.blkIndent and not state.isEmpty(line):
            return False
        text = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].rstrip()
        lines.append(text)
        if not lines[0].startswith(r"\["):
            return False
        if r"\]" in text:
            break
    whole = "\n".join(lines)
    if not whole.endswith(r"\]") or not whole[2:-2].strip():
        return False
    if not silent:
        token = state.push("math_block", "math", 0)
        token.block, token.content, token.map = True, whole[2:-2], [first, first + len(lines)]
        state.line = first + len(lines)
    return True

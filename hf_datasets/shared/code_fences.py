"""Fenced code in a text: left out, looked at without its comments, or found where it is closed."""

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

FENCE = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^\n]*(?:\n|\Z)(.*?)(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)
"""A fenced block: its marks, its language, its inside; one that isn't closed goes to the end of the text."""
PROSE = frozenset({"text", "txt", "plain", "plaintext", "markdown", "md", "none", "email", "csv"})
"""What fences say that hold text for people."""
_CODE_LINE = re.compile(
    r"[;{}]\s*(?:(?:#|//).*)?$|^\s*(?:def|class|import|from|return|if|for|while|else|try|print|let|const|var|function|"
    r"public|private|static|void|int|#include|using|SELECT|INSERT|UPDATE|CREATE|FROM|WHERE|fn|func|package|end)\b.*"
    r"[(){}:;=<>\[\]]",
    re.MULTILINE,
)
_COMMENT = re.compile(
    r"/\*.*?\*/|<!--.*?-->|(?:^|(?<=\s))(?:#(?!include|define|if|endif)|//|--\s).*?$", re.MULTILINE | re.DOTALL
)


_TWO_WORDS = re.compile(r"[^\W\d_]{2,}[^\S\n]+[^\W\d_]{2,}")


def without_code(text: str) -> str:
    """Remove fenced code blocks (an unclosed one to the end of the text)."""
    return FENCE.sub(" ", text)


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """Change a text everywhere but in its fenced code blocks."""
    pieces, end = [], 0
    for block in FENCE.finditer(text):
        pieces += [change(text[end : block.start()]), block[0]]
        end = block.end()
    return "".join([*pieces, change(text[end:])])


def fenced_code(text: str) -> Iterator[tuple[str, str]]:
    """Yield (language, code) of each fenced block that holds code; the language is empty if the fence doesn't say.

    A fence without a language holds code if a line of it reads like a program's.
    """
    for block in FENCE.finditer(text):
        language, code = block[2].lower(), block[3]
        if language not in PROSE and (language or _CODE_LINE.search(code)):
            yield language, code


def bare_code(code: str, language: str) -> str:
    """Return code without what is for people: comments, docstrings, the words of strings; and without idle white space.

    Words of a string are two or more (an error message); in JSON, all strings are data in somebody's language.

    Args:
        code: The inside of a fence.
        language: What the fence says; comments of an unknown language are found by the usual marks (`#`, `//`, `/* */`,
            `--`, `<!-- -->`).
    """
    lexer = _lexer(language)
    kept = _COMMENT.sub("", code) if lexer is None else "".join(_without_comments(code, lexer))
    return "\n".join(line.rstrip() for line in kept.splitlines() if line.strip())


def _without_comments(code: str, lexer: Any) -> Iterator[str]:
    from pygments.token import Comment, Name, String

    is_data = lexer.name == "JSON"
    for token, value in lexer.get_tokens(code):
        is_comment = token in Comment and token not in Comment.Preproc and token not in Comment.PreprocFile
        is_words = (token in String and (is_data or _TWO_WORDS.search(value))) or (is_data and token in Name.Tag)
        yield "\n" * value.count("\n") if is_comment or token in String.Doc or is_words else value


@functools.cache
def _lexer(language: str) -> Any:
    """Pygments' lexer of a name (rich brings Pygments); None if it has none."""
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return None


_FENCE_LINE = re.compile(r"[ \t]*(`{3,}|~{3,})([^\n]*)")


def closed_fences(text: str) -> tuple[tuple[int, int], ...]:
    """Return begin and end of each fenced block that is closed, in order; one without an end is no code.

    For what must not be fooled by a fence that was never closed (see FENCE, where such a block goes to the end).
    """
    spans, opened, mark, at = [], -1, "", 0
    for line in text.splitlines(keepends=True):
        match = _FENCE_LINE.match(line)
        if match and opened < 0 and not (match[1][0] == "`" and "`" in match[2]):
            opened, mark = at, match[1]
        elif match and opened >= 0 and match[1].startswith(mark) and not match[2].strip():
            spans.append((opened, at + len(line)))
            opened = -1
        at += len(line)
    return tuple(spans)

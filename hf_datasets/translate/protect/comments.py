"""What may be translated inside code: comments, and strings if asked for. Pygments' lexers tell what is what."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from hf_datasets.shared.errors import UserError
from hf_datasets.translate.protect.code_lines import is_code_line

CODE, COMMENT, STRING = "code", "comment", "string"
_GUESSES = (
    ("html", r"(?i)<!doctype|<html\b|<script\b|<style\b"),
    ("cpp", r"#\s*include\s*[<\"]|\bstd::|\bint main\s*\("),
    ("java", r"\bpublic\s+(?:static|class|interface)\b|\bSystem\.out\b"),
    ("sql", r"(?m)^\s*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE)\b"),
    ("javascript", r"\bfunction\b[^\n]*\{|\b(?:const|let|var) \w+ =|=> ?[\w{(]|console\.log|document\."),
    ("python", r"(?m)^\s*(?:async def|def) \w+|^\s*class \w+.*:\s*$|^\s*(?:from [\w.]+ )?import [\w.*]+"),
    ("python", r"(?m)^\s*print\(|^>>> |^\s*(?:if|for|while|elif)\b.*:\s*$"),
    ("json", r"\A\s*[{\[]\s*[\"\]}]"),
    ("cpp", r"(?m);\s*$|\{\s*$"),
    ("python", r"(?m)^\s*\w+(?:\.\w+)*(?:\[.*\])? [-+*/]?= \S"),
)
"""Lexer -> what only its language has, tried in this order; C++ stands for all languages with braces."""
_EDGE = re.compile(r"(?P<before>[\s#/*!<>;%\"'=-]*)(?P<words>.*?)(?P<after>[\s*/>\"'=-]*)", re.DOTALL)
_TWO_WORDS = re.compile(r"[^\W\d_]+\W+[^\W\d_]+")


def code_parts(code: str, language: str, *, strings: bool = False) -> Iterator[tuple[str, str]]:
    """Split code into what stays and what may be translated.

    Args:
        code: Source text, without its fence.
        language: A name that Pygments knows, e.g. `python`; another or none: the language is guessed.
        strings: Also offer the words of string literals and docstrings.

    Yields:
        (CODE | COMMENT | STRING, text); the texts, joined, are the code. A comment is offered line by line, without
        its marks; code that was commented out is code.

    Raises:
        UserError: Pygments isn't installed.
    """
    for kind, text in _merged(code, language, strings):
        if kind == CODE:
            yield CODE, text
        else:
            for line in re.findall(r"[^\n]*\n|[^\n]+", text):
                yield from _words(kind, line)


def _words(kind: str, line: str) -> Iterator[tuple[str, str]]:
    match = _EDGE.fullmatch(line)
    words = match["words"] if match else ""
    worth = bool(_TWO_WORDS.search(words)) if kind == STRING else any(map(str.isalpha, words))
    if match is None or not worth or (kind == COMMENT and is_code_line(words)):
        yield CODE, line
        return
    for part, text in ((CODE, match["before"]), (kind, words), (CODE, match["after"])):
        if text:
            yield part, text


def _merged(code: str, language: str, strings: bool) -> Iterator[tuple[str, str]]:
    """Join neighbouring tokens of one kind."""
    kind, text, end = CODE, "", 0
    for start, token, value in _lexer(language or guess_language(code), code).get_tokens_unprocessed(code):
        if start != end:  # a lexer that skips or repeats characters can't be trusted with the text
            yield CODE, text + code[end:]
            return
        now = _kind(token, strings)
        if now != kind:
            if text:
                yield kind, text
            kind, text = now, ""
        text, end = text + value, start + len(value)
    if text:
        yield kind, text
    if code[end:]:
        yield CODE, code[end:]


def _kind(token: Any, strings: bool) -> str:
    from pygments import token as tokens

    kept = (tokens.Comment.Preproc, tokens.Comment.PreprocFile, tokens.Comment.Hashbang, tokens.Comment.Special)
    if token in tokens.Comment and not any(token in other for other in kept):
        return COMMENT
    worded = (tokens.String.Double, tokens.String.Single, tokens.String.Doc)
    if strings and (token is tokens.String or any(token is other for other in worded)):
        return STRING
    return CODE


def guess_language(code: str) -> str:
    """Return the name of the lexer that fits code of unknown language; `text`, which has no comments, if none does."""
    return next((name for name, pattern in _GUESSES if re.search(pattern, code)), "text")


def _lexer(language: str, code: str) -> Any:
    return _named(language) or _named(guess_language(code))


@cache
def _named(language: str) -> Any:
    try:
        from pygments.lexers import get_lexer_by_name
        from pygments.util import ClassNotFound
    except ImportError as error:
        raise UserError("Finding comments in code needs Pygments: pip install 'mtbench-x[translate]'.") from error
    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return None

"""Stretches inside prose that no engine may touch: code, formulas, addresses, placeholders, tags, verdicts."""

import re

from hf_datasets.shared.dollars import FORMULA, is_sum

_MATH = (
    r"\\begin\{(?P<env>[A-Za-z]+\*?)\}.{0,5000}?\\end\{(?P=env)\}",
    r"\$\$(?:(?!\n[ \t]*\n).){1,2000}?\$\$",
    r"\\\[.{1,2000}?\\\]",
    r"\\\(.{1,1000}?\\\)",
)
_TAG_ATTRIBUTE = r"\s+[\w:@.-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>=]+))?"
_KINDS = {
    "illegal": r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]+",
    "code": r"(?<!`)(?P<ticks>`+)(?!`).{1,5000}?(?<!`)(?P=ticks)(?!`)",
    "math": "|".join([*_MATH, FORMULA]),
    "marker": r"<\|[^<>|\n]*\|>|\[\[[^\[\]\n]*\]\]",
    "url": r"(?:https?|ftp)://[^\s<>\"'`{}|\\^]+|www\.[^\s<>\"'`{}|\\^]+|(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    "placeholder": r"\{\{[^{}\n]*\}\}|\$?\{[A-Za-z_][\w.\[\]-]*(?:![rsa])?(?::[^{}\n]{0,20})?\}|\{\d*\}|"
    r"(?<![\d%])%(?:\(\w+\))?[-+#0]?\d*(?:\.\d+)?[sdifgrxec]\b|(?<![\w$])(?-i:\$[A-Z_][A-Z0-9_]+)\b",
    "tag": rf"</?[A-Za-z][\w:.-]*(?:{_TAG_ATTRIBUTE})*\s*/?>|<!doctype[^<>]*>|"
    r"<!--.{0,2000}?-->|&(?:[a-z]+\d*|#\d+|#x[0-9a-f]+);",
    "call": r"\b[A-Za-z_]\w*(?:\.[A-Za-z_]\w*){0,5}'?\((?:[^()\n]{0,200}[\d,=+*/^\"'_][^()\n]{0,200}|)\)|"
    r"\b[A-Za-z]'?\(\w{1,2}\)",
    "name": r"\b(?=[^\W\d])\w*?[^\W_]_+[^\W_]\w*|\b__\w+__\b|\b\w+(?:(?:::|->)\w+)+|"
    r"(?-i:\b[a-z]+\d*(?:[A-Z][a-z0-9]+)+\b)",
    "power": r"\b\w{1,3}\^(?:\w+|\{[^{}\n]*\}|\([^()\n]*\))|\\[A-Za-z]+(?:\{[^{}\n]*\})*",
    "path": r"(?<![\w</])(?:~?/[\w.-]+){2,}/?|\b[A-Za-z]:\\[\w\\.-]+",
    "equation": r"^[ \t]*(?=[^\n]{0,300}$)(?=[^\n]*[=<>≈≤≥^*+/])"
    r"(?:\b[A-Za-z]\b|\b(?:sin|cos|tan|log|ln|exp|sqrt|max|min|mod|lim|pi)\b"
    r"|[\d \t().,=<>≈≤≥±×÷·^*+/|{}\[\]-]|(?<=\w)'|≠|√|π)+$",
}
_SPAN = re.compile(
    "|".join(f"(?P<kind_{name}>{pattern})" for name, pattern in _KINDS.items()),
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
_DELIMITER_LINE = re.compile(r"^\[[^\[\]\n]+\]$", re.MULTILINE)


def find_spans(text: str, *, delimiters: bool = False) -> list[tuple[int, int]]:
    """Return where a text must not change.

    Args:
        text: Prose.
        delimiters: Also whole lines in square brackets, which frame the parts of a judge prompt.

    Returns:
        (start, end) in ascending order, disjoint.
    """
    lines = [match.span() for match in _DELIMITER_LINE.finditer(text)] if delimiters else []
    spans: list[tuple[int, int]] = []
    position = 0
    while match := _SPAN.search(text, position):
        frame = next((line for line in lines if line[0] < match.end() and match.start() < line[1]), None)
        start, end = frame or _trimmed(match)
        if is_sum(match["formula"] or ""):
            position = match.start() + 1
            continue
        if start >= position and end > start:
            spans.append((start, end))
        position = max(end, match.start() + 1)
    return sorted({*spans, *(line for line in lines if not any(a < line[1] and line[0] < b for a, b in spans))})


def _trimmed(match: re.Match[str]) -> tuple[int, int]:
    """A sentence's full stop isn't part of an address."""
    start, end = match.span()
    if match["kind_url"]:
        address = (
            match[0].rstrip(".,;:!?*_)]") if match[0].count("(") < match[0].count(")") else match[0].rstrip(".,;:!?*_")
        )
        end = start + len(address)
    return start, end

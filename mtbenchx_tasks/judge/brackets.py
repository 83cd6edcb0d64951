r"""What a judge's text names: ratings and votes: `[[8]]`, `[[8,5]]`, `[[Note : 8/10]]`, `\[\[8\]\]`, `[[Rating]]: 7`.

Every pattern is linear in the text: its repetitions are possessive, and no two neighbours take the same characters.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from hf_datasets.shared.code_fences import closed_fences
from hf_datasets.shared.thoughts import blank


def _maybe(pattern: str) -> str:
    """Return what takes a pattern where it can, and never gives it back.

    A group with `?+` would be the same, but up to Python 3.11.4 it loses its place where the group begins and doesn't
    match (https://github.com/python/cpython/issues/106052): `[[A]]` would be no vote, since "assistant" begins with A.
    """
    return f"(?>(?:{pattern})?)"


_MARKUP = r"[\s*_`]*+"
_WORD = rf"[^\W\d_]++{_MARKUP}"
_COLON = _maybe(f":{_MARKUP}")
_NUMBER = rf"([0-9]++{_maybe('[.,][0-9]++')})"
_OF_TEN = _maybe(r"\s*+/\s*+10")
_LABEL_WORDS = (
    "rating", "score", "bewertung", "wertung", "note", "évaluation", "valutazione", "voto", "punteggio",
    "calificación", "puntuación", "nota",
)  # fmt: skip
RATING = re.compile(
    # brackets directly after a letter or a digit are an index, as in `x[[1]]`, unless these end a label
    rf"\[\[(?:(?<![0-9A-Za-z]\[\[)|{'|'.join(rf'(?<={word}..)' for word in _LABEL_WORDS)}){_MARKUP}(?:"
    rf"{_maybe(_WORD + _COLON)}{_NUMBER}{_OF_TEN}{_MARKUP}\]\]"
    # the judge kept the prompt's word in the brackets: `[[Bewertung]]: 7`
    rf"|{_WORD}\]\]{_MARKUP}{_COLON}{_NUMBER}{_OF_TEN}(?![.,/]*[0-9]))",
    re.IGNORECASE,
)
_ASSISTANT = _maybe(r"as++ist[^\W\d_]*+[\s*_`]++")
VOTE = re.compile(rf"\[\[{_MARKUP}{_ASSISTANT}([A-D]){_MARKUP}\]\]", re.IGNORECASE)
"""`[[A]]`, `[[ **b** ]]`, `[[Assistente A]]`."""

_LAST_VOTE = re.compile(VOTE.pattern + r"\Z", re.IGNORECASE)
_LABEL = rf"(?:{'|'.join(_LABEL_WORDS)})"
LABELLED = re.compile(rf"\b{_LABEL}{_MARKUP}{_COLON}(?P<rating>{RATING.pattern})", re.IGNORECASE)
"""`Rating: [[8]]`."""
_BRACKETED = rf"\\?\[\[?{_MARKUP}{_NUMBER}{_OF_TEN}{_MARKUP}\\?\]\]?"
_BOXED = rf"(?:\\\(|\\\[|\$)?\s*+\\boxed\{{\s*+{_NUMBER}{_OF_TEN}\s*+\}}\s*+(?:\\\)|\\\]|\$)?"
_SET_OFF = rf"(?:{_BRACKETED}|{_BOXED}|{_NUMBER}\s*+/\s*+10)"
# `Rating: [8]`, `**Note :** 8/10`, `Rating: $\boxed{8}$` end the text. A bare number only does in a line that begins
# with the label and sets something off, `## Overall score: 8`, or where label or number is bold: `**Rating:** 8`,
# `Rating: **8**`. Else it may be a calculation's result.
AT_THE_END = re.compile(
    rf"(?:\b{_LABEL}{_MARKUP}:{_MARKUP}{_SET_OFF}"
    rf"|\*\*{_LABEL}[ \t]*+(?::\*\*|\*\*[ \t]*+:)[ \t]*+{_NUMBER}|\b{_LABEL}[ \t]*+:[ \t]*+\*\*{_NUMBER}"
    rf"|^(?=[^\n]*[*_#])[ \t*_`#>-]*+(?:[^\W\d_]++[ ]){{0,2}}(?:gesamt)?{_LABEL}[ \t*_`]*+[:\n]{_MARKUP}"
    rf"(?:{_SET_OFF}|{_NUMBER})){_MARKUP}\Z",
    re.IGNORECASE | re.MULTILINE,
)
_ASCII = str.maketrans(
    "［］【】：／（）" + "０１２３４５６７８９ＡＢＣＤ" + "٠١٢٣٤٥٦٧٨٩" + "۰۱۲۳۴۵۶۷۸۹" + "०१२३४५६७८९",
    "[][]:/()" + "0123456789ABCD" + "0123456789" * 3,
)
"""What judges write in other scripts -> the same in ASCII."""
_TAIL = 300
"""Characters of the end in which a labelled verdict is looked for."""
_TRAILING = " \n\r\t\u00a0*_`."
_ASIDE = re.compile(r"\([^()\n]*+\)")


class Named(NamedTuple):
    """A rating that a text names."""

    number: float
    """As written; it may be out of range."""
    begin: int
    """Place of its first digit in the text."""


def last_rating(text: str, in_range: Callable[[float], bool]) -> Named | None:
    """Return the last rating in range that a text without thoughts names, else the last out of range, or None."""
    text = plain(text)
    ratings = [_rating(match) for match in _outside_code(text, RATING)]
    if not any(in_range(rating.number) for rating in ratings):
        ratings += _at_the_end(text)
    return next((rating for rating in reversed(ratings) if in_range(rating.number)), ratings[-1] if ratings else None)


def votes_in(text: str) -> list[str]:
    """Return the letters of the votes that a text without thoughts names, in order."""
    text = plain(text)
    votes = list(_outside_code(text, VOTE)) or list(_LAST_VOTE.finditer(text.rstrip(_TRAILING)[-_TAIL:]))
    return [match[1].upper() for match in votes]


def plain(text: str) -> str:
    r"""Return a text of the same length with `[[` for `\[\[`, as Markdown escapes it, and ASCII for the same in width.

    `評価：［［８］］` is `評価:[[8]]`; Arabic and Indic digits are digits, too.
    """
    return text.replace(r"\[\[", "  [[").replace(r"\]\]", "]]  ").translate(_ASCII)


def _outside_code(text: str, pattern: re.Pattern[str]) -> list[re.Match[str]]:
    """Find a pattern outside closed code fences and parentheses, else within the latter."""
    prose = blank(text, closed_fences(text))
    asides = tuple(match.span() for match in _ASIDE.finditer(prose))
    return list(pattern.finditer(blank(prose, asides))) or list(pattern.finditer(prose))


def _at_the_end(text: str) -> list[Named]:
    """Return the labelled rating that a text ends with (in a code fence, too), if it does."""
    text = text.rstrip(_TRAILING)
    begin = max(0, len(text) - _TAIL)
    return [_rating(match, begin) for match in [AT_THE_END.search(text[begin:])] if match]


def _rating(match: re.Match[str], shift: int = 0) -> Named:
    group = match.lastindex or 0  # whichever form of the pattern it was
    return Named(float(match[group].replace(",", ".")), shift + match.start(group))

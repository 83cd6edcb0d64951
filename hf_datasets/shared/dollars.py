r"""What stands between two dollars: a formula (`$n$-th`), or sums (`$5-$10`) and shell variables (`$HOME/bin:$PATH`)?

Pandoc's rule (no space inside, no digit behind) and two more: no word and no negative number goes on behind a formula,
and no formula begins as a sum and goes on in words (`$20 or 25$`).
"""

import re

_ENDINGS = "s|st|nd|rd|th|te|ten|ter|tes|er|e"
"""What words are made of a formula without a hyphen: `$n$th`."""
FORMULA = (
    r"(?<![\\$\w])\$(?=[^\s$])(?P<formula>(?:\\\$|[^$\n])+?)(?<=[^\s\\])\$"
    rf"(?!\$|-?\d|_|(?!(?:{_ENDINGS})\b)[^\W\d_])"
)
"""Pattern of a formula in single dollars; what its group `formula` holds is to be asked of `is_sum`."""
_WORD = re.compile(r"(?<=\s)(?!(?:mod|max|min|gcd|lim|log|ln|exp|sin|cos|tan)\b)[^\W\d_]{2,}(?=[\s,;.!?])")


def is_sum(inside: str) -> bool:
    """Tell whether words between two sums were taken for a formula: `20 each and 25`."""
    return inside[:1].isdigit() and "\\" not in inside and _WORD.search(inside) is not None

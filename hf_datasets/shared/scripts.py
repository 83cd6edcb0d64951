"""How long a text is in any script: words where spaces part them, signs where none do, and what a sign weighs.

Chinese, Japanese, Thai, Lao, Khmer and Burmese have no spaces between words, so their letters are counted instead, as
people do (`200字以内`); which dictionary a program has would decide where their words end.
"""

import re

HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d"
HANGUL = "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"
SOUTH_EAST = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6\u0edc-\u0edf"
    "\u1000-\u102a\u103f\u1780-\u17b3"
)
"""Letters of Thai, Lao, Burmese and Khmer, without the marks above, below and beside them."""
_UNSPACED = f"{HAN}{KANA}{SOUTH_EAST}"
_SIGN = re.compile(f"[{_UNSPACED}]")
_UNIT = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\s])+")
WEIGHTS = {HAN: 3.0, KANA: 1.8, HANGUL: 2.3}
"""Script -> letters of Latin script that say as much as one sign: a Chinese text has a third of the signs of an English
one, a Japanese one four tenths, a Korean one half."""
_WEIGHED = [(re.compile(f"[{script}]"), weight) for script, weight in WEIGHTS.items()]


def n_words(text: str) -> int:
    """Return the number of words: of what spaces part, or of signs where the script has no spaces between words.

    `OpenAI は東京に` has five: one and four signs. Punctuation between signs is no word; between spaces it is
    one, as in every count of words by spaces.
    """
    parts = text.split()
    return sum(max(1, words_in(part)) for part in parts) if _SIGN.search(text) else len(parts)


def words_in(part: str) -> int:
    """Return the number of words of what stands between two spaces: one, none of punctuation, or as many as signs."""
    if not _SIGN.search(part):
        return int(any(map(str.isalnum, part)))
    return sum(bool(_SIGN.match(unit)) or any(map(str.isalnum, unit)) for unit in _UNIT.findall(part))


def latin_length(text: str) -> float:
    """Return how many characters a text would have in Latin script, about: signs of East Asian scripts say more."""
    return len(text) + sum((weight - 1) * len(pattern.findall(text)) for pattern, weight in _WEIGHED)

"""By what hash an edit or a mark knows the text that it is of."""

import hashlib
from collections.abc import Iterable

SHORTEST_HASH = 12
"""Digits of a sha256 that name a text well enough."""


def fingerprint(texts: str | Iterable[str]) -> str:
    """Return the sha256 (hex) of a text, or of several joined by blank lines, in UTF-8."""
    whole = texts if isinstance(texts, str) else "\n\n".join(texts)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def is_hash_of(digits: str, found: str) -> bool:
    """Tell whether digits that a person wrote name a sha256: all of it, or at least SHORTEST_HASH of its first."""
    return len(digits) >= SHORTEST_HASH and found.startswith(digits.lower())

"""How a dump is passed on, packed or not: by pieces, as far as it goes."""

POSTS = "Posts.xml"
PIECE = 1 << 20
"""Bytes passed on at a time."""


class CutError(Exception):
    """A dump ended before its end; what was read stays good."""

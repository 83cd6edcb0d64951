"""Which tests need the pinned upstream files."""

import os

import pytest

needs_sources = pytest.mark.skipif(
    not os.environ.get("MTBENCHX_SOURCES"), reason="needs MTBENCHX_SOURCES=DIR, a mirror of the pinned files"
)

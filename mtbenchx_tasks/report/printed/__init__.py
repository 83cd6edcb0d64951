"""Numbers that were printed in a paper, recomputed and compared."""

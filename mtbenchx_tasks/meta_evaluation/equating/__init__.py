"""An old judge's scale after the old judge: anchors that both judges rated, the file of it, and how far to trust it."""

"""May this judge be believed? Judges beside people."""

"""Files of others and of ours, each layout read and written in one place."""

"""Numbers from records, and nothing else."""

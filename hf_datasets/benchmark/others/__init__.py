"""MT-Bench-like sets of others: found in FastChat's folders, read, and built as benchmarks of their own."""

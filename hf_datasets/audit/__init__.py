"""Questions put to any dataset: lint, leaks, Table 1, what a tokenizer costs."""

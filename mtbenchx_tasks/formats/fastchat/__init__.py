"""FastChat's files: answers, single judgments, pairs, and what a report reads of them."""

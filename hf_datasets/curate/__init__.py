"""The validation set's pipeline (paper, Appendix A): StackExchange dumps -> question and answer pairs -> review file."""

"""The validation set's pipeline (paper, Appendix A): StackExchange dumps -> pairs -> review file."""

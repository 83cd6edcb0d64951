"""The judges' exam: pairs of answers of which the better one is known, in five languages."""

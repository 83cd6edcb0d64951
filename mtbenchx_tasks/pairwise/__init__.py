"""Pairwise judging: which answers meet, who won, how often the order decided, and what length has to do with it."""

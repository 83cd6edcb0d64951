"""Pairwise judging: which answers meet, who won, how often the order decided, and the effect of length."""

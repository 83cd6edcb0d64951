"""The address of `score_answers` that published metric scripts hold; it is in rating/scoring.py."""

from mtbenchx_tasks.rating.scoring import score_answers

__all__ = ["score_answers"]

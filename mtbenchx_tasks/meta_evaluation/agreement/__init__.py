"""People and judges on the same pairs of answers: do they agree, and how well could they (Table 3)."""

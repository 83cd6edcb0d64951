"""People and judges on the same pairs of answers: do they agree, and how well could they (notes D1 to D7, Table 3)."""

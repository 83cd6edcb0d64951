"""Lines of several categories, whose slopes are drawn to their common one as far as they don't differ."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mtbenchx_tasks.stats.equating.line import ScaleLine


def pooled_lines(lines: Sequence[ScaleLine]) -> list[ScaleLine]:
    """Return the lines with partially pooled slopes and common variances of families and models.

    With b_c the slopes, s_c^2 their variances, w_c = 1 / s_c^2, b the mean weighed by w, Q = sum of w_c (b_c - b)^2:

        t^2 = max(0, (Q - (C - 1)) / (sum w - sum w^2 / sum w)),     b_c' = b + t^2 / (t^2 + s_c^2) (b_c - b)

    (DerSimonian and Laird, Controlled Clinical Trials 7, 1986, 177-188). The variance of b_c' is that given t^2.
    """
    slopes = np.array([line.slope for line in lines])
    errors = np.array([line.slope_variance for line in lines])
    weights = 1 / errors
    common = (weights * slopes).sum() / weights.sum()
    apart = (weights * (slopes - common) ** 2).sum() - (len(lines) - 1)
    scale = weights.sum() - (weights**2).sum() / weights.sum()
    between = max(0.0, apart / scale) if len(lines) > 1 else np.inf
    own = np.ones_like(errors) if np.isinf(between) else between / (between + errors)
    variances = own * errors + (1 - own) ** 2 / weights.sum()
    family, model = (np.mean([getattr(line, name) for line in lines]) for name in ("family_variance", "model_variance"))
    covariance = np.mean([line.covariance for line in lines], axis=0)
    return [
        replace(
            line,
            slope=common + share * (slope - common),
            slope_variance=np.asarray(variance),
            family_variance=np.asarray(family),
            model_variance=np.asarray(model),
            covariance=covariance,
        )
        for line, slope, share, variance in zip(lines, slopes, own, variances, strict=True)
    ]

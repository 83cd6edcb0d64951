"""The line from a new judge's means to an old judge's, and what it says of a model that only the new one rated."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from mtbenchx_tasks.stats.equating.components import variance_components
from mtbenchx_tasks.stats.equating.panel import Array, Means, Noise

ROUNDS = 2
"""The error of a mean depends on the slope, and the slope on the errors: so often they are found in turn."""
LEAST_RELIABILITY = 0.2
"""Below, the slope is corrected no further: anchors that hardly differ tell none."""


@dataclass(frozen=True)
class ScaleLine:
    """old = level + slope (new - centre), and how uncertain it is."""

    centre: Array
    level: Array
    slope: Array
    """As used: corrected for the reliability of the new judge's means, and shrunk."""
    plain_slope: Array
    """Neither corrected nor shrunk."""
    reliability: Array
    """Share of the variance of the new judge's means that isn't chance of the questions, 0 to 1."""
    kept: Array
    """Share of the way from the identity to the corrected line, 0 to 1."""
    level_variance: Array
    slope_variance: Array
    family_variance: Array
    """Of how far the judges differ on a family beyond the line."""
    model_variance: Array
    """The same of a model of a family."""
    noise: Noise
    """Of one question."""
    covariance: Array
    """Of the estimates of both variances, (2, 2)."""
    sensitivity: Array
    """Derivative of the covariance of level and slope by each variance, (2, 2, 2)."""
    families: int
    """How many it rests on."""
    models: int


class Forecast(NamedTuple):
    """A predicted mean or difference."""

    value: Array
    variance: Array
    """Of the error; of these answers."""
    freedom: Array
    """Degrees of freedom of the variance."""


def fit_line(found: Means, membership: Array) -> ScaleLine:
    """Fit the line by REML, correct its slope, and shrink it to the identity.

    With M = V^-1 - V^-1 1 (1' V^-1 1)^-1 1' V^-1 and the noise's variances s per question over n_j questions,

        slope = (x' M y - sum of M_jj s_xy / n_j) / (x' M x - sum of M_jj s_xx / n_j)

    (errors in both variables, known by their replication over questions: Fuller, Measurement Error Models, 1987,
    section 2.2). Shrinkage: with W the sum of squares of level - centre and slope - 1, each over its error, the share
    max(0, 1 - 2 / W) of the way from the identity is kept (empirical Bayes; Efron and Morris, JASA 68, 1973, 117-130).

    Args:
        found: The anchors' means.
        membership: Their families, (models, families).
    """
    x, y = found.new, found.old
    design = np.stack([np.ones_like(x), x], -1)
    slope = _ordinary_slope(x, y)
    for _ in range(ROUNDS):
        variances = variance_components(y, design, _error(found, slope), membership)
        weights = variances.precision.sum(-1)
        weights = weights / weights.sum(-1, keepdims=True)
        centre = (weights * x).sum(-1)
        plain, slope, reliability, slope_variance = _slopes(found, variances.precision, centre)
    return _shrunk(
        ScaleLine(
            centre=centre,
            level=(weights * (y - slope[..., None] * (x - centre[..., None]))).sum(-1),
            slope=slope,
            plain_slope=plain,
            reliability=reliability,
            kept=np.ones_like(slope),
            level_variance=1 / variances.precision.sum((-2, -1)),
            slope_variance=slope_variance,
            family_variance=variances.values[..., 0],
            model_variance=variances.values[..., 1],
            noise=found.noise,
            covariance=variances.covariance,
            sensitivity=_sensitivity(x - centre[..., None], variances.precision, variances.spread, reliability),
            families=membership.shape[1],
            models=membership.shape[0],
        )
    )


def line_about(found: Means, membership: Array, predicted: Array, slope: Array | float = 1.0) -> ScaleLine:
    """Return the identity with the variances of old - predicted: of a shape that isn't fitted here.

    Args:
        found: The anchors' means.
        membership: Their families.
        predicted: Of each anchor, from other families alone: then what the shape's fit errs is in the variances.
        slope: How the old judge's questions follow the new one's.
    """
    nothing = np.zeros(found.new.shape[:-1])
    error = _error(found, nothing + slope)
    variances = variance_components(found.old - predicted, np.zeros((*found.new.shape, 0)), error, membership)
    return ScaleLine(
        centre=nothing,
        level=nothing,
        slope=nothing + slope,
        plain_slope=nothing + slope,
        reliability=nothing + 1,
        kept=nothing,
        level_variance=nothing,
        slope_variance=nothing,
        family_variance=variances.values[..., 0],
        model_variance=variances.values[..., 1],
        noise=found.noise,
        covariance=variances.covariance,
        sensitivity=np.zeros((*nothing.shape, 2, 2, 2)),
        families=membership.shape[1],
        models=membership.shape[0],
    )


def _error(found: Means, slope: Array) -> Array:
    return found.noise.about(slope)[..., None] / np.maximum(found.questions, 1.0)


def _ordinary_slope(x: Array, y: Array) -> Array:
    apart = x - x.mean(-1, keepdims=True)
    slope: Array = (apart * y).sum(-1) / np.maximum((apart**2).sum(-1), 1e-12)
    return slope


def _slopes(found: Means, precision: Array, centre: Array) -> tuple[Array, Array, Array, Array]:
    """Return the plain slope, the corrected one, the reliability, and the variance of the corrected slope."""
    apart = found.new - centre[..., None]
    weights = precision.sum(-1)
    middle = np.einsum("...i,...j->...ij", weights, weights) / weights.sum(-1)[..., None, None]
    chance = (np.einsum("...ii->...i", precision - middle) / np.maximum(found.questions, 1.0)).sum(-1)
    across = np.einsum("...i,...ij,...j->...", apart, precision, found.old)
    own = np.maximum(np.einsum("...i,...ij,...j->...", apart, precision, apart), 1e-12)
    reliability = np.clip(1 - chance * found.noise.new / own, LEAST_RELIABILITY, 1.0)
    corrected = (across - chance * found.noise.both) / (own * reliability)
    return across / own, corrected, reliability, 1 / (own * reliability**2)


def _sensitivity(apart: Array, precision: Array, spread: Array, reliability: Array) -> Array:
    """Return d cov(level, slope) / d theta_k = W' G_k W, with W = V^-1 X (X' V^-1 X)^-1."""
    design = np.stack([np.ones_like(apart), apart], -1)
    weighed = precision @ design
    inner = np.linalg.inv(np.swapaxes(design, -1, -2) @ weighed)
    linear = weighed @ inner
    linear = linear / np.stack([np.ones_like(reliability), reliability], -1)[..., None, :]
    found: Array = np.einsum("...ip,kij,...jq->...kpq", linear, spread, linear)
    return found


def _shrunk(line: ScaleLine) -> ScaleLine:
    distance = (line.level - line.centre) ** 2 / line.level_variance + (line.slope - 1) ** 2 / line.slope_variance
    kept = np.maximum(0.0, 1 - 2 / np.maximum(distance, 1e-12))
    level = line.centre + kept * (line.level - line.centre)
    return replace(line, level=level, slope=1 + kept * (line.slope - 1), kept=kept)


def forecast(line: ScaleLine, new: Array, questions: Array | float) -> Forecast:
    """Return the old judge's mean of a model of another family on these answers.

    The variance is that of level and slope, plus the family's, the model's, and the questions' own. Its degrees of
    freedom are Satterthwaite's (Biometrics 2, 1946, 110-114), 2 variance^2 / var(variance), between the number of
    families less 2 and the number of models less 2.

    Args:
        line: The line; axes in front as `new` has.
        new: The new judge's mean.
        questions: How many it is over.
    """
    apart = new - line.centre
    at = np.stack([np.ones_like(apart), apart], -1)
    fit = line.level_variance + apart**2 * line.slope_variance
    gradient = 1 + np.einsum("...p,...kpq,...q->...k", at, line.sensitivity, at)
    variance = fit + line.family_variance + line.model_variance + line.noise.about(line.slope) / questions
    return Forecast(line.level + line.slope * apart, variance, _freedom(line, variance, gradient))


def forecast_difference(line: ScaleLine, one: Array, other: Array, questions: Array | float) -> Forecast:
    """Return how much better the old judge would have rated one model than another of the same family.

    What the judges differ by on the family cancels, and so does the level.

    Args:
        line: The line.
        one: The new judge's mean of the one model.
        other: Of the other.
        questions: Over how many questions each is.
    """
    apart = one - other
    slope = line.sensitivity[..., 1, 1] * apart[..., None] ** 2
    gradient = slope + np.array([0.0, 2.0])
    own = line.model_variance + line.noise.about(line.slope) / questions
    variance = apart**2 * line.slope_variance + 2 * own
    return Forecast(line.slope * apart, variance, _freedom(line, variance, gradient))


def _freedom(line: ScaleLine, variance: Array, gradient: Array) -> Array:
    uncertainty = np.einsum("...k,...kl,...l->...", gradient, line.covariance, gradient)
    found = 2 * variance**2 / np.maximum(uncertainty, 1e-300)
    free: Array = np.clip(found, max(line.families - 2, 1), max(line.models - 2, 1))
    return free

"""Two variances of a mixed model, of families and of models, by restricted maximum likelihood (REML).

The model is y = X beta + u(family) + v(model) + e with known variances of e; u and v have variances to be estimated.
Fisher scoring on the restricted likelihood (Patterson and Thompson, Biometrika 58, 1971, 545-554; Searle, Casella and
McCulloch, Variance Components, 1992, chapter 6). With P = V^-1 - V^-1 X (X' V^-1 X)^-1 X' V^-1 and G_k = dV / d theta_k

    score_k = (y' P G_k P y - trace(P G_k)) / 2,      information_kl = trace(P G_k P G_l) / 2

and theta + information^-1 score, held at 0 where it would fall below.
"""

from dataclasses import dataclass

import numpy as np

from mtbenchx_tasks.stats.equating.panel import Array

STEPS = 60
ENOUGH = 1e-6
"""Change of a variance at which the scoring ends."""
LEAST = 1e-10
"""Least variance of a model's mean, so that judges who agree exactly can be computed with."""


@dataclass(frozen=True)
class Components:
    """The variances, and what follows from them."""

    values: Array
    """Of families and of models, (2)."""
    covariance: Array
    """Of both estimates, (2, 2); 0 of one that can't be told."""
    precision: Array
    """V^-1, (models, models)."""
    spread: Array
    """G_k, (2, models, models)."""


def variance_components(y: Array, design: Array, noise: Array, membership: Array) -> Components:
    """Estimate both variances.

    Args:
        y: (models).
        design: X, (models, effects); no effects at all are allowed.
        noise: Known variance of each y, (models).
        membership: Families' indicators, (models, families). Where no family has two models, its variance can't be told
            from that of models: it is 0, and the models' holds both.
    """
    spread = np.stack([membership @ membership.T, np.eye(len(membership))])
    told = np.array([float(membership.sum(0).max() > 1), 1.0])
    noise = np.maximum(noise, LEAST)
    theta = _start(y, design, noise) * told / told.sum()
    for _ in range(STEPS):
        score, information, _ = _derivatives(theta, y, design, noise, spread)
        is_free = ((theta > 0) | (score > 0)) & (told > 0)
        bound = np.where(is_free[..., None] & is_free[..., None, :], information, np.eye(2))
        step = np.linalg.solve(bound, np.where(is_free, score, 0.0)[..., None])[..., 0]
        new = np.maximum(theta + step, 0.0)
        change, theta = np.abs(new - theta).max(initial=0.0), new
        if change < ENOUGH:
            break
    _, information, precision = _derivatives(theta, y, design, noise, spread)
    both = np.outer(told, told)
    covariance: Array = np.asarray(np.linalg.pinv(information * both, hermitian=True) * both, float)
    return Components(theta, covariance, precision, spread)


def _start(y: Array, design: Array, noise: Array) -> Array:
    """Return what the ordinary residuals leave over the noise, for both variances together."""
    rest = y - np.einsum("...jp,...p->...j", design, np.einsum("...pj,...j->...p", np.linalg.pinv(design), y))
    free = max(y.shape[-1] - design.shape[-1], 1)
    left: Array = np.maximum((rest**2).sum(-1) / free - noise.mean(-1), LEAST)
    return left[..., None]


def _derivatives(theta: Array, y: Array, design: Array, noise: Array, spread: Array) -> tuple[Array, Array, Array]:
    """Return score, information and V^-1."""
    variance = np.einsum("...k,kij->...ij", theta, spread) + noise[..., None] * np.eye(noise.shape[-1])
    precision = np.linalg.inv(variance)
    weighed = precision @ design
    inner = np.linalg.inv(np.swapaxes(design, -1, -2) @ weighed)
    projection = precision - weighed @ inner @ np.swapaxes(weighed, -1, -2)
    residual = np.einsum("...ij,...j->...i", projection, y)
    products = [projection @ part for part in spread]
    score = np.stack(
        [
            (np.einsum("...i,ij,...j->...", residual, part, residual) - np.trace(product, axis1=-2, axis2=-1)) / 2
            for part, product in zip(spread, products, strict=True)
        ],
        -1,
    )
    information = np.stack(
        [np.stack([np.einsum("...ij,...ji->...", one, other) / 2 for other in products], -1) for one in products], -1
    )
    return score, information, precision

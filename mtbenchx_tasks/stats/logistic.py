"""Logistic regression with outcomes from 0 to 1, plain or with Firth's penalty, and its cluster-robust covariance.

METHODS.md, "Logistic regression". Two statistics rest on it: the ranking of models and the preference at equal length.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Clusters = npt.NDArray[np.int_]

LARGEST_GRADIENT, MOST_STEPS, MOST_HALVINGS, ROUNDING = 1e-8, 100, 40, 1e-9
"""Where a fit has converged (a weighted case), after how many steps it hasn't, how often a step is halved, and what
the loss may rise by and still count as falling."""


@dataclass(frozen=True)
class Fit:
    """A fitted regression of n cases on k columns."""

    coefficients: "Array"
    """k log-odds."""
    inverse: "Array"
    """k by k: the inverse of the information, the covariance if all cases were independent."""
    scores: "Array"
    """n by k: what each case pulls at the coefficients; weight * (outcome - chance) * its row."""

    def covariance(self, *clusterings: "Clusters") -> "Array":
        """Return the sandwich covariance, k by k, with cases of one cluster as one observation.

        One clustering: G / (G - 1) * (n - 1) / (n - k) * inverse * (sum over clusters of s s') * inverse, with s the
        sum of a cluster's scores. Two: that of the first and of the second, less that of their intersection (Cameron,
        Gelbach and Miller, JBES 29, 2011, 238-249), its negative eigenvalues set to 0.

        Args:
            clusterings: One or two arrays that say to which cluster each of the n cases belongs.
        """
        import numpy as np

        if len(clusterings) == 1:
            return self._sandwich(clusterings[0])
        both = np.unique(np.column_stack(clusterings), axis=0, return_inverse=True)[1].ravel()
        total = sum((self._sandwich(one) for one in clusterings), -self._sandwich(both))
        values, vectors = np.linalg.eigh((total + total.T) / 2)
        covariance: Array = (vectors * values.clip(0)) @ vectors.T
        return covariance

    def _sandwich(self, clusters: "Clusters") -> "Array":
        import numpy as np

        number = np.unique(clusters, return_inverse=True)[1].ravel()
        n, columns = self.scores.shape
        sums = np.zeros((int(number.max()) + 1, columns))
        np.add.at(sums, number, self.scores)
        groups = len(sums)
        if groups == 1 or n <= columns:
            return np.full((columns, columns), np.nan)
        factor = groups / (groups - 1) * (n - 1) / (n - columns)
        covariance: Array = factor * self.inverse @ (sums.T @ sums) @ self.inverse
        return covariance


def fit(design: "Array", outcomes: "Array", weights: "Array | None" = None, *, firth: bool = False) -> Fit | None:
    """Return the coefficients with the highest likelihood, by Newton's method; None if it doesn't converge.

    The loss is the sum of weight * (log(1 + exp(x)) - outcome * x), with x = design @ coefficients. Firth's penalty
    takes half the log determinant of the information from it (Firth, Biometrika 80, 1993, 27-38): coefficients then
    are finite even where something always wins, and their bias is of a lower order.

    Args:
        design: n by k; its columns must be linearly independent.
        outcomes: n, from 0 (lost) over 0.5 (a tie) to 1 (won).
        weights: n; None: each case weighs 1.
        firth: Whether to penalise.
    """
    import numpy as np
    from scipy.special import expit

    weight = np.ones(len(outcomes)) if weights is None else weights
    beta, near = np.zeros(design.shape[1]), LARGEST_GRADIENT * max(1.0, float(weight.sum()) / 100)
    loss, information = _loss(design, outcomes, weight, beta, firth)
    for _ in range(MOST_STEPS):
        chances = expit(design @ beta)
        inverse: Array = np.asarray(np.linalg.pinv(information, hermitian=True), dtype=np.float64)
        leverage = _leverage(design, weight, chances, inverse) if firth else np.zeros(len(weight))
        gradient = design.T @ (weight * (outcomes - chances) + leverage * (0.5 - chances))
        if np.abs(gradient).max(initial=0.0) < near:
            return Fit(beta, inverse, design * (weight * (outcomes - chances))[:, None])
        curvature = (design.T * ((weight + leverage) * chances * (1 - chances))) @ design
        step = np.linalg.pinv(curvature, hermitian=True) @ gradient
        for _ in range(MOST_HALVINGS):
            new_loss, new_information = _loss(design, outcomes, weight, beta + step, firth)
            if new_loss <= loss + ROUNDING * max(1.0, abs(loss)):
                break
            step = step / 2
        beta, loss, information = beta + step, new_loss, new_information
    return None


def _leverage(design: "Array", weight: "Array", chances: "Array", inverse: "Array") -> "Array":
    """Return how far each case pulls its own fit, adding up to k: Firth's penalty is as many wins and losses more."""
    leverage: Array = ((design @ inverse) * design).sum(axis=1) * weight * chances * (1 - chances)
    return leverage


def _loss(design: "Array", outcomes: "Array", weight: "Array", beta: "Array", firth: bool) -> tuple[float, "Array"]:
    import numpy as np
    from scipy.special import expit

    odds = design @ beta
    chances = expit(odds)
    information: Array = (design.T * (weight * chances * (1 - chances))) @ design
    loss = float((weight * (np.logaddexp(0, odds) - outcomes * odds)).sum())
    return loss - (float(np.linalg.slogdet(information)[1]) / 2 if firth else 0.0), information

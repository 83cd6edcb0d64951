"""Exact tests on few discordant items, and Holm's correction that knows what each test can reach.

A template is the unit: what a judge says of it in all languages and runs moves together. Counts are whole numbers, so
that every null distribution is a sum over all cases and nothing is drawn. Formulas and sources:
METHODS.md, "Slip of one language" and "McNemar's test";
METHODS.md, "Share below a standard" and "Holm's correction, discrete".
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, fsum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mtbenchx_tasks.stats.intervals import Array

    Counts = npt.NDArray[np.int64]

NOTHING = 1e-14
"""A probability below is none."""
EQUAL = 1e-9
"""p values that differ by less are equal."""


@dataclass(frozen=True)
class ExactTest:
    """A p value, and those that the test could have had."""

    p: float
    """Probability, if nothing is the matter, of what was seen or more."""
    reachable: tuple[float, ...] | None = None
    """Every p that was possible, ascending; None: any from 0 to 1."""

    def at_most(self, levels: "Array") -> "Array":
        """Return the probability, if nothing is the matter, that p is at most each level: never more than the level."""
        import numpy as np

        if self.reachable is None:
            return np.minimum(levels, 1.0)
        reached: Array = np.array((0.0, *self.reachable))
        found: Array = reached[np.searchsorted(reached[1:], levels + EQUAL, side="right")]
        return found


def slip_tests(counts: "Counts") -> "tuple[Array, Array]":
    """Test for each language whether it has fewer right than languages that are alike would have.

    If the languages are alike, each template's counts belong to them in any order, alike probable; so a language's sum
    is a sum of independent draws, one from each template's counts. p is the probability of its sum or less. With two
    languages and a count of 0 or 1 this is McNemar's exact test, one-sided.

    Args:
        counts: Of shape (..., templates, languages): how many right ones, from 0.

    Returns:
        p of shape (..., languages); and the distribution's cumulated probabilities, of shape (..., possible sums),
        which are the p values that any of these languages could have had (those of an impossible sum repeat the last).
    """
    import numpy as np

    *outer, templates, _ = counts.shape
    most = int(counts.max(initial=0))
    chances = np.zeros((*outer, templates * most + 1))
    chances[..., 0] = 1.0
    for template in range(templates):
        reached = template * most + 1
        before = chances[..., :reached].copy()
        chances[..., :reached] = 0.0
        for value in range(most + 1):
            share = (counts[..., template, :] == value).mean(axis=-1, keepdims=True)
            chances[..., value : value + reached] += share * before
    cumulated: Array = np.minimum(chances.cumsum(axis=-1), 1.0)
    p: Array = np.take_along_axis(cumulated, counts.sum(axis=-2), axis=-1)
    return p, cumulated


def slip_test(p: float, cumulated: Sequence[float]) -> ExactTest:
    """Return one language's test, from what `slip_tests` returned."""
    return ExactTest(p, tuple(sorted({float(one) for one in cumulated if one > NOTHING})))


def mcnemar(differences: Sequence[int]) -> ExactTest:
    """Test whether two sides differ: McNemar's exact test, two-sided, with templates as clusters.

    If the sides are alike, a template's difference is as likely as its negative. p is the probability, over all
    patterns of signs, of a sum at least as far from 0. Where no difference is beyond 1 it is the exact binomial test on
    discordant items; templates without a difference tell nothing.

    Args:
        differences: Per template, how many more right ones the first side has.
    """
    import numpy as np

    sizes = Counter(abs(difference) for difference in differences if difference)
    total = sum(size * number for size, number in sizes.items())
    chances = np.ones(1)
    for size, number in sizes.items():  # a number of templates of one size make a binomial, in steps of twice the size
        signs = np.zeros(2 * size * number + 1)
        signs[:: 2 * size] = [comb(number, positive) / 2**number for positive in range(number + 1)]
        chances = np.convolve(chances, signs)
    two_sided = chances[total:] + chances[total::-1]
    two_sided[0] /= 2
    beyond = np.minimum(two_sided[::-1].cumsum()[::-1], 1.0)
    possible = {float(p) for p, chance in zip(beyond, two_sided, strict=True) if chance > NOTHING}
    return ExactTest(float(beyond[abs(sum(differences))]), tuple(sorted(possible)))


def below_standard(rights: Sequence[float], sizes: Sequence[int], standard: float) -> ExactTest:
    """Test whether a share is below a standard: the binomial test on as many items as the clusters are worth.

    An item counts 1 / (1 + (k - 1) r), with k the mean size of a template and r the correlation within it (the analysis
    of variance's, from 0 to 1; 1 where nothing varies); the tail is the binomial's, continued to fractions by the
    incomplete beta function (Korn and Graubard, 1998).

    Args:
        rights: Per template, how many of its outcomes are right.
        sizes: Per template, how many outcomes it has.
        standard: The share to be reached, 0 to 1.
    """
    from scipy.special import betainc

    n = sum(sizes)
    if not n:
        return ExactTest(1.0)
    worth = effective_size(rights, sizes)
    count = worth * sum(rights) / n
    return ExactTest(1.0 if count >= worth else float(betainc(worth - count, count + 1, 1 - standard)))


def effective_size(rights: Sequence[float], sizes: Sequence[int]) -> float:
    """Return how many independent outcomes the outcomes of some clusters are worth: n / (1 + (k - 1) r).

    Never more than all, n, and never fewer than the clusters; k is the mean size of a cluster, r `correlation_within`.
    A cluster is a template of an exam, or a question with its turns, runs and languages.

    Args:
        rights: Per cluster, how many of its outcomes are right, or have a property.
        sizes: Per cluster, how many outcomes it has, at least one.
    """
    n = sum(sizes)
    return n / (1 + (n / len(sizes) - 1) * correlation_within(rights, sizes)) if n else 0.0


def correlation_within(rights: Sequence[float], sizes: Sequence[int]) -> float:
    """Return how alike the outcomes of one cluster are, 0 to 1; 1 where all outcomes are the same.

    (B - W) / (B + (k - 1) W) with the mean squares between and within clusters, and k their mean size. Sums are
    exact, so that the order of clusters changes no digit.
    """
    n, clusters = sum(sizes), len(sizes)
    share = fsum(rights) / n
    if clusters < 2 or n == clusters:  # noqa: PLR2004  (nothing to compare, or nothing within)
        return 1.0 if n > clusters else 0.0
    if share in (0.0, 1.0):
        return 1.0
    shares = [right / size for right, size in zip(rights, sizes, strict=True)]
    between = fsum(s * (p - share) ** 2 for p, s in zip(shares, sizes, strict=True)) / (clusters - 1)
    within = fsum(s * p * (1 - p) for p, s in zip(shares, sizes, strict=True)) / (n - clusters)
    return min(1.0, max(0.0, (between - within) / (between + (n / clusters - 1) * within)))


def discrete_holm(tests: Sequence[ExactTest]) -> list[float]:
    """Correct p values for their number, in the order given, so that false alarms are at most the level together.

    Holm's steps, but where Holm counts every test that is left at its full level, this sums what each can reach: the
    adjusted p of the smallest is the sum over all tests of P(p_j <= p), of the next the sum over those left, never less
    than the one before. A test that no outcome could have made significant costs nothing.
    """
    import numpy as np

    if not tests:
        return []
    p = np.array([test.p for test in tests])
    order = np.argsort(p, kind="stable")
    alike = {id(test.reachable): test for test in tests}
    reach = {reachable: test.at_most(p[order]) for reachable, test in alike.items()}
    left = np.array([reach[id(test.reachable)] for test in tests])[order]
    sums = np.triu(left.T).sum(axis=1)  # of those that are left at each step
    adjusted = np.empty(len(tests))
    adjusted[order] = np.minimum(np.maximum.accumulate(sums), 1.0)
    return [float(one) for one in adjusted]

"""How small a bias an exam of some size finds: by simulated exams, decided by the very tests that decide a real one.

METHODS.md, "Power of an exam".
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from mtbenchx_tasks.stats.exact_tests import ExactTest, below_standard, discrete_holm, mcnemar, slip_test, slip_tests
from mtbenchx_tasks.stats.paired_tests import ALPHA

if TYPE_CHECKING:
    import numpy as np

    from mtbenchx_tasks.stats.exact_tests import Counts

POWER = 0.8
"""A bias that is found as often is said to be found."""
STANDARD = 0.75
"""Share of faults that a judge must find of each kind."""
STEPS = tuple(step / 20 for step in range(1, 20))
"""Biases that are tried: 5 to 95 points."""


@dataclass(frozen=True)
class Design:
    """An exam's size."""

    kinds: int
    """Kinds of fault."""
    languages: int
    templates: int
    """Items of each kind in each language; the same templates in all."""
    null_templates: int = 40
    """Null pairs in each language."""
    null_tests: int = 3
    """Preferences that are tested on them."""
    accuracy: float = 0.95
    """Share right that is taken for granted where nothing is the matter."""
    spread: float = 0.0
    """Standard deviation of the templates' difficulty, in units of the normal quantile of their chance."""


@dataclass(frozen=True)
class Decisions:
    """What simulated exams decided."""

    found: float
    """Share of the exams in which the slip was found."""
    false_alarms: float
    """Share with any verdict that isn't true."""


def simulated(design: Design, slip: float = 0.0, simulations: int = 2000, seed: int = 0) -> Decisions:
    """Return what exams decide of a judge with one slip: in its last language, of its last kind.

    Each outcome is right or not; a template has one difficulty in all languages. An exam has a test for each language,
    for each kind, for each kind in each language, and for each preference on null pairs.

    Args:
        design: The exam.
        slip: By how much the share right is lower there, 0 to 1.
        simulations: Number of exams.
        seed: Of the outcomes.
    """
    import numpy as np

    chance = np.random.default_rng(seed)
    rights = _outcomes(design, slip, simulations, chance)
    signs = chance.choice([-1, 1], (simulations, design.null_tests, design.null_templates))
    slips, overall = Slips(rights), Slips(rights.reshape(simulations, -1, design.languages))
    shortfall, preference = functools.cache(_shortfall), functools.cache(mcnemar)
    found, wrong = 0, 0
    for exam in range(simulations):
        kinds = [test for kind in range(design.kinds) for test in slips.of(exam, kind)]
        pooled = [shortfall(slips.sums(exam, kind), design.languages) for kind in range(design.kinds)]
        preferences = [preference(tuple(sorted(one))) for one in signs[exam].tolist()]
        tests = [*overall.of(exam), *pooled, *preferences, *kinds]
        told = np.array(discrete_holm(tests)) <= ALPHA
        true = [design.languages - 1, len(tests) - 1] if slip else []  # the language as a whole is worse then, too
        found += bool(told[-1])
        wrong += bool(np.delete(told, true).any())
    return Decisions(found / simulations, wrong / simulations)


def _outcomes(design: Design, slip: float, simulations: int, chance: "np.random.Generator") -> "Counts":
    """Return 0 or 1 of shape (simulations, kinds, templates, languages)."""
    from scipy.special import ndtr

    size = (simulations, design.kinds, design.templates, 1)
    middle = NormalDist().inv_cdf(design.accuracy) * (1 + design.spread**2) ** 0.5  # so that the mean is the accuracy
    rates = ndtr(middle + design.spread * chance.standard_normal(size)).repeat(design.languages, axis=3)
    rates[:, -1, :, -1] = (rates[:, -1, :, -1] - slip).clip(0, 1)
    outcomes: Counts = (chance.random(rates.shape) < rates).astype(int)
    return outcomes


class Slips:
    """The slip tests of many exams; what those can reach that are alike but for the order of templates is told once.

    Args:
        rights: 0 or 1, of shape (..., templates, languages).
    """

    def __init__(self, rights: "Counts") -> None:
        import numpy as np

        self._p, self._cumulated = slip_tests(rights)
        self._sums = np.sort(rights.sum(axis=-1))
        self._reachable: dict[tuple[int, ...], tuple[float, ...] | None] = {}

    def sums(self, *place: int) -> tuple[int, ...]:
        """Return how many languages are right on each template of an exam, ascending."""
        return tuple(self._sums[place].tolist())

    def of(self, *place: int) -> list[ExactTest]:
        """Return the tests of an exam, language by language."""
        sums = self.sums(*place)
        if sums not in self._reachable:
            self._reachable[sums] = slip_test(1.0, self._cumulated[place].tolist()).reachable
        return [ExactTest(one, self._reachable[sums]) for one in self._p[place].tolist()]


def _shortfall(sums: tuple[int, ...], languages: int) -> ExactTest:
    return below_standard(sums, [languages] * len(sums), STANDARD)


def smallest_slip(design: Design, simulations: int = 300) -> float | None:
    """Return the smallest slip of one language in one kind that is found with power 0.8, in steps of 5 points.

    None: none is; a language alone, too, has nothing to be compared with.
    """
    if design.languages < 2:  # noqa: PLR2004
        return None
    return next((slip for slip in _steps(simulations, design)), None)


def _steps(simulations: int, design: Design) -> Sequence[float]:
    low, high = 0, len(STEPS)
    while low < high:
        middle = (low + high) // 2
        enough = simulated(design, STEPS[middle], simulations).found >= POWER
        low, high = (low, middle) if enough else (middle + 1, high)
    return STEPS[low : low + 1]


def smallest_shortfall(items: float, tests: int, standard: float = STANDARD) -> float | None:
    """Return by how much a share must lie below a standard to be found with power 0.8; None: no share is low enough.

    Args:
        items: Outcomes that are worth one of their own (see below_standard).
        tests: Tests that share the level.
        standard: The share to be reached.
    """
    from scipy.special import bdtr

    n = int(items)
    reached = [count for count in range(n + 1) if bdtr(count, n, standard) <= ALPHA / tests]
    if not reached:
        return None
    shares = (standard - step / 100 for step in range(1, round(100 * standard) + 1))
    enough = next((share for share in shares if bdtr(max(reached), n, max(share, 0)) >= POWER), None)
    return None if enough is None else standard - enough


def smallest_preference(templates: int, tests: int) -> float | None:
    """Return by how much a share of decided null pairs must differ from a half to be found with power 0.8.

    Args:
        templates: Null pairs, each decided.
        tests: Tests that share the level.
    """
    from scipy.special import bdtrc

    reached = [count for count in range(templates + 1) if 2 * bdtrc(count - 1, templates, 0.5) <= ALPHA / tests]
    shares = (0.5 + step / 100 for step in range(1, 51))
    enough = (share for share in shares if reached and bdtrc(min(reached) - 1, templates, share) >= POWER)
    found = next(enough, None)
    return None if found is None else found - 0.5

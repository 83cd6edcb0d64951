"""Many models ranked from battles: Bradley-Terry strengths with the pull of the first place, and of style.

METHODS.md, "Ranking" and "Style control".
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.records import Preference
from mtbenchx_tasks.stats.battles import NOBODY, Battles, battles
from mtbenchx_tasks.stats.intervals import LEVEL, Interval
from mtbenchx_tasks.stats.logistic import Fit, fit
from mtbenchx_tasks.stats.style import STYLE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

FEWEST_QUESTIONS = 10
"""Below ten clusters their standard errors are too small: no interval, and no ranks."""
POINTS = 400 / math.log(10)
"""Elo's points in one log-odds."""
CENTRE = 1000
"""Points of the mean model."""
DRAWS = 20_000
"""Draws for the largest of all differences."""
ROUNDING = 1e-9
"""What is left of a variance, as a share of those it is a difference of, or of a gap in strength, may be rounding."""


@dataclass(frozen=True)
class RankedModel:
    """One model in a ranking."""

    model: str
    points: float
    """Elo's scale, the mean of the island's models at 1000: 400 more is a chance of 10 in 11."""
    interval: Interval | None
    """Of the points; None below ten questions, or where every battle is a tie."""
    chance: float
    """Of winning against the mean model, 0 to 1."""
    best: int | None
    """1 + how many are better beyond chance, all differences tested together; None without intervals."""
    worst: int | None
    """How many models aren't worse beyond chance, itself included."""
    games: int
    """Its battles."""


@dataclass(frozen=True)
class Pull:
    """What pulls at the votes beside the models."""

    name: str
    """`first place`, or one of STYLE."""
    coefficient: float
    """Log-odds: of being shown first; of having all of a style instead of as much as the other (difference 1)."""
    interval: Interval | None
    within: float | None = None
    """Of style: the share of its variance that lies within pairs of models, 0 to 1. Near 0, style and strength are
    one, and the coefficient means nothing."""


@dataclass(frozen=True)
class Ranking:
    """Models that met, directly or by others, ranked."""

    models: tuple[RankedModel, ...]
    """The strongest first."""
    layers: tuple[frozenset[str], ...]
    """One, if chains of wins and ties lead from every model to every other. Else who is above won every battle with
    who is below: the order is sure, the distance between the layers is the penalty's, not the data's."""
    effects: tuple[Pull, ...]
    """First place (where files tell the order), then style (where asked for)."""
    games: int
    questions: int
    both_bad: int
    """Preferences that call both bad, of all islands."""
    undecided: int
    """Preferences without a vote, of all islands."""
    without_texts: int
    """With style: battles left out for want of texts, of all islands."""


def rank(preferences: Iterable[Preference], *, style: bool = False) -> tuple[Ranking, ...]:
    """Rank any number of models by judges' comparisons and people's votes; one ranking for each island of models.

    Two models are of one island if a chain of battles joins them; islands can't be compared.

    Args:
        preferences: As read; ties count as half a win, both bad and failed ones are counted apart.
        style: Whether length, lists, headings, bold print and code are held equal.
    """
    met = battles(preferences, style=style)
    return tuple(rank_battles(met.of(island)) for island in islands(met))


def islands(met: Battles) -> tuple[tuple[str, ...], ...]:
    """Return the models that chains of battles join, the largest island first."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    size = len(met.models)
    graph = coo_matrix((met.weight, (met.one, met.other)), shape=(size, size))
    labels = connected_components(graph, directed=False)[1]
    groups: dict[int, list[str]] = {}
    for name, label in zip(met.models, labels, strict=True):
        groups.setdefault(int(label), []).append(name)
    return tuple(tuple(group) for group in sorted(groups.values(), key=lambda group: (-len(group), group)))


def rank_battles(met: Battles) -> Ranking:
    """Rank the models of one island; see `rank`."""
    import numpy as np

    design, names = _design(met)
    fitted = fit(design, met.won, met.weight, firth=True)
    if fitted is None:
        raise UserError(f"No ranking of {', '.join(met.models)} can be computed; leave --style out, or a model.")
    to_models = _to_models(len(met.models), design.shape[1])
    strengths, questions = to_models @ fitted.coefficients, len(np.unique(met.question))
    covariance = _covariance(fitted, met) if questions >= FEWEST_QUESTIONS else None
    if covariance is not None and np.allclose(covariance, 0, atol=1e-12):
        covariance = None  # every battle is a tie: how sure that is can't be told
    of_models = None if covariance is None else to_models @ covariance @ to_models.T
    order = np.argsort(-strengths, kind="stable")
    rows = _ranked(met, strengths, of_models, questions)
    return Ranking(
        tuple(rows[place] for place in order), _layers(met, strengths),
        tuple(_effects(met, fitted, covariance, names, questions)),
        len(met), questions, met.both_bad, met.undecided, met.without_texts,
    )  # fmt: skip


def _design(met: Battles) -> tuple["Array", tuple[str, ...]]:
    """Columns: all models but the last (minus their sum), first place, style; what never varies has none."""
    import numpy as np

    indicators = np.zeros((len(met), len(met.models)))
    cases = np.arange(len(met))
    indicators[cases, met.one] += 1
    indicators[cases, met.other] -= 1
    columns, names = [indicators[:, :-1] - indicators[:, -1:]], []
    for name, column in (("first place", met.first), *zip(STYLE, met.style.T, strict=False)):
        if np.abs(column).max(initial=0.0) > 0 and _independent([*columns, column[:, None]]):
            columns.append(column[:, None])
            names.append(name)
    return np.hstack(columns), tuple(names)


def _independent(columns: "list[Array]") -> bool:
    import numpy as np

    design = np.hstack(columns)
    return bool(np.linalg.matrix_rank(design.T @ design, hermitian=True) == design.shape[1])


def _to_models(models: int, columns: int) -> "Array":
    """Return the matrix from coefficients to K strengths whose mean is 0."""
    import numpy as np

    matrix = np.zeros((models, columns))
    matrix[: models - 1, : models - 1] = np.eye(models - 1)
    matrix[models - 1, : models - 1] = -1
    return matrix


def _covariance(fitted: Fit, met: Battles) -> "Array":
    """Cluster by question; by annotator as well, if people voted: a judge's battles are clusters of their own there."""
    import numpy as np

    if np.all(met.annotator == NOBODY) or len(np.unique(met.annotator)) < FEWEST_QUESTIONS:
        return fitted.covariance(met.question)
    own = met.annotator.max() + 1 + np.arange(len(met))
    return fitted.covariance(met.question, np.where(met.annotator == NOBODY, own, met.annotator))


def _ranked(met: Battles, strengths: "Array", covariance: "Array | None", questions: int) -> list[RankedModel]:
    import numpy as np
    from scipy.special import expit

    ranks: list[tuple[int, int]] | list[tuple[None, None]] = [(None, None)] * len(strengths)
    if covariance is not None:
        ranks = simultaneous_ranks(strengths, covariance, questions)
    games = np.bincount(np.concatenate([met.one, met.other]), minlength=len(strengths))
    rows = []
    for place, name in enumerate(met.models):
        strength, (best, worst) = float(strengths[place]), ranks[place]
        half = None if covariance is None else _quantile(questions) * math.sqrt(max(0.0, covariance[place, place]))
        points, chance = CENTRE + POINTS * strength, float(expit(strength))
        rows.append(RankedModel(name, points, _interval(strength, half), chance, best, worst, int(games[place])))
    return rows


def _layers(met: Battles, strengths: "Array") -> tuple[frozenset[str], ...]:
    """Return the models that chains of wins and ties join in both directions, the strongest first."""
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    winners = np.concatenate([met.one[met.won > 0], met.other[met.won < 1]])
    losers = np.concatenate([met.other[met.won > 0], met.one[met.won < 1]])
    size = len(met.models)
    graph = coo_matrix((np.ones(len(winners)), (winners, losers)), shape=(size, size))
    number, labels = connected_components(graph, directed=True, connection="strong")
    best = sorted(range(number), key=lambda label: -float(strengths[labels == label].max()))
    return tuple(frozenset(met.models[place] for place in np.flatnonzero(labels == label)) for label in best)


def _interval(strength: float, half: float | None) -> Interval | None:
    return None if half is None else Interval(*(CENTRE + POINTS * (strength + side * half) for side in (-1, 1)))


def _quantile(questions: int) -> float:
    from scipy.stats import t

    return float(t.ppf((1 + LEVEL) / 2, questions - 1))


def simultaneous_ranks(
    strengths: "Array", covariance: "Array", questions: int, draws: int = DRAWS, seed: int = 0
) -> list[tuple[int, int]]:
    """Return (best, worst) rank of each model: 1 + how many are better, and K less how many are worse, beyond chance.

    Beyond chance: the difference over its standard error exceeds the 95 % quantile of the *largest* of all such ratios
    (max-T of a multivariate t with the number of questions less 1 degrees of freedom), so that the chance of any false
    order in the whole table is at most 5 %. A difference that never varies, as far as numbers of 64 bits can tell, is
    beyond chance unless it is 0.

    Args:
        strengths: K strengths.
        covariance: K by K, theirs.
        questions: Clusters that the covariance rests on.
        draws: Of the largest ratio.
        seed: Of the draws.
    """
    import numpy as np

    size = len(strengths)
    one, other = np.triu_indices(size, 1)
    apart = covariance[one, one] + covariance[other, other]
    variances = apart - 2 * covariance[one, other]
    varies = variances > ROUNDING * apart
    errors = np.sqrt(np.where(varies, variances, 0.0))
    chance = np.random.default_rng(seed)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(values.clip(0))
    largest = np.zeros(draws)
    scale = np.sqrt(chance.chisquare(questions - 1, draws) / (questions - 1))
    for part in np.array_split(np.arange(draws), max(1, draws * len(one) // 2_000_000)):
        drawn = chance.standard_normal((len(part), size)) @ root.T
        ratios = np.abs(drawn[:, one[varies]] - drawn[:, other[varies]]) / errors[varies]
        largest[part] = ratios.max(axis=1, initial=0.0) / scale[part]
    bound = np.quantile(largest, LEVEL)
    gaps = strengths[one] - strengths[other]
    beyond = np.abs(gaps) > bound * errors + ROUNDING
    better, worse = np.zeros(size, dtype=int), np.zeros(size, dtype=int)
    for a, b, gap in zip(one[beyond], other[beyond], gaps[beyond], strict=True):
        winner, loser = (a, b) if gap > 0 else (b, a)
        better[loser] += 1
        worse[winner] += 1
    return [(1 + int(above), size - int(below)) for above, below in zip(better, worse, strict=True)]


def _effects(
    met: Battles, fitted: Fit, covariance: "Array | None", names: tuple[str, ...], questions: int
) -> "Iterable[Pull]":
    for number, name in enumerate(names, start=len(met.models) - 1):
        coefficient = float(fitted.coefficients[number])
        error = None if covariance is None else math.sqrt(max(0.0, float(covariance[number, number])))
        half = None if error is None else _quantile(questions) * error
        interval = None if half is None else Interval(coefficient - half, coefficient + half)
        yield Pull(name, coefficient, interval, _within(met, name) if name in STYLE else None)


def _within(met: Battles, name: str) -> float:
    """Return the share of a style's sum of squares that lies within pairs of models, not between their means."""
    import numpy as np

    column = met.style[:, STYLE.index(name)] * np.where(met.one < met.other, 1, -1)
    pair = np.unique(np.sort(np.column_stack([met.one, met.other]), axis=1), axis=0, return_inverse=True)[1].ravel()
    means = np.bincount(pair, column) / np.bincount(pair)
    total = float((column**2).sum())
    return float(((column - means[pair]) ** 2).sum()) / total if total else 0.0

"""Made-up studies in which both judges rate the same answers and everything is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hf_datasets.benchmark.ids import category_of
from mtbenchx_tasks.stats.equating.panel import Array, Column, Means, Noise, Panel

COLUMNS = tuple(Column(question, 1, category_of("mtbench_x", question)) for question in range(81, 161))


@dataclass(frozen=True)
class Truth:
    """old = level + slope * new + what the judges differ by on family, model and question."""

    level: float = 1.0
    slope: float = 0.8
    family: float = 0.2
    """Standard deviations, in points."""
    model: float = 0.1
    new_noise: float = 0.9
    old_noise: float = 1.1

    @property
    def variance(self) -> float:
        """Of the old judge's mean about the true line, over 80 questions."""
        return self.family**2 + self.model**2 + (self.old_noise**2 + (self.slope * self.new_noise) ** 2) / len(COLUMNS)


def panels(studies: int, sizes: Sequence[int], truth: Truth, chance: np.random.Generator) -> Panel:
    """Return so many studies at once: families of these sizes, models of 3 to 9 points, questions easy and hard."""
    of = np.repeat(np.arange(len(sizes)), sizes)
    shape = studies, len(of), len(COLUMNS)
    centre = chance.uniform(4.5, 8.0, (studies, len(sizes)))[:, of]
    level = np.clip(centre + chance.normal(0, 0.8, shape[:2]), 3.0, 9.0)
    quality = level[..., None] + chance.normal(0, 1.2, (studies, 1, len(COLUMNS))) + chance.normal(0, 1.0, shape)
    offset = chance.normal(0, truth.family, (studies, len(sizes)))[:, of] + chance.normal(0, truth.model, shape[:2])
    harder = chance.normal(0, 0.5, (studies, 1, len(COLUMNS)))
    old = truth.level + truth.slope * quality + offset[..., None] + harder + chance.normal(0, truth.old_noise, shape)
    new = quality + chance.normal(0, truth.new_noise, shape)
    names = tuple(f"model-{place}" for place in range(len(of)))
    return Panel(names, tuple(f"family-{place}" for place in of), COLUMNS, new, old)


def plain_means(new: Sequence[float], old: Sequence[float], noise: tuple[float, float, float], n: int = 80) -> Means:
    """Return model means over n questions whose scatter is known: new, both, old."""
    values = (np.array(part, float) for part in (new, old))
    return Means(*values, np.full(len(new), float(n)), Noise(*map(np.asarray, noise)))


def alone(models: int) -> Array:
    """Return the membership of models that are each a family."""
    return np.eye(models)


def rises(values: Sequence[float]) -> bool:
    """Tell whether no value is below the one before."""
    return all(one <= other + 1e-12 for one, other in pairwise(values))

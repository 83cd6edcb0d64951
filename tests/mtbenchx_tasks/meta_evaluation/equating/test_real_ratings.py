"""GPT-4's real ratings of 12 models in five families, and judges made of them: no second judge's are at hand.

A made-up judge stretches, shifts and rounds GPT-4's ratings, errs on every answer, and differs on families and models.
What is real is the old judge, the models, the questions, and how unlike the five families are.
"""

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from mtbenchx_tasks.formats.study import read_study
from mtbenchx_tasks.stats.equating.checks import left_out
from mtbenchx_tasks.stats.equating.families import family_of
from mtbenchx_tasks.stats.equating.panel import Array, Column, Panel
from mtbenchx_tasks.stats.equating.scale import SCORE
from tests.sources import needs_sources

JUDGES = 20


@cache
def published() -> Panel:
    study = read_study([Path(os.environ["MTBENCHX_SOURCES"]) / "mt_bench_gpt4"])
    models = sorted({one.model.name for one in study.ratings})
    columns = sorted({Column(one.item.question_id, one.item.turn or 0) for one in study.ratings})
    old = np.full((len(models), len(columns)), np.nan)
    for one in study.ratings:
        place = models.index(one.model.name), columns.index(Column(one.item.question_id, one.item.turn or 0))
        old[place] = np.nan if one.value is None else one.value
    return Panel(tuple(models), tuple(map(family_of, models)), tuple(columns), old, old)


def made_up(panel: Panel, chance: np.random.Generator) -> Panel:
    """Return the panel with a new judge: slope 0.7 to 1.3, a shift of up to 1.2, errors of 0.6 to 1.4 an answer."""
    slope, pivot, shift, noise = (chance.uniform(*ends) for ends in ((0.7, 1.3), (5, 8), (-1.2, 1.2), (0.6, 1.4)))
    families = panel.membership @ chance.normal(0, chance.uniform(0.05, 0.25), panel.membership.shape[1])
    models = chance.normal(0, chance.uniform(0.05, 0.15), len(panel.models))
    said: Array = pivot + shift + (panel.old - pivot) * slope + (families + models)[:, None]
    said = said + chance.normal(0, noise, panel.old.shape)
    return Panel(panel.models, panel.families, panel.columns, np.clip(np.rint(said), 1, 10), panel.old)


@pytest.mark.slow
@pytest.mark.sources
@needs_sources
def test_families_of_real_models_are_predicted() -> None:
    """Nine of ten are better than the new judge's own means or within 0.05 of them, half miss by 0.22 at most, and nine
    of ten intervals hold what GPT-4 said."""
    errors, raws, covered = [], [], []
    for seed in range(JUDGES):
        found = [one for one in left_out(made_up(published(), np.random.default_rng(seed))) if one.quantity == SCORE]
        errors.append(np.mean([(one.predicted - one.old) ** 2 for one in found]) ** 0.5)
        raws.append(np.mean([(one.native - one.old) ** 2 for one in found]) ** 0.5)
        covered.append(np.mean([one.is_covered for one in found]))
    better = np.mean(np.array(errors) <= np.array(raws) + 0.05)
    print(
        f"better {better:.2f}, median {np.median(errors):.2f}, raw {np.median(raws):.2f}, held {np.mean(covered):.2f}"
    )
    assert better >= 0.9
    assert np.median(errors) <= 0.22
    assert np.mean(covered) >= 0.9

"""What fitting a scale takes, by the number of anchors: time, memory, and the error on models that it didn't see.

    python benchmarks/equating.py [--anchors 6 12 24]

Ratings are MADE UP: the old judge's are 1 + 0.8 times the new one's, with offsets of families and models, and noise, on
80 questions. The error is of the old judge's mean rating of ten further models, beside the half interval that is told.
"""

import argparse
import resource
import time

import numpy as np
from measure import print_table

from mtbenchx_tasks.stats.equating.panel import Column, Panel
from mtbenchx_tasks.stats.equating.scale import RatedModel, fit_scale, predict

COLUMNS = tuple(Column(question, 1) for question in range(81, 161))
UNSEEN = 10


def main() -> None:
    """Fit scales of several sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--anchors", nargs="+", type=int, default=[6, 12, 24])
    parser.add_argument("--small", action="store_true", help="one size: to see that the script runs")
    options = parser.parse_args()
    rows = []
    for anchors in [6] if options.small else options.anchors:
        panel = made_up(anchors + UNSEEN)
        began, cpu = time.perf_counter(), time.process_time()
        scale = fit_scale(panel.rows(range(anchors)))
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        errors, halves = [], []
        for place in range(anchors, anchors + UNSEEN):
            rated = RatedModel(dict(zip(COLUMNS, panel.new[place].tolist(), strict=True)))
            told = next(one.estimate for one in predict(scale, rated) if one.quantity == "score")
            if told is not None:  # of a model far outside the anchors nothing is told
                errors.append(told.value - panel.old[place].mean())
                halves.append((told.high - told.low) / 2)
        error = float(np.sqrt(np.mean(np.square(errors))))
        numbers = f"{wall:.2f}", f"{cpu:.2f}", f"{memory:.0f}", f"{error:.2f}", f"{np.mean(halves):.2f}"
        rows.append([str(anchors), *numbers, f"{len(errors)} of {UNSEEN}"])
    header = "anchors", "wall s", "CPU s", "peak MiB", "error, points", "told, half a 95 % interval", "models told of"
    print_table(header, rows)


def made_up(models: int) -> Panel:
    """Return ratings of models of 3 to 9 points, two of a family."""
    chance = np.random.default_rng(models)
    family = np.arange(models) // 2
    size = models, len(COLUMNS)
    quality = np.linspace(3.5, 8.5, models)[chance.permutation(models), None] + chance.normal(0, 1.2, size)
    offset = chance.normal(0, 0.2, models)[family, None] + chance.normal(0, 0.1, (models, 1))
    old = 1 + 0.8 * quality + offset + chance.normal(0, 1.1, size)
    new = quality + chance.normal(0, 0.9, size)
    names = tuple(f"model-{place}" for place in range(models))
    return Panel(names, tuple(f"family-{place}" for place in family), COLUMNS, new, old)


if __name__ == "__main__":
    main()

"""Many battles ranked, plain and at equal style: time and memory.

    python benchmarks/rank.py [--battles 100000] [--models 50]

People's votes on made-up answers, each a few of forty sentences, some as lists, headings or bold print; the strengths
are drawn, too. Each way is a process of its own, so that its memory is its own. `made up` is one that only makes the
battles: what the others take beyond it is the ranking's.
"""

import argparse
import math
import random
import sys
import tempfile
import time
from pathlib import Path

from measure import print_table, run

from mtbenchx_tasks.records import Decision, Item, Model, Preference, Rater
from mtbenchx_tasks.stats.ranking import rank

WAYS = ("made up", "plain", "style")


def main() -> None:
    """Measure each way in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--battles", type=int, default=100_000)
    parser.add_argument("--models", type=int, default=50)
    parser.add_argument("--small", action="store_true", help="few battles: to see that the script runs")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.small:
        options.battles, options.models = 300, 4
    if options.way:
        one_way(options)
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for way in WAYS:
            sizes = ("--battles", str(options.battles), "--models", str(options.models))
            cost = run([sys.executable, __file__, "--way", way, *sizes], Path(folder))
            rows.append([way, f"{cost.wall:.1f}", f"{cost.cpu:.1f}", f"{cost.memory:.0f}"])
    print_table((f"{options.battles:,} battles of {options.models} models", "wall s", "CPU s", "peak MiB"), rows)


def one_way(options: argparse.Namespace) -> None:
    """Make the battles, and rank them if that is the way."""
    preferences = made_up(options.battles, options.models)
    began = time.monotonic()
    if options.way != "made up":
        (ranking,) = rank(preferences, style=options.way == "style")
        print(f"{ranking.games} games, {ranking.models[0].model} first, {time.monotonic() - began:.1f} s")


def made_up(battles: int, models: int) -> list[Preference]:
    """Return people's votes on drawn pairs of 80 questions in two turns."""
    chance = random.Random(5)
    strengths = [chance.gauss(0, 1) for _ in range(models)]
    sentences = [f"Sentence {number} of an answer " + "goes on " * chance.randint(1, 20) for number in range(40)]
    styles = ("{}", "- {}", "# {}", "**{}**")
    preferences = []
    for number in range(battles):
        one, other = chance.sample(range(models), 2)
        pull = 1 / (1 + math.exp(strengths[other] - strengths[one]))
        winner = None if chance.random() < 0.15 else f"model-{one if chance.random() < pull else other}"
        texts = [
            "\n".join(chance.choice(styles).format(text) for text in chance.sample(sentences, chance.randint(1, 9)))
            for _ in (one, other)
        ]
        names = [f"model-{one}", f"model-{other}"]
        item = Item("mtbench_x", "en", 81 + number % 80, 1 + number // 80 % 2, "writing")
        decision = Decision.WIN if winner else Decision.TIE
        answers = dict(zip(names, texts, strict=True))
        rater = Rater(f"person-{number % 97}", "person")
        both = frozenset(map(Model, names))
        preferences.append(Preference(item, both, rater, decision, winner, run=number // 160, answers=answers))
    return preferences


if __name__ == "__main__":
    main()

"""What `compare --until-decided` saves: share of the games that it asks, and how often it decides as all games do.

    python benchmarks/until_decided.py [--studies 200] [--questions 80]

Made-up models of drawn strength play on the same questions, two games each; the looks and their rules are the product's
own. `kept` is the share of pairs for which the early end says the same as all questions: which one is better, or that
none is beyond chance.
"""

import argparse
import random
from itertools import combinations

from measure import print_table

from mtbenchx_tasks.stats.sequential import LOOKS, Look, Standing, standings

Pair = tuple[str, str]


def main() -> None:
    """Simulate studies of several sizes of difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--questions", type=int, default=80)
    parser.add_argument("--small", action="store_true", help="few studies: to see that the script runs")
    options = parser.parse_args()
    studies = 3 if options.small else options.studies
    rows = []
    for models, spread in ((2, 0.0), (2, 0.1), (4, 0.1), (4, 0.2)):
        chance = random.Random(f"{models} {spread}")
        found = [study(chance, models, spread, options.questions) for _ in range(studies)]
        pairs = [pair for one in found for pair in one]
        asked = sum(share for share, _ in pairs) / len(pairs)
        kept = sum(same for _, same in pairs) / len(pairs)
        rows.append([str(models), f"{100 * spread:.0f} points", str(len(pairs)), f"{asked:.0%}", f"{kept:.1%}"])
    print_table(("models", "strengths differ by", "pairs", "games asked", "kept"), rows)


def study(chance: random.Random, models: int, spread: float, questions: int) -> list[tuple[float, bool]]:
    """Return of each pair the share of its games that is asked, and whether the decision is that of all."""
    strengths = {f"model-{number}": chance.gauss(0, spread) for number in range(models)}
    values = {
        (one, other): [played(chance, 0.5 + strengths[one] - strengths[other]) for _ in range(questions)]
        for one, other in combinations(strengths, 2)
    }
    early, asked = until_decided(values)
    whole = standings({pair: [Look(1.0, of_pair)] for pair, of_pair in values.items()})
    return [(asked[pair], winner(early[pair]) == winner(whole[pair])) for pair in values]


def played(chance: random.Random, preference: float) -> float:
    """Return what two games on one question give the first model: their mean."""
    wins = [chance.random() < preference + chance.gauss(0, 0.2) for _ in range(2)]
    return sum(wins) / 2


def until_decided(values: dict[Pair, list[float]]) -> tuple[dict[Pair, Standing], dict[Pair, float]]:
    """Ask a quarter of the questions at a time, as the command does; return where pairs end and what they asked."""
    looks: dict[Pair, list[Look]] = {pair: [] for pair in values}
    asked = dict.fromkeys(values, 0.0)
    open_pairs, ends = list(values), dict[Pair, Standing]()
    for share in LOOKS:
        for pair in open_pairs:
            looks[pair].append(Look(share, values[pair][: round(share * len(values[pair]))]))
            asked[pair] = share
        ends = standings(looks)
        open_pairs = [pair for pair in open_pairs if ends[pair].end == "open"]
    return ends, asked


def winner(standing: Standing) -> int:
    """Return 1 or -1 for the model that is better, 0 if none is beyond chance."""
    return (1 if standing.preference > 0.5 else -1) if standing.end == "better" else 0


if __name__ == "__main__":
    main()

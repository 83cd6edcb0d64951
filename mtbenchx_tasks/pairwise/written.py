"""The rates of `mtbenchx pairs` in a file, unrounded."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from hf_datasets.shared.files import write_file
from mtbenchx_tasks.formats.benchmark import NO_CATEGORY
from mtbenchx_tasks.pairwise.terminal import strata_and_turns
from mtbenchx_tasks.records import Preference
from mtbenchx_tasks.stats.pair_rates import by, positional_bias, rates
from mtbenchx_tasks.stats.substitution import Following, substitute
from mtbenchx_tasks.tables import Table, to_csv

FILE = "pairs.csv"
Record = dict[str, object]


def write_rates(folder: Path, preferences: Sequence[Preference], runs: int, following: Following | None) -> Path:
    """Write a row for each pair of models, language, judge, and stratum or turn; returns the file.

    Args:
        folder: Where to.
        preferences: Raw ones, of every run.
        runs: Result runs.
        following: How inconsistent votes are substituted; None: not at all.

    Raises:
        UserError: It can't be written.
    """
    records = tuple(_records(preferences, runs, following))
    write_file(folder / FILE, to_csv(Table("pairs", "", tuple(records[0]), (), "", (), records)))
    return folder / FILE


def _records(preferences: Sequence[Preference], runs: int, following: Following | None) -> Iterator[Record]:
    for (_, benchmark, language, judge), group in by(preferences, "models", "benchmark", "language", "rater").items():
        one, other = group[0].names
        place = {"model_1": one, "model_2": other, "benchmark": benchmark, "language": language, "judge": judge.name}
        raw = strata_and_turns(group)
        results = strata_and_turns(substitute(group, following, runs) if following else group)
        for name, found in results.items():
            counted, bias = rates(found, other), positional_bias(raw[name])
            yield {
                **place,
                "stratum": name or NO_CATEGORY,
                "model_1_wins": counted.losses,
                "model_2_wins": counted.wins,
                "ties": counted.ties,
                "both_bad": counted.both_bad,
                "inconsistent": bias.biased.count,
                "first_won_both": bias.first,
                "second_won_both": bias.second,
                "failed": bias.failed.count,
                "comparisons": len(found),
            }

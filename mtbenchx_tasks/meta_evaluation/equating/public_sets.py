"""Public sets of anchors, by name: pinned files, downloaded once and verified."""

from collections.abc import Sequence
from pathlib import Path

from hf_datasets.sources import fetch, source, sources_of
from mtbenchx_tasks.formats.benchmark import Told
from mtbenchx_tasks.formats.content import Study
from mtbenchx_tasks.formats.study import read_study

SETS = ("mt_bench_gpt4",)
"""`mt_bench_gpt4`: GPT-4's ratings of 12 models' answers to MT-Bench in English, in five forks of FastChat."""
ENGLISH = Told("en", "mtbench_x")
"""What their files don't tell: MT-Bench's questions are those of MT-Bench-X in English."""


def read_anchors(places: Sequence[Path], told: Told) -> Study:
    """Read files and folders as a report does, and public sets by their names.

    Args:
        places: Where anchors are; a file or folder of a set's name comes before the set.
        told: Language and benchmark of files that don't tell them.

    Raises:
        UserError: As `read_study`, or a set can't be downloaded.
    """
    named = [place for place in places if str(place) in SETS and not place.exists()]
    others = [place for place in places if place not in named]
    files = [file for place in named for file in files_of(str(place))]
    parts = [read_study(files, ENGLISH)] if files else []
    parts += [read_study(others, told)] if others else []
    first, *rest = parts
    return first.joined(rest[0]) if rest else first


def files_of(name: str) -> list[Path]:
    """Return local copies of all files of a set."""
    return [fetch(one, path) for one in sources_of(name) for path in source(one).files]

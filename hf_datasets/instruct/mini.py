"""The mini parallel instruction set: 40 samples of ours in the study's languages, inside the package."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hf_datasets.instruct.mixtures import Mixture
from hf_datasets.instruct.plan import WHOLE, ConfigFamily, LanguagePart
from hf_datasets.instruct.reading.folders import DataFile
from hf_datasets.instruct.reading.names import TRAIN
from hf_datasets.records import Sample

PREFIX = "mini_"
LICENSE = "Apache-2.0"
FILES = Path(__file__).parent / "mini_set"
VALIDATION = 8
"""Of the 40 ids."""


def mini_section(mixtures: Sequence[Mixture]) -> ConfigFamily:
    """Return the section of some configs `mini_*`."""
    languages = dict.fromkeys(language for mixture in mixtures for language in mixture.languages)
    return ConfigFamily(
        mixtures=tuple(mixtures),
        parts=tuple(_part(language) for language in languages),
        settle=settle,
        held_out=held_out,
    )


def settle(sample: Sample) -> Sample:
    """State the licence."""
    return replace(sample, license=LICENSE)


def held_out(count: int) -> int:
    """Return how many ids validate."""
    return min(VALIDATION, count // 2)


def files() -> list[Path]:
    """Return the files of the set, sorted."""
    return sorted(FILES.glob("instructions.*.jsonl"))


def _part(language: str) -> LanguagePart:
    file = FILES / f"instructions.{language}.jsonl"
    return LanguagePart(language, WHOLE, (DataFile(file, language, TRAIN),), (f"mtbench-x/{file.name}",), "mini-")

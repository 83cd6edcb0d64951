"""Bactrian-X (Li et al. 2023): 67,017 instructions of Alpaca and Dolly with ChatGPT's answers, in 52 languages.

The split is the paper's by size (validation = floor(5 %), section 5.1) and ours by rule: by id, the same in every
language, so that no mixture has a sample in train and its translation in validation.
"""

from collections.abc import Sequence
from pathlib import Path

from hf_datasets import sources
from hf_datasets.instruct.mixtures import Mixture
from hf_datasets.instruct.plan import WHOLE, ConfigFamily, LanguagePart, local_part
from hf_datasets.instruct.reading.folders import DataFile
from hf_datasets.instruct.reading.names import TRAIN
from hf_datasets.records import Sample
from hf_datasets.shared.errors import UserError

LICENSE = "CC-BY-NC-4.0"
IDS = 67_017
LANGUAGES = (
    *("af", "ar", "az", "bn", "cs", "de", "en", "es", "et", "fa", "fi", "fr", "gl", "gu", "he", "hi", "hr", "id"),
    *("it", "ja", "ka", "kk", "km", "ko", "lt", "lv", "mk", "ml", "mn", "mr", "my", "ne", "nl", "pl", "ps", "pt"),
    *("ro", "ru", "si", "sl", "sv", "sw", "ta", "te", "th", "tl", "tr", "uk", "ur", "vi", "xh", "zh"),
)
ORIGINS = ("alpaca", "dolly")


def section(languages: Sequence[str], mixtures: Sequence[Mixture], source: Path | None) -> ConfigFamily:
    """Return the family over some languages, from the published files or local ones.

    Raises:
        UserError: There are no rows in one of the languages, or they can't be had.
    """
    parts = [
        _published(language) if source is None else local_part(source, language, languages, WHOLE, "row-")
        for language in languages
    ]
    return ConfigFamily(
        tuple(mixtures),
        tuple(parts),
        settle,
        held_out,
        {WHOLE: IDS},
        published=frozenset() if source else frozenset({WHOLE}),
    )


def settle(sample: Sample) -> Sample:
    """State licence and origin, which is the first word of an id (`alpaca-17`)."""
    origin = sample.id.rpartition("-")[0]
    source = sample.source or (origin if origin in ORIGINS else "")
    license_ = LICENSE if sample.license == "other" else sample.license
    return Sample(sample.id, sample.language, source, license_, sample.attribution, sample.messages)


def held_out(count: int) -> int:
    """Return how many ids validate: floor(5 %)."""
    return count // 20


def _published(language: str) -> LanguagePart:
    if language not in LANGUAGES:
        raise UserError(
            f"Bactrian-X has no {language!r}; it has {', '.join(LANGUAGES)}. Name translated files by --source."
        )
    name = f"data/{language}.json.gz"
    file = sources.fetch("bactrian_x", name)
    return LanguagePart(
        language, WHOLE, (DataFile(file, language, TRAIN),), (f"{sources.label('bactrian_x')}/{name}",), "row-"
    )

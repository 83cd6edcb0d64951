"""`mtbenchx data build lima-x|bactrian-x`: from what a user asks for to a folder."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hf_datasets import sources
from hf_datasets.instruct import bactrian_x, lima_x, mini
from hf_datasets.instruct.alignment import EMPTY
from hf_datasets.instruct.assemble import Built, build_folder, config_rows
from hf_datasets.instruct.card import card
from hf_datasets.instruct.mixtures import SEED, Mixture, family, parse_languages
from hf_datasets.instruct.plan import BuildRequest, ConfigFamily
from hf_datasets.records import content_hash
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.language_codes import STUDY

LIMA_X, BACTRIAN_X = "lima-x", "bactrian-x"
NAMES = (LIMA_X, BACTRIAN_X)
MINI = "mini"
"""Stands for all configs of the mini set."""
MOST_PROCESSES = 4
SMALL = 20_000_000
"""Bytes of sources up to which starting processes takes longer than they save."""


def build(request: BuildRequest, folder: Path) -> tuple[Path, Built]:
    """Build a folder that `load_dataset` reads.

    Returns:
        (Its absolute path, what was built.)

    Raises:
        UserError: The request can't be understood, or a source can't be had, is damaged, or isn't parallel.
    """
    if request.name not in NAMES:
        raise UserError(f"There is no instruction data {request.name!r}; there are {', '.join(NAMES)}.")
    if request.empty not in EMPTY:
        raise UserError(f"--empty is {', '.join(EMPTY[:-1])} or {EMPTY[-1]}, not {request.empty!r}.")
    if request.validation is not None and request.name != LIMA_X:
        raise UserError(f"--validation belongs to lima-x; {request.name} splits its rows by id.")
    if request.published_mixtures and (request.name != LIMA_X or request.validation is not None):
        raise UserError("--published-mixtures is for lima-x with its published validation set.")
    target = folder.expanduser().resolve()
    found = sections(request)
    request = replace(request, processes=request.processes or _processes(found))
    return target, build_folder(target, found, request, lambda built: card(request.name, built))


def rows(name: str, config: str, split: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of one config of the study's languages, from the published files.

    Args:
        name: One of NAMES.
        config: `ENDEFRITES`, `mini_EN` ...
        split: `train` or `validation`.

    Raises:
        UserError: There is no such config; a source can't be had, is damaged, or isn't parallel.
    """
    request = BuildRequest(name, configs=config)
    (section,) = sections(request)
    yield from config_rows(section, config, split, request)


def config_names(name: str) -> tuple[str, ...]:
    """Return the configs of a data set over the study's languages; no source is read."""
    small = family(STUDY, mini.PREFIX) if name == LIMA_X else ()
    return tuple(mixture.name for mixture in (*family(STUDY), *small))


def fingerprint(name: str) -> str:
    """Return the sha256 (hex) of all that determines the rows of `rows`: pins, mini files, seed. No source is read."""
    pinned = sources.source(name.replace("-", "_"))
    small = [file.read_text(encoding="utf-8") for file in mini.files()] if name == LIMA_X else []
    return content_hash([pinned.repo, pinned.revision, pinned.files, small, SEED])


def sections(request: BuildRequest) -> list[ConfigFamily]:
    """Return the families of configs that a request is about."""
    languages = STUDY if request.languages is None else parse_languages(request.languages)
    small = languages if request.name == LIMA_X and set(languages) <= set(STUDY) else ()
    main, minis = _chosen(request, family(languages), family(small, mini.PREFIX))
    needed = tuple(code for code in languages if any(code in mixture.languages for mixture in main))
    found = [_main(request, needed, main)] if main else []
    return found + ([mini.mini_section(minis)] if minis else [])


def _chosen(
    request: BuildRequest, main: Sequence[Mixture], minis: Sequence[Mixture]
) -> tuple[list[Mixture], list[Mixture]]:
    """Return the configs to build, of the data set and of its mini set."""
    if request.configs is None:
        return list(main), list(minis)
    wanted = [name.strip() for name in request.configs.split(",") if name.strip()]
    known = {mixture.name: mixture for mixture in (*main, *minis)}
    for name in wanted:
        if name not in known and not (name == MINI and minis):
            names = ", ".join([*known, *([MINI] if minis else [])])
            raise UserError(f"{request.name} has no config {name!r} over these --languages; it has {names}.")
    if not wanted:
        raise UserError("--configs names no config.")
    return (
        [mixture for mixture in main if mixture.name in wanted],
        [mixture for mixture in minis if MINI in wanted or mixture.name in wanted],
    )


def _main(request: BuildRequest, languages: tuple[str, ...], mixtures: Sequence[Mixture]) -> ConfigFamily:
    source = _source(request, languages)
    if request.name == BACTRIAN_X:
        return bactrian_x.section(languages, mixtures, source)
    return lima_x.section(
        languages,
        mixtures,
        source,
        request.validation,
        only_train=_is_gated(request),
        as_published=request.published_mixtures,
    )


def _source(request: BuildRequest, languages: tuple[str, ...]) -> Path | None:
    if request.source is None:
        return None
    if _is_gated(request):
        if languages != ("en",):
            raise UserError(f"{lima_x.GATED} is English; say --languages EN, or translate it and name the files.")
        return sources.fetch("lima", "train.jsonl")
    return Path(request.source).expanduser()


def _is_gated(request: BuildRequest) -> bool:
    """Tell whether the source is LIMA on the Hub, not a folder of that name."""
    return request.source == lima_x.GATED and not Path(request.source).exists()


def _processes(found: Sequence[ConfigFamily]) -> int:
    size = sum(file.path.stat().st_size for section in found for part in section.parts for file in part.files)
    return 1 if size < SMALL else min(os.cpu_count() or 1, MOST_PROCESSES)

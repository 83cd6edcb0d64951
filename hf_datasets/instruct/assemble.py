"""A folder of parallel instruction data: the parts are read and laid aside, then the files of the configs are written.

Joined configs list the files of their languages; only sampled ones have files of their own.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hf_datasets.hub.folder import replacing, write_card
from hf_datasets.hub.parquet import write_parquet
from hf_datasets.instruct.alignment import remarks, splits
from hf_datasets.instruct.collect import COLUMNS, Collected, collect, in_order
from hf_datasets.instruct.mixtures import Mixture, select
from hf_datasets.instruct.plan import WHOLE, BuildRequest, ConfigFamily
from hf_datasets.instruct.published_mixtures import selection
from hf_datasets.shared.processes import Workers, workers

Pieces = tuple[tuple[Path, frozenset[str]], ...]
"""What a file is written from: laid-aside rows, and which ids of them."""


@dataclass(frozen=True)
class DataSplit:
    """What a config lists for one of its splits."""

    files: tuple[str, ...]
    """Paths in the folder."""
    rows: int
    """Number of rows in all files."""


@dataclass(frozen=True)
class Built:
    """What was built: all that a card tells."""

    configs: Mapping[str, Mapping[str, DataSplit]]
    """Config -> split -> files and rows."""
    sections: tuple[tuple[ConfigFamily, tuple[Collected, ...]], ...]
    """Families of configs, each with its parts as they were laid aside."""
    request: BuildRequest
    """What the user asked for."""
    remarks: tuple[str, ...]
    """What a user should know: other counts than published, empty answers."""


def build_folder(
    folder: Path,
    sections: Sequence[ConfigFamily],
    request: BuildRequest,
    card: Callable[[Built], tuple[Mapping[str, Any], str]],
) -> Built:
    """Read all parts, write all configs and the card, and replace the folder as a whole.

    Args:
        folder: Absolute path.
        sections: The families of configs.
        request: Its seed, empty answers and processes.
        card: Makes (front matter, text) of what was built.

    Raises:
        UserError: A source is damaged or not parallel, or the folder can't be written or isn't ours to replace.
    """
    with replacing(folder) as new:
        aside = new / "aside"
        with workers(request.processes or 1, "Reading") as crew:
            parts = [_collected(crew, section, aside / str(at)) for at, section in enumerate(sections)]
            done = [_written(crew, section, got, new, request) for section, got in zip(sections, parts, strict=True)]
        shutil.rmtree(aside)
        built = Built(
            configs={name: found for configs, _ in done for name, found in configs.items()},
            sections=tuple(zip(sections, map(tuple, parts), strict=True)),
            request=request,
            remarks=tuple(remark for _, said in done for remark in said),
        )
        write_card(new, *card(built))
    return built


def _collected(crew: Workers, section: ConfigFamily, aside: Path) -> list[Collected]:
    aside.mkdir(parents=True)
    return crew.run("Reading", collect, [(part, section.settle, aside) for part in section.parts])


def _written(
    crew: Workers, section: ConfigFamily, collected: Sequence[Collected], new: Path, request: BuildRequest
) -> tuple[dict[str, dict[str, DataSplit]], list[str]]:
    """Write the files of a section; return its configs and remarks."""
    kept = splits(section, collected, request)
    plans = {
        (mixture, split): _files(
            mixture, ids, _chosen_ids(section, mixture, split, ids, collected=collected, seed=request.seed)
        )
        for mixture in section.mixtures
        for split, ids in kept.items()
    }
    tasks = {
        (stem, split): _pieces(collected, split, chosen)
        for (_, split), files in plans.items()
        for stem, chosen in files.items()
    }
    done = crew.run(
        "Writing", write_file, [(new, f"{stem}-{split}", pieces) for (stem, split), pieces in tasks.items()]
    )
    files = dict(zip(tasks, done, strict=True))
    configs: dict[str, dict[str, DataSplit]] = {mixture.name: {} for mixture in section.mixtures}
    for (mixture, split), stems in plans.items():
        written = [files[stem, split] for stem in stems]
        configs[mixture.name][split] = DataSplit(tuple(name for name, _ in written), sum(rows for _, rows in written))
    return configs, remarks(section, collected, request)


def _chosen_ids(
    section: ConfigFamily,
    mixture: Mixture,
    split: str,
    ids: frozenset[str],
    *,
    collected: Sequence[Collected],
    seed: int,
) -> dict[str, frozenset[str]]:
    """Return language -> ids of a config: as published where that was asked for, else by our rule."""
    published = section.mixed.get((mixture.name, split))
    if published is None:
        return select(mixture, ids, seed)
    parts = [rows for rows in collected if rows.part.language in mixture.languages and rows.part.split == split]
    return {language: found & ids for language, found in selection(published, parts).items()}


def _files(
    mixture: Mixture, ids: frozenset[str], chosen: Mapping[str, frozenset[str]]
) -> dict[str, dict[str, frozenset[str]]]:
    """Return the files a config needs, by stem: language -> ids; whole languages have a file that others list, too."""
    if all(chosen.get(language) == ids for language in mixture.languages):
        return {mixture.stem(language): {language: ids} for language in mixture.languages}
    return {mixture.name: dict(chosen)}


def _pieces(collected: Sequence[Collected], split: str, chosen: Mapping[str, frozenset[str]]) -> Pieces:
    return tuple(
        (rows.file, ids)
        for language, ids in chosen.items()
        for rows in collected
        if rows.part.language == language and rows.part.split in (split, WHOLE)
    )


def config_rows(section: ConfigFamily, config: str, split: str, request: BuildRequest) -> Iterator[dict[str, Any]]:
    """Yield the rows of one config and split as a built folder would hold them, without building one.

    Args:
        section: The family.
        config: The name of one of its mixtures.
        split: `train` or `validation`.
        request: Its seed and empty answers.

    Raises:
        UserError: As `build_folder`.
    """
    mixture = next(mixture for mixture in section.mixtures if mixture.name == config)
    with TemporaryDirectory(prefix="mtbenchx-") as folder:
        collected = [collect(part, section.settle, Path(folder)) for part in section.parts]
        ids = splits(section, collected, request)[split]
        chosen = _chosen_ids(section, mixture, split, ids, collected=collected, seed=request.seed)
        for files in _files(mixture, ids, chosen).values():
            for batch in _rows(_pieces(collected, split, files)):
                yield from batch.to_pylist()


def write_file(folder: Path, stem: str, pieces: Pieces) -> tuple[str, int]:
    """Write the rows of some ids, in the order of the ids, as one Parquet file; return its path and number of rows."""
    return write_parquet(folder, stem, COLUMNS, _rows(pieces))


def _rows(pieces: Pieces) -> Iterator[Any]:
    batches = chain.from_iterable(_chosen(file, ids) for file, ids in pieces)
    return in_order(batches) if len(pieces) > 1 else batches


def _chosen(file: Path, ids: frozenset[str]) -> Iterator[Any]:
    """Yield the rows of some ids, in the file's order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array(sorted(ids), pa.string())
    with pa.memory_map(str(file)) as opened, pa.ipc.open_file(opened) as reader:
        for at in range(reader.num_record_batches):
            batch = reader.get_batch(at)
            yield batch.filter(pc.is_in(batch.column("id"), value_set=wanted))

"""What a build is made of: parts to read (one language, one split each), and families of configs over them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hf_datasets.instruct.mixtures import SEED, Mixture
from hf_datasets.instruct.reading.folders import DataFile, configs, data_files
from hf_datasets.instruct.reading.layouts import names_its_language
from hf_datasets.instruct.reading.names import VALIDATION
from hf_datasets.records import Sample
from hf_datasets.shared.errors import UserError

WHOLE = ""
"""The split of a part that isn't split yet."""


@dataclass(frozen=True)
class LanguagePart:
    """The rows of one language, in one split or not split yet."""

    language: str
    """Lower-case code."""
    split: str
    """`train`, `validation`, or WHOLE."""
    files: tuple[DataFile, ...]
    """Files with the rows."""
    labels: tuple[str, ...]
    """What the card calls each file."""
    id_prefix: str
    """What the id of a row without one begins with."""
    shared: bool = False
    """The files hold other languages too, and each row says in which it is."""


@dataclass(frozen=True)
class ConfigFamily:
    """A family of configs over the same rows."""

    mixtures: tuple[Mixture, ...]
    """The configs to list in the card."""
    parts: tuple[LanguagePart, ...]
    """Their rows, every language of them."""
    settle: Callable[[Sample], Sample]
    """Fills in what the rows don't say: source, licence."""
    held_out: Callable[[int], int] | None = None
    """Number of ids -> how many of them validate; None where the parts are split already."""
    expected: Mapping[str, int] = field(default_factory=dict)
    """Split -> rows a language, as published; empty if anything goes."""
    published: frozenset[str] = frozenset()
    """The splits whose rows are the published ones; the others are the user's."""
    mixed: Mapping[tuple[str, str], DataFile] = field(default_factory=dict)
    """(Config, split) -> the published file that tells which rows it has; others are mixed by `mixtures`."""


@dataclass(frozen=True)
class BuildRequest:
    """What a user asks for."""

    name: str
    """`lima-x` or `bactrian-x`."""
    languages: str | None = None
    """`EN,PT`; None: the study's five."""
    configs: str | None = None
    """Names of configs, or `mini`; None: all."""
    source: str | None = None
    """A path, or `GAIR/lima`; None: the published files."""
    validation: Path | None = None
    """The validation set of lima-x, in place of the source's."""
    seed: int = SEED
    """Of the split and the sharing."""
    empty: str = "keep"
    """What becomes of an id with an empty answer in some language: `keep`, `drop` (in every language) or `error`."""
    processes: int | None = None
    """How many work at a time; None: as many as speed it up. Never changes what is built."""
    published_mixtures: bool = False
    """lima-x: take the mixtures from the published files that hold them."""


def local_part(
    path: Path, language: str, languages: Sequence[str], split: str, id_prefix: str, *, any_split: bool = False
) -> LanguagePart:
    """Return the part of one language in one split.

    Files whose name holds the language come first; where there are none, files whose rows say their language.

    Args:
        path: A file, a folder, or a built folder.
        language: Lower-case code.
        languages: All that are wanted: a single one needn't be named anywhere.
        split: `train`, `validation` or WHOLE.
        id_prefix: What the id of a row without one begins with.
        any_split: Take the files of every split for it.

    Raises:
        UserError: There is nothing in that language or split.
    """
    files = _files(path, language, None if any_split or split == WHOLE else split)
    if path.is_file() and len(languages) == 1:  # one file and one language: the name needn't tell it
        files = [(replace(file, language=language), language) for file, _ in files]
    own, shared = [file for file in files if file[1] == language], [file for file in files if file[1] is None]
    chosen = own or shared
    if not chosen:
        known = sorted({code for _, code in files if code})
        raise UserError(f"{path} has no file in {language!r}; its files are in {', '.join(known)}.")
    return LanguagePart(
        language=language,
        split=split,
        files=tuple(file for file, _ in chosen),
        labels=tuple(_label(path, file) for file, _ in chosen),
        id_prefix=id_prefix,
        shared=not own and len(languages) > 1,
    )


def _files(path: Path, language: str, split: str | None) -> list[tuple[DataFile, str | None]]:
    """Return (file, the language of all its rows or None); of a built folder without such a config, of its default."""
    if path.is_file() and split == VALIDATION:
        raise UserError(f"{path} is one file, which can't be training and validation set at once.")
    names = {name.lower(): name for name in configs(path)}
    if language in names:
        return [(file, language) for file in data_files(path, names[language], split)]
    return [(file, None if names_its_language(file.path) else file.language) for file in data_files(path, split=split)]


def _label(path: Path, file: DataFile) -> str:
    """The file as the card names it: nobody else's folders."""
    return file.path.name if path.is_file() else file.path.relative_to(path).as_posix()

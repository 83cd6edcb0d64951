"""What a build is made of: parts to read (one language, one split each), and families of configs over them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hf_datasets.instruct.reading.folders import DataFile
from hf_datasets.instruct.mixtures import Mixture
from hf_datasets.samples import Sample

WHOLE = ""
"""The split of a part that isn't split yet."""


@dataclass(frozen=True)
class Part:
    """The rows of one language, in one split or not split yet."""

    language: str
    """Lower-case code."""
    split: str
    """`train`, `validation`, or WHOLE."""
    files: tuple[DataFile, ...]
    """Where they are."""
    labels: tuple[str, ...]
    """What the card calls each file."""
    id_prefix: str
    """What the id of a row without one begins with."""
    shared: bool = False
    """The files hold other languages too, and each row says in which it is."""


@dataclass(frozen=True)
class Section:
    """A family of configs over the same rows."""

    mixtures: tuple[Mixture, ...]
    """The configs to list in the card."""
    parts: tuple[Part, ...]
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
class Choices:
    """How to build."""

    seed: int
    """Of the split and the sharing."""
    empty: str
    """What becomes of an id with an empty answer in some language: `keep`, `drop` (in every language) or `error`."""
    processes: int
    """How many work at a time; never changes what is built."""

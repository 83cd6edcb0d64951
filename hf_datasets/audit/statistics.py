"""What a chat dataset is made of: samples, languages, words, turns (paper, Table 1)."""

import operator
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import reduce
from pathlib import Path

from tqdm import tqdm

from hf_datasets.audit.parts import parts, samples
from hf_datasets.records import ASSISTANT, SYSTEM, USER, Sample
from hf_datasets.shared.language_id import detect_language
from hf_datasets.shared.processes import ordered_map
from hf_datasets.shared.scripts import n_words

UNKNOWN = "unknown"
"""Where the language of a sample can't be told."""


@dataclass(frozen=True)
class Tally:
    """Sums over samples; two tallies add up."""

    samples: int = 0
    """Number of dialogues."""
    turns: int = 0
    """Messages of users and assistants."""
    user_turns: int = 0
    """Messages of users."""
    user_words: int = 0
    """Words in messages of users, between white space."""
    assistant_turns: int = 0
    """Messages of assistants."""
    assistant_words: int = 0
    """Words in messages of assistants, between white space."""
    languages: Counter[str] = field(default_factory=Counter)
    """Language by language id -> samples; UNKNOWN included."""

    def __add__(self, other: "Tally") -> "Tally":
        """Return the tally of both."""
        return Tally(
            **{column.name: getattr(self, column.name) + getattr(other, column.name) for column in fields(Tally)}
        )


@dataclass(frozen=True)
class Statistics:
    """One line of the table."""

    config: str
    """Empty for data without configs."""
    split: str
    """`train`, `validation` or `test`."""
    samples: int
    """Number of dialogues."""
    languages: dict[str, int]
    """Language by language id -> samples, the most frequent first, `unknown` last."""
    turns: float | None
    """Mean number of messages (users' and assistants') in a sample; None without samples."""
    user_words: float | None
    """Mean number of words in a user's message; None if there is none."""
    assistant_words: float | None
    """Mean number of words in an assistant's message; None if there is none."""


def statistics(path: Path, config: str | None = None, split: str | None = None, processes: int = 1) -> list[Statistics]:
    """Return a line per config and split; files that several configs share are read once.

    Args:
        path: File, folder or built folder, in any layout.
        config: Only this config.
        split: Only this split.
        processes: For language id; their number never changes the result.

    Raises:
        UserError: There is nothing to read, or a layout isn't known.
    """
    found = parts(path, config, split)
    tallies: dict[Path, Tally] = {}
    files = {file.path: file for part in found for file in part.files}
    with tqdm(desc="Counting", unit=" samples", leave=False) as bar:
        for place, file in files.items():
            tallies[place] = Tally()
            for tally in ordered_map(tally_of, samples(file), processes):
                tallies[place] += tally
                bar.update(tally.samples)
    return [
        line(part.config, part.split, reduce(operator.add, (tallies[file.path] for file in part.files), Tally()))
        for part in found
    ]


def tally_of(found: Sequence[Sample]) -> list[Tally]:
    """Return the tally of some samples, alone in a list; a sample's language is that of what user and assistant say."""
    return [reduce(operator.add, map(_tally, found), Tally())]


def _tally(sample: Sample) -> Tally:
    said = [message for message in sample.messages if message.role != SYSTEM]
    words = {role: [n_words(message.content) for message in said if message.role == role] for role in (USER, ASSISTANT)}
    language = detect_language("\n\n".join(message.content for message in said)) or UNKNOWN
    return Tally(
        samples=1,
        turns=len(said),
        user_turns=len(words[USER]),
        user_words=sum(words[USER]),
        assistant_turns=len(words[ASSISTANT]),
        assistant_words=sum(words[ASSISTANT]),
        languages=Counter([language]),
    )


def line(config: str, split: str, tally: Tally) -> Statistics:
    """Return the means of a tally."""
    ordered = sorted(tally.languages.items(), key=lambda item: (item[0] == UNKNOWN, -item[1], item[0]))
    return Statistics(
        config=config,
        split=split,
        samples=tally.samples,
        languages=dict(ordered),
        turns=_mean(tally.turns, tally.samples),
        user_words=_mean(tally.user_words, tally.user_turns),
        assistant_words=_mean(tally.assistant_words, tally.assistant_turns),
    )


def _mean(total: int, count: int) -> float | None:
    return total / count if count else None

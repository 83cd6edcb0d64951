"""Candidates that are near-duplicates of reference data or of a better candidate."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hf_datasets.curate.pairs import Rejection
from hf_datasets.curate.survivors import Survivors
from hf_datasets.instruct.reading.folders import configs
from hf_datasets.instruct.reading.layouts import read_samples
from hf_datasets.instruct.reading.names import TRAIN
from hf_datasets.records import ASSISTANT, USER
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.near_duplicates import PERMUTATIONS, candidates, jaccard, shingles, signatures

SLACK = 0.2
"""The exact index isn't computed for pairs whose estimate lies so far below the threshold: four and a half standard
errors."""


@dataclass(frozen=True)
class Reference:
    """One text that candidates must differ from."""

    name: str
    """What a rejection calls it: the id of its sample."""
    role: str
    """Who says it; it is compared with what the same role says."""
    text: str


def near_duplicates(found: Survivors, references: Iterable[Reference], threshold: float) -> dict[int, Rejection]:
    """Return a rejection for every candidate whose question or answer was there before, by the candidate's number.

    Questions are compared with questions and answers with answers, each message for itself: a reference may hold the
    title only, or several turns. Of two candidates the one with the higher score stays.

    Args:
        found: The candidates.
        references: What they must differ from.
        threshold: Jaccard index of three-word shingles from which two texts are near-duplicates.
    """
    known = list(references)
    rejected: dict[int, Rejection] = {}
    for role, what in ((ASSISTANT, "answer"), (USER, "question")):
        texts = [reference for reference in known if reference.role == role]
        for number, (reason, likeness) in _matches(found, texts, role, threshold, rejected).items():
            rejected[number] = Rejection(found.ids[number], reason, f"{what} {likeness}")
    return rejected


def _matches(
    found: Survivors, known: list[Reference], role: str, threshold: float, rejected: dict[int, Rejection]
) -> dict[int, tuple[str, str]]:
    """Compare the texts of one role; a text that is itself left out takes nobody with it.

    Returns:
        Number of a candidate -> why it is left out, and how like which earlier text it is.
    """
    import numpy as np

    ranked = sorted(range(len(found.ids)), key=lambda number: (-found.scores[number], number))
    ranked = [number for number in ranked if number not in rejected]
    table = np.empty((len(known) + len(ranked), PERMUTATIONS), dtype=np.uint32)
    table[: len(known)] = signatures(reference.text for reference in known)
    np.take(found.signatures(role), np.array(ranked, dtype=np.intp), axis=0, out=table[len(known) :], mode="clip")
    earlier: dict[int, list[int]] = {}
    for first, second in candidates(table, threshold):
        if second >= len(known):
            earlier.setdefault(second, []).append(first)
    text = _reader(found, known, ranked, role)
    gone: dict[int, tuple[str, str]] = {}
    for second in sorted(earlier):
        number = ranked[second - len(known)]
        for first in sorted(earlier[second]):
            other = ranked[first - len(known)] if first >= len(known) else None
            if other is not None and (other in gone or (role == USER and _one_question(found, other, number))):
                continue
            if (table[first] == table[second]).mean() < threshold - SLACK:
                continue
            index = jaccard(shingles(text(first)), shingles(text(second)))
            if index >= threshold:
                whose = "the reference data" if other is None else "another candidate"
                name = known[first].name if other is None else found.ids[other]
                gone[number] = (f"near-duplicate of {whose}", f"{index:.2f} like {name}")
                break
    return gone


def _reader(found: Survivors, known: list[Reference], ranked: list[int], role: str) -> Callable[[int], str]:
    def text(row: int) -> str:
        if row < len(known):
            return known[row].text
        messages = found.sample(ranked[row - len(known)]).messages
        return next(message.content for message in messages if message.role == role)

    return text


def _one_question(found: Survivors, number: int, other: int) -> bool:
    """Several answers to one question share its text; only their answers are compared."""
    return found.ids[number].rpartition("-")[0] == found.ids[other].rpartition("-")[0]


def references(name: str) -> Iterator[Reference]:
    """Yield the texts of some reference data.

    Args:
        name: A file or folder in any layout that `read_samples` knows; a built folder (its `train` split, every
            language once); or FOLDER/CONFIG of one.

    Raises:
        UserError: There is no such data, or it can't be read.
    """
    for file in _files(Path(name).expanduser()):
        for sample in read_samples(file):
            for message in sample.messages:
                yield Reference(f"{file.stem} {sample.id}", message.role, message.content)


def _files(path: Path) -> list[Path]:
    if built := configs(path):
        return _training_files(path, list(built))
    if path.exists():
        return [path]
    if path.name in configs(path.parent):
        return _training_files(path.parent, [path.name])
    raise UserError(
        f"There is no {path} here; name a file or folder of reference data, "
        f"or build it (`mtbenchx data build {path.name}`)."
    )


def _training_files(folder: Path, names: list[str]) -> list[Path]:
    """Every file once, whatever number of configs lists it; all splits if there is nothing to train on."""
    splits = [configs(folder)[name] for name in names]
    training = [file for by_split in splits for file in by_split.get(TRAIN, [])]
    return sorted(set(training or [file for by_split in splits for files in by_split.values() for file in files]))

"""What a user names for a look at data: a file, a folder, or a built folder with its configs and splits."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hf_datasets.instruct.reading.files import FileRow, rows
from hf_datasets.instruct.reading.folders import DataFile, configs, data_files
from hf_datasets.instruct.reading.layouts import placed_samples
from hf_datasets.records import ASSISTANT, USER, Message, Question, Sample
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import BENCHMARK_ROW, record, split_id

NO_DIALOGUES = ("judge_prompts", "references", "questions_corrected")
"""What configs of built folders begin with that hold something else."""


@dataclass(frozen=True)
class SplitFiles:
    """The files of one split of one config."""

    config: str
    """Empty for data without configs."""
    split: str
    """`train`, `validation` or `test`."""
    files: tuple[DataFile, ...]
    """Files with the rows of this split, in the card's order."""


@dataclass(frozen=True)
class QuestionSample(Sample):
    """A benchmark's question as a dialogue."""

    other_language_turns: tuple[int, ...] = ()
    """The turns (1, 2) that ask for an answer in another language than the question's."""


def parts(path: Path, config: str | None = None, split: str | None = None) -> list[SplitFiles]:
    """Return what there is at a path, in the order of its card; what holds no dialogues is left out.

    Args:
        path: File, folder or built folder.
        config: Only this config.
        split: Only this split.

    Raises:
        UserError: There is no such path, config or split, or nothing to read.
    """
    built = configs(path)
    if not built or (config is not None and config not in built):
        found = [file for file in data_files(path, config, split) if split in (None, file.split)]
        if not found:
            raise UserError(f"{path} has no split {split!r}.")
        splits = dict.fromkeys(file.split for file in found)
        return [SplitFiles("", name, tuple(file for file in found if file.split == name)) for name in splits]
    listed = [
        SplitFiles(name, word, tuple(DataFile(file, _language(name), word) for file in files))
        for name, by_split in built.items()
        for word, files in by_split.items()
        if config in (None, name) and split in (None, word) and not name.startswith(NO_DIALOGUES)
    ]
    if missing := [part for part in listed if not all(file.path.is_file() for file in part.files) or not part.files]:
        raise UserError(f"{path}: the files of config {missing[0].config!r} are missing; build or copy it anew.")
    if not listed:
        known = sorted({name for by_split in built.values() for name in by_split})
        raise UserError(f"{path} has no split {split!r}; it has {', '.join(known)}.")
    return listed


def _language(config: str) -> str | None:
    """`DE`, `de`, `mini_DE` and `mini_de` name their language; mixtures don't."""
    name = config.rpartition("_")[2].lower()
    return name if len(name) in (2, 3) and name.isalpha() and name != "all" else None


def samples(file: DataFile) -> Iterator[Sample]:
    """Yield the samples of one file; benchmark questions are dialogues of users' turns only, references between them.

    Raises:
        UserError: As `read_samples`.
    """
    first = next(rows(file.path), None)
    if first is None or not first.values.keys() >= {"question_id", "turns", "category"}:
        yield from placed_samples_of(file)
        return
    for row in rows(file.path):
        yield _question(row, file)


def placed_samples_of(file: DataFile) -> Iterator[Sample]:
    """Yield the samples of one file of instruction data."""
    return (placed.sample for placed in placed_samples([file]))


def _question(row: FileRow, file: DataFile) -> Sample:
    values = {"language": file.language or "und", **row.values}
    values["question_id"] = split_id(values["question_id"])[0]
    return question_sample(record(Question, values, row.place, BENCHMARK_ROW))


def question_sample(question: Question) -> QuestionSample:
    """Return a question as a dialogue: its turns, each with its reference answer if it has one."""
    said = []
    for number, turn in enumerate(question.turns):
        said.append(Message(USER, turn))
        if number < len(question.reference):
            said.append(Message(ASSISTANT, question.reference[number]))
    return QuestionSample(
        id=str(question.question_id),
        language=question.language,
        source=question.category,
        license="other",
        attribution="",
        messages=tuple(said),
        other_language_turns=question.other_language_turns,
    )

"""A built benchmark as others read it: its added languages, out of a folder here or a dataset of the Hub."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_datasets.benchmark.configs import ALL, PROMPTS
from hf_datasets.benchmark.ids import MINI, MTBENCH_X
from hf_datasets.benchmark.languages import AddedLanguage, register
from hf_datasets.benchmark.questions import LANGUAGES
from hf_datasets.benchmark.translated_folder import prompt_sets
from hf_datasets.hub.download import REPO_ID, download_folder
from hf_datasets.hub.folder import CARD
from hf_datasets.instruct.reading.folders import configs
from hf_datasets.records import Question
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.parquet import parquet_rows
from hf_datasets.shared.rows import BENCHMARK_ROW, record


def built_folder(place: str, revision: str | None = None, task_file: Path | None = None) -> Path:
    """Return the folder that a task file names by `dataset_path`, downloaded if it is a dataset of the Hub.

    Args:
        place: An absolute path, or `NAMESPACE/NAME` on the Hub.
        revision: Branch, tag or commit of the Hub's dataset.
        task_file: The task file; in a folder that was moved or copied, the benchmark is the folder above its own.

    Raises:
        UserError: There is no such folder, or the dataset can't be had.
    """
    folder = Path(place)
    if not folder.is_absolute():
        if not REPO_ID.fullmatch(place):
            raise UserError(f"dataset_path must be an absolute path or NAMESPACE/NAME on the Hub, not {place!r}.")
        return download_folder(place, revision, [CARD, "data/*.parquet"])
    around = task_file.absolute().parents[1:2] if task_file else ()
    found = next((each for each in (*around, folder) if ALL in configs(each)), None)
    if found is None:
        raise UserError(
            f"There is no built benchmark at {place}, which the task files name as dataset_path; write its new place "
            "there, or build it again."
        )
    return found


def register_built(folder: Path) -> tuple[AddedLanguage, ...]:
    """Make the added languages of a built benchmark known to this process.

    Args:
        folder: What `mtbenchx data build` wrote, mtbench-x with a further language or another benchmark, or a copy of
            it from the Hub.

    Raises:
        UserError: It isn't such a folder.
    """
    known = configs(folder)
    if ALL not in known:
        raise UserError(f"{folder} is no built benchmark; name what `mtbenchx data build` wrote.")
    files = {name: found for name, splits in known.items() for found in splits.values() if name != ALL}
    codes = dict.fromkeys(name.rpartition("_")[2] for name in files)
    others = {code: name for code in codes if (name := _other(files.get(code, ())))}
    added = [code for code in codes if code in others or code not in LANGUAGES]
    found = tuple(_built(files, code, others.get(code)) for code in added)
    for language in found:
        register(language)
    return found


def _other(files: Sequence[Path]) -> str:
    """Return the name of another benchmark that rows are of; "" if they are MT-Bench-X's."""
    first = next(_parquet(files), None)
    return str((first[1].get("benchmark") if first else "") or "")


def _built(files: Mapping[str, Sequence[Path]], language: str, other: str | None = None) -> AddedLanguage:
    benchmarks = {other or MTBENCH_X: files.get(language, ()), MINI: files.get(f"{MINI}_{language}", ())}
    asked = {
        name: tuple(record(Question, row, place, BENCHMARK_ROW) for place, row in _parquet(found))
        for name, found in benchmarks.items()
        if found
    }
    return AddedLanguage(language, asked, prompt_sets(_parquet(files.get(f"{PROMPTS}_{language}", ()))))


def _parquet(files: Sequence[Path]) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in files:
        yield from ((f"{file}, row {number}", row) for number, row in enumerate(parquet_rows(file), start=1))

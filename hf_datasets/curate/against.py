"""The reference data that candidates must differ from: a file, a folder, or a built dataset (or one config of it)."""

from collections.abc import Iterator
from pathlib import Path

from hf_datasets.curate.duplicates import Reference, references_of
from hf_datasets.instruct.reading.folders import configs
from hf_datasets.instruct.reading.layouts import read_samples
from hf_datasets.instruct.reading.names import TRAIN
from hf_datasets.shared.errors import UserError


def references(name: str) -> Iterator[Reference]:
    """Yield the texts of some reference data.

    Args:
        name: A file or folder in any layout that `read_samples` knows; a built folder (its `train` split, every
            language once); or FOLDER/CONFIG of one.

    Raises:
        UserError: There is no such data, or it can't be read.
    """
    for file in _files(Path(name).expanduser()):
        yield from references_of(read_samples(file), file.stem)


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
    training = [file for one in splits for file in one.get(TRAIN, [])]
    return sorted(set(training or [file for one in splits for files in one.values() for file in files]))

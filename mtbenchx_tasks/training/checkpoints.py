"""The checkpoints that a training left."""

from pathlib import Path


def checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints of a run, newest last."""
    folders = [path for path in folder.glob("checkpoint-*") if path.name.removeprefix("checkpoint-").isdigit()]
    return sorted(folders, key=lambda path: int(path.name.removeprefix("checkpoint-")))

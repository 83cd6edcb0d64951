"""Where the recipes are, and a copy of them where `trl` is started: it resolves their paths against that folder."""

import sysconfig
from collections.abc import Iterator
from pathlib import Path

from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import write_file

SHARED = Path("share", "mtbench-x", "recipes")
MARK = "lima_x.yaml"


def recipes_path() -> Path:
    """Return the folder of the recipes: of the source tree if this is one, else where the wheel put it.

    Raises:
        UserError: It isn't there.
    """
    for folder in _places():
        if (folder / MARK).is_file():
            return folder
    raise UserError("The recipes are not in this installation; install mtbench-x again: pip install mtbench-x.")


def _places() -> Iterator[Path]:
    root = Path(__file__).parents[2]
    yield root / "recipes"
    yield Path(sysconfig.get_path("data")) / SHARED
    yield Path(sysconfig.get_path("data", sysconfig.get_preferred_scheme("user"))) / SHARED
    yield root / SHARED  # pip install --target


def copy(target: Path) -> list[Path]:
    """Copy the recipes; a file that is there already stays as it is.

    Args:
        target: The folder to write, usually ./recipes.

    Returns:
        The files written.

    Raises:
        UserError: A file there differs (nothing is written then), or the folder can't be written.
    """
    source = recipes_path()
    if target.resolve() == source.resolve():
        return []
    files = sorted(file for file in source.rglob("*") if file.is_file() and not _is_litter(file.relative_to(source)))
    wanted = {target / file.relative_to(source): file.read_bytes() for file in files}
    changed = [str(path) for path, content in wanted.items() if path.exists() and not _holds(path, content)]
    if changed:
        raise UserError(
            f"{', '.join(changed)} differ{'s' if len(changed) == 1 else ''} from what would be copied, so nothing was; "
            f"move or delete it to get the packaged recipes."
        )
    missing = {path: content for path, content in wanted.items() if not path.exists()}
    for path, content in missing.items():
        write_file(path, content)
    return list(missing)


def _is_litter(path: Path) -> bool:
    return any(part.startswith((".", "__pycache__")) for part in path.parts)


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes().replace(b"\r\n", b"\n") == content.replace(b"\r\n", b"\n")

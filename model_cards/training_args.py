"""What `training_args.bin` says, read without running any of it.

The file is a pickle, and loading a pickle runs code of whoever wrote it. Here every class that it names is replaced by
an inert stand-in, so that only plain values come out.
"""

import importlib
import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import shown

Plain = str | int | float | bool
ENUMS = ("transformers.trainer_utils", "transformers.training_args")
"""Where the trainer's enums are."""
GETATTR = (("builtins", "getattr"), ("__builtin__", "getattr"))
"""What Pythons such as 3.11.2 call with an enum and a member's name, instead of the enum with its value."""


DAMAGE = (
    *(zipfile.BadZipFile, pickle.UnpicklingError, EOFError, OSError, RuntimeError),
    *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
)
"""What an archive or a pickle that is cut off, encrypted or of another shape leads to, wherever it is looked into."""


class _Inert:
    """Stands in for any class or function: keeps what it is given and does nothing."""

    place = ("", "")
    """Module and name of what it stands in for."""

    def __init__(self, *args: Any) -> None:
        self.args = args

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> type[_Inert]:
        return type("_Inert", (_Inert,), {"place": (module, name)})

    def persistent_load(self, pid: Any) -> None:  # noqa: ARG002
        return None


def read_training_args(file: Path) -> dict[str, Plain]:
    """Return the plain values of a run's training arguments, and `world_size`, the number of its processes.

    Args:
        file: `training_args.bin` as the trainer saves it.

    Returns:
        Name -> value, without those that are unset; empty if the file isn't there.

    Raises:
        UserError: It is damaged, or holds something else.
    """
    if not file.exists():
        return {}
    try:
        with zipfile.ZipFile(file) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
            arguments = _Reader(io.BytesIO(archive.read(name))).load()
    except DAMAGE as error:
        raise UserError(
            f"{file} can't be read ({type(error).__name__}: {shown(str(error))[1:-1]}); it may be half-written: copy "
            f"it anew, or move it away for a card without its settings."
        ) from error
    state = getattr(arguments, "state", None)
    if not isinstance(state, dict):
        raise UserError(f"{file} holds no training arguments of a trainer; move it away for a card without settings.")
    found = {str(name): _plain(value) for name, value in state.items()}
    processes = getattr(state.get("distributed_state"), "state", None)
    if isinstance(processes, dict):
        found["world_size"] = _plain(processes.get("num_processes"))
    return {name: value for name, value in found.items() if value is not None}


def _plain(value: Any) -> Plain | None:
    """Return a plain value; of an enum (a stand-in with one argument, or with its class and a name) its value."""
    if isinstance(value, _Inert):
        arguments: tuple[Any, ...] = getattr(value, "args", ())
        if value.place in GETATTR:
            value = _member(*arguments) if len(arguments) == 2 else None  # noqa: PLR2004
        else:
            value = arguments[0] if len(arguments) == 1 else None
    return value if isinstance(value, (str, int, float, bool)) else None


def _member(enum: Any, name: Any) -> Any:
    """Return the value of a member of one of the trainer's enums, as the installed transformers has it, else None."""
    module, kind = getattr(enum, "place", ("", ""))
    if module not in ENUMS:
        return None
    found = getattr(getattr(importlib.import_module(module), kind, None), "__members__", {}).get(name)
    return getattr(found, "value", None)

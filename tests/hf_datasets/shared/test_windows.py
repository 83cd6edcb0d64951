"""What is done otherwise on Windows, as far as another system can show it."""

import fcntl
import importlib.util
import sys
import warnings
from pathlib import Path, PureWindowsPath
from types import ModuleType, SimpleNamespace

import pytest

from hf_datasets.ledger.owner import Owner
from hf_datasets.shared import locks
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import is_device, replacing_file, replacing_folder, write_file

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a simulation")


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")


@pytest.mark.parametrize(
    "name",
    [
        *("con", "Aux", "NUL.txt", "nul ", "con .x", "com1", "lpt9.a.b", "com¹", "conin$", "prn:", "aux."),
        *("console", "con-7b", "xcon", "COM10", "con_", "nul-", ".nul", "", "gpt-4"),
    ],
)
def test_a_device_is_what_pythons_own_list_says(name: str) -> None:
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        assert is_device(name) == PureWindowsPath(name).is_reserved()


@pytest.mark.usefixtures("windows")
def test_files_and_folders_are_replaced_without_a_lock_on_them(tmp_path: Path) -> None:
    write_file(tmp_path / "file", "old")
    write_file(tmp_path / "file", "new")
    for text in ("old", "new"):
        with replacing_folder(tmp_path / "folder") as folder:
            write_file(folder / "inside", text)
    assert (tmp_path / "file").read_text() == (tmp_path / "folder" / "inside").read_text() == "new"
    assert names(tmp_path) == ["file", "folder"]


@pytest.mark.usefixtures("windows")
def test_a_file_that_is_open_elsewhere_stays_and_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_file(tmp_path / "file", "old")

    def refuse(_self: Path, _target: Path) -> None:
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(UserError, match=r"Can't write .*file \(Access is denied\)"), replacing_file(tmp_path / "file"):
        pass
    assert (tmp_path / "file").read_text() == "old"
    assert names(tmp_path) == ["file"]


@pytest.fixture
def windows_locks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of locks as Windows loads it; there a region belongs to whoever opened the file, as flock's lock."""
    kinds = {"LK_LOCK": fcntl.LOCK_EX, "LK_NBLCK": fcntl.LOCK_EX | fcntl.LOCK_NB, "LK_UNLCK": fcntl.LOCK_UN}
    double = SimpleNamespace(locking=lambda descriptor, kind, _count: fcntl.flock(descriptor, kind), **kinds)
    monkeypatch.setitem(sys.modules, "msvcrt", double)  # type: ignore[arg-type]
    spec = importlib.util.spec_from_file_location("locks_of_windows", locks.__file__)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "win32")
        spec.loader.exec_module(module)
    return module


def test_a_lock_of_windows_is_seen_until_it_is_released(tmp_path: Path, windows_locks: ModuleType) -> None:
    file = tmp_path / "file"
    assert not windows_locks.is_locked(file)
    file.touch()
    lock = windows_locks.Lock(file)
    assert windows_locks.is_locked(file)
    lock.release()
    assert not windows_locks.is_locked(file)


def test_a_closed_ledger_leaves_no_file_where_an_open_one_cannot_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if locks.is_locked(path):  # whoever locked it has it open
            raise PermissionError(32, "The process cannot access the file")
        remove(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    owner = Owner(tmp_path / "ledger.sqlite")
    assert names(tmp_path) == [f".ledger.sqlite.owner-{owner.name}"]
    owner.close()
    assert names(tmp_path) == []

"""Files and folders are there as a whole or not at all, whatever ends the writing."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import check_writable, replacing, replacing_file, replacing_folder, write_file
from hf_datasets.shared.locks import Lock, is_locked

ROOT = Path(__file__).parents[3]


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.parametrize(("content", "found"), [("a\nü\ud83d", b"a\n\xc3\xbc?"), (b"\x00\xff", b"\x00\xff")])
def test_what_was_written_is_there(tmp_path: Path, content: str | bytes, found: bytes) -> None:
    write_file(tmp_path / "deep" / "file", content)
    assert (tmp_path / "deep" / "file").read_bytes() == found
    assert names(tmp_path / "deep") == ["file"]


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    write_file(tmp_path / "file", "old")
    with pytest.raises(KeyboardInterrupt), replacing_file(tmp_path / "file") as file:
        raise KeyboardInterrupt(file.write("new"))
    assert (tmp_path / "file").read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_rows_that_end_in_an_error_leave_the_old_rows(tmp_path: Path) -> None:
    jsonl.write(tmp_path / "rows.jsonl", [{"a": 1}])
    with pytest.raises(TypeError):
        jsonl.write(tmp_path / "rows.jsonl", [{"a": 2}, {"a": object()}])
    assert jsonl.read(tmp_path / "rows.jsonl") == [{"a": 1}]
    assert names(tmp_path) == ["rows.jsonl"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs links and modes")
def test_links_and_modes_stay(tmp_path: Path) -> None:
    write_file(tmp_path / "file", "old")
    (tmp_path / "file").chmod(0o600)
    (tmp_path / "link").symlink_to("file")
    write_file(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "new"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="needs /dev")
def test_a_device_is_written_to_and_not_replaced() -> None:
    write_file(Path("/dev/null"), "text")
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127])
def test_a_name_as_long_as_a_file_system_takes_is_written(tmp_path: Path, name: str) -> None:
    write_file(tmp_path / name, "text")
    assert names(tmp_path) == [name]


FULL = """
import resource, signal, sys
from pathlib import Path
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384))
try:
    jsonl.write(Path(sys.argv[1]), ({"n": n} for n in range(100_000)))
except UserError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on files")
def test_no_room_leaves_no_cut_file(tmp_path: Path) -> None:
    file = tmp_path / "gpt-4_pair.jsonl"
    for before in ([], ["gpt-4_pair.jsonl"]):  # without and with an old one
        done = subprocess.run(
            [sys.executable, "-c", FULL, str(file)], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert done.stdout == f"Can't write {file} (File too large); name a file in a place you may write.\n"
        assert names(tmp_path) == before
        jsonl.write(file, [{"old": 1}])
    assert jsonl.read(file) == [{"old": 1}]


HANG = """
import sys, time
from pathlib import Path
from hf_datasets.shared.files import replacing_file, replacing_folder
path = Path(sys.argv[2])
with (replacing_folder if sys.argv[1] == "folder" else replacing_file)(path) as new:
    (new / "half").write_text("") if sys.argv[1] == "folder" else (new.write("half"), new.flush())
    print("begun", flush=True)
    time.sleep(60)
"""


def begun(kind: str, path: Path) -> "subprocess.Popen[str]":
    """A process in the middle of writing."""
    process = subprocess.Popen(
        [sys.executable, "-c", HANG, kind, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="what is open stays there")
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_killed_writer_left_goes_and_a_living_ones_stays(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "name"
    (tmp_path / ".name.new-12345").mkdir()  # of an earlier release
    killed, alive = begun(kind, path), begun(kind, path)
    for process, end in ((killed, signal.SIGKILL), (alive, signal.SIGCONT)):
        process.send_signal(end)
    killed.wait()
    try:
        assert len(names(tmp_path)) == 2
        if kind == "folder":
            with replacing_folder(path) as new:
                (new / "whole").touch()
        else:
            write_file(path, "whole")
        (left,) = set(names(tmp_path)) - {"name"}
        assert left.startswith(f".name.new-{alive.pid}-")
    finally:
        alive.kill()
        alive.communicate()
        killed.communicate()


def test_a_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    for content in ("old", "new"):
        with replacing_folder(tmp_path / "folder") as new:
            (new / content).touch()
    assert names(tmp_path / "folder") == ["new"]
    assert names(tmp_path) == ["folder"]


def test_a_writer_by_names_gets_one(tmp_path: Path) -> None:
    with replacing(tmp_path / "file") as new:
        new.write_bytes(b"x")
        assert not (tmp_path / "file").exists()
    assert (tmp_path / "file").read_bytes() == b"x"


# told before anything is paid for -----------------------------------------------------------------------------------


def test_a_folder_that_can_be_written_is_made_and_stays_empty(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b", "file.jsonl")
    assert names(tmp_path / "a" / "b") == []


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"Can't write .*file/out \(.*\); name a folder in a place you may write"):
        check_writable(tmp_path / "file" / "out")


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="File name too long"):
        check_writable(tmp_path, f"{'m' * 300}.jsonl")
    with pytest.raises(UserError, match="File name too long"):
        write_file(tmp_path / f"{'m' * 300}.jsonl", "")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="gives up root's rights")
def test_a_place_without_the_right_to_write_is_told(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    os.seteuid(65534)
    try:
        with pytest.raises(UserError, match="Permission denied"):
            check_writable(tmp_path)
    finally:
        os.seteuid(0)


# locks --------------------------------------------------------------------------------------------------------------


def test_a_lock_is_seen_until_it_is_released(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not is_locked(tmp_path / "file")
    lock = Lock(tmp_path / "file")
    assert (lock.is_held, is_locked(tmp_path / "file")) == (True, True)
    lock.release()
    lock.release()
    assert (lock.is_held, is_locked(tmp_path / "file")) == (False, False)


def test_what_is_not_there_is_not_locked_and_cannot_be(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "file")
    with pytest.raises(FileNotFoundError):
        Lock(tmp_path / "file")


def test_json_of_a_row_is_one_line(tmp_path: Path) -> None:
    jsonl.write(tmp_path / "rows.jsonl", [{"a": "x\ny\u2028ü"}])
    assert (tmp_path / "rows.jsonl").read_bytes() == '{"a": "x\\ny\u2028ü"}\n'.encode()
    assert json.loads((tmp_path / "rows.jsonl").read_text(encoding="utf-8")) == {"a": "x\ny\u2028ü"}

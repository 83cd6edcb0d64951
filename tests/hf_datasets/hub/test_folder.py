"""The folder as a whole: named by content, replaced completely or not at all, never at the cost of foreign files."""

import re
from pathlib import Path

import pytest

from hf_datasets.hub import folder as hub_folder
from hf_datasets.hub.folder import (
    ParquetTable,
    arrow_schema,
    columns_of,
    parquet_name,
    replacing,
    write_card,
    write_table,
)
from hf_datasets.records import Question
from hf_datasets.shared.errors import UserError

COLUMNS = {"id": "int64", "turns": "list<string>"}


def table(*turns: str) -> ParquetTable:
    return ParquetTable(COLUMNS, [{"id": 1, "turns": list(turns)}])


def build(folder: Path, *turns: str) -> None:
    with replacing(folder) as new:
        name = parquet_name("x", table(*turns))
        write_table(new, name, table(*turns))
        write_card(new, {"pretty_name": "X"}, "text\n")


def build_half(folder: Path, interruption: type[BaseException]) -> None:
    with replacing(folder) as new:
        write_table(new, "data/half.parquet", table("b"))
        raise interruption


def test_columns_are_read_off_the_record() -> None:
    columns = columns_of(Question)
    assert list(columns) == list(Question(1, "en", "math", ("a", "b")).to_row())
    assert (columns["question_id"], columns["category"]) == ("int64", "string")
    assert (columns["turns"], columns["other_language_turns"]) == ("list<string>", "list<int64>")


def test_an_empty_list_keeps_its_type(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    write_table(tmp_path, "data/x.parquet", table())
    read = pq.read_table(tmp_path / "data/x.parquet")
    assert read.schema.equals(arrow_schema(COLUMNS))
    assert read.to_pylist() == [{"id": 1, "turns": []}]


def test_a_name_carries_twelve_digits_of_the_contents_hash() -> None:
    assert re.fullmatch(r"data/de-test-[0-9a-f]{12}\.parquet", parquet_name("de-test", table("a")))
    assert parquet_name("x", table("a")) == parquet_name("x", table("a"))
    assert parquet_name("x", table("a")) != parquet_name("x", table("b"))


def test_columns_are_content_too() -> None:
    assert ParquetTable({"id": "int64"}, []).digest != ParquetTable({"id": "string"}, []).digest


def test_the_new_folder_replaces_the_old_one_completely(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "x"
    build(folder, "a")
    build(folder, "b")
    assert [file.name for file in (folder / "data").iterdir()] == [Path(parquet_name("x", table("b"))).name]
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, UserError, OSError])
def test_an_interrupted_build_leaves_the_old_folder(tmp_path: Path, interruption: type[BaseException]) -> None:
    build(tmp_path / "x", "a")
    with pytest.raises((KeyboardInterrupt, UserError)):
        build_half(tmp_path / "x", interruption)
    assert (tmp_path / "x" / parquet_name("x", table("a"))).is_file()
    assert list(tmp_path.iterdir()) == [tmp_path / "x"]


def test_a_failed_swap_brings_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path / "x", "a")
    rename = Path.rename

    def fail_on_new(self: Path, target: Path) -> Path:
        if ".new-" in self.name:
            raise OSError("disk is gone")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_on_new)
    with pytest.raises(UserError, match="disk is gone"):
        build(tmp_path / "x", "b")
    assert (tmp_path / "x" / parquet_name("x", table("a"))).is_file()
    assert list(tmp_path.iterdir()) == [tmp_path / "x"]


def test_an_empty_folder_is_built_into(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    build(tmp_path / "x", "a")
    assert (tmp_path / "x" / "README.md").read_text().startswith("---\npretty_name: X\n---\n" + hub_folder.MARKER)


@pytest.mark.parametrize("name", ["notes.txt", "README.md"])
def test_a_folder_of_someone_else_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(UserError, match="name another folder"):
        build(tmp_path, "a")
    assert (tmp_path / name).read_text() == "mine"


def test_files_added_to_a_folder_of_ours_stop_the_build(tmp_path: Path) -> None:
    build(tmp_path / "x", "a")
    (tmp_path / "x" / ".git").mkdir()
    with pytest.raises(UserError, match=r"also holds \.git, which a build would delete; move it away"):
        build(tmp_path / "x", "b")
    assert (tmp_path / "x" / ".git").is_dir()


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(UserError, match="is a file; name a folder"):
        build(tmp_path / "x", "a")


def test_a_place_that_cannot_be_written_is_a_user_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="name a folder in a place you may write"):
        build(tmp_path / "file" / "x", "a")

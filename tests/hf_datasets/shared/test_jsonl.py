"""JSON Lines: what is written is read, and a fault is named by file and line."""

import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@settings(database=None, deadline=None, max_examples=60)
@given(st.lists(st.dictionaries(st.text(max_size=9), values, max_size=3), max_size=3))
def test_what_is_written_is_read(rows: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        jsonl.write(Path(folder) / "deep" / "rows.jsonl", rows)
        assert jsonl.read(Path(folder) / "deep" / "rows.jsonl") == rows


def test_a_line_separator_inside_a_string_ends_no_row(tmp_path: Path) -> None:
    rows = [{"text": "one\u2028two\x85three\r\nfour"}]
    jsonl.write(tmp_path / "rows.jsonl", rows)
    assert jsonl.read(tmp_path / "rows.jsonl") == rows


def test_blank_lines_and_a_byte_order_mark_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n\n  \n{"a": 2}')
    assert jsonl.read(tmp_path / "rows.jsonl") == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("gewählt un{}", r"rows, line 2: not JSON \(.* at column 1\)"),
        ("[1]", "line 2: expected a JSON object, found list"),
    ],
)
def test_a_fault_is_named_by_file_and_line(line: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        list(jsonl.parse(['{"a": 1}', line], "rows"))


def test_a_line_without_end_is_never_whole_in_memory(tmp_path: Path) -> None:
    file = tmp_path / "huge.jsonl"
    with file.open("wb") as opened:
        opened.write(b'{"a": 1}\n\n{"text": "')
        opened.truncate(2**31)  # two gigabytes that take no place on disk
    tracemalloc.start()
    with pytest.raises(
        UserError, match=r"huge\.jsonl, line 3: not usable JSON \(longer than 64 MB; write one row a line"
    ):
        jsonl.read(file)
    assert tracemalloc.get_traced_memory()[1] < 4 * jsonl.LONGEST_ROW
    tracemalloc.stop()


def test_a_text_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.json").open("wb") as opened:
        opened.truncate(2**31)
    with pytest.raises(UserError, match=r"huge\.json is larger than 1024 MB"):
        jsonl.text_of(tmp_path / "huge.json")

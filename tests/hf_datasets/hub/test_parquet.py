"""Big tables: the same rows, the same name and bytes, however they were cut."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_datasets.hub import parquet as arrow_files
from hf_datasets.hub.folder import arrow_schema, columns_of
from hf_datasets.hub.parquet import write_parquet
from hf_datasets.records import Message, Sample

COLUMNS = columns_of(Sample)
SCHEMA = arrow_schema(COLUMNS)


def batch(*texts: str) -> pa.RecordBatch:
    rows = [Sample("1", "en", "", "other", "", (Message("user", text), Message("assistant", "ok"))) for text in texts]
    return pa.RecordBatch.from_pylist([row.to_row() for row in rows], schema=SCHEMA)


def test_the_schema_of_a_sample() -> None:
    assert COLUMNS["messages"] == "list<struct<role: string, content: string>>"
    assert SCHEMA.field("messages").type == pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))


def test_how_the_rows_were_cut_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_files, "ROW_GROUP", 3)
    texts = [f"Größe {n}" for n in range(8)]
    whole = batch(*texts)
    cuts = [[whole], [whole.slice(0, 1), whole.slice(1, 6), whole.slice(7)], [batch(text) for text in texts]]
    written = [write_parquet(tmp_path / str(at), "EN-train", COLUMNS, cut) for at, cut in enumerate(cuts)]
    assert {rows for _, rows in written} == {8}
    assert len({(name, (tmp_path / str(at) / name).read_bytes()) for at, (name, _) in enumerate(written)}) == 1
    assert pq.ParquetFile(tmp_path / "0" / written[0][0]).num_row_groups == 3
    assert pq.read_table(tmp_path / "0" / written[0][0]).to_pylist() == whole.to_pylist()


def test_other_rows_have_another_name(tmp_path: Path) -> None:
    contents = [["ab", "c"], ["a", "bc"], ["abc"], [], ["ab", "c", ""]]
    names = {write_parquet(tmp_path, "x", COLUMNS, [batch(*texts)])[0] for texts in contents}
    assert len(names) == len(contents)

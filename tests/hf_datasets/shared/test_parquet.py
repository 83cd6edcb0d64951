"""Parquet of others: read whole, and never more of it in memory than a file of its size can hold."""

import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_datasets.shared.errors import UserError
from hf_datasets.shared.parquet import parquet_rows

MB = 1_000_000


def written(folder: Path, columns: dict[str, Any], **options: Any) -> Path:
    pq.write_table(pa.table(columns), folder / "rows.parquet", **options)
    return folder / "rows.parquet"


def test_rows_over_several_row_groups_come_in_order(tmp_path: Path) -> None:
    file = written(tmp_path, {"n": range(1000), "text": ["a"] * 1000, "other": [None] * 1000}, row_group_size=130)
    assert list(parquet_rows(file, ["n", "text", "gone"])) == [{"n": n, "text": "a"} for n in range(1000)]


def test_a_dictionary_that_unpacks_without_bound_is_refused(tmp_path: Path) -> None:
    # one text of a megabyte, meant 3,000 times: 3 GB out of a few thousand bytes
    file = written(tmp_path, {"text": pa.array(["x" * MB] * 10).dictionary_encode().take(pa.array([0] * 3000))})
    assert file.stat().st_size < MB
    tracemalloc.start()
    with pytest.raises(UserError, match=r"rows\.parquet unpacks to over \d+ MB from \d+ bytes"):
        for _ in parquet_rows(file):
            pass
    assert tracemalloc.get_traced_memory()[1] < 200 * MB  # a batch of 64
    tracemalloc.stop()


@pytest.mark.parametrize("column", [pa.array(["x" * 101 * MB]), pa.nulls(50 * MB, pa.string())], ids=["text", "nulls"])
def test_a_file_that_says_itself_how_much_it_holds_is_refused_unread(column: pa.Array, tmp_path: Path) -> None:
    file = written(tmp_path, {"text": column}, compression="zstd", use_dictionary=False)
    assert file.stat().st_size < 400_000
    with pytest.raises(UserError, match="which no texts pack to; write it as JSON Lines if you trust it"):
        next(parquet_rows(file))


def test_what_is_damaged_or_gone_is_named(tmp_path: Path) -> None:
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no more")
    for name in ("cut.parquet", "gone.parquet"):
        with pytest.raises(UserError, match=rf"{name} can't be read as Parquet \(.*\); copy or download it anew"):
            next(parquet_rows(tmp_path / name))

"""Parquet of others: a batch of rows at a time, and no more of them than a file of that size can honestly hold."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hf_datasets.shared.errors import UserError

BATCH = 64
"""Rows that are unpacked at a time: few, since a dictionary may write a long text once and mean it in every row."""
SMALL = 100_000_000
"""Unpacked bytes that any file may have."""
MOST_UNPACKED = 1000
"""Unpacked bytes for each packed one; beyond SMALL it is no file of texts."""
LEVEL_BYTES = 8
"""What a value takes at least, a null too: a billion of them pack into nothing."""


def parquet_rows(file: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Yield the rows of a Parquet file.

    Args:
        file: The file.
        columns: Only these, where the file has them; None: all.

    Raises:
        UserError: It is damaged, or unpacks to more than MOST_UNPACKED times its size (and to more than SMALL).
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as opened:
            _check(file, _stated_size(opened.metadata))
            names = None if columns is None else [name for name in opened.schema_arrow.names if name in columns]
            unpacked = 0
            for batch in opened.iter_batches(BATCH, columns=names):
                unpacked += sum(map(_plain_size, batch.columns))
                _check(file, unpacked)
                yield from batch.to_pylist()
    except (OSError, ValueError, ArithmeticError, pa.ArrowException) as error:  # dates out of range, broken text
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{file} can't be read as Parquet ({reason}); copy or download it anew.") from error


def _stated_size(metadata: Any) -> int:
    """Return how many bytes a file says that it holds."""
    groups = [metadata.row_group(at) for at in range(metadata.num_row_groups)]
    chunks = [group.column(at) for group in groups for at in range(group.num_columns)]
    return sum(max(chunk.total_uncompressed_size, LEVEL_BYTES * chunk.num_values) for chunk in chunks)


def _plain_size(column: Any) -> int:
    """Return the bytes of a column, each value written out."""
    import pyarrow as pa

    plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    return int(plain.nbytes)


def _check(file: Path, unpacked: int) -> None:
    size = file.stat().st_size
    if unpacked > max(SMALL, MOST_UNPACKED * size):
        raise UserError(
            f"{file} unpacks to over {unpacked >> 20} MB from {size} bytes, which no texts pack to; write it as JSON "
            "Lines if you trust it."
        )

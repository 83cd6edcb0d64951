"""Parquet written by the row group, under a name that carries the hash of the rows: big tables never whole in memory.

The small tables of a benchmark are Python rows (`hub_folder.Table`); these are Arrow batches.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hf_datasets.hub.folder import HASH_DIGITS, arrow_schema
from hf_datasets.records import canonical_json

ROW_GROUP = 10_000
"""Rows of a row group; part of the files' bytes, so never a setting."""


def write_parquet(folder: Path, stem: str, columns: Mapping[str, str], batches: Iterable[Any]) -> tuple[str, int]:
    """Write batches as one Parquet file; the same rows give the same bytes, however they are cut into batches.

    Args:
        folder: The folder under construction.
        stem: The file's name without hash, e.g. `EN-train`.
        columns: As in `hub_folder.Table`; no value is null.
        batches: pyarrow RecordBatches of these columns.

    Returns:
        (The file's path in the folder, the number of rows.)
    """
    import pyarrow.parquet as pq

    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    unnamed = data / f"{stem}.parquet"
    digest, rows = hashlib.sha256(canonical_json(list(columns.items())).encode()), 0
    with pq.ParquetWriter(unnamed, arrow_schema(columns)) as writer:
        for group in _row_groups(batches):
            for column in group.columns:
                _feed(digest, column)
            writer.write_batch(group, row_group_size=ROW_GROUP)
            rows += group.num_rows
    name = f"data/{stem}-{digest.hexdigest()[:HASH_DIGITS]}.parquet"
    unnamed.rename(folder / name)
    return name, rows


def _row_groups(batches: Iterable[Any]) -> Iterator[Any]:
    """Cut batches anew, each but the last with ROW_GROUP rows."""
    import pyarrow as pa

    waiting: list[Any] = []
    missing = ROW_GROUP
    for batch in batches:
        at = 0
        while at < batch.num_rows:
            piece = batch.slice(at, missing)
            waiting.append(piece)
            at += piece.num_rows
            missing -= piece.num_rows
            if not missing:
                yield pa.concat_batches(waiting)
                waiting, missing = [], ROW_GROUP
    if waiting:
        yield pa.concat_batches(waiting)


def _feed(digest: Any, array: Any) -> None:
    """Feed an array's values, lengths before content, so that no two arrays feed the same."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_list(array.type):
        digest.update(_bytes(pc.list_value_length(array)))
        _feed(digest, array.flatten())
    elif pa.types.is_struct(array.type):
        for field in array.flatten():
            _feed(digest, field)
    elif pa.types.is_string(array.type):
        digest.update(_bytes(pc.binary_length(array)))
        digest.update(pc.binary_join(pa.ListArray.from_arrays([0, len(array)], array), "")[0].as_buffer())
    else:
        digest.update(_bytes(array))


def _bytes(numbers: Any) -> bytes:
    """Return integers as little-endian 64-bit."""
    found: bytes = numbers.to_numpy(zero_copy_only=False).astype("<i8").tobytes()
    return found

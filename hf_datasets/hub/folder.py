"""A Hub-shaped dataset folder: a README.md card and Parquet files, replaced as a whole or not at all.

`datasets` caches a folder by its name and card, never by content. Each Parquet name therefore carries the hash of its
rows and the card names the files literally: new rows mean a new card, and a new card is never answered from the cache.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from hf_datasets.records import QuestionId, content_hash
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import replacing_folder, told

CARD = "README.md"
MARKER = "<!-- written by mtbench-x: the next build replaces this whole folder -->"
"""A line of every card we write; a folder without it isn't ours to replace."""
OURS = frozenset({CARD, "data", "tasks"})
"""What a folder of ours holds; anything else in it would be lost by a rebuild."""
HASH_DIGITS = 12
_TYPES = {int: "int64", str: "string"}


@dataclass(frozen=True)
class ParquetTable:
    """The rows of one Parquet file."""

    columns: Mapping[str, str]
    """Column name -> `int64`, `string`, a `struct<name: type, ...>` or a `list<...>` of these, in the file's order."""
    rows: Sequence[Mapping[str, Any]]
    """One mapping a row, with exactly these columns."""

    @property
    def digest(self) -> str:
        """The hash that stands in the file's name: of columns and rows, so that it outlives a Parquet version."""
        return content_hash([list(self.columns.items()), [dict(row) for row in self.rows]])[:HASH_DIGITS]


def columns_of(record: type) -> dict[str, str]:
    """Return the columns of a data class whose fields are int, str, data classes of these, or tuples of one of them.

    Args:
        record: The data class.

    Raises:
        KeyError: A field has another type.
    """
    return {name: _column(hint) for name, hint in get_type_hints(record).items()}


def _column(hint: Any) -> str:
    if get_origin(hint) is tuple:
        return f"list<{_column(get_args(hint)[0])}>"
    if is_dataclass(hint):
        fields = get_type_hints(hint).items()
        return f"struct<{', '.join(f'{name}: {_column(inner)}' for name, inner in fields)}>"
    return _TYPES[int if hint == QuestionId else hint]  # who has texts among the ids states their column as texts


def arrow_schema(columns: Mapping[str, str]) -> Any:
    """Return the pyarrow schema of some columns; an explicit one, since an empty list tells no type."""
    import pyarrow as pa

    return pa.schema([(name, _arrow_type(kind)) for name, kind in columns.items()])


def _arrow_type(kind: str) -> Any:
    import pyarrow as pa

    if kind.startswith("list<"):
        return pa.list_(_arrow_type(kind.removeprefix("list<")[:-1]))
    if kind.startswith("struct<"):
        fields = (field.split(": ") for field in kind.removeprefix("struct<")[:-1].split(", "))
        return pa.struct([(name, _arrow_type(inner)) for name, inner in fields])
    return {"int64": pa.int64(), "string": pa.string()}[kind]


def parquet_name(stem: str, table: ParquetTable) -> str:
    """Return the path of a table's file inside its folder, e.g. `data/en-test-0123456789ab.parquet`."""
    return f"data/{stem}-{table.digest}.parquet"


def write_table(folder: Path, name: str, table: ParquetTable) -> None:
    """Write one Parquet file; the same table gives the same bytes.

    Args:
        folder: The folder under construction.
        name: The file's path in it, from `parquet_name`.
        table: What to write.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    rows = [dict(row) for row in table.rows]
    pq.write_table(pa.Table.from_pylist(rows, schema=arrow_schema(table.columns)), folder / name)


def write_card(folder: Path, metadata: Mapping[str, Any], body: str) -> None:
    """Write the card: YAML front matter, the marker, the text.

    Args:
        folder: The folder under construction.
        metadata: The front matter, in its order.
        body: Markdown.
    """
    import yaml

    front = yaml.safe_dump(dict(metadata), sort_keys=False, allow_unicode=True, width=1000)
    (folder / CARD).write_text(f"---\n{front}---\n{MARKER}\n\n{body}", encoding="utf-8", newline="\n")


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Give an empty sibling to build in; swap it for `folder` at the end, or remove it if the build doesn't get there.

    Args:
        folder: Absolute path of the folder to make or replace.

    Raises:
        UserError: The folder is there and isn't ours, or can't be written.
    """
    with told(folder, "folder"):
        _check_ours(folder)
    with replacing_folder(folder) as new:
        yield new


def _check_ours(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UserError(f"{folder} is a file; name a folder.")
    found = {entry.name for entry in folder.iterdir()}
    card = folder / CARD
    ours = card.is_file() and MARKER in card.read_text(encoding="utf-8", errors="replace").splitlines()
    if found and not ours:
        raise UserError(f"{folder} holds files that no build of ours wrote; name another folder, or empty this one.")
    if found - OURS:
        raise UserError(
            f"{folder} also holds {', '.join(sorted(found - OURS))}, which a build would delete; move it away."
        )

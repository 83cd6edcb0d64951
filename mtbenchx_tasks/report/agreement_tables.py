"""What `mtbenchx agreement --out` wrote, as tables (the paper's Table 3): every list of rows in it becomes one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mtbenchx_tasks.report.table import Table, number

MOST_COLUMNS = 14
SKIPPED = ("items", "votes", "table")
"""Raw data, which isn't a table to read."""


def agreement_tables(loaded: Mapping[str, Any]) -> list[Table]:
    """Return a table for each list of rows, and for each mapping of names to rows, at any depth."""
    found = list(_found(loaded, ()))
    return [
        Table(
            f"agreement-{place}",
            "Agreement: " + (" ".join(path).replace("_", " ") or "of people and judges"),
            tuple(rows[0]),
            tuple(tuple(row.get(name, "") for name in rows[0]) for row in rows),
            "As `mtbenchx agreement` computed it; a missing value is empty.",
            folded=len(rows) > 30,  # noqa: PLR2004
        )
        for place, (path, rows) in enumerate(found, start=1)
    ]


def _found(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[dict[str, str]]]]:
    if (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and value
        and all(isinstance(v, Mapping) for v in value)
    ):
        yield path, _same_columns([_flat(row) for row in value])
    elif isinstance(value, Mapping):
        rows = {name: row for name, row in value.items() if isinstance(row, Mapping) and not _holds_rows(row)}
        if rows:
            yield path, _same_columns([{"": name, **_flat(row)} for name, row in rows.items()])
        for name, inner in value.items():
            if name not in rows and name not in SKIPPED:
                yield from _found(inner, (*path, str(name)))


def _holds_rows(value: Mapping[str, Any]) -> bool:
    return any(isinstance(inner, list) and inner and isinstance(inner[0], Mapping) for inner in value.values()) or any(
        isinstance(inner, Mapping) and any(isinstance(deep, Mapping) for deep in inner.values())
        for inner in value.values()
    )


def _flat(row: Mapping[str, Any], before: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in row.items():
        label = f"{before} {name}".strip().replace("_", " ")
        if isinstance(value, Mapping):
            flat |= _flat(value, label)
        else:
            flat[label] = _text(value)
    return flat


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return number(value, 3)
    if isinstance(value, list | tuple):
        return " to ".join(_text(part) for part in value) if len(value) == 2 else ", ".join(map(_text, value))  # noqa: PLR2004
    return str(value)


def _same_columns(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    names = list(dict.fromkeys(name for row in rows for name in row))[:MOST_COLUMNS]
    return [{name: row.get(name, "") for name in names} for row in rows]

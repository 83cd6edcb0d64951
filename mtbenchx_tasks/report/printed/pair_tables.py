"""A paper's tables of pairs (positional bias, agreement of a judge and people) and of datasets, as printed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hf_datasets.shared.errors import UserError

ALL = ("all", "rcemr")
"""Rows that pool categories."""


@dataclass(frozen=True)
class AgreementRow:
    """One row of the paper's Table 3, in percent as printed."""

    turn: int
    stratum: str
    """A category, `all` or `rcemr`, in lower case."""
    judge: float
    """How often the judge and people agree."""
    limit: float
    """How often any judge could agree with the same votes."""
    people: float
    """How often people agree with one another."""


@dataclass(frozen=True)
class PairTables:
    """What is printed beside the scores."""

    bias: Mapping[str, float]
    """Category -> share of verdicts that the order of the answers decided, in percent: Table 2."""
    agreement: tuple[AgreementRow, ...]
    """Table 3."""
    datasets: tuple[Mapping[str, str], ...]
    """Table 1, cells as printed."""


Line = tuple[str, Mapping[str, str]]
"""File and line, and the line's cells."""
COLUMNS = {
    "positional_bias_percent": ("table", "category", "positional_bias_percent"),
    "gpt4_human": ("table", "turn", "category", "gpt4_human", "upper_limit", "human_human"),
    "words_user": ("table", "dataset", "source", "en", "de", "fr", "it", "es", "words_user", "words_system"),
}
"""The column that tells what a file holds, and all of its columns."""


def kind_of(names: list[str]) -> str:
    """Return the column of COLUMNS that tells what a file with these columns holds; "" for a table of scores."""
    return next((column for column in COLUMNS if column in names), "")


def pair_tables(lines: Mapping[str, list[Line]]) -> PairTables:
    """Return the tables from their lines, by the column that tells them.

    Raises:
        UserError: A cell isn't a share in percent, or a turn isn't 1 or 2; file and line are named.
    """
    agreement = tuple(
        AgreementRow(
            int(_number(where, row, "turn", lambda value: value in (1, 2))),
            row["category"].lower(),
            *(_percent(where, row, name) for name in ("gpt4_human", "upper_limit", "human_human")),
        )
        for where, row in lines.get("gpt4_human", [])
    )
    bias = lines.get("positional_bias_percent", [])
    return PairTables(
        {row["category"].lower(): _percent(where, row, "positional_bias_percent") for where, row in bias},
        agreement,
        tuple(row for _, row in lines.get("words_user", [])),
    )


def _percent(where: str, row: Mapping[str, str], name: str) -> float:
    return _number(where, row, name, lambda value: 0 <= value <= 100)  # noqa: PLR2004


def _number(where: str, row: Mapping[str, str], name: str, fits: Callable[[float], bool]) -> float:
    try:
        value = float(row[name])
    except ValueError:
        value = float("nan")
    if not fits(value):
        wanted = "1 or 2" if name == "turn" else "a share from 0 to 100 %"
        raise UserError(f"{where}: {name} is {row[name]!r}, not {wanted}.")
    return value

"""equating.json: the way from one judge's scale to another's, as `mtbenchx equate fit` writes it.

{"schema": "mtbench-x/equating/1", "benchmark": "mtbench_x",
 "old": {"judge": "gpt-4", "first": "2023-11-30", "last": "2024-10-09", "snapshots": []},
 "new": {"judge": "gpt-6-luna", "task": {...}, "prompt": {...}, "rule": {...}, "sent": {...}}, "snapshots": [],
 "scales": {"en": {"curves": {"score": {"shape": "line", "line": {"level": 6.6, "slope": 0.82, ...}, ...}, ...}, ...}},
 "anchors": [{"model": "llama2_7b", "family": "llama", "language": "en", "new": 4.1, "old": 3.97, ...}],
 "panels": {"en": {"models": [...], "families": [...], "columns": [{"question_id": 81, "turn": 1, ...}, ...],
                   "new": [[8.0, ...], ...], "old": [[7.0, null, ...], ...]}},
 "families": {...}, "release": "0.7.0", "hash": "..."}

The panels are the ratings themselves, for `mtbenchx equate check`. The hash is of all the rest, so that a predicted
number can name what it was made with.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field, model_validator

from hf_datasets.records import content_hash
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import write_file
from hf_datasets.shared.rows import Name, Row, Text, checked, shown
from mtbenchx_tasks.formats.equating_rows import Number, PanelRow, ScaleRow, panel_of, scale_of
from mtbenchx_tasks.formats.lm_eval import load_json
from mtbenchx_tasks.records import Conditions
from mtbenchx_tasks.stats.equating.panel import Panel
from mtbenchx_tasks.stats.equating.scale import Scale

SCHEMA = "mtbench-x/equating/1"
SHOWN = 12
"""Characters of the hash that tables show."""
WHAT = "a file of `mtbenchx equate fit`"
AGAIN = "write it again by `mtbenchx equate fit`"


OF_PLACE = ("revision", "task_version", "endpoint")
"""Conditions that leave a judge's scale as it is: where it is asked, and which release asked it."""


def of_scale(conditions: Conditions) -> Conditions:
    """Return what a judge's scale depends on: prompts, rule, parameters, which questions; of all languages."""
    common = conditions.of_all_languages
    parts = {
        name: {key: value for key, value in getattr(common, name).items() if key not in OF_PLACE}
        for name in ("task", "prompt", "rule", "sent")
    }
    return Conditions(common.judge, **parts)


@dataclass(frozen=True)
class OldJudge:
    """Whose scale it is: a name, and when it judged."""

    judge: str
    first: str = ""
    """Day of the first rating, as 2023-11-30; "" if nobody recorded it."""
    last: str = ""
    snapshots: tuple[str, ...] = ()
    """Its versions, as far as an endpoint reported them."""

    @property
    def name(self) -> str:
        """Name and time: `gpt-4 (2023-11-30 to 2024-10-09)`."""
        days = " to ".join(dict.fromkeys(day for day in (self.first, self.last) if day))
        return f"{self.judge} ({days})" if days else self.judge


@dataclass(frozen=True)
class Anchor:
    """A model whose answers in one language both judges rated."""

    model: str
    family: str
    language: str
    new: float
    """Mean by the new judge, over the answers that both rated."""
    old: float
    answers: int
    at: str = ""
    """Day of the old judge's ratings."""
    source: str = ""
    """Name of the file of the old judge's ratings."""


@dataclass(frozen=True)
class Equating:
    """The way from the new judge's scale to the old one's."""

    benchmark: str
    old: OldJudge
    new: Conditions
    """Who judges now, and under what."""
    snapshots: tuple[str, ...]
    """Its versions that rated the anchors, as far as an endpoint reported them."""
    scales: Mapping[str, Scale]
    """Language -> its scale."""
    anchors: tuple[Anchor, ...]
    panels: Mapping[str, Panel]
    """Language -> all ratings of the anchors."""
    families: Mapping[str, str] = field(default_factory=dict)
    """Model -> family, as the user told it."""
    release: str = ""
    """Of mtbench-x."""

    @property
    def hash(self) -> str:
        """Sha256 of the whole content."""
        return content_hash(_content(self))

    @property
    def short_hash(self) -> str:
        """The beginning of the hash, as tables show it."""
        return self.hash[:SHOWN]


def write_equating(file: Path, equating: Equating) -> None:
    """Write the file.

    Raises:
        UserError: It can't be written.
    """
    write_file(file, json.dumps(equating_content(equating), ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def equating_content(equating: Equating) -> dict[str, Any]:
    """Return what the file holds."""
    return {**_content(equating), "hash": equating.hash}


def _content(equating: Equating) -> dict[str, Any]:
    new = equating.new
    parts = {"task": new.task, "prompt": new.prompt, "rule": new.rule, "sent": new.sent}
    rest = {one.name: getattr(equating, one.name) for one in fields(equating) if one.name != "new"}
    plain: dict[str, Any] = _plain(
        {"schema": SCHEMA, **rest, "new": {"judge": new.judge, **{name: dict(part) for name, part in parts.items()}}}
    )
    return plain


def _plain(value: Any) -> Any:
    """Return what JSON has for a value; numbers keep nine digits behind the point, so that machines write alike."""
    if is_dataclass(value) and not isinstance(value, type):
        value = {one.name: getattr(value, one.name) for one in fields(value)}
    elif hasattr(value, "_asdict"):
        value = value._asdict()
    elif isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return _number(value) if isinstance(value, float) else value


def _number(value: float) -> float | None:
    """Return a number without what machines compute differently; None for nan, which JSON doesn't have."""
    return round(value, 9) if math.isfinite(value) else None


# reading --------------------------------------------------------------------------------------------------------------


class _Old(Row):
    judge: Name
    first: Text = ""
    last: Text = ""
    snapshots: list[str] = Field(default_factory=list)


class _New(Row):
    judge: Name
    task: dict[str, Any]
    prompt: dict[str, Any]
    rule: dict[str, Any]
    sent: dict[str, Any]


class _Anchor(Row):
    model: Name
    family: Name
    language: Text
    new: Number
    old: Number
    answers: int
    at: Text = ""
    source: Text = ""


class _File(Row):
    benchmark: Name
    old: _Old
    new: _New
    snapshots: list[str]
    scales: Annotated[dict[str, ScaleRow], Field(min_length=1)]
    anchors: list[_Anchor]
    panels: dict[str, PanelRow]
    families: dict[str, str] = Field(default_factory=dict)
    release: Text = ""

    @model_validator(mode="after")
    def _has_every_panel(self) -> Self:
        if self.panels.keys() != self.scales.keys():
            raise ValueError("must have the ratings (panels) of each language that has a scale, and of no other")
        return self


def read_equating(file: Path) -> Equating:
    """Read the file.

    Raises:
        UserError: It isn't there, is of another layout or of a later release, or was changed after it was written.
    """
    if not file.is_file():
        raise UserError(f"There is no file {file}; {AGAIN}, or name the one that it wrote.")
    return equating_of(load_json(file), str(file))


def equating_of(content: Mapping[str, Any], place: str) -> Equating:
    """Return the equating of what the file holds.

    Args:
        content: See `equating_content`.
        place: The file, for errors.

    Raises:
        UserError: It is of another layout or of a later release, or was changed after it was written.
    """
    rest, told = {name: value for name, value in content.items() if name != "hash"}, content.get("hash")
    if rest.get("schema") != SCHEMA:
        raise UserError(f"{place}: its schema is {shown(rest.get('schema'))}, not {SCHEMA!r}; {AGAIN}.")
    if told != content_hash(rest):
        raise UserError(f"{place} was changed after it was written (its hash is {shown(told)}); {AGAIN}.")
    return _equating(checked(_File, rest, place, WHAT, AGAIN))


def _equating(row: _File) -> Equating:
    new = row.new
    return Equating(
        row.benchmark,
        OldJudge(row.old.judge, row.old.first, row.old.last, tuple(row.old.snapshots)),
        Conditions(new.judge, new.task, new.prompt, new.rule, new.sent),
        tuple(row.snapshots),
        {language: scale_of(scale) for language, scale in row.scales.items()},
        tuple(Anchor(**anchor.model_dump()) for anchor in row.anchors),
        {language: panel_of(panel) for language, panel in row.panels.items()},
        row.families,
        row.release,
    )

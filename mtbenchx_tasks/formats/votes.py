"""Votes of people and judges on pairs of answers, read from every layout there is into one record.

Read are the lmsys/mt_bench_human_judgments schema (Parquet, JSONL or a JSON array; our own export is one), FastChat's
`<judge>_pair.jsonl`, and the layout that `write_votes` writes. Models are sorted by name while reading, so that a pair
is one pair whichever side its answers were shown on.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from hf_datasets.benchmark.ids import FIRST_ID, category_of
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.verdict import MODEL_1, MODEL_2
from mtbenchx_tasks.records import BOTH_BAD, FAILED, INCONSISTENT, TIE

Kind = Literal["human", "judge"]
QuestionId = int | str
SKIP = "skip"
SKIPS = ".skips.jsonl"
"""What the file of skipped votes is called, behind the name of the file of votes."""
VALID = (MODEL_1, MODEL_2, TIE, BOTH_BAD)
"""The winners that count; the others are missing votes."""
MISSING = (SKIP, INCONSISTENT, FAILED)
PEOPLE = ("expert", "author", "human", "annotator", "rater", "user", "arena_user")
"""How a judge's name begins where it is a person's."""
SAID = {winner: winner for winner in (*VALID, *MISSING)} | {
    "model_a": MODEL_1,
    "model_b": MODEL_2,
    "tie (bothbad)": BOTH_BAD,
    "tie (inconsistent)": INCONSISTENT,
    "error": FAILED,
}
"""What files call a winner; `model_a` and `model_1` are the row's first model."""
SWAPPED = {MODEL_1: MODEL_2, MODEL_2: MODEL_1}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Vote:
    """What one person or judge said of two answers to one turn."""

    question_id: QuestionId
    """Id of the question; text only where it isn't a number."""
    turn: int
    """1 or 2."""
    category: str | None
    """Its category; None where neither row nor id tells it."""
    language: str | None
    """Language of the question; None where the file doesn't tell it."""
    annotator: str
    """The person's pseudonym or the judge's name."""
    kind: Kind
    """Whether that is a person."""
    model_1: str
    """The model whose name sorts first."""
    model_2: str
    """The other."""
    winner: str
    """`model_1`, `model_2`, `tie`, `both_bad`; or missing: `skip`, `inconsistent` (a judge's two games), `failed`."""
    run: int = 0
    """0-based number among this annotator's votes on this item: runs of a judge; a person's first vote stands."""

    @property
    def item(self) -> tuple[str | None, QuestionId, int, str, str]:
        """What was voted on: language, question, turn and pair."""
        return self.language, self.question_id, self.turn, self.model_1, self.model_2

    @property
    def counts(self) -> bool:
        """Whether it enters statistics."""
        return self.winner in VALID


def read_votes(path: Path, *, kind: Kind | None = None, language: str | None = None) -> list[Vote]:
    """Read votes of any layout, in the order of the file.

    Args:
        path: A `.parquet`, `.jsonl`, `.json` or `.csv` file.
        kind: Who voted; None: by the name, people are those that begin with one of PEOPLE.
        language: Language of rows that don't tell it.

    Raises:
        UserError: The file can't be read or is empty, or a row isn't a vote; file and line are named.
    """
    votes, seen = [], Counter[Vote]()
    rows = _rows(path)
    for number, row in rows:
        try:
            vote = _vote(row, kind, language)
        except (KeyError, IndexError, TypeError, ValueError, UserError) as error:
            told = f"the column {error} is missing" if isinstance(error, KeyError) else error
            raise UserError(f"{path}, {_place(path)} {number}: not a vote: {str(told).rstrip('.')}.") from error
        item = replace(vote, winner=TIE)
        votes.append(replace(vote, run=seen[item]))
        seen[item] += 1
    if not all(vote.category for vote in votes):  # ids of another benchmark, of which some look like MT-Bench's
        votes = [replace(vote, category=row.get("category")) for vote, (_, row) in zip(votes, rows, strict=True)]
    return votes


def with_skips(files: Iterable[Path]) -> list[Path]:
    """Add to each file of votes the skipped ones that an export wrote beside it, so that they are counted."""
    found: dict[Path, None] = {}
    for file in files:
        beside = file.with_name(file.stem + SKIPS)
        found |= dict.fromkeys([file, *([beside] if beside.is_file() and beside.stat().st_size else [])])
    return list(found)


def write_votes(path: Path, votes: Iterable[Vote]) -> None:
    """Write votes as JSON Lines, one record a line, which `read_votes` reads.

    Raises:
        UserError: The file can't be written.
    """
    jsonl.write(path, (asdict(vote) for vote in votes))


# reading ---------------------------------------------------------------------------------------------------------

COLUMNS = {field.name for field in fields(Vote)} | {"model_a", "model_b", "judge", "g1_winner", "g2_winner"}
"""What is read of a row; conversations aren't."""


def _rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """Return a file's rows, numbered as a user counts them: lines of text, rows of others."""
    if not path.is_file():
        raise UserError(f"There is no file {path}.")
    if path.suffix == ".parquet":
        rows = list(enumerate(_parquet(path), start=1))
    elif path.suffix == ".json":
        rows = list(enumerate(_array(path), start=1))
    elif path.suffix == ".csv":
        rows = list(enumerate(_table(path), start=1))
    elif path.suffix == ".jsonl":
        lines = _text(path).split("\n")
        numbers = (number for number, line in enumerate(lines, start=1) if line.strip())
        rows = list(zip(numbers, jsonl.parse(lines, str(path)), strict=True))
    else:
        raise UserError(
            f"{path} is none of .parquet, .jsonl, .json and .csv; a study's votes are in `annotate export`."
        )
    if not rows:
        raise UserError(f"{path} holds no votes.")
    return rows


def _place(path: Path) -> str:
    return "line" if path.suffix == ".jsonl" else "row"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can't be read as UTF-8 text ({error}).") from error


def _parquet(path: Path) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            known = [name for name in file.schema_arrow.names if name in COLUMNS]
            rows: list[dict[str, Any]] = file.read(columns=known).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"{path} can't be read as Parquet ({error}).") from error
    return rows


def _array(path: Path) -> list[dict[str, Any]]:
    try:
        rows = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise UserError(f"{path}: not JSON ({error.msg} at line {error.lineno}).") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UserError(f"{path}: expected an array of objects; JSON Lines are called .jsonl.")
    return rows


def _table(path: Path) -> list[dict[str, Any]]:
    """Read CSV, whose numbers are texts."""
    rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(_text(path), newline="")))
    return [row | {"turn": int(row["turn"])} if str(row.get("turn", "")).isdecimal() else row for row in rows]


def _vote(row: Row, kind: Kind | None, language: str | None) -> Vote:
    question_id, told = _question_id(row["question_id"])
    first, second = _models(row)
    winner, annotator, said_kind = _winner(row), *_annotator(row)
    if first > second:
        first, second, winner = second, first, SWAPPED.get(winner, winner)
    return Vote(
        question_id=question_id,
        turn=_turn(row["turn"]),
        category=row.get("category") or _category(question_id, "g1_winner" in row),
        language=row.get("language") or told or language,
        annotator=annotator,
        kind=kind or row.get("kind") or said_kind,
        model_1=first,
        model_2=second,
        winner=winner,
    )


def _question_id(value: Any) -> tuple[QuestionId, str | None]:
    """Upstream writes 81_DE: the id, and the language it tells."""
    value = _whole(value)
    number, _, language = str(value).partition("_")
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).strip():
        raise ValueError(f"question_id is {value!r}")
    return (int(number), language.lower() or None) if number.isdecimal() else (str(value), None)


def _whole(value: Any) -> Any:
    """Return 81 for 81.0, as a table with gaps has it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _turn(value: Any) -> int:
    value = _whole(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"turn is {value!r}; it must be 1 or 2")
    return value


def _models(row: Row) -> tuple[str, str]:
    one, other = (row["model_a"], row["model_b"]) if "model_a" in row else (row["model_1"], row["model_2"])
    if not (isinstance(one, str) and isinstance(other, str)) or one == other:
        raise ValueError(f"the models are {one!r} and {other!r}; there must be two names")
    return one, other


def _winner(row: Row) -> str:
    """Return the winner as the row's first or second model; the two games of FastChat's rows must agree."""
    if "g1_winner" not in row:
        return _said(row["winner"])
    first, second = _said(row["g1_winner"]), _said(row["g2_winner"])
    if FAILED in (first, second):
        return FAILED
    return first if first == second else INCONSISTENT


def _said(winner: Any) -> str:
    if not isinstance(winner, str) or winner not in SAID:
        raise ValueError(f"the winner is {winner!r}; it must be one of {', '.join(SAID)}")
    return SAID[winner]


def _annotator(row: Row) -> tuple[str, Kind]:
    """Return who voted; FastChat names a judge [model, prompt]."""
    value = row["annotator"] if "annotator" in row else row["judge"]
    name = value if isinstance(value, str) else value[0]
    if not isinstance(name, str) or not name:
        raise ValueError(f"the judge is {value!r}")
    return name, "human" if isinstance(value, str) and name.lower().startswith(PEOPLE) else "judge"


def _category(question_id: QuestionId, fastchats: bool) -> str | None:
    """Return what MT-Bench's ids tell; those of the mini benchmark could be anyone's, except in files of ours."""
    if not isinstance(question_id, int) or (question_id < FIRST_ID and not fastchats):
        return None
    try:
        return category_of("mini" if question_id < FIRST_ID else "mtbench_x", question_id)
    except UserError:
        return None

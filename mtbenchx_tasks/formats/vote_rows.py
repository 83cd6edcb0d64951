"""The rows of files of votes: their shapes, and the kinds of files that hold them."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AliasChoices, BeforeValidator, Field, model_validator

from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.parquet import parquet_rows
from hf_datasets.shared.rows import MOST_TURNS, Id, Name, Row, Text, whole
from mtbenchx_tasks.formats.arena_rows import COLUMNS as ARENA
from mtbenchx_tasks.formats.arena_rows import as_vote
from mtbenchx_tasks.formats.fastchat.rows import BOTH_BAD, MODEL_1, MODEL_2, TIE, JudgeName
from mtbenchx_tasks.records import Decision

SKIP, INCONSISTENT, FAILED = (one.value for one in (Decision.SKIP, Decision.INCONSISTENT, Decision.FAILED))
SKIPS = ".skips.jsonl"
"""What the file of skipped votes is called, behind the name of the file of votes."""
PEOPLE_PREFIXES = ("expert", "author", "human", "annotator", "rater", "user", "arena_user")
"""How a judge's name begins where it is a person's."""
SAID = {winner: winner for winner in (MODEL_1, MODEL_2, TIE, BOTH_BAD, SKIP, INCONSISTENT, FAILED)} | {
    "model_a": MODEL_1,
    "model_b": MODEL_2,
    "tie (bothbad)": BOTH_BAD,
    "tie (inconsistent)": INCONSISTENT,
    "error": FAILED,
}
"""What files call a winner; `model_a` and `model_1` are the row's first model."""


def _winner(value: Any) -> str:
    if not isinstance(value, str) or value not in SAID:
        raise ValueError(f"must be one of {', '.join(SAID)}")
    return SAID[value]


def _vote_turn(value: Any) -> int | None:
    if value is None or value == CONVERSATION:
        return None
    value = whole(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_TURNS:
        raise ValueError(f"must be a whole number from 1 to {MOST_TURNS}, or null for the whole conversation")
    return value


Said = Annotated[str, BeforeValidator(_winner)]
VoteTurn = Annotated[int | None, BeforeValidator(_vote_turn)]
CONVERSATION = "conversation"
"""What files call the turn of a vote on a whole conversation; null is the same."""


class VoteMessage(Row):
    """One message of a conversation."""

    content: Text
    role: Text = ""


Messages = Annotated[list[VoteMessage], BeforeValidator(lambda value: [] if value is None else value)]


class ComparedRow(Row):
    """What rows of votes and of games have in common."""

    question_id: Id
    turn: VoteTurn
    one: Name = Field(validation_alias=AliasChoices("model_a", "model_1"))
    other: Name = Field(validation_alias=AliasChoices("model_b", "model_2"))
    judge: JudgeName = Field(validation_alias=AliasChoices("annotator", "judge"))
    category: Text = ""
    language: Text = ""
    benchmark: Text = ""
    kind: Text = ""

    @model_validator(mode="after")
    def _two_models(self) -> Self:
        if self.one == self.other:
            raise ValueError(f"names {self.one!r} as both models")
        return self


class VoteRow(ComparedRow):
    """A row of lmsys/mt_bench_human_judgments, of our export, or of `write_votes` (there `annotator`, `model_1`, ...).

    {"question_id": 81, "turn": 1, "model_a": "a", "model_b": "b", "winner": "model_a", "judge": "expert_0",
     "conversation_a": [{"role": "user", "content": "..."}, ...], "conversation_b": [...]}
    """

    winner: Said
    conversation_a: Messages = Field(default_factory=list)
    conversation_b: Messages = Field(default_factory=list)


class GamesRow(ComparedRow):
    """A row of FastChat's `<judge>_pair.jsonl`, whose two games must agree (see fastchat.rows.PairRow)."""

    g1_winner: Said
    g2_winner: Said
    g1_user_prompt: Text = ""

    @property
    def winner(self) -> str:
        """The vote of both games."""
        if FAILED in (self.g1_winner, self.g2_winner):
            return str(FAILED)
        return self.g1_winner if self.g1_winner == self.g2_winner else str(INCONSISTENT)


COLUMNS = {
    *ARENA,
    *("model_a", "model_b", "model_1", "model_2", "annotator"),
    *(name for kind in (VoteRow, GamesRow) for name in kind.model_fields),
}
"""What is read of a row."""


def kind_of(row: Mapping[str, Any]) -> type[VoteRow] | type[GamesRow]:
    """Return the shape that a row should have."""
    return GamesRow if "g1_winner" in row else VoteRow


def numbered_rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """Return a file's rows, numbered as a user counts them: lines of text, rows of others."""
    if not path.is_file():
        raise UserError(f"There is no file {path}.")
    if path.suffix == ".parquet":
        rows = list(enumerate(parquet_rows(path, tuple(COLUMNS)), start=1))
    elif path.suffix == ".json":
        rows = list(enumerate(_array(path), start=1))
    elif path.suffix == ".csv":
        rows = list(enumerate(_table(path), start=1))
    elif path.suffix == ".jsonl":
        rows = jsonl.numbered(path)
    else:
        raise UserError(
            f"{path} is none of .parquet, .jsonl, .json and .csv; a study's votes are in `annotate export`."
        )
    if not rows:
        raise UserError(f"{path} holds no votes.")
    return [(number, as_vote(row)) for number, row in rows]


def place_of(path: Path) -> str:
    """Return what a user counts in a file: lines of text, rows of others."""
    return "line" if path.suffix == ".jsonl" else "row"


def _array(path: Path) -> list[dict[str, Any]]:
    rows = jsonl.loads(jsonl.text_of(path), str(path))
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UserError(f"{path}: expected an array of objects; JSON Lines are called .jsonl.")
    return rows


def _table(path: Path) -> list[dict[str, Any]]:
    """Read CSV, whose numbers are texts and whose empty cells tell nothing."""
    try:
        rows = [dict(row) for row in csv.DictReader(io.StringIO(jsonl.text_of(path), newline=""))]
    except csv.Error as error:
        raise UserError(f"{path} can't be read as CSV ({error}); check its quotes.") from error
    longer = next((number for number, row in enumerate(rows, start=1) if None in row), None)
    if longer:
        raise UserError(f"{path}, row {longer}: more cells than columns; put texts that hold commas in quotes.")
    return [
        {name: int(value) if name == "turn" and _is_turn(value) else value for name, value in row if name and value}
        for row in map(dict.items, rows)
    ]


def _is_turn(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(MOST_TURNS))

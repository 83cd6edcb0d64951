"""Votes of people and judges on pairs of answers, read from every layout there is into one record.

Read are the lmsys/mt_bench_human_judgments schema (Parquet, JSONL or a JSON array; our own export is one), FastChat's
`<judge>_pair.jsonl`, and the layout that `write_votes` writes. Models are sorted by name while reading, so that a pair
is one pair whichever side its answers were shown on.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import checked, split_id
from mtbenchx_tasks.formats.benchmark import OURS, benchmark_of, category, question_in
from mtbenchx_tasks.formats.generations import Shown, of_one_generation
from mtbenchx_tasks.formats.vote_rows import (
    PEOPLE,
    SKIPS,
    SWAPPED,
    VALID,
    GamesRow,
    VoteRow,
    kind_of,
    numbered_rows,
    place_of,
)
from mtbenchx_tasks.records import TIE

Kind = Literal["human", "judge"]
QuestionId = int | str
Read = VoteRow | GamesRow


@dataclass(frozen=True)
class Vote:
    """What one person or judge said of two answers to one turn."""

    question_id: QuestionId
    """Id of the question; text only where it isn't a number."""
    turn: int
    """1 or 2."""
    category: str | None
    """Its category; None where neither row nor benchmark tells it."""
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
    benchmark: str = ""
    """Of the question; "" where nothing tells it."""

    @property
    def item(self) -> tuple[str | None, QuestionId, int, str, str]:
        """What was voted on: language, question, turn and pair."""
        return self.language, self.question_id, self.turn, self.model_1, self.model_2

    @property
    def counts(self) -> bool:
        """Whether it enters statistics."""
        return self.winner in VALID


def read_votes(
    path: Path, *, kind: Kind | None = None, language: str | None = None, benchmark: str | None = None
) -> list[Vote]:
    """Read votes of any layout, in the order of the file.

    Args:
        path: A `.parquet`, `.jsonl`, `.json` or `.csv` file.
        kind: Who voted; None: by the name, people are those that begin with one of PEOPLE.
        language: Language of rows that don't tell it.
        benchmark: Name of the benchmark; None: as rows, folder or the questions' texts tell it.

    Raises:
        UserError: The file can't be read or is empty, a row isn't a vote, or a model has two answers to one question;
            file and line are named.
    """
    rows = [
        (number, checked(kind_of(row), row, f"{path}, {place_of(path)} {number}", "a vote"))
        for number, row in numbered_rows(path)
    ]
    told = benchmark or _told(row.benchmark for _, row in rows)
    name = _benchmark(path, [row for _, row in rows], told)
    _check_generations(path, rows)
    votes, seen = [], Counter[Vote]()
    for number, row in rows:
        vote = _vote(row, kind, language, name, f"{path}, {place_of(path)} {number}")
        item = replace(vote, winner=TIE)
        votes.append(replace(vote, run=seen[item]))
        seen[item] += 1
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


def _told(names: Iterable[str]) -> str | None:
    """Return the one benchmark that rows name, if they do."""
    found = {name for name in names if name}
    return found.pop() if len(found) == 1 else None


def _benchmark(path: Path, rows: Sequence[Read], told: str | None) -> str:
    """Votes come from everywhere: neither ids nor a number of them make a file MT-Bench's, texts do."""
    asked: dict[int, str] = {}
    ids, spelt = set(), False
    for row in rows:
        number, language = split_id(row.question_id)
        spelt |= bool(language)
        if isinstance(number, int):
            ids.add(number)
            text = _asked(row)
            asked |= {number: text} if text else {}
    own = spelt or any(isinstance(row, GamesRow) for row in rows)  # 81_DE is MT-Bench-X's own spelling
    return benchmark_of(path, ids, told, asked, own=own)


def _asked(row: Read) -> str:
    if isinstance(row, GamesRow):
        return question_in(row.g1_user_prompt) if row.turn == 1 else ""
    return row.conversation_a[0].content if row.conversation_a else ""


def _check_generations(path: Path, rows: Sequence[tuple[int, Read]]) -> None:
    """Refuse two sets of answers under one model's name."""
    of_one_generation(path, [_shown(number, row) for number, row in rows if isinstance(row, GamesRow)])
    first: dict[tuple[object, ...], tuple[int, str]] = {}
    for number, row in rows:
        for model, said in _said(row):
            for place, text in enumerate(said, start=1):
                told = first.setdefault((row.language, row.question_id, model, place), (number, text))
                if told[1] != text:
                    raise UserError(
                        f"{path}: {model!r} has two different answers to question {row.question_id}, turn {place} "
                        f"({place_of(path)}s {told[0]} and {number}): two sets of answers under one name; give each a "
                        f"name or a file of its own."
                    )


def _said(row: Read) -> list[tuple[str, list[str]]]:
    """Return both models with their answers, turn by turn, white space aside."""
    if isinstance(row, GamesRow):
        return []
    conversations = ((row.one, row.conversation_a), (row.other, row.conversation_b))
    return [
        (model, [" ".join(message.content.split()) for message in messages if message.role == "assistant"])
        for model, messages in conversations
    ]


def _shown(number: int, row: GamesRow) -> Shown:
    question = split_id(row.question_id)[0]
    return Shown(number, question, row.turn, (row.one, row.other), row.judge, row.g1_user_prompt)


def _vote(row: Read, kind: Kind | None, language: str | None, benchmark: str, place: str) -> Vote:
    question_id, told = split_id(row.question_id)
    first, second, winner = row.one, row.other, row.winner
    if first == second:
        raise UserError(f"{place}: not a vote: both models are {first!r}; there must be two names.")
    if first > second:
        first, second, winner = second, first, SWAPPED.get(winner, winner)
    is_person = isinstance(row, VoteRow) and row.judge.lower().startswith(PEOPLE)
    known = row.category or (_category(benchmark, question_id, place) if isinstance(question_id, int) else "")
    return Vote(
        question_id=question_id,
        turn=row.turn,
        category=known or None,
        language=row.language.lower() or told or language,
        annotator=row.judge,
        kind=kind or ("human" if (row.kind or ("human" if is_person else "judge")) == "human" else "judge"),
        model_1=first,
        model_2=second,
        winner=winner,
        benchmark=benchmark,
    )


def _category(benchmark: str, question_id: int, place: str) -> str:
    return category(benchmark, question_id, place=place) if benchmark in OURS else ""

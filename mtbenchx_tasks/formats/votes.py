"""Votes of people and judges on pairs of answers, read from every layout there is into one record.

Read are the lmsys/mt_bench_human_judgments schema (Parquet, JSONL or a JSON array; our own export is one), FastChat's
`<judge>_pair.jsonl`, and the layout that `write_votes` writes. The winner stands by
name, so that a pair is one pair whichever side its answers were shown on.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from hf_datasets.records import QuestionId
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import slug
from hf_datasets.shared.rows import checked, split_id
from mtbenchx_tasks.formats.benchmark import NO_CATEGORY, benchmark_of, category, question_in
from mtbenchx_tasks.formats.fastchat.rows import MODEL_1, MODEL_2
from mtbenchx_tasks.formats.generations import Shown, of_one_generation
from mtbenchx_tasks.formats.vote_rows import (
    PEOPLE_PREFIXES,
    SKIPS,
    GamesRow,
    VoteRow,
    kind_of,
    numbered_rows,
    place_of,
)
from mtbenchx_tasks.records import PEOPLE, Conditions, Decision, Evidence, Item, Model, Preference, Rater

Kind = Literal["human", "judge"]
Read = VoteRow | GamesRow


def read_votes(
    path: Path, *, kind: Kind | None = None, language: str | None = None, benchmark: str | None = None
) -> list[Preference]:
    """Read votes of any layout, in the order of the file; runs are numbered among a rater's votes on the same answers.

    Args:
        path: A `.parquet`, `.jsonl`, `.json` or `.csv` file.
        kind: Who voted; None: by the name, people are those that begin with one of PEOPLE_PREFIXES.
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
    votes, runs = [], Counter[tuple[object, ...]]()
    for number, row in rows:
        vote = _vote(row, kind, language or "", name, f"{path}, {place_of(path)} {number}")
        place = vote.item, vote.models, vote.rater
        votes.append(replace(vote, run=runs[place]))
        runs[place] += 1
    return votes


def with_skips(files: Iterable[Path]) -> list[Path]:
    """Add to each file of votes the skipped ones that an export wrote beside it, so that they are counted."""
    found: dict[Path, None] = {}
    for file in files:
        beside = file.parent / (file.stem + SKIPS)
        found |= dict.fromkeys([file, *([beside] if beside.is_file() and beside.stat().st_size else [])])
    return list(found)


def write_votes(path: Path, votes: Iterable[Preference]) -> None:
    """Write votes as JSON Lines, one record a line, which `read_votes` reads.

    {"question_id": 81, "turn": 1, "category": "writing", "language": "en", "annotator": "expert_0", "kind": "human",
     "model_1": "a", "model_2": "b", "winner": "model_2", "run": 0, "benchmark": "mtbench_x"}

    Raises:
        UserError: The file can't be written.
    """
    jsonl.write(path, map(_row, votes))


def _row(vote: Preference) -> dict[str, object]:
    item, (one, other) = vote.item, sorted(model.name for model in vote.models)
    return {
        "question_id": item.question_id,
        "turn": item.turn,
        "category": item.category or None,
        "language": item.language or None,
        "annotator": vote.rater.name,
        "kind": "human" if vote.rater.kind == "person" else "judge",
        "model_1": one,
        "model_2": other,
        "winner": {one: MODEL_1, other: MODEL_2}.get(vote.winner or "", vote.decision.value),
        "run": vote.run,
        "benchmark": item.benchmark,
    }


# reading ---------------------------------------------------------------------------------------------------------


def _told(names: Iterable[str]) -> str | None:
    """Return the one benchmark that rows name, if they do."""
    found = {name for name in names if name}
    return found.pop() if len(found) == 1 else None


def _benchmark(path: Path, rows: Sequence[Read], told: str | None) -> str:
    """Votes come from everywhere: neither ids nor a number of them make a file MT-Bench's, texts do."""
    asked: dict[QuestionId, str] = {}
    ids, spelt = set(), False
    for row in rows:
        number, language = split_id(row.question_id)
        spelt |= bool(language)
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


def _vote(row: Read, kind: Kind | None, language: str, benchmark: str, place: str) -> Preference:
    question_id, told = split_id(row.question_id)
    is_person = isinstance(row, VoteRow) and row.judge.lower().startswith(PEOPLE_PREFIXES)
    by_person = (kind or row.kind or ("human" if is_person else "judge")) == "human"
    of_id = "" if row.category else category(benchmark, question_id, place=place).replace(NO_CATEGORY, "")
    winner = {MODEL_1: row.one, MODEL_2: row.other}.get(row.winner)
    return Preference(
        Item(benchmark, row.language.lower() or told or language, question_id, row.turn, row.category or of_id),
        frozenset({Model(row.one), Model(row.other)}),
        Rater(row.judge, "person" if by_person else "judge"),
        Decision.WIN if winner else Decision(row.winner),
        winner,
        Conditions(PEOPLE if by_person else slug(row.judge), {"benchmark": benchmark}),
        answers=_answers(row),
        evidence=Evidence(source=place),
    )


def _answers(row: Read) -> dict[str, str]:
    """Return both answers to the turn, as they were shown; nothing where the row doesn't hold them."""
    if isinstance(row, GamesRow) or row.turn is None:
        return {}
    conversations = ((row.one, row.conversation_a), (row.other, row.conversation_b))
    said = [(name, [one.content for one in messages if one.role == "assistant"]) for name, messages in conversations]
    return {name: texts[row.turn - 1] for name, texts in said} if all(len(t) >= row.turn for _, t in said) else {}

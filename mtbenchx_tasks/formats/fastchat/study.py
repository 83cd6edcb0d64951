"""FastChat's judgment files, anyone's, and human votes, as the report reads them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hf_datasets.records import QuestionId
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import slug
from hf_datasets.shared.rows import checked, split_id
from mtbenchx_tasks.formats.answers import first_of, read_models
from mtbenchx_tasks.formats.benchmark import (
    NOTHING,
    Told,
    added_place,
    benchmark_of,
    category,
    question_in,
    task_benchmark,
)
from mtbenchx_tasks.formats.content import Study
from mtbenchx_tasks.formats.fastchat.pairs import read_pairs
from mtbenchx_tasks.formats.fastchat.rows import UNREACHED, QuestionRow, SingleRow
from mtbenchx_tasks.formats.generations import Shown, repeats_shown
from mtbenchx_tasks.formats.lm_eval import valid_rating
from mtbenchx_tasks.formats.votes import read_votes
from mtbenchx_tasks.judge.expected import HIGHEST, LOWEST, UNPARSABLE
from mtbenchx_tasks.judge.verdict import OUT_OF_RANGE
from mtbenchx_tasks.records import Conditions, Evidence, Item, Model, Rater, Rating

Counted = Sequence[tuple[int, SingleRow, int]]
"""Line, row, and the 0-based number of the answer that it judges."""


def language_of(file: Path, rows: Sequence[dict[str, Any]], asked: str | None) -> str:
    """Return the language that the ids (`81_DE`) or the folder (`mt_bench_de`) tell, else the one asked for.

    Raises:
        UserError: Nothing tells it, or ids tell several.
    """
    told = {split_id(row.get("question_id", ""))[1] for row in rows} - {""}
    if len(told) > 1:
        raise UserError(f"{file}: questions in {', '.join(sorted(told))} in one file; give one language a file.")
    folders = [code for part in file.absolute().parts if (code := _told_by(part))]
    found = asked if asked and not told else next(iter([*told, *folders[-1:]]), "en" if asked is None else asked)
    return found.lower()


def _told_by(part: str) -> str:
    """Return the language that a folder's name tells, or ""."""
    place = added_place(part)
    return place[1] if place else part.rpartition("_")[2].lower() if _is_bench(part) else ""


def _is_bench(part: str) -> bool:
    return task_benchmark(part) is not None and len(part.rpartition("_")[2]) == 2  # noqa: PLR2004


def read_singles(file: Path, told: Told = NOTHING) -> Study:
    """Read single judgments. Rows of one answer that was judged again are runs; the same row twice is one.

    Args:
        file: The file.
        told: Language and benchmark, where neither rows nor folder tell them.

    Raises:
        UserError: A row is of another layout, or two sets of answers stand under one name (see generations); file and
            line are named.
    """
    lines = jsonl.numbered(file)
    language = language_of(file, [row for _, row in lines], told.language)
    rows = [(n, checked(SingleRow, row, f"{file}, line {n}", "a row of single judgments")) for n, row in lines]
    distinct = list({row: (number, row) for number, row in reversed(rows)}.values())[::-1]
    asked = {row.question_id.question: question_in(row.user_prompt) for _, row in rows if row.turn == 1}
    ids = [row.question_id.question for _, row in rows]
    benchmark = benchmark_of(file, ids, told.benchmark, {n: text for n, text in asked.items() if text})
    repeats, notes = repeats_shown(file, [_shown(number, row) for number, row in distinct])
    counted = [(*row, repeat) for row, repeat in zip(distinct, repeats, strict=True) if repeat is not None]
    if len(distinct) < len(rows):
        notes = (f"{file}: {len(rows) - len(distinct)} rows stand in it twice and count once.", *notes)
    spelt = any(row.question_id.language for _, row in rows)
    if not (told.language or spelt or language != "en" or _names_english(file)):
        notes = (f"{file}: no language is told, English is taken (--language).", *notes)
    return Study(tuple(_ratings(file, counted, language, benchmark)), sources=(str(file),), notes=notes)


def _names_english(file: Path) -> bool:
    return any(_told_by(part) for part in file.absolute().parts)


def _shown(number: int, row: SingleRow) -> Shown:
    return Shown(number, row.question_id.question, row.turn, (row.model,), row.judge, row.user_prompt)


def _ratings(file: Path, rows: Counted, language: str, benchmark: str) -> Iterator[Rating]:
    runs: Counter[tuple[object, ...]] = Counter()
    names = {slug(row.judge) for _, row, _ in rows}
    under = {name: Conditions(name, {"benchmark": benchmark}) for name in names}
    for number, row, repeat in rows:
        question, score, source = row.question_id.question, valid_rating(row.score), f"{file}, line {number}"
        value = score if score is not None and LOWEST <= score <= HIGHEST else None
        item = Item(benchmark, language, question, row.turn, category(benchmark, question, place=source))
        rater = Rater(slug(row.judge))
        yield Rating(
            item,
            Model(row.model),
            rater,
            under[rater.name],
            value,
            "" if value is not None else OUT_OF_RANGE if score is not None else _why_not(row.judgment),
            repeat=repeat,
            run=runs[rater, item, row.model, repeat],
            evidence=Evidence(row.judgment, source=source, prompt=row.user_prompt, at=row.tstamp),
        )
        runs[rater, item, row.model, repeat] += 1


def _why_not(text: str) -> str:
    return "the judge was not reached" if text.strip() in ("", UNREACHED) else UNPARSABLE


def read_answers_only(file: Path, told: Told = NOTHING) -> Study:
    """Read FastChat's model_answer: what judgments are of, where their own file doesn't hold it."""
    answers: dict[tuple[str, str, str, QuestionId], tuple[str, ...]] = {}
    notes = []
    for given in read_models(file, told):
        if given.further:
            notes.append(
                f"{file}: {first_of(given)}; judgments of FastChat's layout are of that one, unless they tell."
            )
        language = given.language or language_of(file, (), told.language)
        answers |= {(given.benchmark, language, given.model, q): texts for q, texts in given.texts.items()}
    return Study(answers=answers, sources=(str(file),), notes=tuple(notes))


def read_questions(file: Path, told: Told = NOTHING) -> Study:
    """Read FastChat's question.jsonl: what was asked."""
    lines = jsonl.numbered(file)
    language = language_of(file, [row for _, row in lines], told.language)
    rows = [checked(QuestionRow, row, f"{file}, line {n}", "a row of questions") for n, row in lines]
    asked = {row.question_id.question: row.turns[0] for row in rows if row.turns}
    benchmark = benchmark_of(file, asked, told.benchmark, asked)
    questions = {(benchmark, language, row.question_id.question): tuple(row.turns) for row in rows}
    return Study(questions=questions, sources=(str(file),))


def read_fastchat_pairs(file: Path, told: Told = NOTHING) -> Study:
    """Read pairwise judgments (see fastchat.pairs.read_pairs, whose errors are raised)."""
    preferences, notes = read_pairs(file, language_of(file, jsonl.read(file), told.language), told)
    return Study(preferences=tuple(preferences), sources=(str(file),), notes=notes)


def read_people(file: Path, told: Told = NOTHING) -> Study:
    """Read votes of people (and of judges, if the file holds some) on pairs of answers.

    Raises:
        UserError: The file holds no votes, or a row isn't one (see votes.read_votes).
    """
    votes = read_votes(file, language=told.language, benchmark=told.benchmark)
    notes = []
    if not all(vote.item.language for vote in votes):
        notes.append(f"{file}: no language is told, English is taken (--language).")
    if not all(vote.item.benchmark for vote in votes):
        notes.append(f"{file}: no benchmark is told (--benchmark); categories are those of its rows.")
    preferences = tuple(
        replace(
            vote,
            item=replace(vote.item, language=(vote.item.language or "en").lower()),
            rater=replace(vote.rater, name=slug(vote.rater.name)) if vote.rater.kind == "judge" else vote.rater,
        )
        for vote in votes
    )
    return Study(preferences=preferences, sources=(str(file),), notes=tuple(notes))

"""Tables beside the scores: unscored judgments and why, answers' language and length, versions of the judge, costs."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from statistics import fmean, median

from hf_datasets.benchmark.questions import questions
from hf_datasets.records import Question, QuestionId
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.language_id import detect_language
from mtbenchx_tasks.formats.content import Cost
from mtbenchx_tasks.report.groups import ShownModel
from mtbenchx_tasks.report.sections import RatedTurn, Section
from mtbenchx_tasks.report.tables.scores import language_name
from mtbenchx_tasks.tables import Cell, Row, Table, number, percent


def unscored_table(section: Section, models: Sequence[ShownModel]) -> Table:
    """Return the share of judgments that are no number, per model and language, and their reasons."""
    rows: list[Row] = []
    records = []
    reasons: Counter[str] = Counter()
    for model in models:
        cells = []
        for language in section.languages:
            judged = [rating for answer in section.cell(model.name, language) for rating in answer.ratings]
            without = [rating.reason or "no reason told" for rating in judged if rating.value is None]
            reasons.update(without)
            share = len(without) / len(judged) if judged else None
            cells.append(Cell(percent(share), f"{len(without)}/{len(judged)}" if judged else ""))
            records.append(
                {"model": model.name, "language": language, "unscored": len(without), "judgments": len(judged)}
            )
        rows.append((model.label, *cells))
    told = tuple(f"{count} × {reason}" for reason, count in reasons.most_common(8))
    return Table(
        "unscored",
        "Judgments that are no number, in %",
        ("Model", *map(language_name, section.languages)),
        tuple(rows),
        "A failed judgment is in no mean. " + ("Why:" if told else "Every judgment gave a rating."),
        told,
        tuple(records),
    )


@cache
def _exempt(asked: tuple[Question, ...]) -> frozenset[tuple[QuestionId, int]]:
    """Return the (question, turn) that ask for another language than the question's."""
    return frozenset((question.question_id, turn) for question in asked for turn in question.other_language_turns)


def language_table(section: Section, models: Sequence[ShownModel]) -> Table | None:
    """Return the share of answers in the question's language; None if no file holds answers."""
    rows: list[Row] = []
    records = []
    notes: set[str] = set()
    for model in models:
        cells = []
        for language in section.languages:
            found = _languages(section.cell(model.name, language), section.conditions.benchmark, language, notes)
            share = fmean(found) if found else None
            cells.append(Cell(percent(share), f"{sum(found)}/{len(found)}" if found else ""))
            records.append({"model": model.name, "language": language, "in_language": sum(found), "told": len(found)})
        rows.append((model.label, *cells))
    if not any(record["told"] for record in records):
        return None
    return Table(
        "answer-language",
        "Answers in the question's language, in %",
        ("Model", *map(language_name, section.languages)),
        tuple(rows),
        "Turns that ask for another language, and answers in no language (empty, only code), are left out.",
        tuple(sorted(notes)),
        tuple(records),
    )


def _languages(answers: Sequence[RatedTurn], benchmark: str, language: str, notes: set[str]) -> list[bool]:
    try:
        exempt = _exempt(questions(benchmark, language))
    except UserError:
        exempt = frozenset()
        notes.add("The benchmark's files aren't here, so turns that ask for another language are counted as well.")
    found = []
    for answer in answers:
        if (answer.question_id, answer.turn) not in exempt:
            told = [detect_language(text) for text in answer.texts]
            found += [code == language for code in told if code is not None]
    return found


def length_table(section: Section, models: Sequence[ShownModel]) -> Table | None:
    """Return how long answers are and how many are empty; None if no file holds answers."""
    rows: list[Row] = []
    for model in models:
        for language in section.languages:
            texts = [text for answer in section.cell(model.name, language) for text in answer.texts]
            if texts:
                empty = sum(not text.strip() for text in texts)
                rows.append(
                    (model.label, language_name(language), number(median(map(len, texts)), 0),
                     number(fmean(map(len, texts)), 0), Cell(percent(empty / len(texts)), f"{empty}/{len(texts)}"))
                )  # fmt: skip
    if not rows:
        return None
    columns = ("Model", "Language", "Median", "Mean", "Empty, in %")
    return Table(
        "lengths", "Length of the answers, in characters", columns, tuple(rows),
        "An empty answer isn't judged.", folded=len(rows) > 12,  # noqa: PLR2004
    )  # fmt: skip


def snapshots_note(section: Section) -> str:
    """Say which versions of the judge answered, if the files tell."""
    counts = Counter(
        one.rater.snapshot for answer in section.answers for one in answer.ratings if one.value is not None
    )
    told = [f"{name or 'version not told'} ({count})" for name, count in counts.most_common()]
    if not any(counts):
        return ""
    several = (
        " Versions of a judge differ in level: `mtbenchx judge --split-snapshots` shows them apart."
        if len(told) > 1
        else ""
    )
    return f"Versions of the judge, with their ratings: {', '.join(told)}.{several}"


def cost_table(costs: Sequence[Cost]) -> Table:
    """Return what each ledger's judgments cost."""
    rows = tuple(
        (
            cost.judge,
            cost.endpoint,
            Cell(str(cost.judgments), ", ".join(f"{count} {state}" for state, count in sorted(cost.states.items()))),
            f"{cost.read:,}",
            f"{cost.written:,}",
            "" if cost.dollars is None else f"{cost.dollars:,.2f}",
            cost.source,
        )
        for cost in costs
    )
    return Table(
        "cost",
        "What the judgments cost",
        ("Judge", "Endpoint", "Judgments", "Tokens read", "Tokens written", "US dollars", "Ledger"),
        rows,
        "By the prices of its day; empty where the price isn't known. All judgments in the ledger count.",
    )

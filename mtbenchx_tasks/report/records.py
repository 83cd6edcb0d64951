"""What a report keeps beside it, so that anyone can recompute its numbers: all that it was made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_datasets.records import QuestionId
from mtbenchx_tasks import __version__
from mtbenchx_tasks.formats.content import Cost, Study
from mtbenchx_tasks.formats.equating import Equating, equating_content, equating_of
from mtbenchx_tasks.formats.excerpt import (
    RECORDS,
    Row,
    digest,
    packed_preferences,
    packed_ratings,
    plain,
    preferences_of,
    ratings_of,
    restored,
    write_records,
)
from mtbenchx_tasks.meta_evaluation.exam.score import Exam
from mtbenchx_tasks.report.figures.drawing import Rendered

KIND = "report"
Texts = tuple[tuple[tuple[QuestionId, ...], tuple[str, ...]], ...]
"""A mapping whose keys JSON doesn't have: (benchmark, language, question id ...) and the texts, turn by turn."""


@dataclass(frozen=True)
class ReportRecords:
    """What a report is made of."""

    title: str
    """The page's heading."""
    study: Study
    """What was read."""
    groups: Mapping[str, Any]
    """Models' labels, families and mixtures."""
    questions: tuple[QuestionId, ...]
    """Ids whose answers are shown on the page."""
    exams: tuple[Exam, ...]
    """Exams of the judges."""
    equating: Equating | None
    """The way to an old judge's scale."""
    assume_english: bool
    """Whether English's scale is taken for languages without anchors."""
    answers: bool
    """Whether every question has a page."""


def records_file(records: ReportRecords, drawn: Mapping[str, Rendered]) -> bytes:
    """Return the records' file.

    Args:
        records: What the report is made of.
        drawn: Its figures, which stand there by their hashes alone.
    """
    study = records.study
    content = {
        **_options(records),
        **packed_ratings(study.ratings),
        **packed_preferences(study.preferences),
        "costs": plain(tuple[Cost, ...], study.costs),
        "asked": [[list(key), list(texts)] for key, texts in study.questions.items()],
        "answers": [[list(key), list(texts)] for key, texts in study.answers.items()],
        "agreement": plain(Any, study.agreement),
        "sources": list(study.sources),
        "notes": list(study.notes),
        "exams": plain(tuple[Exam, ...], records.exams),
        "figures": {name: sha256 for figure, of in drawn.items() for name, sha256 in figure_hashes(figure, of).items()},
    }
    return write_records(KIND, __version__, content)


def figure_hashes(name: str, drawing: Rendered) -> dict[str, str]:
    """Return path -> sha256 of a figure's files."""
    return {f"figures/{name}.svg": digest(drawing.svg.encode()), f"figures/{name}.png": digest(drawing.png)}


def _options(records: ReportRecords) -> Row:
    equating = records.equating
    return {
        "title": records.title,
        "groups": plain(Any, records.groups),
        "questions": list(records.questions),
        "equating": None if equating is None else equating_content(equating),
        "assume_english": records.assume_english,
        "pages": records.answers,
    }


def report_records(content: Row, folder: Path) -> ReportRecords:
    """Return what a report was made of.

    Args:
        content: What `formats.excerpt.read_records` returned.
        folder: The report's, for errors.

    Raises:
        UserError: The records aren't as this package wrote them; the place is named.
    """
    place = str(folder / RECORDS)
    told, exams = content.get("equating"), content.get("exams")
    return ReportRecords(
        title=str(content.get("title")),
        study=_study(content, place),
        groups=restored(dict[str, Any], content.get("groups"), f"{place}, groups"),
        questions=restored(tuple[QuestionId, ...], content.get("questions"), f"{place}, questions"),
        exams=restored(tuple[Exam, ...], exams, f"{place}, exams"),
        equating=None if told is None else equating_of(restored(dict[str, Any], told, f"{place}, equating"), place),
        assume_english=bool(content.get("assume_english")),
        answers=bool(content.get("pages")),
    )


def _study(content: Row, place: str) -> Study:
    asked, answers = (restored(Texts, content.get(name), f"{place}, {name}") for name in ("asked", "answers"))
    lines = (restored(tuple[str, ...], content.get(name), f"{place}, {name}") for name in ("sources", "notes"))
    sources, notes = lines
    return Study(
        ratings=ratings_of(content, place),
        preferences=preferences_of(content, place),
        costs=restored(tuple[Cost, ...], content.get("costs"), f"{place}, costs"),
        questions=dict(asked),
        answers=dict(answers),
        agreement=restored(dict[str, object] | None, content.get("agreement"), f"{place}, agreement"),
        sources=sources,
        notes=notes,
    )

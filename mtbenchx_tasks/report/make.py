"""From paths to the finished folder: the one function behind `mtbenchx report`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mtbenchx_tasks.formats.benchmark import NOTHING, Told
from mtbenchx_tasks.formats.content import Study
from mtbenchx_tasks.formats.equating import read_equating
from mtbenchx_tasks.formats.excerpt import RECORDS, digest
from mtbenchx_tasks.formats.study import read_study
from mtbenchx_tasks.rating.predicted import place
from mtbenchx_tasks.report.browse import browse_pages
from mtbenchx_tasks.report.contents import Chapter, chapters
from mtbenchx_tasks.report.exams import read_exams
from mtbenchx_tasks.report.figures.drawing import Rendered, check_matplotlib
from mtbenchx_tasks.report.groups import read_groups
from mtbenchx_tasks.report.page import Head, page
from mtbenchx_tasks.report.records import ReportRecords, records_file
from mtbenchx_tasks.report.sections import sections
from mtbenchx_tasks.report.tables.answers import check_questions, parse_questions
from mtbenchx_tasks.report.tables.faults import without_faults
from mtbenchx_tasks.report.write import draw_all, files_of, prepare, write_all

LEAD = (
    "Ratings of a judge on a scale of 1 to 10. A failed judgment is not a number: it is in no mean, and beside every "
    "mean stands how many answers were scored, of how many."
)


def make_report(
    paths: Sequence[Path],
    out: Path,
    *,
    groups: Path | None = None,
    questions: str | None = None,
    told: Told = NOTHING,
    title: str = "MT-Bench-X report",
    figures: bool = True,
    drop_faults: bool = False,
    scale: Path | None = None,
    assume_english: bool = False,
    answers: bool = True,
) -> tuple[Study, list[Path]]:
    """Read, compute, draw and write.

    Args:
        paths: Results folders, ledgers, judgment files, votes, agreement.json.
        out: The folder to write.
        groups: A YAML of models' labels, families, mixtures, and their order.
        questions: Ids whose answers are shown, e.g. `81,82`.
        told: Language and benchmark of files that don't tell them.
        title: The page's heading.
        figures: Whether to draw.
        drop_faults: Whether questions are left out whose task translation changed in one of the languages.
        scale: An equating, to show what an old judge would have given.
        assume_english: Whether English's scale is taken for languages without anchors.
        answers: Whether every question has a page with all answers and judgments.

    Returns:
        What was read, and the written files, the page first.

    Raises:
        UserError: Something can't be read, drawn or written; it is named.
    """
    if figures:
        check_matplotlib()
    chosen, known_groups = parse_questions(questions), read_groups(groups)
    equating = None if scale is None else read_equating(scale)
    prepare(out)
    study = read_study(paths, told)
    if drop_faults:
        study = without_faults(study)
    check_questions(chosen, study)
    exams = read_exams(study)
    records = ReportRecords(title, study, known_groups, tuple(chosen), exams, equating, assume_english, answers)
    found = chapters_of(records)
    drawn = draw_all(found) if figures else {}
    kept = records_file(records, drawn) if answers else None
    return study, write_all(out, report_files(records, found, drawn, kept))


def chapters_of(records: ReportRecords) -> list[Chapter]:
    """Compute everything that the page shows."""
    equating, study = records.equating, records.study
    placed = None if equating is None else place(equating, study.ratings, assume_english=records.assume_english)
    return chapters(study, records.groups, records.questions, records.exams, placed)


def report_files(
    records: ReportRecords, found: Sequence[Chapter], drawn: Mapping[str, Rendered], kept: bytes | None
) -> dict[str, str | bytes]:
    """Return path -> content of the whole folder, the page first.

    Args:
        records: What the report is made of.
        found: What `chapters_of` returned.
        drawn: Name of a figure -> its drawing.
        kept: The records that the numbers come from, for `mtbenchx verify`; None: they aren't kept.
    """
    study = records.study
    pages = browse_pages(study, records.groups) if records.answers else {}
    head = Head(records.title, LEAD, facts(study), study.sources, notes(study), "" if kept is None else digest(kept))
    html = page(head, found, drawn, has_answers=bool(pages))
    files = files_of(html, found, drawn, pages)
    return files if kept is None else {**files, RECORDS: kept}


def facts(study: Study) -> dict[str, str]:
    """Return the numbers on top of the page."""
    models = {rating.model.name for rating in study.ratings}
    models |= {model.name for preference in study.preferences for model in preference.models}
    languages = {rating.item.language for rating in study.ratings} | {
        preference.item.language for preference in study.preferences
    }
    scored = sum(rating.value is not None for rating in study.ratings)
    found = {"Models": str(len(models)), "Languages": str(len(languages))}
    if study.ratings:
        found |= {"Ratings": f"{scored:,}", "Judgments": f"{len(study.ratings):,}"}
    if study.preferences:
        found["Comparisons"] = f"{len(study.preferences):,}"
    return found


def notes(study: Study) -> tuple[str, ...]:
    """Return what the reader must know, the split into sections first."""
    found = sections(study.ratings)
    split = (
        (f"Ratings were given under {len(found)} different conditions, which are never put in one table: "
         + "; ".join(section.name for section in found) + ".",)
        if len(found) > 1
        else ()
    )  # fmt: skip
    nothing = sum(rating.value is not None for rating in study.ratings) == 0 and bool(study.ratings)
    unscored = ("No judgment gave a rating: all cells are empty.",) if nothing else ()
    return (*split, *unscored, *study.notes)

"""The judges' exams in a report: a chapter for each judge ("judge card"), and one line beside its scores."""

from collections.abc import Sequence
from pathlib import Path

from hf_datasets.ledger.store import open_ledger
from mtbenchx_tasks.formats.content import Study
from mtbenchx_tasks.meta_evaluation.exam.run import exams_in
from mtbenchx_tasks.meta_evaluation.exam.score import Exam
from mtbenchx_tasks.meta_evaluation.exam.table import verdict_line


def read_exams(study: Study) -> tuple[Exam, ...]:
    """Return every exam that the ledgers of a study hold.

    Raises:
        UserError: A ledger is damaged.
    """
    found: list[Exam] = []
    for file in dict.fromkeys(study.exams):
        path = Path(file)
        with open_ledger(path, read_only=True) as ledger:
            found += [exam for exam in exams_in(ledger) if exam not in found]
    return tuple(found)


def verdicts_on(judge: str, exams: Sequence[Exam]) -> tuple[str, ...]:
    """Return the verdict on a judge, in one line for each way in which it was examined."""
    return tuple(verdict_line(exam) for exam in exams if exam.judge == judge)

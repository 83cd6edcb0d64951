"""The exam from end to end: asked where the ledger lacks something, read back from it, scored."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from hf_datasets.ledger.store import Ledger
from hf_datasets.shared.files import slug, write_file
from mtbenchx_tasks.judge.engines.engine import ledger_of
from mtbenchx_tasks.judge.engines.factory import EngineFor
from mtbenchx_tasks.judge.engines.plan import Planner
from mtbenchx_tasks.judge.prices import Price
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.latex import to_latex
from mtbenchx_tasks.meta_evaluation.exam.ask import PUBLIC, ExamPart, Form, ask, fresh_form, note
from mtbenchx_tasks.meta_evaluation.exam.reading import ExamAnswers, read_exams, shared_rule
from mtbenchx_tasks.meta_evaluation.exam.score import Exam, score
from mtbenchx_tasks.meta_evaluation.exam.table import exam_tables, sentences, verdict_line
from mtbenchx_tasks.tables import to_csv

SAME: Literal["same"] = "same"
ENGLISH: Literal["en"] = "en"


@dataclass(frozen=True)
class ExamResult:
    """A finished exam."""

    exam: Exam
    missing: int
    """Requests without a result; the next run asks them again."""


def examine(
    settings: JudgeSettings, part: ExamPart, engine_for: EngineFor, *, fresh: bool = False, both_prompts: bool = False
) -> ExamResult:
    """Have a judge sit the exam, and score it.

    Args:
        settings: The judge's.
        part: What is asked.
        engine_for: Who asks.
        fresh: Whether also a form that nobody has seen is asked (see ask.fresh_form).
        both_prompts: Whether all is asked with prompts in the language and in English.

    Raises:
        UserError: See ask.ask.
    """
    ways = [replace(settings, prompt_language=SAME), replace(settings, prompt_language=ENGLISH)]
    asked = [ask(way, part, PUBLIC, engine_for) for way in (ways if both_prompts else [settings])]
    rule = shared_rule(json.loads(asked[0][1][0]))
    form = _fresh(settings, rule) if fresh else None
    if form is not None:
        asked += [ask(way, part, form, engine_for) for way in (ways if both_prompts else [settings])]
    wanted = SAME if both_prompts else settings.prompt_language
    found = {
        answers.prompt_language: _part(answers, part, settings.runs, form) for answers in _exam_answers(settings, rule)
    }
    own = found.get(wanted) or found.get(SAME) or next(iter(found.values()))
    return ExamResult(score(own, found.get(ENGLISH) if both_prompts else None), sum(missing for missing, _ in asked))


def _exam_answers(settings: JudgeSettings, rule: str) -> list[ExamAnswers]:
    return [answers for answers in read_exams(ledger_of(settings), settings.slug) if shared_rule(answers.rule) == rule]


def _fresh(settings: JudgeSettings, rule: str) -> Form:
    snapshots = {name for answers in _exam_answers(settings, rule) for name in answers.snapshots}
    return fresh_form(sorted(snapshots) or [settings.model])


def _part(answers: ExamAnswers, part: ExamPart, runs: int, form: Form | None) -> ExamAnswers:
    """Keep what was asked for, of all that the ledger holds."""
    items = {*part.items(PUBLIC), *(part.items(form) if form else ())}
    return answers.only(lambda one: one.item in items and one.mode in part.modes and one.run < runs)


def plan_exam(
    settings: JudgeSettings,
    part: ExamPart,
    prices: Mapping[str, Price] | None = None,
    *,
    fresh: bool = False,
    both_prompts: bool = False,
) -> Planner:
    """Return the very requests that `examine` would send; no key is needed, and nothing is sent.

    Of a fresh form it notes as many others of another seed, since that of the judge's snapshot may not be known yet.
    """
    planner = Planner(prices)
    ways = [replace(settings, prompt_language=ENGLISH)] if both_prompts else []
    forms = [PUBLIC, *([fresh_form([settings.model])] if fresh else [])]
    for way in (settings, *ways):
        for form in forms:
            note(way, part, form, planner)
    return planner


def exams_in(ledger: Ledger, judge: str | None = None) -> list[Exam]:
    """Return the exams that a ledger holds, the one with prompts in English told beside that in the language."""
    groups: dict[tuple[str, str], dict[str, ExamAnswers]] = {}
    for answers in read_exams(ledger, judge):
        if answers.outcomes:
            groups.setdefault((answers.judge, shared_rule(answers.rule)), {})[answers.prompt_language] = answers
    exams = []
    for ways in groups.values():
        first = ways.get(SAME) or next(iter(ways.values()))
        english = ways.get(ENGLISH)
        exams.append(score(first, None if english is first else english))
    return exams


def write_exam(folder: Path, exam: Exam, ending: str = "") -> list[Path]:
    """Write exam-JUDGE.json with every number, its text, and CSV and LaTeX of its tables; returns the files.

    Args:
        folder: Where to.
        exam: A result.
        ending: Behind the names of the files, where a judge has several exams.

    Raises:
        UserError: The folder can't be written.
    """
    name = f"exam-{slug(exam.judge)}{ending}"
    contents = {
        f"{name}.json": json.dumps(exam.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        f"{name}.txt": "\n".join([verdict_line(exam), *sentences(exam)]) + "\n",
    }
    for table in exam_tables(exam):
        contents |= {f"{table.name}{ending}.csv": to_csv(table), f"{table.name}{ending}.tex": to_latex(table)}
    for file, content in contents.items():
        write_file(folder / file, content)
    return [folder / file for file in contents]

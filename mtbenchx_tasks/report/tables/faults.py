"""Questions that translation changed: how many, what the means are without them, and a study without them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from hf_datasets.benchmark.question_faults import MINOR, changed_questions, question_faults
from hf_datasets.benchmark.references import CORRECTED
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.benchmark import MTBENCH_X
from mtbenchx_tasks.formats.content import Study
from mtbenchx_tasks.records import Rating
from mtbenchx_tasks.report.groups import ShownModel
from mtbenchx_tasks.report.sections import RatedTurn, Section
from mtbenchx_tasks.report.tables.scores import language_name, show_mean
from mtbenchx_tasks.stats.cells import average_of
from mtbenchx_tasks.tables import Row, Table

OPTION = "--questions-without-faults"


def asks_published(rating: Rating) -> bool:
    """Tell whether a published question of MT-Bench-X was asked; files that name no question set knew no other."""
    return rating.item.benchmark == MTBENCH_X and rating.conditions.task.get("question_set") != CORRECTED


def without_faults(study: Study) -> Study:
    """Return a study without the ratings of questions whose task translation changed in one of its languages.

    A question is left out of every language, with both its turns, so that the same questions are compared. The
    corrected questions and other benchmarks stay, and so do comparisons of models, which are within a language. A note
    says which questions are left out.

    Raises:
        UserError: No rating is left.
    """
    languages = {rating.item.language for rating in study.ratings if asks_published(rating)}
    changed = changed_questions(languages)
    kept = [rating for rating in study.ratings if rating.item.question_id not in changed or not asks_published(rating)]
    if study.ratings and not kept:
        raise UserError(f"Translation changed every question that was rated; run it without {OPTION}.")
    ids = ", ".join(map(str, sorted(changed))) or "none"
    note = f"Left out by {OPTION}, as translation changed them in a language of this report: {ids}."
    return replace(study, ratings=tuple(kept), notes=(*study.notes, note))


def faults_table(section: Section, models: Sequence[ShownModel]) -> Table | None:
    """Return each average over all questions and without those that translation changed; None if there are none."""
    changed = changed_questions(section.languages)
    affected = [answer for answer in section.answers if asks_published(answer.ratings[0])]
    if not any(answer.question_id in changed for answer in affected):
        return None
    rows: list[Row] = []
    records = []
    for model in models:
        cells = []
        for language in section.languages:
            answers = section.cell(model.name, language)
            means = average_of(answers), average_of(_others(answers, changed))
            cells += [show_mean(mean) for mean in means]
            records.append(
                {"model": model.name, "language": language, "average": means[0].value, "without": means[1].value}
            )
        rows.append((model.label, *cells))
    return Table(
        "question-faults",
        "Without the questions that translation changed",
        ("Model", *(column for code in section.languages for column in (code, f"{code} without"))),
        tuple(rows),
        f"Average per model over all questions, and without the {len(changed)} whose task is another than in English "
        f"in one of these languages; {OPTION} leaves them out of the whole report, the question set `corrected` mends "
        "them.",
        tuple(map(_counts, section.languages)),
        tuple(records),
    )


def _others(answers: Sequence[RatedTurn], changed: frozenset[int]) -> list[RatedTurn]:
    return [answer for answer in answers if answer.question_id not in changed]


def _counts(language: str) -> str:
    """How many turns of a language have a fault, by severity."""
    counted = Counter(fault.severity for fault in question_faults(language))
    changed = counted.total() - counted[MINOR]
    return f"{language_name(language)}: {changed} turns with another task, {counted[MINOR]} with minor faults."

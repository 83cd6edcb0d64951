"""What stands in a report and in which order: pure functions of the record that was read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from markupsafe import Markup

from hf_datasets.records import QuestionId
from hf_datasets.shared.files import slug
from mtbenchx_tasks.formats.content import Study
from mtbenchx_tasks.meta_evaluation.agreement.read import read_agreement
from mtbenchx_tasks.meta_evaluation.agreement.tables import agreement_tables
from mtbenchx_tasks.meta_evaluation.exam.score import Exam
from mtbenchx_tasks.meta_evaluation.exam.table import exam_tables, sentences, verdict_line
from mtbenchx_tasks.rating.predicted import Placed
from mtbenchx_tasks.rating.predicted_tables import predicted_tables
from mtbenchx_tasks.records import Preference
from mtbenchx_tasks.report.exams import verdicts_on
from mtbenchx_tasks.report.figures import pairs as pair_figures
from mtbenchx_tasks.report.figures import scores as score_figures
from mtbenchx_tasks.report.figures.drawing import Figure
from mtbenchx_tasks.report.groups import ShownModel, grouped
from mtbenchx_tasks.report.sections import Section, sections
from mtbenchx_tasks.report.tables import pairs as pair_tables
from mtbenchx_tasks.report.tables import quality as quality_tables
from mtbenchx_tasks.report.tables import scores as score_tables
from mtbenchx_tasks.report.tables.answers import answers_html, answers_table, by_question, votes_html
from mtbenchx_tasks.report.tables.faults import faults_table
from mtbenchx_tasks.report.tables.gains import gains, gains_table
from mtbenchx_tasks.report.tables.ranking import ranking_tables
from mtbenchx_tasks.report.tables.result import result_table, what_next
from mtbenchx_tasks.stats.cells import Resampler
from mtbenchx_tasks.stats.paired_tests import ModelPair, paired
from mtbenchx_tasks.stats.upper_limits import TIE_CLASSES
from mtbenchx_tasks.tables import Table, quantity

MOST_VOTE_FIGURES = 16
"""Pairs with bars of their own; the tables hold all."""
FEWEST_RANKED = 3
"""Models from which a ranking says more than the table of their pair."""
MOST_PARTS = 10
"""Partial results that are named above the scores; every table says beside its means what they rest on."""


@dataclass(frozen=True)
class Html:
    """A finished piece of the page; everything foreign in it is escaped."""

    html: Markup


@dataclass(frozen=True)
class Chapter:
    """One part of the page."""

    title: str
    parts: tuple[Table | Figure | Html, ...]
    """In order."""
    remarks: tuple[str, ...] = field(default=())
    """Paragraphs under the heading."""
    opens: bool = False
    """Whether it stands on top of the page, before counts and conditions."""

    @property
    def anchor(self) -> str:
        """Its id in the page."""
        return slug(self.title).lower()


def chapters(
    study: Study,
    groups: Mapping[str, Any],
    questions: Sequence[QuestionId],
    exams: Sequence[Exam] = (),
    placed: Placed | None = None,
) -> list[Chapter]:
    """Return the whole report.

    Args:
        study: What was read.
        groups: Models' labels, families and mixtures.
        questions: Ids whose answers are shown.
        exams: Exams of the judges.
        placed: What an old judge would have said.
    """
    found = sections(study.ratings)
    names = {rating.model.name for rating in study.ratings} | _in_pairs(study)
    models = grouped(sorted(names, key=lambda name: (name.casefold(), name)), groups)
    parts = []
    for place, section in enumerate(found, start=1):
        several = len(found) > 1
        prefix, told = (f"{slug(section.conditions.judge)[:40]}-{place}-", f": {section.name}") if several else ("", "")
        first, *others = _scores(
            section,
            [model for model in models if model.name in section.models],
            study,
            questions,
            prefix=prefix,
            told=told,
        )
        examined = verdicts_on(section.conditions.judge, exams)
        parts += [replace(first, remarks=(*first.remarks, *examined)), *others]
    labels = {model.name: model.label for model in models}
    parts += _predicted(placed) + _ranking(study, labels) + _pairs(study, questions, labels)
    parts += _exams(exams)
    if study.agreement is not None:
        parts.append(Chapter("Agreement of people and judges", tuple(_agreement(study.agreement))))
    if study.costs:
        parts.append(Chapter("Cost of judging", (quality_tables.cost_table(study.costs),)))
    return parts


def _exams(exams: Sequence[Exam]) -> list[Chapter]:
    """Return the judges' cards."""
    several = len(exams) > 1
    return [
        Chapter(
            f"Exam of the judge {exam.judge}" + (f" ({number} of {len(exams)})" if several else ""),
            named(exam_tables(exam), f"{number}-" if several else ""),
            (verdict_line(exam), *sentences(exam)),
        )
        for number, exam in enumerate(exams, start=1)
    ]


def _predicted(placed: Placed | None) -> list[Chapter]:
    """What an old judge would have said stands beside what the new one said, and in no other table."""
    if placed is None:
        return []
    title = f"Predicted, not rated: on the scale of {placed.equating.old.name}"
    return [Chapter(title, tuple(predicted_tables(placed)), placed.notes)]


def _agreement(loaded: Mapping[str, object]) -> list[Table]:
    """Return the paper's Table 3 in the first tie mode that agreement.json holds."""
    found = read_agreement(loaded)
    modes = [mode for mode in TIE_CLASSES if any(one.tie_mode == mode for one in found.statistics)]
    return agreement_tables(found, modes[0]) if modes else []


def _in_pairs(study: Study) -> set[str]:
    return {model.name for preference in study.preferences for model in preference.models}


def _scores(
    section: Section,
    models: Sequence[ShownModel],
    study: Study,
    questions: Sequence[QuestionId],
    *,
    prefix: str,
    told: str,
) -> list[Chapter]:
    resampler = Resampler(section)
    tested = paired([model.name for model in models], resampler)
    title = f"Scores: {section.name}"
    labels = {model.name: model.label for model in models}
    result = result_table(section, models, resampler), score_figures.averages(section, models, resampler)
    parts: list[Table | Figure | Html | None] = []
    for turn in section.turns:
        parts += [score_figures.heatmap(section, models, turn)] if len(section.languages) > 1 else []
        parts.append(score_tables.turn_table(section, models, turn))
    for language in section.languages:
        parts.append(score_tables.category_table(section, models, language))
        parts.append(score_figures.radar(section, models, language))
    next_steps = tuple(what_next(section, tested, labels, study.costs))
    chapter = [
        Chapter(f"Result: {section.name}", named(result, prefix), next_steps, opens=True),
        Chapter(title, named(parts, prefix), (_sizes(section), quality_tables.snapshots_note(section))),
        Chapter(f"How sure{told}", named(_sureness(section, models, resampler, tested), prefix)),
    ]
    gained = gains(section, models, resampler)
    if gained:
        shown = (score_figures.gains_figure(gained), gains_table(gained, section.languages))
        chapter.append(Chapter(f"One language or several{told}", named(shown, prefix)))
    quality = (
        quality_tables.unscored_table(section, models),
        score_tables.missing_table(section, models),
        quality_tables.language_table(section, models),
        quality_tables.length_table(section, models),
    )
    chapter.append(Chapter(f"Answers and what is missing{told}", named(quality, prefix)))
    if questions:
        cards, table = answers_html(section, models, study, questions), answers_table(section, models, questions)
        chapter.append(Chapter(f"Answers side by side{told}", named([Html(cards), table], prefix)))
    return chapter


def _sureness(
    section: Section, models: Sequence[ShownModel], resampler: Resampler, tested: Sequence[ModelPair]
) -> list[Table | Figure | Html | None]:
    tables: list[Table | Figure | Html | None] = [score_tables.uncertainty_table(section, models, resampler)]
    tables.append(faults_table(section, models))
    languages = dict.fromkeys(pair.language for pair in tested)
    return [*tables, *(score_tables.pairs_table(tested, models, language) for language in languages)]


def _sizes(section: Section) -> str:
    times = sorted({len(answer.runs) for answer in section.answers})
    runs = quantity(times[0], "judge run")
    runs = runs if len(times) == 1 else f"{times[0]} to {times[-1]} judge runs an answer"
    told = [f"{name.replace('_', ' ')}: {value}" for name, value in section.conditions.told.items()]
    parts = [
        f"{model} in {language}, {part}"
        for model, language in section.by_cell
        if (part := section.part(model, language))
    ]
    if parts:
        more = f" and {len(parts) - MOST_PARTS} more" * (len(parts) > MOST_PARTS)
        told.append(f"partial, so that means aren't the benchmark's: {'; '.join(parts[:MOST_PARTS])}{more}")
    return (
        f"{quantity(len(section.models), 'model')}, {quantity(len(section.languages), 'language')}, "
        f"{len(section.answers):,} answers, {runs}. " + ("; ".join(told) + "." if told else "")
    )


def named(parts: Sequence[Table | Figure | Html | None], prefix: str = "") -> tuple[Table | Figure | Html, ...]:
    """Drop what there is nothing for, and give each file a name of its own, whatever a language is called."""
    return tuple(
        part if isinstance(part, Html) else replace(part, name=slug(prefix + part.name))
        for part in parts
        if part is not None
    )


def _labelled(preference: Preference, labels: Mapping[str, str]) -> Preference:
    """Return a preference whose models have the names that the tables show."""
    return replace(
        preference,
        models=frozenset(replace(model, name=labels[model.name]) for model in preference.models),
        winner=preference.winner and labels[preference.winner],
        answers={labels[name]: text for name, text in preference.answers.items()},
        games=tuple(
            replace(game, first=labels[game.first], winner=game.winner and labels[game.winner])
            for game in preference.games
        ),
    )


def _ranking(study: Study, labels: Mapping[str, str]) -> list[Chapter]:
    """Return the order of the models where more than two were compared."""
    if len(_in_pairs(study)) < FEWEST_RANKED:
        return []
    tables = ranking_tables([_labelled(preference, labels) for preference in study.preferences], style=True)
    return [Chapter("Ranking", named(tables), opens=not study.ratings)] if tables else []


def _pairs(study: Study, questions: Sequence[QuestionId], labels: Mapping[str, str]) -> list[Chapter]:
    found = pair_tables.duels([_labelled(preference, labels) for preference in study.preferences])
    if not found:
        return []
    parts: list[Table | Figure | Html | None] = []
    for number, duel in enumerate(found, start=1):
        parts += [pair_figures.bars(duel, number)] if number <= MOST_VOTE_FIGURES else []
        parts.append(pair_tables.rates_table(duel, number))
    parts += [pair_tables.bias_table(found), pair_tables.length_preference_table(found)]
    cut = f"Bars are drawn for the first {MOST_VOTE_FIGURES} of {len(found)} pairs; the tables hold all."
    remarks = (cut,) if len(found) > MOST_VOTE_FIGURES else ()
    chapter = [Chapter("Pairs of models: judges and people", named(parts), remarks)]
    compared = by_question(found)
    said = votes_html([one for question in questions for one in compared.get(question, ())])
    return [*chapter, Chapter("What was said of pairs", (Html(said),))] if said else chapter

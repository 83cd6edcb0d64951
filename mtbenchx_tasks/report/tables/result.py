"""The result: every model's average, its rank, and what of the order is more than chance."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtbenchx_tasks.formats.content import Cost
from mtbenchx_tasks.report.groups import ShownModel
from mtbenchx_tasks.report.sections import Section
from mtbenchx_tasks.report.tables.scores import language_name
from mtbenchx_tasks.stats.cells import Resampler, average_of, n_questions
from mtbenchx_tasks.stats.intervals import Interval
from mtbenchx_tasks.stats.paired_tests import ModelPair
from mtbenchx_tasks.stats.ranking import FEWEST_QUESTIONS, simultaneous_ranks
from mtbenchx_tasks.tables import Cell, Row, Table, interval_text, number

if TYPE_CHECKING:
    from mtbenchx_tasks.stats.intervals import Array

MOST_LANGUAGES = 6
"""Languages that have a column each; the tables below hold all."""


@dataclass(frozen=True)
class RankedAverage:
    """One model's place."""

    model: ShownModel
    average: float | None
    """Mean over the section's languages of the mean of the category means; None unless all languages have one."""
    interval: Interval | None
    ranks: tuple[int, int] | None
    """From 1 + how many are better beyond chance to how many aren't worse; None where it can't be told."""


def places(section: Section, models: Sequence[ShownModel], resampler: Resampler) -> list[RankedAverage]:
    """Return the models, the best first; those that lack a language stand last and have no rank."""
    values = {model.name: _over_languages(section, model.name) for model in models}
    whole = [model for model in models if values[model.name] is not None]
    draws = {model.name: _draws(section, model.name, resampler) for model in whole}
    ranks = _ranks([values[model.name] or 0.0 for model in whole], [draws[model.name] for model in whole], section)
    rank_of = {model.name: rank for model, rank in zip(whole, ranks, strict=True)}
    found = []
    for model in models:
        interval = None
        if model in whole:
            answers = [answer for answer in section.answers if answer.model == model.name]
            interval = resampler.interval(draws[model.name], n_questions(answers))
        found.append(RankedAverage(model, values[model.name], interval, rank_of.get(model.name)))
    return sorted(found, key=lambda place: (place.average is None, -(place.average or 0.0)))


def _over_languages(section: Section, model: str) -> float | None:
    means = [average_of(section.cell(model, language)).value for language in section.languages]
    known = [mean for mean in means if mean is not None]
    return sum(known) / len(known) if known and len(known) == len(means) else None


def _draws(section: Section, model: str, resampler: Resampler) -> "Array":
    import numpy as np

    draws: Array = np.mean([resampler.averages(model, language) for language in section.languages], axis=0)
    return draws


def _ranks(values: Sequence[float], draws: "Sequence[Array]", section: Section) -> list[tuple[int, int] | None]:
    """Rank by the covariance of the draws, in which all models have the same questions."""
    import numpy as np

    questions = n_questions(section.answers)
    if len(values) < 2 or questions < FEWEST_QUESTIONS:  # noqa: PLR2004
        return [None] * len(values)
    table = np.array(draws)
    finite = table[:, np.isfinite(table).all(axis=0)]
    if finite.shape[1] < 2:  # noqa: PLR2004
        return [None] * len(values)
    return list(simultaneous_ranks(np.array(values), np.cov(finite), questions))


def result_table(section: Section, models: Sequence[ShownModel], resampler: Resampler) -> Table:
    """Return the ranked table: rank, model, average with interval, each language, and what it rests on."""
    languages = section.languages if 1 < len(section.languages) <= MOST_LANGUAGES else ()
    rows: list[Row] = []
    records = []
    for place in places(section, models, resampler):
        answers = [answer for answer in section.answers if answer.model == place.model.name]
        scored = sum(answer.rating is not None for answer in answers)
        asked = len({(answer.language, answer.question_id) for answer in answers})
        rows.append(
            (place.model.label, _ranks_text(place.ranks), Cell(number(place.average), strong=True),
             interval_text(place.interval),
             *(number(average_of(section.cell(place.model.name, code)).value) for code in languages),
             f"{scored:,}/{len(answers):,}", _asked(section, asked))
        )  # fmt: skip
        low, high = (place.interval.low, place.interval.high) if place.interval else (None, None)
        first, last = place.ranks or (None, None)
        records.append(
            {"model": place.model.name, "rank_from": first, "rank_to": last, "average": place.average, "low": low,
             "high": high, "n_scored": scored, "n_total": len(answers), "questions": asked}
        )  # fmt: skip
    over = "the languages' averages" if len(section.languages) > 1 else "the category means"
    return Table(
        "result",
        "Result",
        ("Model", "Rank", "Average", "95 %", *map(language_name, languages), "Scored", "Questions"),
        tuple(rows),
        f"Average: mean of {over}, 1 to 10. Rank: from 1 + the number of models that are better beyond chance to the "
        "number that aren't worse, all differences tested together at 5 %: models whose ranks overlap can't be told "
        "apart by these questions.",
        records=tuple(records),
    )


def _ranks_text(ranks: tuple[int, int] | None) -> str:
    if ranks is None:
        return ""
    return str(ranks[0]) if ranks[0] == ranks[1] else f"{ranks[0]}-{ranks[1]}"


def _asked(section: Section, asked: int) -> str:
    of = len(section.expected) * len(section.languages)
    return f"{asked:,} of {of:,}" if of else f"{asked:,}"


def what_next(
    section: Section, tested: Sequence[ModelPair], labels: Mapping[str, str], costs: Sequence[Cost]
) -> list[str]:
    """Return what the order rests on and what would settle what is open, a sentence each.

    Args:
        section: The ratings.
        tested: Its pairs of models.
        labels: Name -> how tables call the model.
        costs: Of all judgments that were read.
    """
    return [*_open_pairs(tested, labels), *_judge(section), *_spent(costs)]


def _open_pairs(tested: Sequence[ModelPair], labels: Mapping[str, str]) -> Iterator[str]:
    """Name the pair of each language with the largest difference that can't be told apart, and what would help."""
    for language in dict.fromkeys(pair.language for pair in tested):
        pairs = [pair for pair in tested if pair.language == language]
        undecided = [pair for pair in pairs if pair.p_holm is not None and pair.p_holm > 0.05]  # noqa: PLR2004
        if undecided:
            widest = max(undecided, key=lambda pair: abs(pair.difference or 0.0))
            one, other = (labels[name] for name in widest.models)
            count = f"{language_name(language)}: {len(undecided)} of {len(pairs)} pairs of models can't be told apart"
            yield f"{count}. The largest such difference, {one} and {other}: {widest.verdict}."


def _judge(section: Section) -> Iterator[str]:
    if section.runs == 1:
        yield "One run of the judge: its own noise isn't measured; mtbenchx judge --runs 3 measures it."


def _spent(costs: Sequence[Cost]) -> Iterator[str]:
    known = [cost.dollars for cost in costs if cost.dollars is not None]
    if costs:
        dollars = f"{sum(known):,.2f} dollars" if len(known) == len(costs) else "its price isn't known"
        yield f"Judging: {sum(cost.judgments for cost in costs):,} paid judgments, {dollars}."

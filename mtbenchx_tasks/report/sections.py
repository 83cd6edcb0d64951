"""Splitting ratings by the conditions they were given under: nothing is merged that two judges or versions said."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean

from hf_datasets.records import CATEGORIES
from mtbenchx_tasks.formats.benchmark import every_question
from mtbenchx_tasks.records import Conditions, Judged
from mtbenchx_tasks.stats.means import answer_rating


@dataclass(frozen=True)
class Answer:
    """One answer with all its ratings."""

    model: str
    """Who answered."""
    language: str
    """Language of the question."""
    question_id: int
    """Id of the question."""
    category: str
    """Its category."""
    turn: int
    """1 or 2."""
    judged: tuple[Judged, ...]
    """Per repeat and run."""

    @cached_property
    def rating(self) -> float | None:
        """Mean of the valid runs, then of the repeats; None without one."""
        repeats: dict[int, list[float | None]] = {}
        for item in self.judged:
            repeats.setdefault(item.repeat, []).append(item.rating)
        return answer_rating(repeats.values())

    @cached_property
    def runs(self) -> frozenset[int]:
        """Numbers of the judge runs that it was in."""
        return frozenset(item.run for item in self.judged)

    def of_run(self, run: int) -> float | None:
        """Return the rating of one run; None without one."""
        values = [item.rating for item in self.judged if item.run == run and item.rating is not None]
        return fmean(values) if values else None


@dataclass(frozen=True)
class Section:
    """What may be put in one table: ratings under the same conditions."""

    name: str
    """In words: the judge and what else tells it from other sections."""
    conditions: Conditions
    """What all have in common."""
    answers: tuple[Answer, ...]
    """Every answer, with all ratings."""

    @cached_property
    def models(self) -> tuple[str, ...]:
        """The models, in order of appearance."""
        return tuple(dict.fromkeys(answer.model for answer in self.answers))

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages: the benchmark's order, then others by name."""
        return ordered_languages(answer.language for answer in self.answers)

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """The categories present, in MT-Bench's order; others behind."""
        present = dict.fromkeys(answer.category for answer in self.answers)
        return (*(name for name in CATEGORIES if name in present), *(n for n in present if n not in CATEGORIES))

    @cached_property
    def runs(self) -> int:
        """How many judge runs there are at most."""
        return 1 + max((item.run for answer in self.answers for item in answer.judged), default=0)

    @cached_property
    def by_cell(self) -> dict[tuple[str, str], tuple[Answer, ...]]:
        """(model, language) -> its answers."""
        cells: dict[tuple[str, str], list[Answer]] = {}
        for answer in self.answers:
            cells.setdefault((answer.model, answer.language), []).append(answer)
        return {key: tuple(found) for key, found in cells.items()}

    @cached_property
    def expected(self) -> Mapping[int, str]:
        """Question id -> category of every question that the benchmark has; empty if that isn't known."""
        return every_question(self.conditions.benchmark)

    def part(self, model: str, language: str, turn: int | None = None, category: str | None = None) -> str:
        """Return `5 of 80 questions` where a model was asked only so many, "" where all or nobody knows."""
        wanted = {number for number, of in self.expected.items() if category in (None, of)}
        asked = {answer.question_id for answer in self.cell(model, language, turn, category)}
        return f"{len(asked & wanted)} of {len(wanted)} questions" if asked and wanted - asked else ""

    def part_of_categories(self, model: str, language: str, turn: int | None = None) -> str:
        """Return `3 of 8 categories` where a model has ratings in only so many, "" where in all or in none."""
        every = set(self.expected.values()) or set(self.categories)
        rated = {answer.category for answer in self.cell(model, language, turn) if answer.rating is not None}
        return f"{len(rated & every)} of {len(every)} categories" if rated and every - rated else ""

    def cell(self, model: str, language: str, turn: int | None = None, category: str | None = None) -> list[Answer]:
        """Return one model's answers in one language, of one turn and category or all."""
        return [
            answer
            for answer in self.by_cell.get((model, language), ())
            if turn in (None, answer.turn) and category in (None, answer.category)
        ]


LANGUAGE_ORDER = ("en", "de", "fr", "it", "es")


def ordered_languages(languages: Iterable[str]) -> tuple[str, ...]:
    """Return distinct languages: the paper's in its order, then others by name."""
    present = set(languages)
    known = [language for language in LANGUAGE_ORDER if language in present]
    return (*known, *sorted(present - set(known)))


def sections(judged: Sequence[Judged]) -> list[Section]:
    """Split ratings by their conditions; never merge what two judges, prompt sets or versions said.

    Prompts and references have other hashes in each language, so hashes tell sections apart only within one.
    """
    groups: dict[Conditions, list[Judged]] = {}
    for item in judged:
        groups.setdefault(item.conditions, []).append(item)
    merged = _without_hash(_english_joined(groups))
    found = []
    for conditions, items in merged.items():
        found.append(Section(conditions.describe(merged), conditions, tuple(_answers(items))))
    return found


def _english_joined(groups: Mapping[Conditions, list[Judged]]) -> dict[Conditions, list[Judged]]:
    """Prompts in English are English questions' own: where all others were judged so, English belongs to them."""
    joined = dict(groups)
    for conditions, items in groups.items():
        if conditions.prompt.get("prompt_language") != "same" or {item.language for item in items} != {"en"}:
            continue
        named = replace(conditions, prompt={**conditions.prompt, "prompt_language": "en"})
        others = [other for other in groups if other.of_all_languages == named.of_all_languages]
        if others and all(item.language != "en" for other in others for item in groups[other]):
            joined[named] = [*joined.get(named, ()), *joined.pop(conditions)]
    return joined


def _without_hash(groups: Mapping[Conditions, list[Judged]]) -> dict[Conditions, list[Judged]]:
    """Join groups that differ only in hashes of prompts and references, where no language has two of them."""
    alike: dict[Conditions, list[Conditions]] = {}
    for conditions in groups:
        alike.setdefault(conditions.of_all_languages, []).append(conditions)
    merged: dict[Conditions, list[Judged]] = {}
    for common, members in alike.items():
        languages = [{item.language for item in groups[member]} for member in members]
        if sum(map(len, languages)) == len(set().union(*languages)):
            merged[common] = [item for member in members for item in groups[member]]
        else:
            merged |= {member: groups[member] for member in members}
    return merged


def _answers(items: Iterable[Judged]) -> Iterable[Answer]:
    groups: dict[tuple[str, str, int, str, int], list[Judged]] = {}
    for item in items:
        place = item.model, item.language, item.question_id, item.category, item.turn
        groups.setdefault(place, []).append(item)
    return (Answer(*place, tuple(found)) for place, found in groups.items())

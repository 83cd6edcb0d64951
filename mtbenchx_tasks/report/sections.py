"""Splitting ratings by the conditions they were given under: nothing is merged that two judges or versions said."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean

from hf_datasets.records import CATEGORIES
from hf_datasets.shared.language_codes import STUDY
from mtbenchx_tasks.formats.benchmark import every_question
from mtbenchx_tasks.formats.conditions import describe
from mtbenchx_tasks.records import Conditions, Item, Rating
from mtbenchx_tasks.stats.means import answer_rating


@dataclass(frozen=True)
class RatedTurn:
    """The answers of one model to one turn of a question, with all their ratings."""

    ratings: tuple[Rating, ...]
    """Of every repeat and run."""

    @property
    def item(self) -> Item:
        """What was asked."""
        return self.ratings[0].item

    @property
    def model(self) -> str:
        """Name of the model."""
        return self.ratings[0].model.name

    @property
    def question_id(self) -> int | str:
        """Id of the question."""
        return self.item.question_id

    @property
    def turn(self) -> int:
        """From 1; 0: the whole conversation."""
        return self.item.turn or 0

    @property
    def language(self) -> str:
        """Language of the question."""
        return self.item.language

    @property
    def category(self) -> str:
        """Category of the question."""
        return self.item.category

    @cached_property
    def rating(self) -> float | None:
        """Mean of the valid runs, then of the repeats; None without one."""
        repeats: dict[int, list[float | None]] = {}
        for rating in self.ratings:
            repeats.setdefault(rating.repeat, []).append(rating.value)
        return answer_rating(repeats.values())

    @cached_property
    def runs(self) -> frozenset[int]:
        """Numbers of the judge runs that it was in."""
        return frozenset(rating.run for rating in self.ratings)

    def of_run(self, run: int) -> float | None:
        """Return the rating of one run; None without one."""
        values = [rating.value for rating in self.ratings if rating.run == run and rating.value is not None]
        return fmean(values) if values else None

    @property
    def texts(self) -> list[str]:
        """The text of each repeat that the files hold."""
        return list({rating.repeat: rating.answer for rating in self.ratings if rating.answer is not None}.values())


@dataclass(frozen=True)
class Section:
    """What may be put in one table: ratings under the same conditions."""

    name: str
    """In words: the judge and what else tells it from other sections."""
    conditions: Conditions
    """What all have in common."""
    answers: tuple[RatedTurn, ...]

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
        return 1 + max((run for answer in self.answers for run in answer.runs), default=0)

    @cached_property
    def by_cell(self) -> dict[tuple[str, str], tuple[RatedTurn, ...]]:
        """(model, language) -> its answers."""
        cells: dict[tuple[str, str], list[RatedTurn]] = {}
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

    def cell(self, model: str, language: str, turn: int | None = None, category: str | None = None) -> list[RatedTurn]:
        """Return one model's answers in one language, of one turn and category or all."""
        return [
            answer
            for answer in self.by_cell.get((model, language), ())
            if turn in (None, answer.turn) and category in (None, answer.category)
        ]


LANGUAGE_ORDER = STUDY


def ordered_languages(languages: Iterable[str]) -> tuple[str, ...]:
    """Return distinct languages: the paper's in its order, then others by name."""
    present = set(languages)
    known = [language for language in LANGUAGE_ORDER if language in present]
    return (*known, *sorted(present - set(known)))


def sections(ratings: Sequence[Rating]) -> list[Section]:
    """Split ratings by their conditions; never merge what two judges, prompt sets or versions said.

    Prompts and references have other hashes in each language, so hashes tell sections apart only within one.
    """
    groups: dict[Conditions, list[Rating]] = {}
    for rating in ratings:
        groups.setdefault(rating.conditions, []).append(rating)
    merged = _without_hash(_english_joined(groups))
    found = []
    for conditions, items in merged.items():
        found.append(Section(describe(conditions, merged), conditions, tuple(_answers(items))))
    return found


def _english_joined(groups: Mapping[Conditions, list[Rating]]) -> dict[Conditions, list[Rating]]:
    """Prompts in English are English questions' own: where all others were judged so, English belongs to them."""
    joined = dict(groups)
    for conditions, items in groups.items():
        if conditions.prompt.get("prompt_language") != "same" or _languages(items) != {"en"}:
            continue
        named = replace(conditions, prompt={**conditions.prompt, "prompt_language": "en"})
        others = [other for other in groups if other.of_all_languages == named.of_all_languages]
        if others and all("en" not in _languages(groups[other]) for other in others):
            joined[named] = [*joined.get(named, ()), *joined.pop(conditions)]
    return joined


def _without_hash(groups: Mapping[Conditions, list[Rating]]) -> dict[Conditions, list[Rating]]:
    """Join groups that differ only in hashes of prompts and references, where no language has two of them."""
    alike: dict[Conditions, list[Conditions]] = {}
    for conditions in groups:
        alike.setdefault(conditions.of_all_languages, []).append(conditions)
    merged: dict[Conditions, list[Rating]] = {}
    for common, members in alike.items():
        languages = [_languages(groups[member]) for member in members]
        if sum(map(len, languages)) == len(set().union(*languages)):
            merged[common] = [item for member in members for item in groups[member]]
        else:
            merged |= {member: groups[member] for member in members}
    return merged


def _languages(ratings: Iterable[Rating]) -> set[str]:
    return {rating.item.language for rating in ratings}


def _answers(ratings: Iterable[Rating]) -> Iterable[RatedTurn]:
    groups: dict[tuple[str, Item], list[Rating]] = {}
    for rating in ratings:
        groups.setdefault((rating.model.name, rating.item), []).append(rating)
    return (RatedTurn(tuple(group)) for group in groups.values())

"""Splitting ratings by the conditions they were given under: nothing is merged that two judges or versions said."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from statistics import fmean

from hf_datasets.benchmark.questions import TURNS
from hf_datasets.records import QuestionId, ordered_categories
from hf_datasets.shared.language_codes import STUDY
from mtbenchx_tasks.formats.benchmark import OURS, every_question
from mtbenchx_tasks.formats.conditions import describe, of_one_revision
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
    def question_id(self) -> QuestionId:
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
        return tuple(ordered_categories(present))

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
    def by_question(self) -> dict[tuple[str, str, QuestionId], tuple[RatedTurn, ...]]:
        """(model, language, question id) -> its answers, turn by turn."""
        questions: dict[tuple[str, str, QuestionId], list[RatedTurn]] = {}
        for answer in self.answers:
            questions.setdefault((answer.model, answer.language, answer.question_id), []).append(answer)
        return {key: tuple(found) for key, found in questions.items()}

    @cached_property
    def _parts(self) -> dict[tuple[str, str, int | None, str | None], tuple[RatedTurn, ...]]:
        """What `cell` returns, by its arguments."""
        parts: dict[tuple[str, str, int | None, str | None], list[RatedTurn]] = {}
        for (model, language), answers in self.by_cell.items():
            for answer, turn, category in product(answers, (True, False), (True, False)):
                key = model, language, answer.turn if turn else None, answer.category if category else None
                parts.setdefault(key, []).append(answer)
        return {key: tuple(found) for key, found in parts.items()}

    @cached_property
    def expected(self) -> Mapping[QuestionId, str]:
        """Question id -> category of every question that the benchmark has; empty if that isn't known."""
        return every_question(self.conditions.benchmark)

    @cached_property
    def turns(self) -> tuple[int, ...]:
        """The turns that any answer is to, from 1; 0: the whole conversation."""
        return tuple(sorted({answer.turn for answer in self.answers}))

    @cached_property
    def last_turns(self) -> Mapping[QuestionId, int]:
        """Question id -> how many turns it has: MT-Bench's two, of others as many as any model answered."""
        if self.conditions.benchmark in OURS:
            return dict.fromkeys((answer.question_id for answer in self.answers), TURNS)
        last: dict[QuestionId, int] = {}
        for answer in self.answers:
            last[answer.question_id] = max(answer.turn, last.get(answer.question_id, 0))
        return last

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

    def cell(
        self, model: str, language: str, turn: int | None = None, category: str | None = None
    ) -> Sequence[RatedTurn]:
        """Return one model's answers in one language, of one turn and category or all."""
        return self._parts.get((model, language, turn, category), ())


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
    """Join groups that differ only in revision and in hashes of prompts and references, where no language has two."""
    alike: dict[Conditions, list[Conditions]] = {}
    for conditions in groups:
        alike.setdefault(conditions.of_all_languages, []).append(conditions)
    merged: dict[Conditions, list[Rating]] = {}
    for members in alike.values():
        for part in _of_one_revision({member: groups[member] for member in members}):
            languages = [_languages(groups[member]) for member in part]
            if sum(map(len, languages)) == len(set().union(*languages)):
                merged[common_of(part)] = [item for member in part for item in groups[member]]
            else:
                merged |= {member: groups[member] for member in part}
    return merged


def _of_one_revision(groups: Mapping[Conditions, list[Rating]]) -> list[list[Conditions]]:
    places = {(member, language): member for member, items in groups.items() for language in sorted(_languages(items))}

    def place(key: tuple[Conditions, str]) -> tuple[str, str, str]:
        return key[0].benchmark, key[1], str(key[0].task.get("revision", ""))

    return [list(dict.fromkeys(places[key] for key in part)) for part in of_one_revision(places, place)]


def common_of(members: Sequence[Conditions]) -> Conditions:
    """Return what conditions of several languages share; the revision only if it is one."""
    first, revisions = members[0], {member.task.get("revision") for member in members}
    common = first.of_all_languages
    if len(revisions) == 1 and "revision" in first.task:
        return replace(common, task={**common.task, "revision": first.task["revision"]})
    return common


def _languages(ratings: Iterable[Rating]) -> set[str]:
    return {rating.item.language for rating in ratings}


def _answers(ratings: Iterable[Rating]) -> Iterable[RatedTurn]:
    groups: dict[tuple[str, Item], list[Rating]] = {}
    for rating in ratings:
        groups.setdefault((rating.model.name, rating.item), []).append(rating)
    return (RatedTurn(tuple(group)) for group in groups.values())

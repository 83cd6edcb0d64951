"""What an old judge would have said of answers, beside what the new one said: marked, and in no mean of ratings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from mtbenchx_tasks.formats.conditions import describe
from mtbenchx_tasks.formats.equating import Equating, of_scale
from mtbenchx_tasks.records import Conditions, Estimate, Rating
from mtbenchx_tasks.stats.equating.families import family_of, known_family
from mtbenchx_tasks.stats.equating.panel import Column
from mtbenchx_tasks.stats.equating.scale import SCORE, Prediction, RatedModel, Scale, difference, predict
from mtbenchx_tasks.stats.means import answer_rating

ENGLISH = "en"
MOST_PAIRS = 40
"""Differences of siblings that are told."""
WEAKER = "Anchors that the old judge rated lower are needed."
WEAKER_OF_GPT_4 = (
    "Of gpt-4, FastChat's pregenerated answers and judgments (Space "
    "lmsys/mt-bench) reach down to some 2.6 points and are of another time, a scale of their own; the study's own "
    "judgments (github.com/Modalities/MT-Bench-X) are of its fourteen models, from 1.1 to 3.9."
)
STRONGER = "Anchors that the old judge rated higher are needed."


@dataclass(frozen=True)
class OnScale:
    """One model's answers in one language on the old judge's scale."""

    model: str
    language: str
    family: str
    predictions: tuple[Prediction, ...]
    """Of score, turns and categories; none where the language has no anchors."""
    is_transported: bool = False
    """The scale is another language's."""

    @property
    def score(self) -> Prediction | None:
        """What is told of the score."""
        return next((one for one in self.predictions if one.quantity == SCORE), None)


@dataclass(frozen=True)
class Siblings:
    """How far two models of one family differ on the old judge's scale."""

    language: str
    one: str
    other: str
    native: float
    estimate: Estimate


@dataclass(frozen=True)
class Placed:
    """All that an equating says of some ratings."""

    equating: Equating
    rows: tuple[OnScale, ...]
    siblings: tuple[Siblings, ...]
    notes: tuple[str, ...]
    """What has no number and why, and what to know of those that are there."""


def place(equating: Equating, ratings: Iterable[Rating], *, assume_english: bool = False) -> Placed:
    """Predict what the old judge would have said of every model that the new judge rated.

    Args:
        equating: The way to the old judge's scale.
        ratings: Of any judges, models and languages.
        assume_english: Take English's scale for languages without anchors, and mark what comes of it.
    """
    mine = [one for one in ratings if one.rater.name == equating.new.judge and one.rater.kind == "judge"]
    groups: dict[tuple[str, str], list[Rating]] = {}
    others: dict[Conditions, set[str]] = {}
    for one in mine:
        if fits(equating, one):
            groups.setdefault((one.model.name, one.item.language), []).append(one)
        else:
            others.setdefault(of_scale(one.conditions), set()).add(one.model.name)
    models = {key: candidate(found) for key, found in groups.items()}
    rows = tuple(_row(equating, *key, model, assume_english) for key, model in models.items())
    notes = [*_others(equating, others), *_absent(equating, mine), *_words(equating, rows)]
    return Placed(equating, rows, tuple(_siblings(equating, rows, models)), tuple(dict.fromkeys(notes)))


def fits(equating: Equating, rating: Rating) -> bool:
    """Tell whether a rating was given as the anchors' were: same questions, prompts, rule and parameters."""
    if rating.item.benchmark not in ("", equating.benchmark):
        return False
    mine, theirs = (_told(one, rating.item.language) for one in (rating.conditions, equating.new))
    return all(str(mine[name]) == str(theirs[name]) for name in mine.keys() & theirs.keys())


def _told(conditions: Conditions, language: str) -> dict[str, object]:
    """Return what a judge's scale depends on; English questions' own prompts are English ones."""
    told = {name: value for name, value in of_scale(conditions).told.items() if name != "benchmark"}
    if language == ENGLISH and told.get("prompt_language") == "same":
        told["prompt_language"] = ENGLISH
    return told


def candidate(ratings: Iterable[Rating]) -> RatedModel:
    """Return one model's answers with their ratings, runs and repeats averaged; failed ones are left out."""
    answers: dict[Column, dict[int, list[float | None]]] = {}
    for one in ratings:
        column = Column(one.item.question_id, one.item.turn or 0, one.item.category)
        answers.setdefault(column, {}).setdefault(one.repeat, []).append(one.value)
    means = {column: answer_rating(repeats.values()) for column, repeats in answers.items()}
    return RatedModel({column: value for column, value in means.items() if value is not None})


def _scale(equating: Equating, language: str, assume_english: bool) -> Scale | None:
    return equating.scales.get(language) or (equating.scales.get(ENGLISH) if assume_english else None)


def _row(equating: Equating, model: str, language: str, of: RatedModel, assume_english: bool) -> OnScale:
    scale = _scale(equating, language, assume_english)
    found = tuple(predict(scale, of, equating.hash)) if scale else ()
    family = equating.families.get(model) or family_of(model)
    return OnScale(model, language, family, found, scale is not None and language not in equating.scales)


def _siblings(
    equating: Equating, rows: Sequence[OnScale], models: Mapping[tuple[str, str], RatedModel]
) -> Iterator[Siblings]:
    alike = [
        pair
        for pair in combinations(rows, 2)
        if (pair[0].language, pair[0].family) == (pair[1].language, pair[1].family)
        and not pair[0].is_transported
        and pair[0].language in equating.scales
    ]
    for one, other in alike[:MOST_PAIRS]:
        both = models[one.model, one.language], models[other.model, other.language]
        told = difference(equating.scales[one.language], *both, equating.hash)
        if told is not None:
            yield Siblings(one.language, one.model, other.model, both[0].mean - both[1].mean, told)


# in words -------------------------------------------------------------------------------------------------------------


def _others(equating: Equating, others: Mapping[Conditions, set[str]]) -> Iterator[str]:
    for conditions, models in others.items():
        yield (
            f"{', '.join(sorted(models))}: rated under other conditions than the anchors, no number "
            f"({describe(conditions, [equating.new])}; the anchors: {describe(equating.new, [conditions])})."
        )


def _absent(equating: Equating, mine: Sequence[Rating]) -> Iterator[str]:
    if not mine:
        yield f"No rating is by {equating.new.judge}, whose scale this is; no number."
    strange = {one.rater.snapshot for one in mine} - {"", *equating.snapshots}
    if strange and equating.snapshots:
        yield (
            f"{equating.new.judge} is another version than that which rated the anchors: {', '.join(sorted(strange))}, "
            f"not {', '.join(equating.snapshots)}; have it rate the anchors again."
        )


def _words(equating: Equating, rows: Sequence[OnScale]) -> Iterator[str]:
    """Say per model why there is no number, and what to know where there is one."""
    judge = equating.families.get(equating.new.judge) or known_family(equating.new.judge)
    known = {anchor.family for anchor in equating.anchors}
    languages = ", ".join(equating.scales)
    for row in rows:
        where = f"{row.model} in {row.language}"
        if not row.predictions:
            yield f"{where}: no number, for the anchors are in {languages}; --assume-english takes English's, on trust."
            continue
        if row.is_transported:
            yield f"{where}: transported, that is by English's scale; nothing shows that it holds in {row.language}."
        if row.score is not None and row.score.reason:
            lacking = "" if row.score.estimate else "no number, for "
            yield f"{where}: {lacking}{row.score.reason}. {_hint(equating, row.score)}".strip()
        if judge and row.family == judge and judge not in known:
            yield (
                f"{where}: the model and the judge {equating.new.judge} are of one family ({judge}), and no anchor is: "
                f"how the judge favours its own is in no interval."
            )


def _hint(equating: Equating, score: Prediction) -> str:
    """Say which anchors would carry a model that lies beyond those at hand."""
    if " is below " in score.reason:
        return f"{WEAKER} {WEAKER_OF_GPT_4}" if equating.old.judge.startswith("gpt-4") else WEAKER
    return STRONGER if " is above " in score.reason else ""

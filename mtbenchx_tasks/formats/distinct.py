"""The same judgment read twice counts once: from samples and their ledger, or under an older release's description."""

from collections.abc import Iterable
from dataclasses import replace

from mtbenchx_tasks.records import Conditions, Model, Preference, Rating


def distinct(ratings: Iterable[Rating]) -> tuple[list[Rating], dict[Model, Model], int]:
    """Keep of equal ratings the one that tells most of its conditions.

    Ratings are equal if they are of one place (model, question, turn, repeat, run), of one judgment, and nothing that
    both tell of their conditions differs. A judgment's key holds what was asked for, so it decides where both have one.

    Returns:
        The distinct ratings; model -> the same model as another file identifies it; how many ratings were left out.
    """
    kept: list[Rating] = []
    places: dict[tuple[object, ...], list[int]] = {}
    same: dict[Model, Model] = {}
    twice = 0
    for rating in ratings:
        candidates = places.setdefault(_content(rating), [])
        place = next((place for place in candidates if _is_same(kept[place], rating)), None)
        if place is None:
            candidates.append(len(kept))
            kept.append(rating)
            continue
        first, twice = kept[place], twice + 1
        kept[place] = max(first, rating, key=_told)
        if first.model != rating.model:
            other = rating if kept[place] is first else first
            same[other.model] = kept[place].model
    return kept, same, twice


def _content(rating: Rating) -> tuple[object, ...]:
    place = rating.rater.name, rating.model.name, rating.item, rating.repeat, rating.run
    value = None if rating.value is None else round(rating.value, 9)
    return (*place, value, rating.evidence.text, rating.evidence.key or rating.answer)


def _told(rating: Rating) -> tuple[bool, int]:
    return bool(rating.model.identity), len(rating.conditions.told)


def _is_same(first: Rating, other: Rating) -> bool:
    """Two models of one ledger that say the same are two; one without an identity is of an older release."""
    models = first.model.identity, other.model.identity
    if file_of(first) == file_of(other) and models[0] != models[1] and all(models):
        return False
    if first.evidence.key and other.evidence.key:
        return not first.conditions.but_sent.contradicts(other.conditions.but_sent)
    return not first.conditions.contradicts(other.conditions)


def file_of(rating: Rating) -> str:
    """Return the file that a rating was read from."""
    return rating.evidence.source.rpartition(", line ")[0] or rating.evidence.source


def distinct_preferences(preferences: Iterable[Preference]) -> list[Preference]:
    """Keep of equal preferences the one that tells most of its conditions."""
    kept: dict[Preference, list[Preference]] = {}
    for preference in preferences:
        alike = kept.setdefault(replace(preference, conditions=NO_CONDITIONS, answers={}), [])
        place = next((number for number, one in enumerate(alike) if _agree(one, preference)), None)
        if place is None:
            alike.append(preference)
        elif _tells(preference) > _tells(alike[place]):
            alike[place] = preference
    return [preference for alike in kept.values() for preference in alike]


def _agree(one: Preference, other: Preference) -> bool:
    """Tell whether nothing differs that both tell of their conditions and answers."""
    same_answers = not one.answers or not other.answers or one.answers == other.answers
    return same_answers and not one.conditions.contradicts(other.conditions)


def _tells(preference: Preference) -> tuple[int, int]:
    return len(preference.conditions.told), len(preference.answers)


NO_CONDITIONS = Conditions("")

"""The same judgment read twice counts once: from samples and their ledger, or under an older release's description."""

from collections.abc import Iterable

from mtbenchx_tasks.records import Compared, Judged, Outcome


def distinct(judged: Iterable[Judged]) -> tuple[list[Judged], dict[tuple[str, str], str], int]:
    """Keep of equal ratings the one that tells most of its conditions.

    Ratings are equal if they are of one place (model, question, turn, repeat, run), of one judgment, and nothing that
    both tell of their conditions differs. A judgment's key holds what was asked for, so it decides where both have one.

    Returns:
        The distinct ratings; (model, identity) -> another identity of the same model; how many ratings were left out.
    """
    kept: list[Judged] = []
    places: dict[tuple[object, ...], list[int]] = {}
    same: dict[tuple[str, str], str] = {}
    twice = 0
    for item in judged:
        candidates = places.setdefault(_content(item), [])
        place = next((place for place in candidates if _is_same(kept[place], item)), None)
        if place is None:
            candidates.append(len(kept))
            kept.append(item)
            continue
        first, twice = kept[place], twice + 1
        kept[place] = max(first, item, key=_told)
        if first.identity != item.identity:
            other = item if kept[place] is first else first
            same[other.model, other.identity] = kept[place].identity
    return kept, same, twice


def _content(item: Judged) -> tuple[object, ...]:
    place = item.conditions.judge, item.model, item.language, item.question_id, item.turn, item.repeat, item.run
    rating = None if item.rating is None else round(item.rating, 9)
    return (*place, rating, item.judgment, item.key or item.answer)


def _told(item: Judged) -> tuple[bool, int]:
    return bool(item.identity), len(item.conditions.told)


def _is_same(first: Judged, other: Judged) -> bool:
    """Two models of one ledger that say the same are two; one without an identity is of an older release."""
    if first.source == other.source and first.identity != other.identity and first.identity and other.identity:
        return False
    if first.key and other.key:
        return not first.conditions.but_sent.contradicts(other.conditions.but_sent)
    return not first.conditions.contradicts(other.conditions)


def distinct_outcomes(compared: Iterable[Compared]) -> list[Compared]:
    """Keep of equal outcomes the one that tells most of its conditions."""
    kept: dict[Outcome, list[Compared]] = {}
    for item in compared:
        alike = kept.setdefault(item.outcome, [])
        place = next((n for n, one in enumerate(alike) if not one.conditions.contradicts(item.conditions)), None)
        if place is None:
            alike.append(item)
        elif len(item.conditions.told) > len(alike[place].conditions.told):
            alike[place] = item
    return [item for alike in kept.values() for item in alike]

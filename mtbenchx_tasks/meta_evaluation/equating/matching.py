"""Which answers both judges rated: by model's name, and where names differ, by the answers themselves."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from mtbenchx_tasks.formats.generations import holds
from mtbenchx_tasks.records import Item, Rating

MOST = 0.9
"""Share of a model's answers that must be equal for two names to be of one model."""


class AnchorAnswer(NamedTuple):
    """One answer: what two judges' ratings must share."""

    model: str
    item: Item
    repeat: int


class AnchorRating(NamedTuple):
    """What one judge said of one answer."""

    value: float | None
    """Mean of the valid runs; None without one."""
    first: Rating
    """The first run, which holds text and time."""


class AnchorPair(NamedTuple):
    """An answer that both judges were shown."""

    answer: AnchorAnswer
    old: AnchorRating
    new: AnchorRating


def anchor_ratings(ratings: Iterable[Rating]) -> dict[AnchorAnswer, AnchorRating]:
    """Return each answer of one judge's ratings with the mean of its runs."""
    groups: dict[AnchorAnswer, list[Rating]] = {}
    for rating in ratings:
        groups.setdefault(AnchorAnswer(rating.model.name, rating.item, rating.repeat), []).append(rating)
    return {answer: _mean(group) for answer, group in groups.items()}


def _mean(runs: Sequence[Rating]) -> AnchorRating:
    values = [rating.value for rating in runs if rating.value is not None]
    return AnchorRating(fmean(values) if values else None, runs[0])


def anchor_pairs(
    old: Mapping[AnchorAnswer, AnchorRating], new: Mapping[AnchorAnswer, AnchorRating]
) -> tuple[list[AnchorPair], list[str]]:
    """Return the answers that both judges were shown, and in words what was matched otherwise or left out."""
    names, notes = _names(old, new)
    found, others = [], dict[str, int]()
    for answer, said in new.items():
        place = answer._replace(model=names.get(answer.model, answer.model))
        before = old.get(place)
        if before is None:
            continue
        if is_same(before.first, said.first) is False:
            others[answer.model] = others.get(answer.model, 0) + 1
        else:
            found.append(AnchorPair(place, before, said))
    notes += [
        f"{count} answers of {model} that the new judge rated are others than the old one rated; they are left out."
        for model, count in others.items()
    ]
    return found, notes


def is_same(old: Rating, new: Rating) -> bool | None:
    """Tell whether two judges were shown the same answer; None where the files don't hold it."""
    if new.answer is None:
        return None
    if old.answer is not None:
        return old.answer.strip() == new.answer.strip()
    return holds(old.evidence.prompt, new.answer) if old.evidence.prompt else None


def _names(
    old: Mapping[AnchorAnswer, AnchorRating], new: Mapping[AnchorAnswer, AnchorRating]
) -> tuple[dict[str, str], list[str]]:
    """Find the old judge's name of each model that only the new judge knows by this name."""
    known, free = {answer.model for answer in old}, {answer.model for answer in new}
    names: dict[str, str] = {}
    notes = []
    for model in sorted(free - known):
        mine = [(answer, said) for answer, said in new.items() if answer.model == model]
        for candidate in sorted(known - free - set(names.values())):
            places = [(old.get(answer._replace(model=candidate)), said) for answer, said in mine]
            same = sum(before is not None and is_same(before.first, said.first) is True for before, said in places)
            if same >= MOST * len(mine):
                names[model] = candidate
                notes.append(f"{model} of the new judge is {candidate} of the old one: {same} answers are the same.")
                break
    return names, notes

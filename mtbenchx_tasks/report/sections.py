"""Splitting ratings by the conditions they were given under: nothing is merged that two judges or versions said."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from mtbenchx_tasks.report.record import Answer, Conditions, Judged, Section


def sections(judged: Sequence[Judged]) -> list[Section]:
    """Split ratings by their conditions; never merge what two judges, prompt sets or versions said.

    A prompt set has another hash in each language, so hashes tell sections apart only within a language.
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
        if conditions.prompt_language != "same" or {item.language for item in items} != {"en"}:
            continue
        alike = replace(conditions, prompt_language="en", prompt_sha256="")
        others = [other for other in groups if replace(other, prompt_sha256="") == alike]
        if others and all(item.language != "en" for other in others for item in groups[other]):
            joined[replace(conditions, prompt_language="en")] = [
                *joined.get(replace(conditions, prompt_language="en"), ()),
                *joined.pop(conditions),
            ]
    return joined


def _without_hash(groups: Mapping[Conditions, list[Judged]]) -> dict[Conditions, list[Judged]]:
    """Join groups that differ only in the prompts' hash, where no language has two hashes."""
    alike: dict[Conditions, list[Conditions]] = {}
    for conditions in groups:
        alike.setdefault(replace(conditions, prompt_sha256=""), []).append(conditions)
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

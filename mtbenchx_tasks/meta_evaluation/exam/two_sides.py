"""Two sides on the same items of an exam: two languages, the public and a fresh form, prompts in two languages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, TypeAlias

from mtbenchx_tasks.meta_evaluation.exam.outcome import ALL, Outcome
from mtbenchx_tasks.meta_evaluation.exam.reading import ExamAnswers
from mtbenchx_tasks.stats.exact_tests import mcnemar
from mtbenchx_tasks.stats.paired_tests import holm


@dataclass(frozen=True)
class TwoSides:
    """Two sides on the same templates: two languages, two forms, or prompts in two languages."""

    what: str
    """`languages`, `forms` or `prompts`."""
    mode: str
    kind: str
    """Or `all`."""
    one: str
    other: str
    n: int
    """Items on both sides."""
    only_one: int
    """Right on the first side only."""
    only_other: int
    difference: float
    """Share right on the first side less that on the other."""
    p: float
    """Exact McNemar test, templates as clusters."""
    p_holm: float = 1.0
    """By Holm, among all of the same `what`."""


Place: TypeAlias = tuple[Any, ...]
"""Of an item, its template first."""


def compare_sides(
    group: tuple[str, str, str], one: Mapping[Place, int], other: Mapping[Place, int], names: tuple[str, str]
) -> TwoSides:
    """Compare two sides on the items that both have.

    Args:
        group: What is compared (`languages`, `forms` or `prompts`), the mode, and the kind or `all`.
        one: Place of an item, its template first -> right, in half points.
        other: The other side's.
        names: What both sides are called.
    """
    both = one.keys() & other.keys()
    lead: dict[Any, int] = {}
    for place in both:
        lead[place[0]] = lead.get(place[0], 0) + one[place] - other[place]
    apart = [one[place] - other[place] for place in both]
    return TwoSides(
        *group,
        *names,
        n=len(both),
        only_one=sum(step > 0 for step in apart),
        only_other=sum(step < 0 for step in apart),
        difference=sum(apart) / (2 * len(both)) if both else 0.0,
        p=mcnemar(list(lead.values())).p,
    )


def language_pairs(outcomes: Sequence[Outcome]) -> Iterable[TwoSides]:
    """Compare every two languages, in each kind and in all."""
    sides: dict[tuple[str, str], dict[str, dict[Place, int]]] = {}
    for one in outcomes:
        if one.right is not None:
            place = one.item.template, one.item.form, one.run
            for kind in (ALL, one.item.kind):
                sides.setdefault((one.mode, kind), {}).setdefault(one.item.item.language, {})[place] = one.right
    for (mode, kind), languages in sides.items():
        for first, second in combinations(languages, 2):
            yield compare_sides(("languages", mode, kind), languages[first], languages[second], (first, second))


def form_pairs(outcomes: Sequence[Outcome]) -> Iterable[TwoSides]:
    """Public less fresh: what a judge may know by heart."""
    sides: dict[str, dict[str, dict[Place, int]]] = {}
    for one in outcomes:
        if one.right is not None:
            place = one.item.template, one.item.item.language, one.run
            sides.setdefault(one.mode, {}).setdefault(one.item.form, {})[place] = one.right
    for mode, forms in sides.items():
        if {"public", "fresh"} <= forms.keys():
            yield compare_sides(("forms", mode, ALL), forms["public"], forms["fresh"], ("public", "fresh"))


def prompt_pairs(same: ExamAnswers, other: ExamAnswers) -> list[TwoSides]:
    """Return what prompts in the question's language do, less those in another: in all languages but that one."""

    def side(answers: ExamAnswers, mode: str) -> dict[Place, int]:
        return {
            (one.item.template, one.item.form, one.item.item.language, one.run): one.right
            for one in answers.outcomes
            if one.mode == mode
            and one.right is not None
            and not one.is_null
            and one.item.item.language != other.prompt_language
        }

    modes = dict.fromkeys(one.mode for one in same.outcomes)
    names = ("same", other.prompt_language)
    return [compare_sides(("prompts", mode, ALL), side(same, mode), side(other, mode), names) for mode in modes]


def corrected(pairs: Sequence[TwoSides]) -> tuple[TwoSides, ...]:
    """Return comparisons with p corrected by Holm, among all of the same kind of comparison."""
    found: list[TwoSides] = []
    for what in dict.fromkeys(pair.what for pair in pairs):
        alike = [pair for pair in pairs if pair.what == what]
        corrected = holm([pair.p for pair in alike])
        found += [_with_holm(pair, p) for pair, p in zip(alike, corrected, strict=True)]
    return tuple(found)


def _with_holm(pair: TwoSides, p: float | None) -> TwoSides:
    return replace(pair, p_holm=1.0 if p is None else p)

"""What an exam's tests find, in words: all tests of one exam together are wrong in at most 5 % of cases.

A test that finds nothing says nothing: whether the exam could have found it is what the plan tells.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from hf_datasets.shared.language_codes import NAMES
from mtbenchx_tasks.meta_evaluation.exam.outcome import ALL, Outcome
from mtbenchx_tasks.stats.exact_tests import ExactTest, below_standard, discrete_holm, mcnemar, slip_test, slip_tests
from mtbenchx_tasks.stats.exam_power import STANDARD
from mtbenchx_tasks.stats.paired_tests import ALPHA

FAULTS = {
    "wrong_result": "wrong results",
    "constraint": "broken limits of length, form or words",
    "wrong_language": "the wrong language",
    "cut_off": "answers that are cut off",
    "other_question": "answers to another question",
    "forgets_turn_1": "second answers that forget the first turn",
    "against_text": "claims against the given text",
    "talks_to_judge": "answers that talk to the judge",
}
"""Kind -> what is wrong with its faulty answers, in words."""
CHANGED = {"longer": "the longer", "formatted": "the formatted"}
COMPARED = {"single": "by ratings", "pairwise": "by comparisons"}


@dataclass(frozen=True)
class ExamFinding:
    """One test of an exam."""

    test: str
    """`language` or `kind_in_language` (a slip), `kind` (below the standard), `first`, `longer` or `formatted`."""
    mode: str
    kind: str
    """Or `all`."""
    language: str
    """Or `all`."""
    wrong: float
    """Items that went wrong; of a preference the votes for it."""
    n: int
    """Of how many."""
    p: float
    words: str
    p_adjusted: float = 1.0
    """Corrected for all tests of the exam."""
    found: bool = False
    """Whether it is at most 5 %."""
    exact: ExactTest = field(default=ExactTest(1.0), repr=False)


def fault(kind: str) -> str:
    """Return what is wrong with the faulty answers of a kind, in words."""
    return FAULTS.get(kind, kind.replace("_", " "))


def in_language(code: str) -> str:
    """Return `in Italian`; the code where the name isn't known."""
    return f"in {NAMES.get(code, code)}"


def findings(outcomes: Sequence[Outcome]) -> tuple[ExamFinding, ...]:
    """Return every test of an exam, corrected for their number."""
    scored = [one for one in outcomes if one.right is not None]
    made: list[ExamFinding] = []
    for mode in dict.fromkeys(one.mode for one in scored):
        faults = [one for one in scored if one.mode == mode and not one.is_null]
        nulls = [one for one in scored if one.mode == mode and one.is_null]
        made += [*_slips(mode, ALL, faults)]
        for kind in dict.fromkeys(one.item.kind for one in faults):
            of_kind = [one for one in faults if one.item.kind == kind]
            made += [_shortfall(mode, kind, of_kind), *_slips(mode, kind, of_kind)]
        made += _preferences(mode, nulls)
    adjusted = discrete_holm([one.exact for one in made])
    tested = [
        replace(one, p_adjusted=p, found=p <= ALPHA, exact=ExactTest(one.p))
        for one, p in zip(made, adjusted, strict=True)
    ]
    return tuple(sorted(tested, key=lambda one: (one.p_adjusted, one.p)))


def _slips(mode: str, kind: str, outcomes: Sequence[Outcome]) -> Iterator[ExamFinding]:
    """Test each language against the others, on items with a result in all of them."""
    import numpy as np

    languages = list(dict.fromkeys(one.item.item.language for one in outcomes))
    items: dict[tuple[str, str, int], dict[str, int]] = {}
    for one in outcomes:
        items.setdefault((one.item.template, one.item.form, one.run), {})[one.item.item.language] = one.right or 0
    whole = {place: rights for place, rights in items.items() if len(rights) == len(languages)}
    if len(languages) < 2 or not whole:  # noqa: PLR2004
        return
    templates = list(dict.fromkeys(template for template, _, _ in whole))
    counts = np.zeros((len(templates), len(languages)), dtype=np.int64)
    for (template, _, _), rights in whole.items():
        counts[templates.index(template)] += [rights[language] for language in languages]
    step = 2 if mode == "pairwise" else 1  # games are right or not: fewer values, the same test
    p, cumulated = slip_tests(counts // step)
    exact = slip_test(1.0, cumulated.tolist())
    wrong = len(whole) - counts.sum(axis=0) / 2
    for column, language in enumerate(languages):
        others, n = wrong.sum() - wrong[column], len(whole) * (len(languages) - 1)
        what = "errs" if kind == ALL else f"misses {fault(kind)}"
        words = (
            f"{what} more often {in_language(language)} than in the other languages {COMPARED[mode]}: "
            f"{wrong[column]:g} of {len(whole)} against {others:g} of {n}"
        )
        test = "language" if kind == ALL else "kind_in_language"
        tested = replace(exact, p=float(p[column]))
        yield ExamFinding(test, mode, kind, language, float(wrong[column]), len(whole), tested.p, words, exact=tested)


def _shortfall(mode: str, kind: str, outcomes: Sequence[Outcome]) -> ExamFinding:
    rights: dict[str, list[float]] = {}
    for one in outcomes:
        rights.setdefault(one.item.template, []).append((one.right or 0) / 2)
    exact = below_standard([sum(one) for one in rights.values()], [len(one) for one in rights.values()], STANDARD)
    wrong = len(outcomes) - sum(map(sum, rights.values()))
    words = f"misses {fault(kind)} {COMPARED[mode]}: {wrong:g} of {len(outcomes)}"
    return ExamFinding("kind", mode, kind, ALL, wrong, len(outcomes), exact.p, words, exact=exact)


def _preferences(mode: str, nulls: Sequence[Outcome]) -> Iterator[ExamFinding]:
    """Test on null pairs whether place or looks decide."""
    if mode == "pairwise" and nulls:
        yield _preference("first", mode, nulls, lambda one: one.first, "the answer shown first")
    for lure, named in CHANGED.items():
        pairs = [one for one in nulls if one.item.lure == lure]
        if pairs:
            yield _preference(lure, mode, pairs, lambda one: one.faulty, named)


def _preference(
    test: str, mode: str, pairs: Sequence[Outcome], lead_of: Callable[[Outcome], int], named: str
) -> ExamFinding:
    lead: dict[str, int] = {}
    for one in pairs:
        lead[one.item.template] = lead.get(one.item.template, 0) + lead_of(one)
    exact = mcnemar(list(lead.values()))
    total = sum(lead.values())
    decided = sum(one.votes if mode == "pairwise" else 2 * (not one.tie) for one in pairs)
    votes = (decided + total) / 2
    shown, of = (votes, decided) if mode == "pairwise" else (votes / 2, decided // 2)
    way = "prefers" if total >= 0 else "turns down"
    counted = shown if total >= 0 else of - shown
    words = f"{way} {named} of two answers that are equally good {COMPARED[mode]}: {counted:g} of {of} decided"
    return ExamFinding(test, mode, "null", ALL, shown, of, exact.p, words, exact=exact)

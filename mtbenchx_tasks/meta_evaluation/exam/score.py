"""The result of an exam: every rate, threshold, comparison and verdict, from what a judge said.

Right is the better answer in both orders (pairwise) or by its rating (single; equal ratings count half). Null pairs,
whose right answer is a tie, are in no accuracy: position and length are measured on them alone.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from statistics import fmean
from typing import Any

from mtbenchx_tasks.meta_evaluation.exam.findings import ExamFinding, findings
from mtbenchx_tasks.meta_evaluation.exam.outcome import ALL, Outcome
from mtbenchx_tasks.meta_evaluation.exam.reading import ExamAnswers
from mtbenchx_tasks.meta_evaluation.exam.two_sides import TwoSides, corrected, form_pairs, language_pairs, prompt_pairs
from mtbenchx_tasks.stats.exact_tests import effective_size
from mtbenchx_tasks.stats.intervals import mean_and_sd, wilson
from mtbenchx_tasks.stats.psychometrics import threshold

DIMENSIONS = (
    (),
    ("kind",),
    ("language",),
    ("kind", "language"),
    ("kind", "dose"),
    ("kind", "dose", "language"),
    ("lure",),
    ("kind", "lure"),
    ("form",),
)
"""What rates are told by."""


@dataclass(frozen=True)
class Rate:
    """How often a judge was right, of some items."""

    mode: str
    kind: str
    language: str
    dose: str
    lure: str
    form: str
    """Each of these a name, or `all`."""
    n: int
    """Items with a result, each run by itself."""
    right: float
    """Share of right ones; of ratings equal ones count half."""
    low: float
    """Wilson's 95 % interval, on as many items as the templates are worth."""
    high: float
    ties: float
    """Share of ties."""
    flips: float | None
    """Share of items on which both orders disagree; None of ratings."""
    tens: float | None
    """Share of tens among ratings; None of games."""
    unscored: int
    """Items without a result; in no share."""

    @property
    def place(self) -> tuple[str, ...]:
        """What it is of: mode, kind, language, dose, lure, form."""
        return self.mode, self.kind, self.language, self.dose, self.lure, self.form


@dataclass(frozen=True)
class KindThreshold:
    """Up to which dose a kind of fault is found three times of four."""

    mode: str
    kind: str
    dose: float | None
    low: float | None
    high: float | None
    words: str
    """Why there is no dose; "" if there is one."""


@dataclass(frozen=True)
class NullPairs:
    """What decides where both answers are equally good."""

    mode: str
    lure: str
    """What differs: "" (nothing), `longer`, `formatted`; `all` for the first position."""
    n: int
    """Pairs with a result."""
    ties: float
    """Share of ties."""
    decided: int
    """Votes for one of them; of ratings, pairs with unequal ones."""
    share: float | None
    """Of these, for the answer shown first (`all`), or for the changed one."""


@dataclass(frozen=True)
class Exam:
    """All of it."""

    judge: str
    model: str
    endpoint: str
    prompt_set: str
    prompt_language: str
    """`same` as the questions', or a code."""
    parameters: Mapping[str, Any]
    """What each request was to be asked with."""
    snapshots: tuple[str, ...]
    languages: tuple[str, ...]
    kinds: tuple[str, ...]
    forms: tuple[str, ...]
    runs: int
    rates: tuple[Rate, ...]
    thresholds: tuple[KindThreshold, ...]
    null_pairs: tuple[NullPairs, ...]
    paired: tuple[TwoSides, ...]
    findings: tuple[ExamFinding, ...]
    """Every test; those that found something have `found`."""
    over_runs: Mapping[str, Mapping[str, float | None]]
    """Mode -> mean and sd over runs of the share right."""
    unscored: Mapping[str, int]
    """Reason -> items without a result."""
    judgments: int
    read: int
    """Prompt tokens."""
    written: int
    dollars: float | None
    """By the price list; None if the price isn't known."""
    other_releases: int
    """Judgments of items that this release doesn't have; not scored."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON's types."""
        found = asdict(self)
        for finding in found["findings"]:
            del finding["exact"]
        return found

    def rate(self, mode: str, kind: str = ALL, language: str = ALL, dose: str = ALL) -> Rate | None:
        """Return one rate by its names; None if nothing was asked there."""
        wanted = mode, kind, language, dose, ALL, ALL
        found = (
            one for one in self.rates if (one.mode, one.kind, one.language, one.dose, one.lure, one.form) == wanted
        )
        return next(found, None)


def score(answers: ExamAnswers, english: ExamAnswers | None = None) -> Exam:
    """Return the result of an exam.

    Args:
        answers: What the judge said.
        english: What it said when it was asked in English, for the effect of the prompts' language.
    """
    faults = [one for one in answers.outcomes if not one.is_null]
    return Exam(
        judge=answers.judge,
        model=answers.model,
        endpoint=str(answers.rule.get("endpoint", "")),
        prompt_set=str(answers.rule.get("prompt_set", "")),
        prompt_language=answers.prompt_language,
        parameters=dict(answers.rule.get("parameters", {})),
        snapshots=answers.snapshots,
        languages=_distinct(one.item.item.language for one in answers.outcomes),
        kinds=_distinct(one.item.kind for one in answers.outcomes),
        forms=_distinct(one.item.form for one in answers.outcomes),
        runs=1 + max((one.run for one in answers.outcomes), default=0),
        rates=tuple(_rates(faults)),
        thresholds=tuple(_thresholds(faults)),
        null_pairs=tuple(_null_pairs([one for one in answers.outcomes if one.is_null and one.right is not None])),
        paired=corrected(
            [*language_pairs(faults), *form_pairs(faults), *(prompt_pairs(answers, english) if english else ())]
        ),
        findings=findings(answers.outcomes),
        over_runs=_over_runs(faults),
        unscored=dict(Counter(one.reason for one in answers.outcomes if one.right is None).most_common()),
        judgments=sum(answers.account.states.values()),
        read=answers.account.read,
        written=answers.account.written,
        dollars=answers.account.cost,
        other_releases=answers.other_releases,
    )


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _names(outcome: Outcome) -> dict[str, str]:
    item = outcome.item
    lure = item.lure or "none"
    return {"kind": item.kind, "language": item.item.language, "dose": str(item.dose), "lure": lure, "form": item.form}


def _rates(outcomes: Sequence[Outcome]) -> Iterable[Rate]:
    groups: dict[tuple[str, ...], list[Outcome]] = {}
    for outcome in outcomes:
        names = _names(outcome)
        for dimensions in DIMENSIONS:
            place = tuple(names[name] if name in dimensions else ALL for name in names)
            groups.setdefault((outcome.mode, *place), []).append(outcome)
    return (_rate(place, group) for place, group in groups.items() if any(one.right is not None for one in group))


def _rate(place: tuple[str, ...], group: Sequence[Outcome]) -> Rate:
    scored = [one for one in group if one.right is not None]
    rights: dict[str, list[float]] = {}
    for one in scored:
        rights.setdefault(one.item.template, []).append((one.right or 0) / 2)
    share = fmean(value for values in rights.values() for value in values)
    worth = effective_size([sum(values) for values in rights.values()], [len(values) for values in rights.values()])
    ends = wilson(share * worth, worth)
    mode, kind, language, dose, lure, form = place
    games = mode == "pairwise"
    return Rate(
        mode,
        kind,
        language,
        dose,
        lure,
        form,
        n=len(scored),
        right=share,
        low=ends.low if ends else share,
        high=ends.high if ends else share,
        ties=fmean(one.tie for one in scored),
        flips=fmean(one.flip for one in scored) if games else None,
        tens=None if games else sum(one.tens for one in scored) / (2 * len(scored)),
        unscored=len(group) - len(scored),
    )


def _thresholds(outcomes: Sequence[Outcome]) -> Iterable[KindThreshold]:
    found: dict[tuple[str, str], dict[str, dict[int, list[float]]]] = {}
    for one in outcomes:
        if one.points is not None:
            templates = found.setdefault((one.mode, one.item.kind), {})
            templates.setdefault(one.item.template, {}).setdefault(one.item.dose, []).append(one.points)
    for (mode, kind), templates in found.items():
        at = threshold(templates)
        low, high = (at.interval.low, at.interval.high) if at.interval else (None, None)
        yield KindThreshold(mode, kind, at.dose, low, high, at.words)


def _null_pairs(outcomes: Sequence[Outcome]) -> Iterable[NullPairs]:
    for mode, group in groupby(sorted(outcomes, key=lambda one: one.mode), key=lambda one: one.mode):
        of_mode = list(group)
        if mode == "pairwise":
            votes = sum(one.votes for one in of_mode)
            first = sum(one.first for one in of_mode)
            yield _null(mode, ALL, of_mode, votes, first)
        for lure in sorted({one.item.lure for one in of_mode}):
            pairs = [one for one in of_mode if one.item.lure == lure]
            votes = sum(one.votes if mode == "pairwise" else not one.tie for one in pairs)
            yield _null(mode, lure, pairs, votes, sum(one.faulty for one in pairs) // (1 if mode == "pairwise" else 2))


def _null(mode: str, lure: str, pairs: Sequence[Outcome], decided: int, lead: int) -> NullPairs:
    share = (decided + lead) / (2 * decided) if decided else None
    return NullPairs(mode, lure, len(pairs), fmean(one.tie for one in pairs), decided, share)


def _over_runs(outcomes: Sequence[Outcome]) -> dict[str, dict[str, float | None]]:
    found: dict[str, dict[int, list[float]]] = {}
    for one in outcomes:
        if one.right is not None:
            found.setdefault(one.mode, {}).setdefault(one.run, []).append(one.right / 2)
    averaged = {mode: mean_and_sd(map(fmean, runs.values())) for mode, runs in found.items()}
    return {mode: {"mean": over.mean, "sd": over.sd, "runs": over.n} for mode, over in averaged.items()}

"""Statistics of pairwise judging: rates, positional bias, averages over runs.

METHODS.md, "Rates of pairs", "Positional bias" and "Averages over runs".

Strata pool outcomes and never average the cells of a table. Intervals know that turns, runs, judges and languages of
one question move together; an item judged several times (runs, judges) never counts more than once.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Literal, Protocol, TypeVar

from hf_datasets.records import CATEGORIES
from mtbenchx_tasks.records import Decision, Item, Preference
from mtbenchx_tasks.stats import intervals as stats
from mtbenchx_tasks.stats.exact_tests import effective_size
from mtbenchx_tasks.stats.intervals import Averaged, Interval, Share
from mtbenchx_tasks.stats.paired_tests import PairedTest, paired_test

ALL, RCEMR = "all", "rcemr"
"""Strata beside the categories."""
RCEMR_CATEGORIES = ("roleplay", "coding", "extraction", "math", "reasoning")
"""The paper's stratum RCEMR (Tables 2 and 3)."""
Field = Literal["benchmark", "language", "question_id", "category", "turn", "models", "rater", "run"]
"""What preferences can be grouped by; the first five are their item's."""
OF_ITEMS = frozenset(field.name for field in fields(Item))
Value = TypeVar("Value")


class HasItem(Protocol):
    """What can be grouped by its item."""

    @property
    def item(self) -> Item:
        """What was asked."""
        ...


Grouped = TypeVar("Grouped", bound=HasItem)


@dataclass(frozen=True)
class Rates:
    """How a model fares against another."""

    wins: int
    """Won by the model."""
    losses: int
    """Won by the other."""
    ties: int
    """Both equally good."""
    both_bad: int
    """Both bad."""
    inconsistent: int
    """Outcomes whose two games disagree; in no rate."""
    failed: int
    """Outcomes with a game that has no vote; in no rate."""
    preference: Share
    """Wins among the decisive outcomes."""

    @property
    def p(self) -> float | None:
        """Two-sided binomial test of the preference against 1/2; None if items repeat or none is decisive."""
        return _binomial(self.preference)

    @property
    def n(self) -> int:
        """Valid outcomes, over which the rates are."""
        return self.wins + self.losses + self.ties + self.both_bad

    @property
    def win_rate(self) -> float | None:
        """Share of valid outcomes that the model won."""
        return _part(self.wins, self.n)

    @property
    def loss_rate(self) -> float | None:
        """Share of valid outcomes that the other won."""
        return _part(self.losses, self.n)

    @property
    def tie_rate(self) -> float | None:
        """Share of ties."""
        return _part(self.ties, self.n)

    @property
    def both_bad_rate(self) -> float | None:
        """Share of both bad."""
        return _part(self.both_bad, self.n)

    @property
    def missing(self) -> float | None:
        """Share of all outcomes that are inconsistent or failed."""
        without = self.inconsistent + self.failed
        return _part(without, self.n + without)


@dataclass(frozen=True)
class RatesOverRuns:
    """Rates of each run, averaged."""

    per_run: tuple[Rates, ...]
    """In the order of the runs."""
    win: Averaged
    """Of the win rates."""
    loss: Averaged
    """Of the loss rates."""
    tie: Averaged
    """Of the tie rates."""
    both_bad: Averaged
    """Of the both-bad rates."""
    preference: Averaged
    """Of the preference shares."""
    missing: Averaged
    """Of the missing shares."""


@dataclass(frozen=True)
class Bias:
    """How often the order of the answers decides."""

    first: int
    """Items whose first-shown answer won both games."""
    second: int
    """Items whose second-shown answer won both games."""
    other: int
    """Items whose games disagree otherwise, e.g. a tie and a win."""
    untold: int
    """Items that a file calls inconsistent without telling which order won."""
    biased: Share
    """All four, among the outcomes with both games valid."""
    failed: Share
    """Outcomes with an invalid game, among all."""


def _part(count: int, n: int) -> float | None:
    return count / n if n else None


def share(preferences: Sequence[Preference], has: Callable[[Preference], bool]) -> Share:
    """Count the preferences that have a property; its interval takes those of one question as a cluster.

    METHODS.md, "Interval of a share": they are worth as many independent ones as `effective_size` says, but at most as
    many as there are distinct items (a pair of models on an item), so that repeats never make the interval narrower.
    """
    items = {(preference.item, preference.models) for preference in preferences}
    having = _by_question(preferences, lambda preference: float(has(preference)))
    counts = [sum(values) for values in having.values()]
    worth = min(effective_size(counts, [len(values) for values in having.values()]), float(len(items)))
    return Share(int(sum(counts)), len(preferences), len(items), worth)


def decisive(preferences: Iterable[Preference]) -> list[Preference]:
    """Return the preferences that name a winner."""
    return [preference for preference in preferences if preference.decision is Decision.WIN]


def rates(preferences: Iterable[Preference], model: str) -> Rates:
    """Return how a model fares over preferences between it and one other."""
    preferences = list(preferences)
    decisions = Counter(preference.decision for preference in preferences)
    wins = share(decisive(preferences), lambda preference: preference.winner == model)
    return Rates(
        wins=wins.count,
        losses=wins.n - wins.count,
        ties=decisions[Decision.TIE],
        both_bad=decisions[Decision.BOTH_BAD],
        inconsistent=decisions[Decision.INCONSISTENT],
        failed=decisions[Decision.FAILED] + decisions[Decision.SKIP],
        preference=wins,
    )


def _binomial(found: Share) -> float | None:
    if not found.n or found.items < found.n:
        return None
    from scipy.stats import binomtest

    return float(binomtest(found.count, found.n).pvalue)


def whole_runs(preferences: Iterable[Preference]) -> list[list[Preference]]:
    """Return the preferences of each run that holds as many as the fullest; people's votes are one run together.

    A run that was cut, or the few items that a file holds twice, say nothing of a mean over all items.
    """
    runs: dict[int, list[Preference]] = {}
    for preference in preferences:
        runs.setdefault(preference.run if preference.rater.kind == "judge" else 0, []).append(preference)
    fullest = max(map(len, runs.values()), default=0)
    return [run for _, run in sorted(runs.items()) if len(run) == fullest]


def rates_over_runs(preferences: Iterable[Preference], model: str) -> RatesOverRuns:
    """Return a model's rates in each whole run and their means; a run without valid preferences is in no mean."""
    per_run = tuple(rates(run, model) for run in whole_runs(preferences))
    return RatesOverRuns(
        per_run,
        win=stats.mean_and_sd(run.win_rate for run in per_run),
        loss=stats.mean_and_sd(run.loss_rate for run in per_run),
        tie=stats.mean_and_sd(run.tie_rate for run in per_run),
        both_bad=stats.mean_and_sd(run.both_bad_rate for run in per_run),
        preference=stats.mean_and_sd(run.preference.value for run in per_run),
        missing=stats.mean_and_sd(run.missing for run in per_run),
    )


def preference_interval(preferences: Iterable[Preference], model: str) -> Interval | None:
    """Return the bootstrap interval, over questions, of a model's share of the decisive preferences."""
    preferences = list(preferences)
    won = _by_question(preferences, lambda one: (float(one.winner == model), float(one.decision is Decision.WIN)))
    return stats.bootstrap_interval(won, stats.ratio, categories=categories(preferences))


def preference_test(preferences: Iterable[Preference], model: str) -> PairedTest:
    """Test a model against the other: +1, -1 or 0 a valid vote, its mean a question."""
    valid = [preference for preference in preferences if preference.decision.counts]
    won = _by_question(valid, lambda preference: float(preference.winner == model))
    lost = _by_question(valid, lambda preference: float(preference.winner not in (None, model)))
    return paired_test(won, lost, categories=categories(valid))


def categories(things: Iterable[HasItem]) -> dict[int | str, str]:
    """Return the category of each question, within which intervals resample."""
    return stats.category_of_each((thing.item.question_id, thing.item.category) for thing in things)


def _by_question(
    preferences: Iterable[Preference], value: Callable[[Preference], Value]
) -> dict[int | str, list[Value]]:
    return {key: [value(one) for one in group] for (key,), group in by(preferences, "question_id").items()}


def positional_bias(preferences: Iterable[Preference]) -> Bias:
    """Return the share of preferences whose two games disagree, and which place they favour."""
    preferences = list(preferences)
    disagreeing = [one.games for one in preferences if one.decision is Decision.INCONSISTENT]
    games = [pair for pair in disagreeing if pair]
    first = sum(all(game.winner == game.first for game in pair) for pair in games)
    second = sum(all(game.winner not in (None, game.first) for game in pair) for pair in games)
    valid = [one for one in preferences if one.decision not in UNDECIDED]
    return Bias(
        first,
        second,
        len(games) - first - second,
        untold=len(disagreeing) - len(games),
        biased=share(valid, lambda one: one.decision is Decision.INCONSISTENT),
        failed=share(preferences, lambda one: one.decision in UNDECIDED),
    )


UNDECIDED = (Decision.FAILED, Decision.SKIP)


def bias_over_runs(preferences: Iterable[Preference]) -> Averaged:
    """Return mean and standard deviation of the whole runs' positional bias: what the paper's Table 2 reports."""
    return stats.mean_and_sd(positional_bias(run).biased.value for run in whole_runs(preferences))


def by(things: Iterable[Grouped], *names: Field) -> dict[tuple[Any, ...], list[Grouped]]:
    """Group by fields, e.g. `by(preferences, "language", "turn")[("de", 1)]`, sorted."""
    groups: dict[tuple[Any, ...], list[Grouped]] = {}
    values = [attrgetter(f"item.{name}" if name in OF_ITEMS else name) for name in names]
    for thing in things:
        groups.setdefault(tuple([value(thing) for value in values]), []).append(thing)
    return dict(sorted(groups.items(), key=lambda group: [_rank(n, v) for n, v in zip(names, group[0], strict=True)]))


def _rank(name: Field, value: Any) -> Any:
    """Categories stand in MT-Bench's order, others behind; a whole conversation behind its turns."""
    if name == "category":
        return (CATEGORIES.index(value) if value in CATEGORIES else len(CATEGORIES), value)
    if name == "models":
        return sorted(model.name for model in value)
    if name == "rater":
        return (value.kind, value.name)
    return (value is None, isinstance(value, str), value)


def strata(things: Iterable[Grouped]) -> dict[str, list[Grouped]]:
    """Return all, each category present ("": not told), and RCEMR if one of its categories is."""
    things = list(things)
    named = {ALL: things} | {category: group for (category,), group in by(things, "category").items()}
    pooled = [thing for thing in things if thing.item.category in RCEMR_CATEGORIES]
    return named | ({RCEMR: pooled} if pooled else {})

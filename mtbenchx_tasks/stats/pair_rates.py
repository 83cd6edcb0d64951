"""Statistics of pairwise judging: rates, positional bias, averages over runs. Formulas: METHODS.md, "Rates of pairs".

Strata pool outcomes and never average the cells of a table. An item judged several times (runs, judges) is one
observation: intervals count items, so repeating a judgment never makes them narrower.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeVar

from hf_datasets.records import CATEGORIES
from mtbenchx_tasks.records import BOTH_BAD, FAILED, INCONSISTENT, TIE, Outcome, OutcomeItem
from mtbenchx_tasks.stats import intervals as stats
from mtbenchx_tasks.stats.intervals import DRAWS, Averaged, Interval, Share
from mtbenchx_tasks.stats.paired_tests import PairedTest, paired_test

MODEL_1, MODEL_2 = "model_1", "model_2"
DECISIVE = (MODEL_1, MODEL_2)
"""The votes that name a winner."""
VOTES = (*DECISIVE, TIE, BOTH_BAD)
"""Every vote."""
ALL, RCEMR = "all", "rcemr"
"""Strata beside the categories."""
RCEMR_CATEGORIES = ("roleplay", "coding", "extraction", "math", "reasoning")
"""The paper's stratum RCEMR (Tables 2 and 3)."""
Field = Literal["benchmark", "language", "question_id", "category", "turn", "run", "judge", "model_1", "model_2"]
"""What outcomes can be grouped by."""
Value = TypeVar("Value")


class Placed(Protocol):
    """What can be grouped."""

    @property
    def item(self) -> OutcomeItem:
        """What was compared."""
        ...


class Voted(Placed, Protocol):
    """A judge's outcome or a person's vote: what most statistics need of it."""

    @property
    def winner(self) -> str:
        """One of VOTES, `inconsistent` or `failed`."""
        ...


OnePlaced = TypeVar("OnePlaced", bound=Placed)
OneVoted = TypeVar("OneVoted", bound=Voted)


@dataclass(frozen=True)
class Rates:
    """How model_2 fares against model_1."""

    wins: int
    """Outcomes that model_2 won."""
    losses: int
    """Outcomes that model_1 won."""
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
    p: float | None
    """Two-sided binomial test of the preference against 1/2; None if items repeat or none is decisive."""

    @property
    def n(self) -> int:
        """Valid outcomes, over which the rates are."""
        return self.wins + self.losses + self.ties + self.both_bad

    @property
    def win_rate(self) -> float | None:
        """Share of valid outcomes that model_2 won."""
        return _part(self.wins, self.n)

    @property
    def loss_rate(self) -> float | None:
        """Share of valid outcomes that model_1 won."""
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
    """Rates of each run, averaged: METHODS.md, "Averages over runs"."""

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
    """How often the order of the answers decides: METHODS.md, "Positional bias"."""

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


def share(outcomes: Sequence[OneVoted], has: Callable[[OneVoted], bool]) -> Share:
    """Count the outcomes that have a property."""
    items = {replace(outcome.item, run=0, judge="") for outcome in outcomes}
    return Share(sum(map(has, outcomes)), len(outcomes), len(items))


def decisive(outcomes: Iterable[OneVoted]) -> list[OneVoted]:
    """Return the outcomes that name a winner."""
    return [outcome for outcome in outcomes if outcome.winner in DECISIVE]


def rates(outcomes: Iterable[Voted]) -> Rates:
    """Return the rates of model_2 against model_1 over outcomes of one pair of models."""
    outcomes = list(outcomes)
    winners = [outcome.winner for outcome in outcomes]
    preference = share(decisive(outcomes), lambda outcome: outcome.winner == MODEL_2)
    return Rates(
        wins=winners.count(MODEL_2),
        losses=winners.count(MODEL_1),
        ties=winners.count(TIE),
        both_bad=winners.count(BOTH_BAD),
        inconsistent=winners.count(INCONSISTENT),
        failed=winners.count(FAILED),
        preference=preference,
        p=_binomial(preference),
    )


def _binomial(found: Share) -> float | None:
    if not found.n or found.items < found.n:
        return None
    from scipy.stats import binomtest

    return float(binomtest(found.count, found.n).pvalue)


def whole_runs(outcomes: Iterable[OnePlaced]) -> list[list[OnePlaced]]:
    """Return the outcomes of each run that holds as many as the fullest.

    A run that was cut, or the few items that a file holds twice, say nothing of a mean over all items.
    """
    runs = list(by(outcomes, "run").values())
    fullest = max(map(len, runs), default=0)
    return [run for run in runs if len(run) == fullest]


def rates_over_runs(outcomes: Iterable[Voted]) -> RatesOverRuns:
    """Return the rates of each whole run and their means; a run without valid outcomes is in no mean."""
    per_run = tuple(rates(run) for run in whole_runs(outcomes))
    return RatesOverRuns(
        per_run,
        win=stats.mean_and_sd(run.win_rate for run in per_run),
        loss=stats.mean_and_sd(run.loss_rate for run in per_run),
        tie=stats.mean_and_sd(run.tie_rate for run in per_run),
        both_bad=stats.mean_and_sd(run.both_bad_rate for run in per_run),
        preference=stats.mean_and_sd(run.preference.value for run in per_run),
        missing=stats.mean_and_sd(run.missing for run in per_run),
    )


def preference_interval(outcomes: Iterable[Voted], draws: int = DRAWS, seed: int = 0) -> Interval | None:
    """Return the bootstrap interval of the preference share over questions: the one to print.

    METHODS.md, "Rates of pairs" and "Interval over questions".
    """
    outcomes = list(outcomes)
    won = _by_question(outcomes, lambda winner: (float(winner == MODEL_2), float(winner in DECISIVE)))
    return stats.bootstrap_interval(won, stats.ratio, draws, seed, categories=categories(outcomes))


def preference_test(outcomes: Iterable[Voted], draws: int = DRAWS, seed: int = 0) -> PairedTest:
    """Test model_2 against model_1: +1, -1 or 0 a valid vote, its mean a question: METHODS.md, "Paired test"."""
    valid = [outcome for outcome in outcomes if outcome.winner in VOTES]
    second = _by_question(valid, lambda winner: float(winner == MODEL_2))
    first = _by_question(valid, lambda winner: float(winner == MODEL_1))
    return paired_test(second, first, draws, seed, categories=categories(valid))


def categories(items: Iterable[Placed]) -> dict[int, str]:
    """Return the category of each question, within which intervals resample."""
    return {placed.item.question_id: placed.item.category for placed in items}


def _by_question(outcomes: Iterable[Voted], value: Callable[[str], Value]) -> dict[int, list[Value]]:
    return {key: [value(outcome.winner) for outcome in group] for (key,), group in by(outcomes, "question_id").items()}


def positional_bias(outcomes: Iterable[Outcome]) -> Bias:
    """Return the share of items whose two games disagree, and which place they favour."""
    outcomes = list(outcomes)
    disagreeing = [outcome.games for outcome in outcomes if outcome.winner == INCONSISTENT]
    games = [(pair[0].vote, pair[1].vote) for pair in disagreeing if pair is not None]
    first, second = games.count((MODEL_1, MODEL_2)), games.count((MODEL_2, MODEL_1))
    valid = [outcome for outcome in outcomes if outcome.winner != FAILED]
    return Bias(
        first,
        second,
        len(games) - first - second,
        untold=len(disagreeing) - len(games),
        biased=share(valid, lambda outcome: outcome.winner == INCONSISTENT),
        failed=share(outcomes, lambda outcome: outcome.winner == FAILED),
    )


def bias_over_runs(outcomes: Iterable[Outcome]) -> Averaged:
    """Return mean and standard deviation of the whole runs' positional bias: what the paper's Table 2 reports."""
    return stats.mean_and_sd(positional_bias(run).biased.value for run in whole_runs(outcomes))


def by(outcomes: Iterable[OnePlaced], *fields: Field) -> dict[tuple[Any, ...], list[OnePlaced]]:
    """Group outcomes by fields of their items, e.g. `by(outcomes, "language", "turn")[("de", 1)]`, sorted."""
    groups: dict[tuple[Any, ...], list[OnePlaced]] = {}
    for outcome in outcomes:
        groups.setdefault(tuple(getattr(outcome.item, field) for field in fields), []).append(outcome)
    return dict(sorted(groups.items(), key=lambda group: [_rank(f, v) for f, v in zip(fields, group[0], strict=True)]))


def _rank(field: Field, value: Any) -> Any:
    """Categories stand in MT-Bench's order, others behind; everything else as it sorts."""
    if field != "category":
        return value
    return (CATEGORIES.index(value) if value in CATEGORIES else len(CATEGORIES), value)


def strata(outcomes: Iterable[OnePlaced]) -> dict[str, list[OnePlaced]]:
    """Return the outcomes of all, of each category present, and of RCEMR if one of its categories is."""
    outcomes = list(outcomes)
    named = {ALL: outcomes} | {category: group for (category,), group in by(outcomes, "category").items()}
    pooled = [outcome for outcome in outcomes if outcome.item.category in RCEMR_CATEGORIES]
    return named | ({RCEMR: pooled} if pooled else {})

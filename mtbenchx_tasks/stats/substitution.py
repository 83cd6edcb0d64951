"""Substitution of inconsistent votes by those of a following run: arXiv 2402.13703, section 6.

METHODS.md, "Substitution of inconsistent votes".
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from mtbenchx_tasks.records import Outcome, OutcomeItem
from mtbenchx_tasks.stats.intervals import Averaged
from mtbenchx_tasks.stats.pair_rates import VOTES, bias_over_runs, strata

Following = Literal["next", "chain"]
"""Whose vote fills in: the next run's only, or the first consistent one of all later runs."""


@dataclass(frozen=True)
class Effect:
    """Positional bias before and after substitution, over the same runs."""

    before: Averaged
    """Bias of the result runs as judged; the spare run is in no result."""
    after: Averaged
    """Bias of the result runs after substitution."""
    substituted: int
    """Outcomes that took a later run's vote."""
    missing: int
    """Outcomes that still have none: no later run that counts was consistent."""

    @property
    def mitigated(self) -> float | None:
        """The difference in percentage points (paper: up to 16.25)."""
        if self.before.mean is None or self.after.mean is None:
            return None
        return 100 * (self.before.mean - self.after.mean)


def substitute(outcomes: Iterable[Outcome], following: Following = "next", runs: int | None = None) -> list[Outcome]:
    """Return the result runs, their missing votes taken from following runs where those are consistent.

    A vote is missing if the games disagree or one of them failed. A substituted outcome keeps its place (its own run)
    and takes both games of the later run, so that every vote still leads to the judgments it came from.

    Args:
        outcomes: Raw runs, numbered from 0.
        following: `next` asks run r + 1 only; `chain` goes on to r + 2 and so forth.
        runs: How many result runs there shall be; None: one fewer than the raw ones, whose last is the spare (but at
            least one). With no more raw runs than that, the last keeps its missing votes.

    Returns:
        The outcomes of the result runs, in the order given.
    """
    outcomes = list(outcomes)
    raw = 1 + max((outcome.item.run for outcome in outcomes), default=0)
    wanted = max(1, raw - 1) if runs is None else runs
    known = {outcome.item: outcome for outcome in outcomes}
    reach = 1 if following == "next" else raw
    return [_filled(outcome, known, reach) for outcome in outcomes if outcome.item.run < wanted]


def _filled(outcome: Outcome, known: dict[OutcomeItem, Outcome], reach: int) -> Outcome:
    if outcome.winner in VOTES:
        return outcome
    for step in range(1, reach + 1):
        later = known.get(replace(outcome.item, run=outcome.item.run + step))
        if later is not None and later.winner in VOTES:
            return replace(outcome, winner=later.winner, games=later.games)
    return outcome


def effect(outcomes: Iterable[Outcome], following: Following = "next", runs: int | None = None) -> Effect:
    """Return what substitution does to one stratum; the arguments are those of `substitute`."""
    outcomes = list(outcomes)
    filled = substitute(outcomes, following, runs)
    known = {outcome.item: outcome for outcome in outcomes}
    raw = [known[outcome.item] for outcome in filled]
    return Effect(
        bias_over_runs(raw),
        bias_over_runs(filled),
        substituted=sum(new.winner != old.winner for new, old in zip(filled, raw, strict=True)),
        missing=sum(outcome.winner not in VOTES for outcome in filled),
    )


def effects(outcomes: Iterable[Outcome], following: Following = "next", runs: int | None = None) -> dict[str, Effect]:
    """Return the effect in each stratum (see pairstats.strata): all, every category, RCEMR."""
    outcomes = list(outcomes)
    if runs is None:  # a stratum that lacks the spare run must not lose a result run
        runs = max(1, max((outcome.item.run for outcome in outcomes), default=0))
    return {name: effect(group, following, runs) for name, group in strata(outcomes).items()}

"""Substitution of inconsistent votes by those of a following run: arXiv 2402.13703, section 6.

METHODS.md, "Substitution of inconsistent votes".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from mtbenchx_tasks.records import Preference
from mtbenchx_tasks.stats.intervals import Averaged
from mtbenchx_tasks.stats.pair_rates import bias_over_runs, strata

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


def substitute(
    preferences: Iterable[Preference], following: Following = "next", runs: int | None = None
) -> list[Preference]:
    """Return the result runs, their missing votes taken from following runs where those are consistent.

    A vote is missing if the games disagree or one of them failed. A substituted preference keeps its place (its own
    run) and takes both games of the later run, so that every vote still leads to the judgments it came from.

    Args:
        preferences: Raw runs, numbered from 0.
        following: `next` asks run r + 1 only; `chain` goes on to r + 2 and so forth.
        runs: How many result runs there shall be; None: one fewer than the raw ones, whose last is the spare (but at
            least one). With no more raw runs than that, the last keeps its missing votes.

    Returns:
        The preferences of the result runs, in the order given.
    """
    preferences = list(preferences)
    raw = 1 + max((preference.run for preference in preferences), default=0)
    wanted = max(1, raw - 1) if runs is None else runs
    by_place = {_place(preference, preference.run): preference for preference in preferences}
    reach = 1 if following == "next" else raw
    return [_filled(preference, by_place, reach) for preference in preferences if preference.run < wanted]


def _place(preference: Preference, run: int) -> tuple[object, ...]:
    return preference.item, preference.models, preference.rater, run


def _filled(preference: Preference, by_place: Mapping[tuple[object, ...], Preference], reach: int) -> Preference:
    if preference.decision.counts:
        return preference
    for step in range(1, reach + 1):
        later = by_place.get(_place(preference, preference.run + step))
        if later is not None and later.decision.counts:
            return replace(preference, decision=later.decision, winner=later.winner, games=later.games)
    return preference


def effect(preferences: Iterable[Preference], following: Following = "next", runs: int | None = None) -> Effect:
    """Return what substitution does to one stratum; the arguments are those of `substitute`."""
    preferences = list(preferences)
    filled = substitute(preferences, following, runs)
    by_place = {_place(preference, preference.run): preference for preference in preferences}
    raw = [by_place[_place(preference, preference.run)] for preference in filled]
    return Effect(
        bias_over_runs(raw),
        bias_over_runs(filled),
        substituted=sum(new.decision != old.decision for new, old in zip(filled, raw, strict=True)),
        missing=sum(not preference.decision.counts for preference in filled),
    )


def effects(
    preferences: Iterable[Preference], following: Following = "next", runs: int | None = None
) -> dict[str, Effect]:
    """Return the effect in each stratum (see pair_rates.strata): all, every category, RCEMR."""
    preferences = list(preferences)
    if runs is None:  # a stratum that lacks the spare run must not lose a result run
        runs = max(1, max((preference.run for preference in preferences), default=0))
    return {name: effect(group, following, runs) for name, group in strata(preferences).items()}

"""What an agreement.json holds: people, numbers of agreement and who wins, each with what it is of."""

from dataclasses import asdict, dataclass
from typing import Any

from mtbenchx_tasks.stats.upper_limits import TieMode


@dataclass(frozen=True)
class Statistic:
    """One number, and what it is of."""

    statistic: str
    """`human_human`, `human_human_macro`, `fleiss_kappa`, `judge_human`, `judge_human_on_limit_items`, `limit_*`,
    `judge_judge`, `judge_judge_kappa` or `jury_fleiss_kappa`."""
    judge: str
    """The judge, two joined by ` & `, or empty: people only."""
    tie_mode: TieMode
    """What ties are."""
    stratum: str
    """`all`, a category or `rcemr`."""
    turn: str
    """`1`, `2` and so on, `conversation`, or `all`."""
    value: float | None = None
    """A share or a kappa; None where it isn't defined."""
    low: float | None = None
    """Lower end of its 95 % bootstrap interval over questions."""
    high: float | None = None
    """Its upper end."""
    sd: float | None = None
    """Standard deviation over the judge's runs."""
    n_items: float = 0
    """Items it is of; mean over the runs of a judge."""
    n: float = 0
    """Pairs of votes (`human_human`), or votes."""
    dropped: int | None = None
    """Items with fewer votes than it needs."""
    missing: float | None = None
    """Share of the items with votes that the judge has no verdict on."""
    z: float | None = None
    """Of a kappa: kappa / se0."""
    p: float | None = None
    """Of a kappa of 0."""
    p_method: str | None = None
    """`normal`, or `permutation` below 20 items."""
    raters_min: int | None = None
    """Fewest votes an item."""
    raters_mean: float | None = None
    """Mean votes an item."""
    raters_max: int | None = None
    """Most votes an item."""


@dataclass(frozen=True)
class RateRow:
    """Who wins, by people or by one judge (paper, Figure 3)."""

    voter: str
    """`people` or the judge."""
    model_1: str
    """The one model."""
    model_2: str
    """The other: wins are its wins."""
    language: str
    """Language of the questions; empty if not told."""
    stratum: str
    """`all`, a category or `rcemr`."""
    turn: str
    """`1`, `2` and so on, `conversation`, or `all`."""
    win: float | None
    """Share of valid votes for model_2; with several runs, their mean."""
    loss: float | None
    """Share for model_1."""
    tie: float | None
    """Share of ties."""
    both_bad: float | None
    """Share of both bad."""
    preference: float | None
    """model_2's share of the decisive votes."""
    preference_low: float | None
    """Its 95 % bootstrap interval over questions."""
    preference_high: float | None
    """Its upper end."""
    n: float
    """Valid votes; of a judge the mean over its runs."""
    missing: float | None
    """Share of a judge's verdicts that are inconsistent or failed; None for people."""


@dataclass(frozen=True)
class Results:
    """All of it."""

    settings: dict[str, Any]
    """What was asked for."""
    people: dict[str, Any]
    """Annotators, votes, skips, skip rate and repeated votes."""
    statistics: tuple[Statistic, ...]
    """Agreement."""
    rates: tuple[RateRow, ...]
    """Who wins."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON's types."""
        return asdict(self)

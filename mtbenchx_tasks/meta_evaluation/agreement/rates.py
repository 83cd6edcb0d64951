"""Who wins, by people and by judges on one axis (notes D7, D10; paper, Figure 3)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mtbenchx_tasks.formats.votes import VALID
from mtbenchx_tasks.meta_evaluation.agreement.study import Ballot, Compared, Study
from mtbenchx_tasks.stats.pair_rates import by, preference_interval, rates, strata
from mtbenchx_tasks.stats.intervals import mean_and_sd

PEOPLE = "people"
POOLED = "all"
"""The turn of a number over both turns."""


@dataclass(frozen=True)
class RateRow:
    """Who wins, by people or by one judge (notes D7, D10; Figure 3)."""

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
    """`1`, `2` or `all`."""
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


def rate_rows(study: Study) -> Iterator[RateRow]:
    """Yield the rates of people and of every judge, for each pair of models, language, stratum and turn."""
    voters: dict[str, list[Ballot]] = {PEOPLE: list(study.ballots)}
    for judge in study.judges:
        voters[judge] = _verdicts(study.compared, judge)
    for voter, said in voters.items():
        for (one, other, language), pair in by(said, "model_1", "model_2", "language").items():
            for stratum, group in strata(pair).items():
                turns = {str(turn): part for (turn,), part in by(group, "turn").items()} | {POOLED: group}
                for turn, part in turns.items() if stratum else ():
                    yield _rates(voter, (one, other, language), stratum, turn, part)


def _verdicts(compared: Sequence[Compared], judge: str) -> list[Ballot]:
    """Return a judge's verdicts, run by run."""
    return [
        Ballot(replace(one.item, judge=judge, run=run), verdict)
        for one in compared
        for run, verdict in enumerate(one.verdicts.get(judge, ()))
    ]


def _rates(voter: str, pair: tuple[str, str, str], stratum: str, turn: str, said: Sequence[Ballot]) -> RateRow:
    """Return the rates of all votes of people, or the mean over a judge's runs (notes D10)."""
    runs = [rates(run) for run in by(said, "run").values()]
    interval = preference_interval(said)

    def mean(name: str) -> float | None:
        return mean_and_sd(getattr(run, name) for run in runs).mean

    return RateRow(
        voter,
        *pair,
        stratum,
        turn,
        win=mean("win_rate"),
        loss=mean("loss_rate"),
        tie=mean("tie_rate"),
        both_bad=mean("both_bad_rate"),
        preference=mean_and_sd(run.preference.value for run in runs).mean,
        preference_low=interval.low if interval else None,
        preference_high=interval.high if interval else None,
        n=sum(vote.winner in VALID for vote in said) / len(runs),
        missing=None if voter == PEOPLE else mean("missing"),
    )

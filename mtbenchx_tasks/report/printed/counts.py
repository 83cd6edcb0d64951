"""Whether printed numbers can be what they are said to be: means of so many ratings, shares of so many outcomes."""

from collections.abc import Iterator, Mapping, Sequence

from mtbenchx_tasks.report.printed.claims import FAILS, HOLDS, OPEN, Claim
from mtbenchx_tasks.report.printed.pair_tables import ALL, AgreementRow, PairTables
from mtbenchx_tasks.report.printed.rows import PaperRow, Printed
from mtbenchx_tasks.tables import category_name, number, percent

QUESTIONS, TURNS = 10, 2
"""Of a category in MT-Bench, and of a question."""
STEP = 0.5
"""Judges give halves now and then, nothing finer."""
OUTCOMES, RUNS = 20, 3
"""Outcomes of a category in one run of one pair, and how often the judge was run (Table 2's caption)."""
UNEXPLAINED = 1e-9
PREFERRED, DECISIVE = 0.628, 242
"""People's share for Bactrian-ENDEFRITES, and how many votes named a winner (section 6)."""


def granularity(cell: Printed, ratings: int) -> bool:
    """Tell whether a printed mean can be one of so many ratings in steps of a half (GRIM: Brown and Heathers, 2017).

    A mean of n such ratings is a whole number of 1 / (2 n); the nearest one must round to what is printed.
    """
    grid = ratings / STEP
    return abs(round(cell.value * grid) / grid - cell.value) <= cell.half_unit + UNEXPLAINED


def not_means(rows: Sequence[PaperRow]) -> Iterator[tuple[PaperRow, str, int | None]]:
    """Yield cells that can't be a mean of all ratings of a category, with the largest number of ratings that they can.

    The number is None where no number of ratings explains the cell.
    """
    for row in rows:
        if row.kind != "average":
            whole = QUESTIONS * (TURNS if row.turn is None else 1)
            for category, cell in row.cells.items():
                if not granularity(cell, whole):
                    yield row, category, next((n for n in range(whole - 1, 0, -1) if granularity(cell, n)), None)


def pair_claims(pairs: PairTables) -> list[Claim]:
    """Return what the paper says of pairs, held against Tables 2 and 3."""
    return [
        *([_over_runs(pairs.bias)] if pairs.bias else []),
        *([_above_limit(pairs.agreement)] if pairs.agreement else []),
        *([_bias_and_agreement(pairs)] if pairs.bias and pairs.agreement else []),
        _preferred(),
        Claim(
            "People's Fleiss' kappa is 0.37 on 66 samples in turn 1 and 0.36 on 62 in turn 2",
            "the votes aren't in the tables; `mtbenchx agreement --votes` recomputes it",
            OPEN,
        ),
        Claim(
            "Voting with three options and with four gives the same pairs another positional bias",
            "one table of bias is printed, of one kind of vote",
            OPEN,
        ),
    ]


def _over_runs(bias: Mapping[str, float]) -> Claim:
    text = f"Table 2 averages {RUNS} runs of {OUTCOMES} outcomes a category"
    step = 100 / (RUNS * OUTCOMES)
    off = [name for name, value in bias.items() if abs(value / step - round(value / step)) * step > 0.005 + UNEXPLAINED]
    whole = all(abs(value * 0.8 - round(value * 0.8)) < UNEXPLAINED for value in bias.values())
    value = f"{len(off)} of {len(bias)} aren't multiples of 1/{RUNS * OUTCOMES}" if off else "all multiples of 1/60"
    return Claim(text, value + ("; all are multiples of 1/80" if whole else ""), FAILS if off else HOLDS)


def _above_limit(rows: Sequence[AgreementRow]) -> Claim:
    above = [
        f"{who} turn {row.turn} {category_name(row.stratum)} {value:g} > {row.limit:g}"
        for row in rows
        for who, value in (("judge", row.judge), ("people", row.people))
        if value > row.limit
    ]
    value = "; ".join(above) or f"none of {2 * len(rows)} cells is above it"
    return Claim("Table 3's upper limit is one", value, FAILS if above else HOLDS)


def _bias_and_agreement(pairs: PairTables) -> Claim:
    """Over categories, whose number decides nothing: a rank correlation of eight needs 0.74 for p < 0.05."""
    from scipy.stats import spearmanr

    text = "Asked by us: where the order of the answers decides more often, people and the judge agree less often"
    judged: dict[str, list[float]] = {}
    for row in pairs.agreement:
        if row.stratum not in ALL and row.stratum in pairs.bias:
            judged.setdefault(row.stratum, []).append(row.judge)
    names = sorted(judged)
    means = [sum(judged[name]) / len(judged[name]) for name in names]
    found = spearmanr([pairs.bias[name] for name in names], means)
    rho, p = float(found.statistic), float(found.pvalue)
    value = f"Spearman's rho {number(rho)} over {len(names)} categories, p = {number(p, 3)}"
    return Claim(text, value, HOLDS if rho < 0 and p < 0.05 else OPEN)  # noqa: PLR2004


def _preferred() -> Claim:
    from mtbenchx_tasks.stats.intervals import wilson

    wins = round(PREFERRED * DECISIVE)
    interval = wilson(wins, DECISIVE)
    text = f"People preferred Bactrian-ENDEFRITES in {percent(PREFERRED)} % of {DECISIVE} decisive votes"
    possible = abs(wins / DECISIVE - PREFERRED) <= 0.0005  # noqa: PLR2004
    ends = "" if interval is None else f": {percent(interval.low)} to {percent(interval.high)} % (95 %)"
    return Claim(text, f"{wins} of {DECISIVE} are {percent(wins / DECISIVE)} %{ends}", HOLDS if possible else FAILS)

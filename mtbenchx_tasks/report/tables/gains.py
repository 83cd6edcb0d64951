"""What tuning on several languages gains over tuning on one (the paper's Figures 2 and 4).

The gain is the difference of the averages, in % of the 10-point scale: 0.406 points are 4.06 %. The relative gain
stands beside it, since both are called "percent" in print.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from mtbenchx_tasks.report.groups import ShownModel
from mtbenchx_tasks.report.sections import Section
from mtbenchx_tasks.report.tables.scores import by_family, language_name
from mtbenchx_tasks.stats.cells import Resampler, average_of, n_questions
from mtbenchx_tasks.stats.intervals import Interval
from mtbenchx_tasks.tables import Cell, Row, Table, interval_text, percent, signed

if TYPE_CHECKING:
    from mtbenchx_tasks.stats.intervals import Array

SCALE = 10
"""Points; the paper divides by the whole scale."""


@dataclass(frozen=True)
class Gain:
    """A mixture over one language, averaged over the languages of the benchmark."""

    mixture: ShownModel
    """Tuned on several languages."""
    single: ShownModel
    """Tuned on one."""
    turn: int | None
    """From 1, or None: all."""
    points: float | None
    """Difference of the averages; None if no language has both."""
    relative: float | None
    """The same as a share of the monolingual model's average."""
    interval: Interval | None
    """Of the points, over questions."""
    languages: tuple[str, ...]
    """Where both have results."""
    home: float | None = None
    """Points in the monolingual model's own language."""

    @property
    def of_scale(self) -> float | None:
        """The gain in % of the scale."""
        return None if self.points is None else 100 * self.points / SCALE


def gains(section: Section, models: Sequence[ShownModel], resampler: Resampler) -> list[Gain]:
    """Return every mixture's gain over every monolingual model of its family, per turn."""
    found = []
    for family, members in by_family(models):
        if family:
            singles = [model for model in members if model.is_monolingual]
            mixtures = [model for model in members if model.is_mixed]
            found += [
                _gain(section, mixture, single, turn, resampler)
                for turn in (None, *range(1, 1 + max(section.last_turns.values())))
                for mixture in mixtures
                for single in singles
            ]
    return found


def _gain(section: Section, mixture: ShownModel, single: ShownModel, turn: int | None, resampler: Resampler) -> Gain:
    pairs = {}
    for language in section.languages:
        both = [section.cell(model.name, language, turn) for model in (mixture, single)]
        values = [average_of(answers).value for answers in both]
        if values[0] is not None and values[1] is not None:
            pairs[language] = (both, values[0], values[1])
    if not pairs:
        return Gain(mixture, single, turn, None, None, None, ())
    high, low = fmean(pair[1] for pair in pairs.values()), fmean(pair[2] for pair in pairs.values())
    draws = fmean_draws(
        resampler.averages(mixture.name, code, turn) - resampler.averages(single.name, code, turn) for code in pairs
    )
    questions = min(n_questions(answers) for both, _, _ in pairs.values() for answers in both)
    home = pairs.get(single.languages[0])
    return Gain(
        mixture,
        single,
        turn,
        high - low,
        (high - low) / low if low else None,
        resampler.interval(draws, questions),
        tuple(pairs),
        home[1] - home[2] if home else None,
    )


def fmean_draws(draws: "Iterable[Array]") -> "Array":
    """Return the mean of several statistics in each draw."""
    import numpy as np

    mean: Array = np.mean(list(draws), axis=0)
    return mean


def gains_table(found: Sequence[Gain], languages: Sequence[str]) -> Table:
    """Return all gains as one table."""
    rows: list[Row] = []
    for turn in dict.fromkeys(gain.turn for gain in found):
        chosen = [gain for gain in found if gain.turn == turn]
        if chosen:
            rows.append((turn_name(turn),))
        rows += [_row(gain, languages) for gain in chosen]
    return Table(
        "gains",
        "What mixtures gain over single languages",
        ("Mixture over single language", "% of the scale", "95 % interval", "relative %", "points", "points at home"),
        tuple(rows),
        "Averaged over the languages of the benchmark. % of the scale: difference / 10 points, as in the paper's "
        "Figures 2 and 4; relative: difference / the monolingual average. At home: in the monolingual "
        "model's language.",
        records=tuple(_records(found)),
        folded=len(rows) > 24,  # noqa: PLR2004
    )


def turn_name(turn: int | None) -> str:
    """Return `Turn 1`, or `Both turns`."""
    return f"Turn {turn}" if turn else "Both turns"


def _row(gain: Gain, languages: Sequence[str]) -> Row:
    scale = None if gain.interval is None else Interval(*(10 * end for end in (gain.interval.low, gain.interval.high)))
    name = f"{gain.mixture.label} over {gain.single.label}"
    n = f"{len(gain.languages)}/{len(languages)} languages"
    return (
        name,
        Cell(signed(gain.of_scale), n, strong=gain.points is not None),
        interval_text(scale, signed),
        percent(gain.relative, sign=True),
        signed(gain.points, 3),
        Cell(signed(gain.home), language_name(gain.single.languages[0]) if gain.home is not None else ""),
    )


def _records(found: Sequence[Gain]) -> Iterator[dict[str, object]]:
    for gain in found:
        yield {
            "family": gain.mixture.family, "mixture": gain.mixture.name, "single": gain.single.name,
            "turn": gain.turn or "both", "points": gain.points, "percent_of_scale": gain.of_scale,
            "relative_percent": None if gain.relative is None else 100 * gain.relative,
            "low_points": gain.interval.low if gain.interval else None,
            "high_points": gain.interval.high if gain.interval else None,
            "languages": " ".join(gain.languages), "points_at_home": gain.home,
        }  # fmt: skip

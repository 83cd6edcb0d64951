"""Bars of pairwise judging: win, loss, tie and both bad per category, judges and people on one axis (Figures 3, 6)."""

from collections.abc import Sequence
from typing import Any

from mtbenchx_tasks.report.figures.drawing import Figure, new_figure, shorten
from mtbenchx_tasks.report.tables.pairs import Duel
from mtbenchx_tasks.stats.pair_rates import rates_over_runs, strata
from mtbenchx_tasks.tables import percent, stratum_name

COLOURS = ("#0a6bb0", "#e69f00", "#8c959f", "#4d4d4d")
"""Second wins, first wins, tie, both bad."""
ON = ("#ffffff", "#000000", "#000000", "#ffffff")
"""Text on them."""
NARROW = 7
"""Percent below which a bar has no room for its number."""


def bars(duel: Duel, number_of: int) -> Figure:
    """Return stacked bars: one group per stratum, one bar per judge and for the people."""
    shares: list[tuple[str, str, tuple[float | None, ...], int]] = []
    by_stratum = {judge: strata(preferences) for judge, preferences in duel.by_judge.items()}
    names = list(dict.fromkeys(name for groups in by_stratum.values() for name in groups))
    for name in names:
        for judge, groups in by_stratum.items():
            if name in groups:
                found = rates_over_runs(groups[name], duel.models[1])
                parts = (found.win.mean, found.loss.mean, found.tie.mean, found.both_bad.mean)
                shares.append((name, judge, parts, len(groups[name])))

    def draw() -> Any:
        canvas = new_figure(8.2, 1.4 + 0.27 * len(shares) + 0.16 * len(names))
        axes = canvas.add_subplot()
        places, labels, y, before = [], [], 0.0, ""
        for name, judge, parts, _ in shares:
            y += 0.55 if before and name != before else 0.0
            _bar(axes, y, parts)
            several = len(duel.by_judge) > 1
            labels.append(f"{stratum_name(name)}: {shorten(judge, 24)}" if several else stratum_name(name))
            places.append(y)
            y, before = y + 1, name
        axes.set(xlim=(0, 100), ylim=(y - 0.4, -0.6), xlabel="% of valid votes")
        axes.set_yticks(places, labels, fontsize=9)
        axes.tick_params(axis="y", length=0)
        _legend(axes, duel)
        return canvas

    return Figure(
        f"votes-{number_of}",
        f"Votes: {duel.title}",
        f"Stacked bars per category of wins, losses, ties and both bad: {duel.title}. {_told(shares)}",
        "In % of valid votes, judges averaged over runs. A number stands where there is room; all are in the table.",
        draw,
        8.2,
    )


def _bar(axes: Any, y: float, parts: Sequence[float | None]) -> None:
    left = 0.0
    for part, colour, ink in zip(parts, COLOURS, ON, strict=True):
        if part is None:
            continue
        wide = 100 * part
        axes.barh(y, wide, left=left, height=0.86, color=colour, edgecolor="#ffffff", linewidth=0.4)
        if wide >= NARROW:
            axes.text(left + wide / 2, y, percent(part, 0), ha="center", va="center", color=ink, fontsize=8)
        left += wide


def _legend(axes: Any, duel: Duel) -> None:
    from matplotlib.patches import Patch

    one, other = (shorten(model, 26) for model in duel.models)
    names = (f"{other} wins", f"{one} wins", "tie", "both bad")
    patches = [
        Patch(facecolor=colour, edgecolor="#ffffff", label=name) for colour, name in zip(COLOURS, names, strict=True)
    ]
    axes.legend(handles=patches, loc="lower center", bbox_to_anchor=(0.42, 1.0), ncol=2, frameon=False, fontsize=8.5)


def _told(shares: Sequence[tuple[str, str, tuple[float | None, ...], int]]) -> str:
    every = [(judge, parts) for name, judge, parts, _ in shares if name == "all" and parts[0] is not None]
    return " ".join(
        f"{judge}: {percent(p[0], 0)} % wins, {percent(p[1], 0)} % losses, {percent(p[2], 0)} % ties, "
        f"{percent(p[3], 0)} % both bad over all."
        for judge, p in every
    )

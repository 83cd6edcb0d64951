"""Figures of scores: heatmap per turn (Figure 1), averages with intervals, gains (Figures 2, 4), radars (Figure 5)."""

from collections.abc import Sequence
from typing import Any

from mtbenchx_tasks.report.figures.drawing import (
    INK,
    MARKERS,
    PALETTE,
    STYLES,
    Figure,
    label_width,
    new_figure,
    shorten,
)
from mtbenchx_tasks.report.groups import ShownModel
from mtbenchx_tasks.report.sections import Section
from mtbenchx_tasks.report.tables.gains import Gain
from mtbenchx_tasks.report.tables.scores import by_family, language_name
from mtbenchx_tasks.stats.cells import Resampler, average_of, mean_of
from mtbenchx_tasks.stats.intervals import Interval
from mtbenchx_tasks.tables import category_name, number

LOW, HIGH = 1, 10
DARK_BELOW = 0.179
"""Luminance below which white text has more contrast than black (WCAG)."""
MOST_LINES = 8
"""Lines of one radar that can be told apart."""
NARROWEST = 2
"""Points that the colours span at least: a tenth of a point must not look like day and night."""
ROW = 0.32
"""Inches a row."""


def heatmap(section: Section, models: Sequence[ShownModel], turn: int) -> Figure:
    """Return Avg. of every model and language in one turn; missing cells stay empty."""
    values = [
        [average_of(section.cell(model.name, code, turn)).value for code in section.languages] for model in models
    ]

    def draw() -> Any:
        import matplotlib as mpl

        known = [value for row in values for value in row if value is not None]
        middle = (min(known) + max(known)) / 2 if known else (LOW + HIGH) / 2
        half = max(NARROWEST, max(known) - min(known)) / 2 if known else NARROWEST / 2
        colours, norm = mpl.colormaps["cividis"], mpl.colors.Normalize(middle - half, middle + half)
        width = label_width([model.label for model in models])
        canvas = new_figure(1.2 + width + 0.85 * len(section.languages), 0.9 + ROW * len(models))
        axes = canvas.add_subplot()
        for y, row in enumerate(values):
            for x, value in enumerate(row):
                _heat_cell(axes, (x, y), value, colours, norm)
        axes.set(xlim=(-0.5, len(section.languages) - 0.5), ylim=(len(models) - 0.5, -0.5))
        axes.set_xticks(range(len(section.languages)), [language_name(code) for code in section.languages])
        axes.set_yticks(range(len(models)), [shorten(model.label) for model in models])
        axes.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
        axes.spines[:].set_visible(False)
        return canvas

    named = [
        (value, model.label, code)
        for model, row in zip(models, values, strict=True)
        for code, value in zip(section.languages, row, strict=True)
        if value is not None
    ]
    best = max(named, default=None)
    told = (
        f"The highest is {number(best[0])}: {best[1]} in {language_name(best[2])}." if best else "No cell has a value."
    )
    return Figure(
        f"heatmap-turn-{turn}",
        f"Average score, turn {turn}",
        f"Heatmap of {len(models)} models by {len(section.languages)} languages, turn {turn}. {told}",
        "The brighter, the higher; the colours cover the range of the numbers, at least two points. Empty: no results.",
        draw,
        1.2 + label_width([model.label for model in models]) + 0.85 * len(section.languages),
    )


def _heat_cell(axes: Any, place: tuple[int, int], value: float | None, colours: Any, norm: Any) -> None:
    from matplotlib.patches import Rectangle

    x, y = place
    if value is None:
        axes.add_patch(Rectangle((x - 0.47, y - 0.45), 0.94, 0.9, facecolor="none", edgecolor="#8c959f", linestyle=":"))
        return
    share = norm(value)
    axes.add_patch(Rectangle((x - 0.47, y - 0.45), 0.94, 0.9, facecolor=colours(share), edgecolor="none"))
    ink = "#ffffff" if _luminance(colours(share)) < DARK_BELOW else "#000000"
    axes.text(x, y, number(value), ha="center", va="center", color=ink, fontsize=9)


def _luminance(colour: Sequence[float]) -> float:
    """Return WCAG's relative luminance of a colour, 0 to 1."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]]  # noqa: PLR2004
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def averages(section: Section, models: Sequence[ShownModel], resampler: Resampler) -> Figure:
    """Return Avg. with its interval, one panel per language."""
    points = {}
    for model in models:
        for language in section.languages:
            value = average_of(section.cell(model.name, language)).value
            if value is not None:
                points[model.name, language] = value, resampler.cell_interval(model.name, language)
    width = label_width([model.label for model in models]) + 0.6 + 1.55 * max(2, len(section.languages))

    def draw() -> Any:
        canvas = new_figure(width, 0.9 + ROW * 0.85 * len(models))
        panels = canvas.subplots(1, len(section.languages), sharey=True, sharex=True, squeeze=False)[0]
        for axes, language in zip(panels, section.languages, strict=True):
            for y, model in enumerate(models):
                if (model.name, language) in points:
                    _point(axes, *points[model.name, language], y, (PALETTE[0], MARKERS[0]))
            axes.set_title(language_name(language))
            axes.grid(axis="x", color="#8c959f", alpha=0.35, linewidth=0.6)
            axes.tick_params(axis="y", length=0)
        panels[0].set_yticks(range(len(models)), [shorten(model.label) for model in models])
        panels[0].set_ylim(len(models) - 0.5, -0.5)
        canvas.subplots_adjust(wspace=0.12)
        return canvas

    return Figure(
        "averages",
        "Averages with their 95 % intervals",
        f"Dot plot of the averages of {len(models)} models in {len(section.languages)} languages with intervals.",
        "Bars: 95 % bootstrap intervals over questions, resampled within their category. Overlapping "
        "intervals can still differ: see the paired tests.",
        draw,
        width,
    )


def _point(axes: Any, value: float, interval: Interval | None, y: float, style: tuple[str, str]) -> None:
    colour, marker = style
    if interval is not None:
        axes.plot([interval.low, interval.high], [y, y], color=colour, linewidth=1.6, alpha=0.75, solid_capstyle="butt")
    axes.plot([value], [y], marker, color=colour, markersize=5.5)


def gains_figure(gains: Sequence[Gain]) -> Figure:
    """Return the gains per turn, one row per mixture and single language."""
    pairs = list(dict.fromkeys((gain.mixture, gain.single) for gain in gains))
    turns = list(dict.fromkeys(gain.turn for gain in gains if gain.turn is not None))
    labels = [f"{mixture.label} over {single.label}" for mixture, single in pairs]
    short = [_pair_label(mixture, single, pairs) for mixture, single in pairs]
    width = label_width(short) + 6.4

    def draw() -> Any:
        canvas = new_figure(width, 1.0 + ROW * len(pairs))
        panels = canvas.subplots(1, len(turns), sharey=True, sharex=True, squeeze=False)[0]
        for axes, turn in zip(panels, turns, strict=True):
            for gain in gains:
                if gain.turn == turn and gain.of_scale is not None:
                    scaled = Interval(10 * gain.interval.low, 10 * gain.interval.high) if gain.interval else None
                    sampled = "sampled" in gain.mixture.mixture.lower()
                    style = (PALETTE[1], MARKERS[1]) if sampled else (PALETTE[0], MARKERS[0])
                    _point(axes, gain.of_scale, scaled, pairs.index((gain.mixture, gain.single)), style)
            axes.axvline(0, color=INK, linewidth=0.8)
            axes.set_title(f"Turn {turn}")
            axes.set_xlabel("gain, % of the 10-point scale")
            axes.grid(axis="x", color="#8c959f", alpha=0.35, linewidth=0.6)
            axes.tick_params(axis="y", length=0)
        panels[0].set_yticks(range(len(pairs)), [shorten(label, 60) for label in short])
        panels[0].set_ylim(len(pairs) - 0.5, -0.5)
        canvas.subplots_adjust(wspace=0.08)
        return canvas

    positive = sum(gain.turn is None and (gain.points or 0) > 0 for gain in gains)
    return Figure(
        "gains",
        "What mixtures gain over single languages",
        f"Dot plot of {len(labels)} gains in each of {len(turns)} turns; over all {positive} are positive.",
        "Right of the line the mixture is better. Averaged over the benchmark's languages; bars: 95 % intervals over "
        "questions; squares: sampled mixtures.",
        draw,
        width,
    )


def _pair_label(mixture: ShownModel, single: ShownModel, pairs: Sequence[tuple[ShownModel, ShownModel]]) -> str:
    several = len({one.family for one, _ in pairs}) > 1
    return (f"{shorten(mixture.family, 18)}: " if several else "") + f"{mixture.mixture} over {single.mixture}"


def radar(section: Section, models: Sequence[ShownModel], language: str) -> Figure | None:
    """Return the categories of each model in one language, one panel per dataset group; None below three categories."""
    present = [model for model in models if (model.name, language) in section.by_cell]
    categories = section.categories
    panels = _panels(present)
    if len(categories) < 3 or not panels:  # noqa: PLR2004
        return None
    values = {
        model.name: [mean_of(section.cell(model.name, language, None, name)).value for name in categories]
        for model in present
    }
    width = 4.4 * min(2, len(panels))

    def draw() -> Any:
        import numpy as np

        rows = -(-len(panels) // 2)
        legend = 0.22 * max(len(members) for _, members in panels)
        canvas = new_figure(width, rows * (4.2 + legend))
        angles = np.linspace(0, 2 * np.pi, len(categories), endpoint=False)
        for place, (family, members) in enumerate(panels, start=1):
            axes = canvas.add_subplot(rows, min(2, len(panels)), place, projection="polar")
            _radar_panel(axes, members, values, angles, categories)
            axes.set_ylim(LOW, HIGH)
            if family:
                axes.set_title(shorten(family), pad=18, loc="center")
        canvas.subplots_adjust(hspace=0.55, wspace=0.45)
        return canvas

    return Figure(
        f"radar-{language}",
        f"Categories, {language_name(language)}",
        f"Radar of {len(categories)} categories for {len(present)} models in {language_name(language)}; "
        f"the numbers stand in the table of this language.",
        "Distance from the centre: mean rating, 1 in the centre and 10 at the rim. A category without a rating leaves "
        "a gap.",
        draw,
        width,
    )


def _panels(models: Sequence[ShownModel]) -> list[tuple[str, list[ShownModel]]]:
    """Return at most MOST_LINES models a panel; models of no family join every family's panel if there is room."""
    families = by_family(models)
    loose = [model for family, members in families if not family for model in members]
    named = [(family, members) for family, members in families if family]
    if not named or len(loose) > 2:  # noqa: PLR2004
        named = [*([("", loose)] if loose else []), *named]
        loose = []
    panels = []
    for family, members in named:
        room = MOST_LINES - len(loose)
        for start in range(0, len(members), room):
            panels.append((family, [*loose, *members[start : start + room]]))
    return panels


def _radar_panel(axes: Any, members: Sequence[ShownModel], values: Any, angles: Any, categories: Sequence[str]) -> None:
    import numpy as np

    axes.set_theta_offset(np.pi / 2)
    axes.set_theta_direction(-1)
    for number_of, model in enumerate(members):
        radii = np.array([np.nan if value is None else value for value in values[model.name]])
        axes.plot(
            np.append(angles, angles[0]), np.append(radii, radii[0]), linewidth=1.5,
            color=PALETTE[number_of % len(PALETTE)], linestyle=STYLES[number_of % len(STYLES)],
            marker=MARKERS[number_of % len(MARKERS)], markersize=3.5, label=shorten(model.label),
        )  # fmt: skip
    axes.set_xticks(angles, [category_name(name) for name in categories], fontsize=9)
    axes.tick_params(axis="x", pad=6)
    axes.set_yticks([2, 4, 6, 8, 10], ["2", "4", "6", "8", "10"], fontsize=7.5)
    axes.grid(color="#8c959f", alpha=0.4, linewidth=0.6)
    axes.spines["polar"].set_visible(False)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), frameon=False, fontsize=8.5, ncol=1)

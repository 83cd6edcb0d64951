"""From anchors to the file of an equating, and to the check of it."""

from collections.abc import Iterator

import numpy as np

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks import __version__
from mtbenchx_tasks.formats.equating import Anchor, Equating
from mtbenchx_tasks.meta_evaluation.equating.anchors import Anchors, EquatingRequest
from mtbenchx_tasks.stats.equating.checks import DateTerm, date_term
from mtbenchx_tasks.stats.equating.panel import LEAST_RANGE, has_spread, means
from mtbenchx_tasks.stats.equating.scale import fit_scale
from mtbenchx_tasks.tables import interval_text, signed


def fit(anchors: Anchors, wanted: EquatingRequest) -> Equating:
    """Fit every language's scale.

    Raises:
        UserError: The new judge's ratings carry no scale; or the anchors' dates are of two old judges under one name.
    """
    _check_ratings(anchors)
    _check_dates(anchors)
    return Equating(
        anchors.benchmark,
        anchors.old,
        anchors.new,
        anchors.snapshots,
        {language: fit_scale(panel) for language, panel in anchors.panels.items()},
        tuple(rows(anchors)),
        anchors.panels,
        dict(wanted.families or {}),
        __version__,
    )


def dates(anchors: Anchors) -> dict[str, DateTerm]:
    """Return each language's term of the date, where there is one."""
    found = {
        language: date_term(means(panel), panel.membership, anchors.years[language])
        for language, panel in anchors.panels.items()
    }
    return {language: term for language, term in found.items() if term is not None}


def _check_ratings(anchors: Anchors) -> None:
    for language, panel in anchors.panels.items():
        found = means(panel)
        if not has_spread(panel):
            raise UserError(
                f"{anchors.new.judge} rates the anchors in {language} alike (means from {found.new.min():.2f} to "
                f"{found.new.max():.2f}), all or all but one family's: such ratings carry no scale. Name another judge."
            )
        if np.ptp(found.old) > LEAST_RANGE and np.corrcoef(found.new, found.old)[0, 1] <= 0:
            raise UserError(
                f"{anchors.new.judge} doesn't put the anchors in {language} in {anchors.old.name}'s order, rather in "
                "the reverse: such ratings carry no scale. See that it rated these answers, or name another judge."
            )


def _check_dates(anchors: Anchors) -> None:
    for language, term in dates(anchors).items():
        if term.is_told:
            raise UserError(
                f"{anchors.old.name} is more than one judge: its level on the anchors in {language} changed by "
                f"{signed(term.per_year)} points a year (95 % interval {interval_text(term, signed)}) beyond what "
                f"{anchors.new.judge} sees. Name anchors of one time, or bound it by --since and --until."
            )


def rows(anchors: Anchors) -> Iterator[Anchor]:
    """Yield every anchor with both judges' means."""
    for language, panel in anchors.panels.items():
        found = means(panel)
        both = np.isfinite(panel.new) & np.isfinite(panel.old)
        for place, model in enumerate(panel.models):
            year = float(anchors.years[language][place])
            yield Anchor(
                model,
                panel.families[place],
                language,
                float(found.new[place]),
                float(found.old[place]),
                int(both[place].sum()),
                "" if np.isnan(year) else f"{year:.2f}",
                anchors.sources.get(model, ""),
            )

"""What `mtbenchx equate` shows: the anchors, the curves, and how families that were left out were predicted."""

from collections.abc import Iterator, Sequence

from mtbenchx_tasks.formats.equating import Equating
from mtbenchx_tasks.stats.equating.checks import Check, LeftOut
from mtbenchx_tasks.stats.equating.scale import SCORE, Curve, Scale
from mtbenchx_tasks.tables import Cell, Row, Table, number, percent, signed

ONE_VARIANCE = "where no family has two anchors, the models' holds both"


def anchors_table(equating: Equating) -> Table:
    """Return every anchor with both judges' means."""
    rows = [
        (one.model, one.family, one.language, number(one.new), number(one.old), str(one.answers), one.at, one.source)
        for one in sorted(equating.anchors, key=lambda one: (one.language, one.new))
    ]
    columns = ("model", "family", "language", equating.new.judge, equating.old.judge, "answers", "year", "file")
    return Table("anchors", "Anchors: answers that both judges rated", columns, tuple(rows))


def curves_table(equating: Equating) -> Table:
    """Return every curve."""
    rows = [
        (language, name, *_curve(curve))
        for language, scale in equating.scales.items()
        for name, curve in scale.curves.items()
    ]
    return Table(
        "curves",
        f"From {equating.new.judge} to {equating.old.name}",
        ("language", "of", "shape", "slope", "at the centre", "reliability", "kept", "families ±", "models ±", "range"),
        tuple(rows),
        "At the centre: the new judge's mean -> the old one's. Kept: how far the line is from the identity, as a share "
        "of where the anchors put it. ±: standard deviation of how far the judges differ beyond the curve; "
        f"{ONE_VARIANCE}.",
    )


def _curve(curve: Curve) -> tuple[str, ...]:
    line = curve.line
    is_line = curve.shape == "line"
    return (
        curve.shape,
        number(float(line.slope)) if is_line else "",
        f"{float(line.centre):.2f} -> {float(line.level):.2f}" if is_line else "",
        number(float(line.reliability)) if is_line else "",
        number(float(line.kept)) if is_line else "",
        number(float(line.family_variance) ** 0.5),
        number(float(line.model_variance) ** 0.5),
        f"{curve.low:.2f} to {curve.high:.2f}",
    )


def shapes_line(language: str, scale: Scale) -> str:
    """Say which shape was taken and what each lost."""
    losses = ", ".join(f"{shape} {loss**0.5:.2f}" for shape, loss in scale.choice.loss.items())
    return f"{language}: {scale.choice.shape} is taken; error on families left out, in points: {losses}."


def check_table(language: str, checks: Sequence[Check]) -> Table:
    """Return what came of leaving out each family, quantity by quantity."""
    return Table(
        f"check-{language}",
        f"Families, each from the others, {language}: {checks[0].models} models of {checks[0].families} families",
        ("of", "error", "median", "raw", "covered", "concordant", "clear pairs", "RMSD over families", "R²"),
        tuple(_check_row(one) for one in checks),
        "Error and raw: root mean squared distance from the old judge's mean, of the prediction and of the new judge's "
        "own mean. Covered: 95 % intervals that hold it. Concordant: of pairs whose predictions differ by more than two"
        " standard errors, those in the old judge's order. RMSD: of a family's mean from what the others predict.",
    )


def _check_row(one: Check) -> Row:
    concordant = percent(one.concordant / one.pairs) if one.pairs else ""
    return (
        Cell(one.quantity, strong=one.quantity == SCORE),
        *(number(value) for value in (one.error, one.median, one.raw)),
        Cell(f"{one.covered} of {one.models}", f"{one.covered_families:.1f} of {one.families} families"),
        concordant,
        str(one.pairs),
        number(one.rmsd),
        number(one.r2),
    )


def left_out_table(language: str, found: Sequence[LeftOut]) -> Table:
    """Return each anchor's score beside what the other families predict."""
    rows = [
        (
            one.model,
            one.family,
            number(one.native),
            f"{number(one.predicted)} ± {number(one.half)}",
            number(one.old),
            signed(one.predicted - one.old),
            "" if one.is_covered else "outside its interval",
        )
        for one in found
        if one.quantity == SCORE
    ]
    columns = ("model", "family", "new", "predicted", "old", "error", "")
    return Table(f"left-out-{language}", f"Scores, each from the other families, {language}", columns, tuple(rows))


def verdicts(language: str, one: Check) -> Iterator[str]:
    """Say in words what the check of the score means."""
    better = "better" if one.error < one.raw else "NOT better"
    yield (
        f"{language}: predicted scores miss the old judge's by {number(one.error)} points, the new judge's own by "
        f"{number(one.raw)}: {better} than none."
    )
    if one.covered_families < 0.8 * one.families:
        yield (
            f"{language}: intervals hold the old judge's mean in only {one.covered_families:.1f} of {one.families} "
            f"families; trust them less."
        )

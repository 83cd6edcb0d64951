"""Tables of predicted scores: native ones beside, a mark on each, the interval, and the equating's hash."""

from collections.abc import Iterator

from mtbenchx_tasks.rating.predicted import OnScale, Placed
from mtbenchx_tasks.records import Estimate
from mtbenchx_tasks.stats.equating.scale import SCORE, Prediction
from mtbenchx_tasks.tables import Cell, Row, Table, interval_text, number, signed

MARK = "~"
"""Before every predicted number."""
TRANSPORTED = "transported"


def score_tables(placed: Placed) -> list[Table]:
    """Return the scores, and differences within families; none of nothing."""
    if not any(row.predictions for row in placed.rows):
        return []
    return [_scores(placed), *([_siblings(placed)] if placed.siblings else [])]


def predicted_tables(placed: Placed) -> list[Table]:
    """Return the same, and turns and categories behind."""
    scores = score_tables(placed)
    return [*scores, _parts(placed)] if scores else []


def _scores(placed: Placed) -> Table:
    equating = placed.equating
    anchors = {language: f"{scale.models} of {scale.families} families" for language, scale in equating.scales.items()}
    rested = "; ".join(f"{language} {text}" for language, text in anchors.items())
    return Table(
        "predicted",
        f"Predicted: what {equating.old.name} would have given, no ratings",
        ("Model", "Language", f"Score by {equating.new.judge}", f"{MARK}{equating.old.judge}", "On these answers",
         "Over questions", ""),
        tuple(_score(row) for row in placed.rows if row.score is not None),
        f"{MARK} marks a prediction, made by equating {equating.short_hash} (anchors: {rested}); it is in no score. "
        "95 % intervals: of this model's mean on these answers (fit, and how far the judges differ on a family and a "
        "model); and over questions like these.",
        records=tuple(_records(placed)),
    )  # fmt: skip


def _score(row: OnScale) -> Row:
    score = row.score
    if score is None:
        return ()
    mark = TRANSPORTED if row.is_transported else "" if score.estimate else "no number"
    return (row.model, row.language, number(score.native), *_told(score), mark)


def _told(one: Prediction) -> tuple[Cell, str, str]:
    if one.estimate is None:
        return Cell(""), "", ""
    if one.is_bound:
        return Cell(f"at least {number(one.estimate.low)}"), "", ""
    return Cell(f"{MARK}{number(one.estimate.value)}"), interval_text(one.estimate), interval_text(one.over_questions)


def _parts(placed: Placed) -> Table:
    equating = placed.equating
    rows: list[Row] = [
        (row.model, row.language, one.quantity.replace("_", " "), number(one.native), *_told(one),
         "" if one.estimate else one.reason)
        for row in placed.rows
        for one in row.predictions
        if one.quantity != SCORE
    ]  # fmt: skip
    return Table(
        "predicted-parts",
        f"Predicted by turn and category: {equating.old.name}",
        ("Model", "Language", "Of", f"By {equating.new.judge}", f"{MARK}{equating.old.judge}", "On these answers",
         "Over questions", ""),
        tuple(rows),
        f"{MARK} marks a prediction, made by equating {equating.short_hash}.",
        folded=True,
    )  # fmt: skip


def _siblings(placed: Placed) -> Table:
    equating = placed.equating
    rows = tuple(
        (f"{one.one} − {one.other}", one.language, signed(one.native), MARK + signed(one.estimate.value),
         interval_text(one.estimate, signed))
        for one in placed.siblings
    )  # fmt: skip
    return Table(
        "predicted-differences",
        f"Predicted differences within a family: {equating.old.name}",
        ("Models", "Language", f"By {equating.new.judge}", f"{MARK}{equating.old.judge}", "On these answers"),
        rows,
        "What the judges differ by on the family cancels, so that the interval of a difference is narrower than the "
        f"models' own. Equating {equating.short_hash}.",
    )


def _records(placed: Placed) -> Iterator[dict[str, object]]:
    equating = placed.equating
    for row in placed.rows:
        for one in row.predictions:
            yield {
                "model": row.model, "language": row.language, "of": one.quantity, "judge": equating.new.judge,
                "native": one.native, "old_judge": equating.old.name, "predicted": one.estimate and one.estimate.value,
                **_ends("", one.estimate), **_ends("_over_questions", one.over_questions), "at_least": one.is_bound,
                "transported": row.is_transported, "reason": one.reason, "equating": equating.hash,
            }  # fmt: skip


def _ends(of: str, told: Estimate | None) -> dict[str, object]:
    return {f"low{of}": told and told.low, f"high{of}": told and told.high}

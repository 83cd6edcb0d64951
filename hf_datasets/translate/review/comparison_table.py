"""A comparison of translations as people read it."""

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hf_datasets.translate.review.comparison import Compared, Comparison

CHRF_ROWS = {"all": "all with an edited text", "changed": "those that A, B and people write differently"}


def print_comparison(comparison: Comparison, names: tuple[str, str], limit: int) -> None:
    """Print texts that differ side by side, then scores, flags and labels.

    Args:
        comparison: What to print.
        names: Of A and B.
        limit: Most texts to print.
    """
    console = Console(width=None if Console().is_terminal else 160)
    different = [row for row in comparison.rows if row.a != row.b]
    if different and limit:
        console.print(_side_by_side(different[:limit], names))
    print(
        f"{len(comparison.rows)} texts in both, {len(comparison.rows) - len(different)} of them the same; "
        f"{comparison.only_a} only in A, {comparison.only_b} only in B"
    )
    if len(different) > limit:
        print(f"{len(different) - limit} more differ: --limit, or all by --out")
    for name, title in CHRF_ROWS.items():
        scores = comparison.chrf[name]
        if scores is not None:
            print(f"chrF, {title} ({comparison.counts[name]}): A {scores[0]:.2f}, B {scores[1]:.2f}")
    _print_counts("flags", comparison.flag_counts())
    _print_counts("labels", comparison.label_counts())


def _side_by_side(rows: list[Compared], names: tuple[str, str]) -> Table:
    table = Table(show_lines=True)
    for title in ("text", f"A: {names[0]}", f"B: {names[1]}"):
        table.add_column(escape(title), overflow="fold")
    for row in rows:
        table.add_row(
            escape(f"{row.id}\n{row.field}"),
            escape(_told(row.a, row.chrf_a, row.flags_a, row.labels_a)),
            escape(_told(row.b, row.chrf_b, row.flags_b, row.labels_b)),
        )
    return table


def _told(text: str, chrf: float | None, flags: tuple[str, ...], labels: tuple[str, ...]) -> str:
    notes = [*([f"chrF {chrf:.1f}"] if chrf is not None else []), *flags, *(f"label {label}" for label in labels)]
    return text + ("\n\n-- " + "; ".join(notes) if notes else "")


def _print_counts(what: str, counts: Mapping[str, tuple[int, int]]) -> None:
    seen = {name: both for name, both in counts.items() if any(both)}
    if seen:
        print(f"{what}: " + ", ".join(f"{name} A {a}, B {b}" for name, (a, b) in seen.items()))

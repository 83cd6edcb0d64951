"""Two translations on the terminal: texts that differ side by side, then scores, flags and labels."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hf_datasets.translate.review.comparison import ComparedText, TranslationComparison, chrf
from hf_datasets.translate.review.flags import FLAGS


def print_comparison(comparison: TranslationComparison, names: tuple[str, str], limit: int) -> None:
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
    with_edit = [row for row in comparison.rows if row.edited is not None]
    _print_chrf("all with an edited text", with_edit)
    changed = [row for row in with_edit if row.edited not in (row.a, row.b) or row.a != row.b]
    _print_chrf("those that A, B and people write differently", changed)
    flags_of = [
        [{flag.partition(":")[0] for flag in seen} for seen in (row.flags_a, row.flags_b)] for row in comparison.rows
    ]
    _print_counts("flags", FLAGS, flags_of)
    labels_of = [[row.labels_a, row.labels_b] for row in comparison.rows]
    _print_counts("labels", sorted({label for both in labels_of for side in both for label in side}), labels_of)


def _print_chrf(title: str, rows: Sequence[ComparedText]) -> None:
    """Print the corpus chrF of A and of B against the edited texts; nothing where there are none."""
    if rows:
        edited = [[str(row.edited) for row in rows]]
        a = chrf().corpus_score([row.a for row in rows], edited).score
        b = chrf().corpus_score([row.b for row in rows], edited).score
        print(f"chrF, {title} ({len(rows)}): A {a:.2f}, B {b:.2f}")


def _print_counts(what: str, names: Iterable[str], sides: Sequence[Sequence[Collection[str]]]) -> None:
    """Print how often each name stands at A and at B, those that occur."""
    counted = [Counter(name for both in sides for name in both[side]) for side in (0, 1)]
    occurring = [
        f"{name} A {counted[0][name]}, B {counted[1][name]}" for name in names if counted[0][name] + counted[1][name]
    ]
    if occurring:
        print(f"{what}: {', '.join(occurring)}")


def _side_by_side(rows: list[ComparedText], names: tuple[str, str]) -> Table:
    table = Table(show_lines=True)
    for title in ("text", f"A: {names[0]}", f"B: {names[1]}"):
        table.add_column(escape(title), overflow="fold")
    for row in rows:
        table.add_row(
            escape(f"{row.id}\n{row.field}"),
            escape(_with_notes(row.a, row.chrf_a, row.flags_a, row.labels_a)),
            escape(_with_notes(row.b, row.chrf_b, row.flags_b, row.labels_b)),
        )
    return table


def _with_notes(text: str, chrf: float | None, flags: tuple[str, ...], labels: tuple[str, ...]) -> str:
    notes = [*([f"chrF {chrf:.1f}"] if chrf is not None else []), *flags, *(f"label {label}" for label in labels)]
    return text + ("\n\n-- " + "; ".join(notes) if notes else "")

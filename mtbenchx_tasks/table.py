"""The table that `mtbenchx judge` prints."""

import math
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table


def print_metrics(rows: Sequence[tuple[str, str, Mapping[str, float]]]) -> None:
    """Print one column per (model, language), one line per metric; what one of them lacks stays empty."""
    names = dict.fromkeys(name for _, _, metrics in rows for name in metrics if not name.endswith("_stderr"))
    table = Table("", *(f"{model}\n{language}" for model, language, _ in rows))
    for name in names:
        table.add_row(name, *(_cell(metrics, name) for _, _, metrics in rows))
    Console().print(table)


def _cell(metrics: Mapping[str, float], name: str) -> str:
    if name not in metrics:
        return ""
    error = metrics.get(f"{name}_stderr", math.nan)
    return f"{metrics[name]:.2f}" + ("" if math.isnan(error) else f" ± {error:.2f}")

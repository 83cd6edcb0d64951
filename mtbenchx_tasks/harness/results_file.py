"""lm_eval's results file, as any reader of JSON takes it: numbers or nothing.

A metric without a valid judgment is not a number, for which JSON has no word: it is left out, and `unscored` says why.
lm_eval's tables and what `simple_evaluate` returns keep it as nan.
"""

import functools
import math
from collections.abc import Mapping
from typing import Any

from lm_eval.loggers import EvaluationTracker

from hf_datasets.shared.rows import mapping

ERROR = "_stderr"
OF_AN_ERROR = f"{ERROR}{ERROR}"
"""How lm_eval names the error of an error, which nobody has."""


def install() -> None:
    """Have lm_eval write its results file so; again and again does no harm."""
    write = EvaluationTracker.save_results_aggregated
    if hasattr(write, "__wrapped__"):
        return

    @functools.wraps(write)
    def save(self: EvaluationTracker, results: dict[str, Any], samples: dict[str, Any] | None = None) -> None:
        written = as_json(results)
        write(self, written, samples)
        results.update({name: value for name, value in written.items() if name not in results})  # what lm_eval adds

    EvaluationTracker.save_results_aggregated = save


def as_json(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `simple_evaluate` returned, for a file; what isn't of a task of ours stays as it is.

    Args:
        results: Its tables `results`, `groups` and `higher_is_better`, its `configs`, and the rest.
    """
    configs = mapping(results.get("configs")).items()
    ours = {task for task, config in configs if mapping(mapping(mapping(config).get("metadata")).get("benchmark"))}
    subtasks = mapping(results.get("group_subtasks"))
    ours |= {group for group, tasks in subtasks.items() if ours & set(tasks)}
    written = dict(results)
    for table, clean in {"results": _numbers, "groups": _numbers, "higher_is_better": _without_errors}.items():
        if isinstance(results.get(table), Mapping):
            written[table] = {name: clean(row) if name in ours else row for name, row in results[table].items()}
    return written


def _numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is not a number, its error, and errors of errors."""
    lost = {name for name, value in row.items() if isinstance(value, float) and not math.isfinite(value)}
    lost |= {f"{metric}{ERROR},{judge}" for metric, _, judge in (name.partition(",") for name in lost)}
    return {name: value for name, value in row.items() if name not in lost and f"{OF_AN_ERROR}," not in name}


def _without_errors(row: Any) -> Any:
    return {name: value for name, value in row.items() if not name.endswith(ERROR)} if isinstance(row, Mapping) else row

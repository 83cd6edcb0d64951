"""The evaluation room: MT-Bench-X as lm_eval tasks and as an `evaluate` metric, judged by an LLM."""

from pathlib import Path

__version__ = "0.4.0"
TASK_VERSION = 1.1
"""Rises when scores of the same answers and judgments would change."""


def metric_path() -> str:
    """Return the folder of the metric script, for `evaluate.load(mtbenchx_tasks.metric_path())`."""
    return str(Path(__file__).parent / "rating" / "metric" / "mtbench_x_judge")

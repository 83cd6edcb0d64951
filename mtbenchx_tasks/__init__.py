"""MT-Bench-X as lm_eval tasks and as an `evaluate` metric, judged by an LLM, and what a program may use of it.

    import mtbenchx_tasks

    mtbenchx_tasks.score_answers({81: ["First answer", "Second answer"]}, "de", judge="gpt-5.4-mini-2026-03-17")
    study = mtbenchx_tasks.read_study([Path("results")])

Each name of `__all__` is loaded when it is first used, so that the import alone costs nothing.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hf_datasets.shared.errors import UserError
    from mtbenchx_tasks.formats.content import Study
    from mtbenchx_tasks.formats.study import read_study
    from mtbenchx_tasks.rating.scoring import score_answers
    from mtbenchx_tasks.records import Preference, Rating

__version__ = "0.4.0"
TASK_VERSION = 1.1
"""Rises when scores of the same answers and judgments would change."""
__all__ = [
    "Preference",
    "Rating",
    "Study",
    "UserError",
    "__version__",
    "metric_path",
    "read_study",
    "score_answers",
]
_HOMES = {
    "Preference": "mtbenchx_tasks.records",
    "Rating": "mtbenchx_tasks.records",
    "Study": "mtbenchx_tasks.formats.content",
    "UserError": "hf_datasets.shared.errors",
    "read_study": "mtbenchx_tasks.formats.study",
    "score_answers": "mtbenchx_tasks.rating.scoring",
}


def metric_path() -> str:
    """Return the folder of the metric script, for `evaluate.load(mtbenchx_tasks.metric_path())`."""
    return str(Path(__file__).parent / "rating" / "metric" / "mtbench_x_judge")


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

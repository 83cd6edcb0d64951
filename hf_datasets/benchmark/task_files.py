"""The task files of a built benchmark: `lm_eval --include_path ./mtbench-x/tasks` runs every language it holds.

Languages of the package are its own tasks; an added one reads its rows from the built folder, wherever that is moved.
"""

from collections.abc import Collection, Mapping

from hf_datasets.benchmark.questions import LANGUAGES

MODULE = "built"
"""The Python file beside the YAMLs; lm_eval imports a task's class from there."""
_CLASSES = {"mtbench_x": "MTBenchX", "mini": "MTBenchXMini"}
_PREFIXES = {"mtbench_x": "mtbench_x", "mini": "mtbench_x_mini"}
_METRICS = ("score", "category_mean", "turn_1", "turn_2", "answer_language", "unscored")
_SOURCE = '''"""Tasks of languages that mtbench-x doesn't have: their rows are in the folder above, wherever it is."""

from pathlib import Path

from mtbenchx_tasks import task


class MTBenchX(task.MTBenchX):
    """One language of MT-Bench-X, from the folder above."""

    FOLDER = Path(__file__).resolve().parents[1]


class MTBenchXMini(task.MTBenchXMini):
    """One language of the mini benchmark, from the folder above."""

    FOLDER = Path(__file__).resolve().parents[1]
'''


def task_files(languages: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Return the files of the folder `tasks`: name -> text.

    Args:
        languages: Benchmark (`mtbench_x`, `mini`) -> the codes of its languages.
    """
    files = {}
    for benchmark, codes in languages.items():
        prefix, name = _PREFIXES[benchmark], _CLASSES[benchmark]
        for code in codes:
            module = "mtbenchx_tasks.task" if code in LANGUAGES else MODULE
            files[f"{prefix}_{code}.yaml"] = (
                f"task: {prefix}_{code}\nclass: !function {module}.{name}\nlanguage: '{code}'\n"
            )
        files[f"_{prefix}.yaml"] = _group(prefix, codes)
    if any(code not in LANGUAGES for codes in languages.values() for code in codes):
        files[f"{MODULE}.py"] = _SOURCE
    return dict(sorted(files.items()))


def _group(prefix: str, codes: Collection[str]) -> str:
    tasks = "".join(f"  - {prefix}_{code}\n" for code in codes)
    metrics = "".join(f"  - {{metric: {name}, aggregation: mean, weight_by_size: false}}\n" for name in _METRICS)
    return f"group: {prefix}\ntask:\n{tasks}aggregate_metric_list:\n{metrics}metadata: {{version: 1.0}}\n"

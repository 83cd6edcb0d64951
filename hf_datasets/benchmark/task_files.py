"""The task files of a built benchmark: `lm_eval --include_path ./mtbench-x/tasks` runs every language it holds.

They hold data only. Languages of the package are its own tasks; an added one names the dataset that has its rows:

    task: mtbench_x_pt
    class: !function mtbenchx_tasks.task.MTBenchX
    language: 'pt'
    dataset_path: '/home/me/mtbench-x'      # a built folder, or a dataset of the Hub
    dataset_name: 'pt'                      # its config
    dataset_kwargs: {revision: 'data-0123456789ab'}     # of the Hub's: the tag that `data push` set

lm_eval runs what a task file or a Python file beside it says, so files of others are refused unless they hold just
this.
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from hf_datasets.benchmark.questions import LANGUAGES
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.yaml_text import load_yaml

FOLDER = "tasks"
"""Where the task files lie in a built folder."""
_CLASSES = {"mtbench_x": "MTBenchX", "mini": "MTBenchXMini"}
_OTHER = "MTBenchLike"
_PREFIXES = {"mtbench_x": "mtbench_x", "mini": "mtbench_x_mini"}
_IS_METRIC = re.compile(r"score|category_mean|turn_[0-9]{1,3}|answer_language|unscored")
_MODULE = "mtbenchx_tasks.task"
_TASK = frozenset({"task", "class", "benchmark", "language", "dataset_path", "dataset_name", "dataset_kwargs"})
_GROUP = frozenset({"group", "task", "aggregate_metric_list", "metadata"})
_NAME = re.compile(r"[\w.-]+")
_ALLOWED = tuple(f"!function {_MODULE}.{name}" for name in (*_CLASSES.values(), _OTHER))
_CODE = frozenset({".py", ".pyc", ".pyd", ".so"})


def task_files(languages: Mapping[str, Collection[str]], folder: Path) -> dict[str, str]:
    """Return the files of the folder `tasks`: name -> text.

    Args:
        languages: Benchmark (`mtbench_x`, `mini`) -> the codes of its languages.
        folder: The built folder, which added languages are read from; absolute.
    """
    files = {}
    for benchmark, codes in languages.items():
        prefix = _PREFIXES[benchmark]
        for code in codes:
            files[f"{prefix}_{code}.yaml"] = _task(benchmark, code, folder)
        files[f"_{prefix}.yaml"] = _group(prefix, codes)
    return dict(sorted(files.items()))


def _task(benchmark: str, code: str, folder: Path) -> str:
    lines = [
        f"task: {_PREFIXES[benchmark]}_{code}",
        f"class: !function {_MODULE}.{_CLASSES[benchmark]}",
        f"language: {_quoted(code)}",
    ]
    if code not in LANGUAGES:
        config = code if benchmark == "mtbench_x" else f"{benchmark}_{code}"
        lines += [f"dataset_path: {_quoted(str(folder))}", f"dataset_name: {_quoted(config)}"]
    return "\n".join(lines) + "\n"


def other_task_files(benchmark: str, languages: Collection[str], folder: Path, turns: int) -> dict[str, str]:
    """Return the files of the folder `tasks` of another benchmark: name -> text.

    Args:
        benchmark: Its name.
        languages: Codes of its languages.
        folder: The built folder, which the rows are read from; absolute.
        turns: The most turns of a question.
    """
    files = {}
    for code in languages:
        lines = [
            f"task: {benchmark}_{code}",
            f"class: !function {_MODULE}.{_OTHER}",
            f"benchmark: {_quoted(benchmark)}",
            f"language: {_quoted(code)}",
            f"dataset_path: {_quoted(str(folder))}",
            f"dataset_name: {_quoted(code)}",
        ]
        files[f"{benchmark}_{code}.yaml"] = "\n".join(lines) + "\n"
    return files | {f"_{benchmark}.yaml": _group(benchmark, languages, turns)}


def _quoted(text: str) -> str:
    """Return a YAML text on one line, whatever it holds."""
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return yaml.dump(text, default_style='"', allow_unicode=True, width=1_000_000).strip()


def _group(prefix: str, codes: Collection[str], turns: int = 2) -> str:
    names = ("score", "category_mean", *(f"turn_{turn}" for turn in range(1, turns + 1)), "answer_language", "unscored")
    tasks = "".join(f"  - {prefix}_{code}\n" for code in codes)
    metrics = "".join(f"  - {{metric: {name}, aggregation: mean, weight_by_size: false}}\n" for name in names)
    return f"group: {prefix}\ntask:\n{tasks}aggregate_metric_list:\n{metrics}metadata: {{version: 1.1}}\n"


# files of others -----------------------------------------------------------------------------------------------------


class _Plain(yaml.SafeLoader):
    """Reads `!function x.y` as text, and nothing else that isn't plain data."""


_Plain.add_constructor("!function", lambda _, node: f"!function {node.value}")


def refuse_code(folder: Path) -> None:
    """Refuse a benchmark's folder in which lm_eval would run anything but the package's own tasks.

    Args:
        folder: A built benchmark, of ours or somebody's. A folder without `tasks` is passed over.

    Raises:
        UserError: It holds a Python file, or a task file with more than a task of ours; the first is named, one
            that can be read before what Python made of it.
    """
    if not (folder / FOLDER).is_dir():
        return
    for file in sorted(folder.rglob("*"), key=lambda file: (file.parent.name == "__pycache__", file)):
        if file.suffix.lower() in _CODE:
            raise UserError(
                f"{file} is code, which `lm_eval --include_path` may run; a built benchmark holds none: read it, then "
                "delete it, or build the folder again."
            )
        if file.suffix.lower() in (".yaml", ".yml") and file.parent.is_relative_to(folder / FOLDER):
            _check(file)


def _check(file: Path) -> None:
    try:
        found = load_yaml(file.read_text(encoding="utf-8"), str(file), _Plain)
    except (OSError, ValueError) as error:
        raise UserError(f"{file} can't be read as UTF-8 text ({error}); delete it.") from error
    if not isinstance(found, dict) or not (_is_task(found) or _is_group(found)):
        raise UserError(
            f"{file} holds more than a task or group of a built benchmark, and `lm_eval --include_path` would do as it "
            "says; read it, then delete it, or build the folder again."
        )


def _is_task(found: Mapping[str, Any]) -> bool:
    texts = {key: value for key, value in found.items() if key not in ("class", "dataset_kwargs")}
    pinned = found.get("dataset_kwargs", {"revision": ""})
    return (
        found.keys() <= _TASK
        and found.get("class") in _ALLOWED
        and all(isinstance(value, str) and not value.startswith("!function") for value in texts.values())
        and isinstance(pinned, dict)
        and pinned.keys() == {"revision"}
        and isinstance(pinned["revision"], str)
    )


def _is_group(found: Mapping[str, Any]) -> bool:
    metrics = found.get("aggregate_metric_list")
    tasks = found.get("task")
    return (
        found.keys() == _GROUP
        and isinstance(tasks, list)
        and all(isinstance(name, str) and _NAME.fullmatch(name) for name in [*tasks, found["group"]])
        and isinstance(metrics, list)
        and all(isinstance(metric, dict) and _IS_METRIC.fullmatch(str(metric.get("metric"))) for metric in metrics)
        and all(metric.get("aggregation") == "mean" for metric in metrics)
        and isinstance(found["metadata"], dict)
        and found["metadata"].keys() == {"version"}
    )

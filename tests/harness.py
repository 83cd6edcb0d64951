"""Runs the stock harness on our tasks."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager
from torch.utils import collect_env

from mtbenchx_tasks.harness.linking import tasks_path

LANGUAGES = ("en", "de", "fr", "it", "es")
_environment = cache(collect_env.get_env_info)
"""What lm_eval writes of the machine: torch starts eleven programs to find it out, longer than a test's evaluation."""


def evaluate(model: LM, tasks: str | list[str], judge: Any = None, folder: Path | None = None, **options: Any) -> Any:
    """Evaluate on tasks of ours (`folder`: of a user's); the stock YAMLs aren't indexed, which takes ten seconds."""
    metadata = options.pop("metadata", {}) | ({} if judge is None else {"judge": judge})
    manager = TaskManager(include_path=str(folder or tasks_path()), include_defaults=False, metadata=metadata)
    options.setdefault("apply_chat_template", True)
    options.setdefault("bootstrap_iters", 10)
    names = [tasks] if isinstance(tasks, str) else tasks
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collect_env, "get_env_info", _environment)
        return simple_evaluate(model=model, tasks=names, task_manager=manager, **options)


def metric(results: Any, task: str, name: str, judge: str = "gpt-4") -> Any:
    return of_task(results["results"], task)[f"{name},{judge}"]


def of_task(found: Mapping[str, Any], task: str) -> Any:
    """Return a task's entry; from lm_eval 0.5 on, a group's tasks are called `group::task`."""
    (entry,) = [value for name, value in found.items() if name.rpartition("::")[2] == task]
    return entry

"""The address of the tasks that YAML files hold; the tasks themselves are in harness/task.py."""

from mtbenchx_tasks.harness.task import MTBenchLike, MTBenchX, MTBenchXMini

__all__ = ["MTBenchLike", "MTBenchX", "MTBenchXMini"]

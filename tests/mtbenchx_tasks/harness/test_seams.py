"""What we use of lm_eval beyond its documented interface, each with a test that names it when it is gone.

Everything else that lm_eval offers to tasks is either its interface or unused. A name that stands in PRIVATE and has no
test, or a private name of lm_eval's in our code that doesn't stand there, fails here.
"""

import ast
import inspect
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
from lm_eval import evaluator
from lm_eval.api.instance import Instance
from lm_eval.api.model import LM, CacheHook, CachingLM
from lm_eval.api.task import ConfigurableTask
from lm_eval.tasks import TaskManager

from mtbenchx_tasks.harness.linking import tasks_path
from mtbenchx_tasks.task import MTBenchXMini
from tests.doubles.model import Model
from tests.harness import LANGUAGES

ROOT = Path(__file__).parents[3]
HARNESS = sorted((ROOT / "mtbenchx_tasks" / "harness").glob("*.py"))
SCORERS = find_spec("lm_eval.scorers") is not None
ALWAYS = (False, True)


def _source(of: object) -> str:
    return inspect.getsource(of).replace("\n", " ")  # type: ignore[arg-type]


def _padding_counts_instances() -> bool:
    return "len(task._instances)" in _source(evaluator.evaluate)


def _instances_are_built() -> bool:
    task = MTBenchXMini({"task": "mtbench_x_mini_de", "language": "de"})
    ConfigurableTask.build_all_requests(task, limit=1)
    return [type(request).__name__ for request in task._instances or []] == ["TurnRequest", "TurnRequest"]


def _is_attribute(name: str) -> Callable[[], bool]:
    return lambda: hasattr(MTBenchXMini({"task": "mtbench_x_mini_de", "language": "de"}), name)


PRIVATE: dict[str, tuple[tuple[bool, ...], str, Callable[[], bool]]] = {
    "_instances": (
        ALWAYS,
        "evaluate() pads ranks by how many requests lie there: we leave none, since each turn pads its own",
        lambda: _padding_counts_instances() and _instances_are_built(),
    ),
    "_metric_fn_list": ((False,), "--predict_only is known by `bypass` in it", _is_attribute("_metric_fn_list")),
    "_aggregation_list": ((False,), "what aggregation() returns", _is_attribute("_aggregation_list")),
    "_higher_is_better": ((False,), "what higher_is_better() returns", _is_attribute("_higher_is_better")),
}
"""Name -> whether it is used with scorers (lm_eval 0.5) and without (0.4), what for, whether it is still there."""

UNDOCUMENTED: dict[str, Callable[[], bool]] = {
    "evaluate() calls the LM's method named like a request's type": lambda: (
        "getattr(lm, reqtype)(cloned_reqs)" in _source(evaluator.evaluate)
    ),
    "evaluate() goes through the types in the order in which they appeared": lambda: (
        "requests = defaultdict(list)" in _source(evaluator.evaluate)
        and "for reqtype, reqs in requests.items()" in _source(evaluator.evaluate)
    ),
    "CachingLM forwards unknown names, and `lm` is the model within": lambda: (
        "self.lm" in _source(CachingLM.__init__) and "__getattr__" in vars(CachingLM)
    ),
    "a backend announces answers to cache_hook.add_partial(attr, req, res)": lambda: (
        list(inspect.signature(CacheHook.add_partial).parameters) == ["self", "attr", "req", "res"]
        and Model().cache_hook is not None
        and "self.cache_hook = cache_hook" in _source(LM.set_cache_hook)
    ),
    "an Instance has these fields": lambda: (
        {"request_type", "doc", "arguments", "idx", "task_name", "doc_id", "repeats", "resps", "filtered_resps"}
        <= set(inspect.signature(Instance).parameters)
    ),
    "a model has rank, world_size, all_gather and the like": lambda: all(
        hasattr(LM, name) for name in ("rank", "world_size", "all_gather", "create_from_arg_obj")
    ),
}


@pytest.mark.parametrize("name", [name for name, (used, _, _) in PRIVATE.items() if SCORERS in used])
def test_a_private_name_is_there(name: str) -> None:
    _, why, holds = PRIVATE[name]
    assert holds(), f"lm_eval's {name} is gone or means something else; we need it because {why}"


@pytest.mark.parametrize("what", UNDOCUMENTED)
def test_an_undocumented_habit_is_kept(what: str) -> None:
    assert UNDOCUMENTED[what](), f"lm_eval changed this: {what}"


@pytest.mark.skipif(not SCORERS, reason="lm_eval 0.5 names a group's tasks after the group, too")
@pytest.mark.parametrize(("system", "first"), [("win32", ""), ("linux", "mtbench_x_mini::")])
def test_a_tasks_name_can_name_a_file_on_windows(monkeypatch: pytest.MonkeyPatch, system: str, first: str) -> None:
    monkeypatch.setattr("mtbenchx_tasks.harness.lm_eval_05.sys", SimpleNamespace(platform=system))
    manager = TaskManager(include_path=str(tasks_path()), include_defaults=False)
    assert set(manager.load("mtbench_x_mini")["tasks"]) == {f"{first}mtbench_x_mini_{one}" for one in LANGUAGES}


def test_no_other_private_name_of_lm_eval_is_used() -> None:
    used = {name for file in HARNESS for name in _foreign(ast.parse(file.read_text(encoding="utf-8")))}
    assert used == set(PRIVATE)


def _foreign(tree: ast.Module) -> set[str]:
    """Return the private attributes that a module uses and nowhere defines."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr.startswith("_")]
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    stored = {node.attr for node in nodes if isinstance(node.ctx, ast.Store)} - set(PRIVATE)
    return {node.attr for node in nodes if not node.attr.startswith("__")} - defined - stored

"""The two request types in lm_eval: added by a task, never by an import, and under names of our own."""

import subprocess
import sys

ADDED = """
from lm_eval.api.model import LM, CachingLM
from mtbenchx_tasks.harness.task import MTBenchXMini
from mtbenchx_tasks.harness.turns import TURNS, generate_turn

assert not any(hasattr(model, name) for model in (LM, CachingLM) for name in TURNS), "an import changed lm_eval"
before = {*vars(LM), *vars(CachingLM)}
for _ in range(2):
    MTBenchXMini({"task": "mtbench_x_mini_de", "language": "de"})
assert {*vars(LM), *vars(CachingLM)} - before == set(TURNS)
assert all(getattr(model, name) is generate_turn for model in (LM, CachingLM) for name in TURNS)
assert all(name.startswith("mtbenchx_") for name in TURNS)
"""


def test_a_task_adds_the_turns_and_an_import_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", ADDED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

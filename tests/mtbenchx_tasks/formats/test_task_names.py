"""Task names in results files, as each generation of lm_eval writes them."""

import pytest

from mtbenchx_tasks.formats.benchmark import task_benchmark


@pytest.mark.parametrize(
    ("task", "benchmark"),
    [
        ("mtbench_x_de", "mtbench_x"),
        ("mtbench_x_mini_de", "mini"),
        ("mtbench_x::mtbench_x_de", "mtbench_x"),  # lm_eval 0.5, of a group
        ("mine::mtbench_x_mini::mtbench_x_mini_de", "mini"),  # and of a group of groups
        ("gsm8k", None),
    ],
)
def test_a_task_tells_its_benchmark(task: str, benchmark: str | None) -> None:
    assert task_benchmark(task) == benchmark

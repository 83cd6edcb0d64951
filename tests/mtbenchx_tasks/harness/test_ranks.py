"""Two data-parallel ranks: gloo processes that run the stock harness on the same tasks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles.openai_api import Api

RANK = """
import json, os, sys
import torch, torch.distributed as dist
from tests.doubles.model import Model
from tests.harness import evaluate

class Ranked(Model):
    def __init__(self):
        super().__init__()
        self._rank, self._world_size, self._device = dist.get_rank(), dist.get_world_size(), torch.device("cpu")
    @property
    def device(self): return self._device
    def all_gather(self, tensor):
        parts = [torch.zeros_like(tensor) for _ in range(self.world_size)]
        dist.all_gather(parts, tensor)
        return torch.stack(parts)
    def gather_object(self, value, dst=0):
        parts = [None] * self.world_size if self.rank == dst else None
        dist.gather_object(value, parts, dst=dst)
        return parts
    def barrier(self): dist.barrier()

rank, url, out = int(sys.argv[1]), sys.argv[2], sys.argv[3]
dist.init_process_group("gloo", init_method=f"file://{out}/meeting", rank=rank, world_size=2)
for limit in map(int, sys.argv[4:]):
    model = Ranked()
    judge = {"model": "gpt-4", "base_url": url, "ledger": f"{out}/{limit}.sqlite"}
    results = evaluate(model, "mtbench_x_mini", judge, limit=limit)
    told = {"waves": [len(wave) for wave in model.waves]}
    if results:
        told["results"], told["groups"] = results["results"], results["groups"]
        told["docs"] = [sample["doc_id"] for sample in results["samples"]["mtbench_x_mini_de"]]
    with open(f"{out}/{limit}-{rank}.json", "w", encoding="utf-8") as file:
        json.dump(told, file, default=str)
dist.destroy_process_group()
"""


LIMITS = (5, 2)


@pytest.mark.slow
def test_two_ranks_share_the_work_and_agree(api: Api, tmp_path: Path) -> None:
    (tmp_path / "rank.py").write_text(RANK, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    what = [api.url, str(tmp_path), *map(str, LIMITS)]
    ranks = [
        subprocess.Popen([sys.executable, str(tmp_path / "rank.py"), str(rank), *what], env=environment)
        for rank in range(2)
    ]
    assert [rank.wait(timeout=500) for rank in ranks] == [0, 0]
    for limit in LIMITS:
        files = (tmp_path / f"{limit}-{rank}.json" for rank in range(2))
        first, second = (json.loads(file.read_text(encoding="utf-8")) for file in files)
        # Rank 0 has ceil(limit / 2) questions of each language; both make as many forward passes, in two waves.
        assert first["waves"] == second["waves"] == [5 * ((limit + 1) // 2)] * 2
        assert sorted(first["docs"]) == list(range(limit))
        assert first["results"]["mtbench_x_mini_de"]["score,gpt-4"] == 7
        assert first["groups"]["mtbench_x_mini"]["score,gpt-4"] == 7
    assert len(api.judgments) == 5 * sum(LIMITS) * 2  # a ledger each; nothing judged twice, padding never judged

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

dist.init_process_group("gloo")
model = Ranked()
judge, limit, out = json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
results = evaluate(model, "mtbench_x_mini", judge, limit=limit)
told = {"waves": [len(wave) for wave in model.waves]}
if results:
    told["results"], told["groups"] = results["results"], results["groups"]
    told["docs"] = [sample["doc_id"] for sample in results["samples"]["mtbench_x_mini_de"]]
with open(f"{out}/{model.rank}.json", "w", encoding="utf-8") as file:
    json.dump(told, file, default=str)
dist.destroy_process_group()
"""


@pytest.mark.slow
@pytest.mark.parametrize("limit", [5, 2])
def test_two_ranks_share_the_work_and_agree(api: Api, tmp_path: Path, limit: int) -> None:
    judge = json.dumps({"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "ledger.sqlite")})
    (tmp_path / "rank.py").write_text(RANK, encoding="utf-8")
    environment = {
        **os.environ,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(29500 + os.getpid() % 1000),
        "WORLD_SIZE": "2",
    }
    environment["PYTHONPATH"] = str(Path(__file__).parents[3])
    command = [sys.executable, str(tmp_path / "rank.py"), judge, str(limit), str(tmp_path)]
    ranks = [subprocess.Popen(command, env={**environment, "RANK": str(rank)}) for rank in range(2)]
    assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text(encoding="utf-8")) for rank in range(2))
    # Rank 0 has ceil(limit / 2) questions of each language; both make as many forward passes, in two waves.
    assert first["waves"] == second["waves"] == [5 * ((limit + 1) // 2)] * 2
    assert sorted(first["docs"]) == list(range(limit))
    assert first["results"]["mtbench_x_mini_de"]["score,gpt-4"] == 7
    assert first["groups"]["mtbench_x_mini"]["score,gpt-4"] == 7
    assert len(api.judgments) == 5 * limit * 2  # nothing judged twice, padding never judged

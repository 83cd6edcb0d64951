from pathlib import Path

import pytest
from transformers import LlamaConfig

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.training.memory import MemoryNeed, check_memory, memory
from mtbenchx_tasks.training.trl_arguments import read_settings
from tests.mtbenchx_tasks.training.bench import model

LIMA = ("--config", "recipes/lima_x.yaml")
SEVEN = MemoryNeed(7_450_000_000, 16, 1)  # 4 bytes x weights, gradients, two moments: 119.2 GB


@pytest.mark.parametrize(
    ("flags", "bytes_each", "shares"),
    [
        ([], 16, 1),
        (["--dtype", "bfloat16"], 8, 1),
        (["--dtype", "bfloat16", "--use_peft", "true"], 2, 1),
        (["--accelerate_config", "fsdp2"], 16, 8),
        (["--accelerate_config", "zero3"], 16, 8),
        (["--accelerate_config", "zero2"], 16, 1),  # shares out no weights: counted as if it shared nothing
        (["--accelerate_config", "multi_gpu"], 16, 1),
    ],
)
def test_copies_and_shares(desk: Path, flags: list[str], bytes_each: int, shares: int) -> None:
    config = LlamaConfig.from_pretrained("base")
    needed = memory(read_settings([*LIMA, *flags]), config)
    assert needed == MemoryNeed(model(config.vocab_size).num_parameters(), bytes_each, shares)


def test_what_doesnt_fit_is_refused_with_what_does() -> None:
    with pytest.raises(
        UserError, match=r"7\.45B parameters x 16 bytes: 119\.2 GB each, and a GPU here has 80 GB: share"
    ):
        check_memory(SEVEN, 80_000_000_000)
    check_memory(MemoryNeed(7_450_000_000, 16, 8), 80_000_000_000)
    check_memory(SEVEN, None)  # no GPU here: nothing to compare with

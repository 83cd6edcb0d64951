"""Bytes by hand: a base of round numbers, under each way to share it out."""

from pathlib import Path

import pytest
from transformers import LlamaConfig

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.training.memory import MemoryNeed, check_memory, memory, memory_remarks
from mtbenchx_tasks.training.model_size import ModelSize, model_size
from mtbenchx_tasks.training.trl_arguments import read_settings
from tests.mtbenchx_tasks.training.bench import model

LIMA = ("--config", "recipes/lima_x.yaml", "--max_length", "100")
WHOLE = ModelSize(parameters=1_000, linear=800, trained=1_000, head=100, layers=10, width=20)
ADAPTED = ModelSize(parameters=1_000, linear=800, trained=50, head=100, layers=10, width=20)
LORA = ("--use_peft", "true", "--dtype", "bfloat16")
H100 = 80_000_000_000


@pytest.mark.parametrize(
    ("flags", "size", "state"),
    [
        ([], WHOLE, 16_000),  # 4 bytes x weight, gradient, two moments
        (["--dtype", "bfloat16"], WHOLE, 8_000),
        (["--accelerate_config", "fsdp2"], WHOLE, 2_000),  # 16,000 / 8
        (["--accelerate_config", "zero3"], WHOLE, 2_000),
        (["--accelerate_config", "zero2"], WHOLE, 5_500),  # weights 4,000 + (gradients 4,000 + moments 8,000) / 8
        (["--accelerate_config", "zero1"], WHOLE, 9_000),  # weights 4,000 + gradients 4,000 + moments 8,000 / 8
        (["--accelerate_config", "multi_gpu"], WHOLE, 16_000),
        (LORA, ADAPTED, 2_800),  # base 1,000 x 2 + adapter 50 x 16
        ([*LORA, "--load_in_4bit", "true"], ADAPTED, 1_793.75),  # 700 x 4.5/8 + 300 x 2 + 800
    ],
)
def test_copies_and_shares(desk: Path, flags: list[str], size: ModelSize, state: float) -> None:
    assert memory(read_settings([*LIMA, *flags]), size).state == pytest.approx(state)


@pytest.mark.parametrize(
    ("flags", "activations"),
    [
        ([], 4 * 100 * 20 * (34 + 10 * 4)),  # one block at work, the inputs of ten in 4 bytes: 592,000
        (["--dtype", "bfloat16"], 4 * 100 * 20 * (34 + 10 * 2)),
        (["--activation_checkpointing", "false"], 4 * 100 * 20 * 34 * 10),
    ],
)
def test_activations_of_the_longest_rows(desk: Path, flags: list[str], activations: int) -> None:
    settings = read_settings([*LIMA, *flags])
    assert memory(settings, WHOLE).activations == activations
    assert memory(settings, WHOLE, longest=50).activations == activations / 2


def test_the_paper_s_seven_billion(desk: Path) -> None:
    seven = ModelSize(7_450_000_000, 6_420_000_000, 7_450_000_000, 1_030_000_000, layers=32, width=4096)
    needed = memory(read_settings(["--config", "recipes/lima_x.yaml"]), seven)
    assert needed.state == 7.45e9 * 16
    # 4 rows of 4,096 tokens x 4,096 numbers x (34 + 32 blocks x 4 bytes) = 10.9 GB
    assert needed.activations == 4 * 4096 * 4096 * 162


def test_a_base_is_counted_without_memory(desk: Path) -> None:
    config = LlamaConfig.from_pretrained("base")
    size = model_size(read_settings(LIMA), config)
    # two layers of width 16: attention 4 x 16 x 16, feed-forward 3 x 16 x 32; the output embedding 16 x its rows
    linear = 2 * (4 * 16 * 16 + 3 * 16 * 32) + 16 * config.vocab_size
    assert size == ModelSize(
        model(config.vocab_size).num_parameters(), linear, size.parameters, 16 * config.vocab_size, 2, 16
    )


def test_of_an_adapter_only_its_matrices_are_learnt(desk: Path) -> None:
    config = LlamaConfig.from_pretrained("base")
    flags = ("--use_peft", "true", "--lora_r", "3", "--lora_target_modules", "q_proj")
    # two layers x two matrices x r x (in + out)
    assert model_size(read_settings([*LIMA, *flags, "v_proj"]), config).trained == 2 * 2 * 3 * (16 + 16)
    with pytest.raises(UserError, match="trl would stop at the adapter: Target modules q_proj not found"):
        model_size(read_settings([*LIMA, *flags]), config)


def test_what_doesnt_fit_is_refused_with_what_does() -> None:
    seven = MemoryNeed(119_200_000_000, 10_900_000_000, 16_384, 1)
    with pytest.raises(UserError, match=r"119\.2 GB for weights.*10\.9 GB for activations.*GPU here has 80 GB: share"):
        check_memory(seven, H100)
    check_memory(MemoryNeed(14_900_000_000, 10_900_000_000, 16_384, 8), H100)
    check_memory(seven, None)  # no GPU here: nothing to compare with


def test_what_is_only_estimated_is_a_remark() -> None:
    tight = MemoryNeed(75_000_000_000, 10_000_000_000, 16_384, 1)
    check_memory(tight, H100)
    assert "takes more than the 80 GB" in memory_remarks(tight, H100)[0]
    assert memory_remarks(tight, 2 * H100) == ()
    assert memory_remarks(tight, None) == ()

"""What lies on the disk at most, by hand: a base of 1,000 parameters, 4 bytes each."""

from pathlib import Path

import pytest

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.training.disk import DiskNeed, check_disk, disk
from mtbenchx_tasks.training.model_size import ModelSize
from mtbenchx_tasks.training.trl_arguments import read_settings

LIMA = ("--config", "recipes/lima_x.yaml")
WHOLE = ModelSize(parameters=1_000, linear=800, trained=1_000, head=100, layers=10, width=20)
ADAPTED = ModelSize(parameters=1_000, linear=800, trained=50, head=100, layers=10, width=20)


@pytest.mark.parametrize(
    ("flags", "size", "needed"),
    [
        # a checkpoint: weight and two moments, 12 bytes; the old one stays until the new one is written
        ([], WHOLE, DiskNeed(12_000, 4_000, 1, 24_000)),
        (["--save_strategy", "no"], WHOLE, DiskNeed(12_000, 4_000, 0, 4_000)),
        (["--save_only_model", "true"], WHOLE, DiskNeed(4_000, 4_000, 1, 8_000)),
        (["--save_total_limit", "9"], WHOLE, DiskNeed(12_000, 4_000, 7, 88_000)),  # seven epochs and the model
        (["--num_train_epochs", "1"], WHOLE, DiskNeed(12_000, 4_000, 1, 16_000)),  # one checkpoint and the model
        (["--dtype", "bfloat16"], WHOLE, DiskNeed(6_000, 2_000, 1, 12_000)),
        (["--load_best_model_at_end", "true"], WHOLE, DiskNeed(12_000, 4_000, 2, 36_000)),  # best, last, new
        (["--use_peft", "true", "--dtype", "bfloat16"], ADAPTED, DiskNeed(600, 200, 1, 1_200)),
        (["--save_strategy", "steps", "--save_steps", "60"], WHOLE, DiskNeed(12_000, 4_000, 1, 24_000)),
        (["--save_strategy", "steps", "--save_steps", "0.5", "--save_total_limit", "3"], WHOLE,
         DiskNeed(12_000, 4_000, 2, 28_000)),
    ],
)  # fmt: skip
def test_what_lies_there_at_most(desk: Path, flags: list[str], size: ModelSize, needed: DiskNeed) -> None:
    steps = 17  # an epoch of Lima-X in one language
    epochs = 1 if "--num_train_epochs" in flags else 7
    assert disk(read_settings([*LIMA, *flags]), size, steps, epochs * steps) == needed


def test_too_little_room_is_refused_with_what_takes_less(tmp_path: Path) -> None:
    needed = DiskNeed(90e9, 30e9, 1, 180e9)
    with pytest.raises(
        UserError, match=r"180\.0 GB at most at one time \(a checkpoint 90\.0 GB, 1 kept\).*100\.0 GB left"
    ):
        check_disk(needed, tmp_path / "new" / "out", free=100 * 10**9)
    check_disk(needed, tmp_path / "new" / "out", free=180 * 10**9)


def test_what_checkpoints_hold_already_is_room(tmp_path: Path) -> None:
    (tmp_path / "checkpoint-17").mkdir()
    (tmp_path / "checkpoint-17" / "model.safetensors").write_bytes(b"x" * 60)
    check_disk(DiskNeed(60, 20, 1, 120), tmp_path, free=60)
    with pytest.raises(UserError):
        check_disk(DiskNeed(60, 20, 1, 120), tmp_path, free=59)

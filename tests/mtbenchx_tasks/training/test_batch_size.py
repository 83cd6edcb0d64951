import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.training.batch_size import asked_batch, check_batch, combinations


@pytest.mark.parametrize(
    ("gpus", "expected"),
    [(1, [64, 32, 16, 8, 4, 2, 1]), (8, [8, 4, 2, 1]), (64, [1]), (3, []), (128, [])],
)
def test_which_sizes_a_device_can_take(gpus: int, expected: list[int]) -> None:
    assert [device for device, _ in combinations(gpus)] == expected


@given(st.integers(1, 300), st.integers(1, 300))
def test_every_combination_gives_the_batch(gpus: int, batch: int) -> None:
    found = combinations(gpus, batch)
    assert all(device * accumulation * gpus == batch for device, accumulation in found)
    assert bool(found) == (batch % gpus == 0)
    for device, accumulation in found:
        check_batch(device, accumulation, gpus, batch)


def test_a_wrong_product_is_told_with_flags_that_are_right_and_near() -> None:
    with pytest.raises(UserError) as told:
        check_batch(4, 16, 8)  # the recipe of one GPU on eight: 4 x 16 x 8 = 512
    assert "512 examples a step, not 64" in str(told.value)
    assert "--per_device_train_batch_size 4 --gradient_accumulation_steps 2 (or 8 x 1, 2 x 4, 1 x 8)" in str(told.value)


def test_where_nothing_fits_the_numbers_of_gpus_that_do_are_told() -> None:
    with pytest.raises(UserError, match="nothing gives 64 on 3: take 1, 2, 4, 8, 16, 32, 64 GPUs, or say --batch 192"):
        check_batch(4, 16, 3)


def test_the_batch_is_the_papers_but_of_a_trial_on_a_cpu_its_own() -> None:
    sizes = {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 2}
    assert asked_batch({}) == 64
    assert asked_batch(sizes) == 64  # half a recipe's batch by mistake is still a mistake
    assert asked_batch({**sizes, "use_cpu": True}) == 8
    assert asked_batch({"use_cpu": True}) == 64

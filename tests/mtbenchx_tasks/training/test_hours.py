"""Arithmetic by hand."""

import pytest

from mtbenchx_tasks.training.hours import gpu_hours, operations


def test_each_parameter_takes_six_operations_a_token_and_four_when_frozen() -> None:
    assert operations(10, 100) == 6_000
    assert operations(10, 100, adapter=True) == 4_000


def test_hours_are_what_a_gpu_does_of_it() -> None:
    # Lima-X ENDEFRITES: 6 x 6.42e9 parameters x 26.4M tokens = 1.017e18; 989e12 x 0.3 a second: 3,428 s
    assert gpu_hours(operations(6_420_000_000, 26.4e6), mfu=0.3) == pytest.approx(3_428 / 3_600, rel=1e-3)
    assert gpu_hours(3_600e12, mfu=0.5, peak=2e12) == 1.0

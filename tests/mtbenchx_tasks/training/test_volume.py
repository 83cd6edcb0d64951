"""Tokens, padding and steps by hand, and as accelerate itself deals rows out."""

import math
from pathlib import Path

import pytest
from accelerate.data_loader import BatchSamplerShard
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import BatchSampler, SequentialSampler

from mtbenchx_tasks.training.trl_arguments import Settings, read_settings
from mtbenchx_tasks.training.volume import Volume, count_tokens, steps_of_epoch, volume
from tests.mtbenchx_tasks.training.bench import rows, tokenizer

LIMA = ("--config", "recipes/lima_x.yaml")


def settings(*flags: str) -> Settings:
    return read_settings([*LIMA, *flags])


@pytest.mark.parametrize(
    ("flags", "examples", "steps"),
    [
        ([], 1_030, 17),  # 258 micro-batches of 4 / 16
        ([], 5_150, 81),  # 1,288 / 16 = 80.5
        (["--accelerate_config", "fsdp2", "--gradient_accumulation_steps", "2"], 5_150, 81),  # 161 on each GPU / 2
        (["--gradient_accumulation_steps", "1", "--num_processes", "16"], 1_030, 17),  # 17 on each GPU
    ],
)
def test_steps_of_an_epoch(desk: Path, flags: list[str], examples: int, steps: int) -> None:
    assert steps_of_epoch(settings(*flags), examples) == steps


@given(
    examples=st.integers(1, 200), size=st.integers(1, 9), processes=st.integers(1, 9), accumulation=st.integers(1, 9)
)
def test_each_process_takes_as_many_batches_as_accelerate_gives_it(
    examples: int, size: int, processes: int, accumulation: int
) -> None:
    whole = BatchSampler(SequentialSampler(range(examples)), size, drop_last=False)
    shards = [BatchSamplerShard(whole, processes, rank) for rank in range(processes)]
    assert {len(list(shard)) for shard in shards} == {math.ceil(math.ceil(examples / size) / processes)}


def test_padding_is_to_the_longest_row_of_a_micro_batch(desk: Path) -> None:
    read = volume(settings("--per_device_train_batch_size", "2"), [10, 10, 10, 10], 4)
    assert read == Volume(rows=4, tokens=40, padded=40, longest=10, is_exact=True, steps=1, all_steps=7)
    alone = volume(settings("--per_device_train_batch_size", "1"), [5, 20], 2)
    assert (alone.tokens, alone.padded) == (25, 25)
    both = volume(settings("--per_device_train_batch_size", "2"), [5, 20], 2)
    assert (both.tokens, both.padded) == (25, 40)


def test_rows_grouped_by_length_have_less_padding(desk: Path) -> None:
    lengths = [1, 100] * 200
    flags = ("--per_device_train_batch_size", "4", "--train_sampling_strategy", "group_by_length")
    assert volume(settings(*flags), lengths, 400).padded < volume(settings(*flags[:2]), lengths, 400).padded


def test_of_a_sample_the_mean_counts(desk: Path) -> None:
    read = volume(settings("--per_device_train_batch_size", "1"), [10, 30], 1_000)
    assert (read.tokens, read.padded, read.is_exact) == (20_000, 20_000, False)


def test_packs_have_no_padding_and_are_fewer(desk: Path) -> None:
    read = volume(settings("--packing", "true", "--max_length", "100"), [10] * 64, 64)
    assert (read.rows, read.tokens, read.padded) == (7, 640, 640)  # 640 tokens in packs of 100


def test_a_number_of_steps_has_the_last_word(desk: Path) -> None:
    read = volume(settings("--max_steps", "34"), [10] * 1_030, 1_030)
    assert (read.steps, read.all_steps, read.epochs) == (17, 34, 2.0)


def test_tokens_are_those_of_the_template_and_no_more_than_are_kept() -> None:
    words = tokenizer()
    words.chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    data = rows("EN", range(1))  # "Hello, 0 + 0?" and "Hello! 0"
    whole = len(words.encode("Hello, 0 + 0?Hello! 0"))
    assert count_tokens(data, words, None) == [whole]
    assert count_tokens(data, words, 5) == [5]
    assert count_tokens(rows("EN", range(50)), words, 5, sample=3) == [5, 5, 5]
    assert count_tokens([], words, 5) == []

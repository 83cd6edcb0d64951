"""Probabilities of endings: those of a full forward pass, whatever is batched, padded or shared."""

import functools
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mtbenchx_tasks.judge.engines.continuations import Reader, common, continuation_scores
from tests.tiny_networks import CONFIGS, ENDINGS, naive, network

pytestmark = pytest.mark.usefixtures("one_thread")
START = list(range(10, 30))
PROMPTS = [START, [*START, 31, 32], [*START, 31, 32], [*START, 31, 40, 41], [*START[:9], 50], [60, 61, 62], [60]]
"""Longer, equal, other at the end, other in the middle, other from the start, a beginning of the one before."""


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("lengths", [[9], [9, 9], [1, 12, 3], [30, 2]], ids=str)
def test_continuation_scores_are_those_of_a_full_forward_pass(name: str, lengths: list[int]) -> None:
    model, random = network(CONFIGS[name]), torch.Generator().manual_seed(1)
    prompts = [torch.randint(3, 260, (length,), generator=random).tolist() for length in lengths]
    width = max(lengths)
    tokens = torch.tensor([[0] * (width - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (width - length) + [1] * length for length in lengths])
    found = continuation_scores(model, tokens, mask, ENDINGS)
    expected = torch.tensor([[naive(model, prompt, ending) for ending in ENDINGS] for prompt in prompts])
    torch.testing.assert_close(found, expected.double(), atol=1e-5, rtol=1e-5)
    assert found.std() > 0.1  # a comparison of equal numbers would prove nothing


@pytest.mark.parametrize("name", CONFIGS)
def test_a_reader_finds_what_a_full_forward_pass_finds(name: str) -> None:
    model = network(CONFIGS[name])
    reader = Reader(model, ENDINGS)
    found = torch.stack([reader.scores(prompt) for prompt in PROMPTS])
    expected = torch.tensor([[naive(model, prompt, ending) for ending in ENDINGS] for prompt in PROMPTS])
    torch.testing.assert_close(found, expected.double(), atol=1e-5, rtol=1e-5)


def test_endings_of_one_token_are_read_as_well() -> None:
    """They need no token of their own beside the prompt: the tree is empty."""
    model, endings = network(), [[5], [6], [8]]
    reader = Reader(model, endings)
    found = torch.stack([reader.scores(prompt) for prompt in PROMPTS])
    expected = torch.tensor([[naive(model, prompt, ending) for ending in endings] for prompt in PROMPTS])
    torch.testing.assert_close(found, expected.double(), atol=1e-5, rtol=1e-5)


def test_a_reader_reads_a_common_beginning_once() -> None:
    model, widths = network(), list[int]()
    reader = Reader(model, ENDINGS)
    assert reader.scores(PROMPTS[0]) is not None  # and sees that endings may be read beside each other
    model.register_forward_pre_hook(lambda _, tokens: widths.append(tokens[0].shape[1]))
    for prompt in PROMPTS[1:]:
        reader.scores(prompt)
    # 2 more; all are known, so the last is read again; 2 after 21; 1 after 9; 3 that are all others; 1 of 1; and the
    # endings' tokens but the last of each: 5, 6, (5) 7, (5 7) 7, (5 7 7) 9, (5 7 7 9) 3
    assert widths == [count + 6 for count in (2, 1, 2, 1, 3, 1)]


@pytest.mark.parametrize(
    ("change", "is_taken"),
    [
        ({}, True),
        ({"_attn_implementation": "flash_attention_2"}, False),
        ({"sliding_window": 4}, False),
        ({"layer_types": ["full_attention", "sliding_attention"]}, False),
        ({"layer_types": ["full_attention"], "sliding_window": None}, True),
    ],
)
def test_a_network_that_makes_its_own_masks_reads_endings_one_by_one(change: dict[str, object], is_taken: bool) -> None:
    model = SimpleNamespace(config=SimpleNamespace(**{"_attn_implementation": "sdpa", **change}))
    assert (Reader(model, ENDINGS)._branches is not None) == is_taken


@pytest.mark.parametrize("fault", ["raises", "sees all"])
def test_a_network_that_takes_no_such_mask_reads_endings_one_by_one(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = network()
    own = model.forward

    def forward(tokens: torch.Tensor, attention_mask: torch.Tensor | None = None, **options: Any) -> Any:
        if attention_mask is not None and attention_mask.dim() == 4:
            if fault == "raises":
                raise ValueError("a mask has two dimensions")
            attention_mask = None
        return own(tokens, attention_mask=attention_mask, **options)

    monkeypatch.setattr(model, "forward", functools.wraps(own)(forward))
    reader = Reader(model, ENDINGS)
    found = torch.stack([reader.scores(prompt) for prompt in PROMPTS])
    monkeypatch.undo()
    expected = torch.tensor([[naive(model, prompt, ending) for ending in ENDINGS] for prompt in PROMPTS])
    torch.testing.assert_close(found, expected.double(), atol=1e-5, rtol=1e-5)


def test_a_step_that_fails_leaves_nothing_behind() -> None:
    def out_of_memory(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    model = network()
    reader = Reader(model, ENDINGS)
    before = reader.scores(PROMPTS[0])
    hook = model.model.layers[1].register_forward_pre_hook(out_of_memory)  # the first layer's cache has grown by then
    with pytest.raises(RuntimeError):
        reader.scores(PROMPTS[1])
    hook.remove()
    torch.testing.assert_close(reader.scores(PROMPTS[0]), before, atol=1e-6, rtol=1e-6)


def test_common_is_where_two_prompts_part() -> None:
    assert [common([1, 2, 3], other) for other in ([1, 2, 3, 4], [1, 2], [1, 9, 3], [9], [])] == [3, 2, 1, 0, 0]


@given(st.lists(st.integers(0, 2)), st.lists(st.integers(0, 2)), st.lists(st.integers(0, 2)))
def test_common_counts_a_shared_beginning(begin: list[int], one: list[int], other: list[int]) -> None:
    count = common([*begin, 7, *one], [*begin, 8, *other])
    assert count == len(begin)

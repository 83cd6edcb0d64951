"""The reference set `corrected`: its functions over lists (126 to 130), run, and the published ones refuted."""

import ast
import math
import random
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product
from statistics import median
from typing import Any

import pytest

from hf_datasets.benchmark.questions import LANGUAGES
from tests.answers import block, load, ours, printed, published, published_wrong

every_language = pytest.mark.parametrize("language", LANGUAGES)


def two_lists(count: int = 300) -> Iterator[tuple[list[int], list[int]]]:
    dice = random.Random(3158)
    for _ in range(count):
        one, other = (sorted(dice.choices(range(9), k=dice.randrange(7))) for _ in range(2))
        yield one, other


class Watched(list[Any]):
    """A list that counts what is read and copied from it."""

    read = copied = 0

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        if not isinstance(key, slice):
            Watched.read += 1
            return found
        Watched.copied += len(found)
        return Watched(found)


def cost(call: Callable[[], Any]) -> tuple[int, int]:
    Watched.read = Watched.copied = 0
    call()
    return Watched.read, Watched.copied


@every_language
@pytest.mark.parametrize("turn", [1, 2])
def test_126_median(language: str, turn: int) -> None:
    find = load(ours(language, 126, turn), "median")
    for a, b in two_lists():
        if a or b:
            assert find(a, b) == median(a + b)
    with pytest.raises(ValueError, match="no values"):
        find([], [])
    n = 1000
    read, copied = cost(lambda: find(Watched(range(n)), Watched(range(0, 2 * n, 2))))
    assert copied == 0
    # merging reads at most three values a step up to the middle; halving a list of 1000 takes 10 steps
    assert read <= (3 * (n + 1) if turn == 1 else 2 * math.ceil(math.log2(n)) + 6)


@published_wrong
def test_126_published_denies_both() -> None:
    assert published(126, 1).startswith("It's not possible to find the median")
    assert "it is not possible to achieve a better time complexity" in published(126, 2)


@every_language
def test_127_majority(language: str) -> None:
    find = load(ours(language, 127, 1), "majority_element")
    for values in (list(v) for n in range(7) for v in product(range(3), repeat=n)):
        expected = [value for value, count in Counter(values).items() if count > len(values) // 2]
        assert find(values) == (expected[0] if expected else None)


@every_language
def test_127_the_two_most_frequent(language: str) -> None:
    find = load(ours(language, 127, 2), "top_two")
    for values in (list(v) for n in range(7) for v in product(range(4), repeat=n)):
        assert [values.count(value) for value in find(values)] == sorted(Counter(values).values(), reverse=True)[:2]


@published_wrong
def test_127_published_misses_one() -> None:
    # 0 and 1 occur twice, 2 and 3 once
    assert load(published(127, 2), "top_two_elements")([0, 0, 1, 2, 3, 1]) == (0, 3)


def brute_force(n: int, arity: int) -> int:
    """Full trees with n vertices, counted by the sizes of the root's subtrees."""
    if n == 1:
        return 1
    sizes = product(range(1, n), repeat=arity - 1)
    return sum(
        math.prod(brute_force(size, arity) for size in (*chosen, n - 1 - sum(chosen)))
        for chosen in sizes
        if n - 1 - sum(chosen) >= 1
    )


@every_language
@pytest.mark.parametrize(("turn", "arity"), [(1, 2), (2, 3)])
def test_128_full_trees(language: str, turn: int, arity: int) -> None:
    count = load(ours(language, 128, turn), ("full_binary_trees", "full_ternary_trees")[turn - 1])
    assert [count(n) for n in range(-1, 1)] == [0, 0]
    assert [count(n) for n in range(1, 10)] == [brute_force(n, arity) for n in range(1, 10)]
    told = [str(count(1 + arity * k)) for k in range(4)]
    assert ", ".join(told) in ours(language, 128, turn)


@published_wrong
def test_128_published_counts_none() -> None:
    binary, ternary = (load(published(128, t), f"full_{name}_trees") for t, name in ((1, "binary"), (2, "ternary")))
    assert [binary(n) for n in (3, 5, 7)] == [0, 0, 0]
    assert [ternary(n) for n in (1, 4, 7)] == [0, 0, 0]


@every_language
def test_129_kth_smallest(language: str) -> None:
    for turn in (1, 2):
        find = load(ours(language, 129, turn), "kth_smallest")
        for a, b in two_lists():
            assert [find(a, b, k) for k in range(1, len(a + b) + 1)] == sorted(a + b)
            for k in (0, len(a + b) + 1):
                with pytest.raises(IndexError, match="out of range"):
                    find(a, b, k)
    n = 4096
    read, copied = cost(lambda: find(Watched(range(n)), Watched(range(n)), n))
    assert (copied, read <= 2 * 13 + 4) == (0, True)


@published_wrong
def test_129_published_copies_a_share_of_the_lists() -> None:
    find = load(published(129, 2), "find_kth_smallest")
    small, large = (cost(lambda n=n: find(Watched(range(n)), Watched(range(n)), n))[1] for n in (1000, 4000))
    assert large > 3.5 * small > 3.5 * 1000  # four times the lists, four times the copies: linear


@every_language
def test_130_common_elements_once(language: str) -> None:
    show, find = load(ours(language, 130, 1), "print_common_elements"), load(ours(language, 130, 2), "common_elements")
    for a, b in two_lists():
        with printed() as out:
            show(a, b)
        assert sorted(map(int, out.getvalue().split())) == sorted(find(a, b)) == sorted(set(a) & set(b))
    structures = (ast.List, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp)
    assert not any(isinstance(node, structures) for node in ast.walk(ast.parse(block(ours(language, 130, 1)))))


@published_wrong
@pytest.mark.parametrize("turn", [1, 2])
def test_130_published_repeats(turn: int) -> None:
    find = load(published(130, turn), "find_common_elements")
    with printed() as out:
        find([1], [1, 1])
    assert out.getvalue().split() == ["1", "1"]

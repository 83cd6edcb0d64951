"""Near-duplicates: the exact measure, and that the index finds them."""

import random

import numpy as np
import pytest
from datasketch import MinHash, MinHashLSH
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.shared.near_duplicates import (
    PERMUTATIONS,
    SEED,
    bands_and_rows,
    candidates,
    jaccard,
    shingles,
    signature,
    signatures,
    words,
)

VOCABULARY = [f"word{number}" for number in range(5000)]


def salad(seed: int, length: int = 200) -> list[str]:
    return random.Random(seed).choices(VOCABULARY, k=length)


def changed(text: list[str], every: int) -> list[str]:
    return ["other" if position % every == 0 else word for position, word in enumerate(text)]


def test_words_are_lower_case_without_marks() -> None:
    assert words("**Grind** the `beans`, \u00dcber-fine: 3x!") == ["grind", "the", "beans", "\u00fcber", "fine", "3x"]


def test_signs_of_scripts_without_spaces_are_words() -> None:
    assert words("水は100度です") == ["水", "は", "100", "度", "で", "す"]


@pytest.mark.parametrize(
    ("one", "other", "index"),
    [
        ("a b c d", "a b c d", 1.0),
        ("a b c d", "A, b: c -- D!", 1.0),
        ("a b c d", "a b c e", 1 / 3),  # abc bcd | abc bce: 1 of 3
        ("a b c", "x y z", 0.0),
        ("a b", "a b", 1.0),  # fewer than three words: one shingle
        ("a b", "b a", 0.0),
        ("", "", 0.0),
        ("?!", "a b c", 0.0),
    ],
)
def test_the_measure(one: str, other: str, index: float) -> None:
    assert jaccard(shingles(one), shingles(other)) == pytest.approx(index)


@given(st.text(), st.text())
def test_the_measure_is_symmetric_and_bounded(one: str, other: str) -> None:
    a, b = shingles(one), shingles(other)
    assert jaccard(a, b) == jaccard(b, a)
    assert 0 <= jaccard(a, b) <= 1
    assert jaccard(a, a) == (1 if a.size else 0)


@pytest.mark.parametrize("every", [50, 20, 12])
def test_texts_with_few_changed_words_are_found(every: int) -> None:
    texts = [" ".join(salad(seed)) for seed in range(60)]
    texts += [" ".join(changed(salad(seed), every)) for seed in range(60)]
    found = set(candidates(signatures(texts)))
    assert sum((seed, seed + 60) in found for seed in range(60)) >= 57
    assert all(jaccard(shingles(texts[a]), shingles(texts[b])) > 0.2 for a, b in found)


def test_the_pairs_are_those_of_datasketch() -> None:
    texts = [" ".join(changed(salad(seed % 40), 5 + seed // 40)) for seed in range(160)]
    table = signatures(texts)
    index = MinHashLSH(num_perm=PERMUTATIONS, params=bands_and_rows(0.5))
    expected = set()
    for number, row in enumerate(table):
        minhash = MinHash(hashvalues=row, seed=SEED, scheme="affine32")
        expected |= {(other, number) for other in index.query(minhash)}
        index.insert(number, minhash)
    assert set(candidates(table, 0.5)) == expected
    assert expected


def test_the_signatures_estimate_the_measure() -> None:
    one, other = " ".join(salad(1, 600)), " ".join(changed(salad(1, 600), 8))
    estimate = float((signature(one) == signature(other)).mean())
    assert estimate == pytest.approx(jaccard(shingles(one), shingles(other)), abs=0.13)  # three standard errors


def test_equal_texts_pair_with_the_first_and_wordless_ones_with_nobody() -> None:
    assert set(candidates(signatures(["a b c d", "", "a b c d", "?", "a b c d"]))) == {(0, 2), (0, 4)}


def test_nothing_pairs_with_nothing() -> None:
    assert list(candidates(signatures([]))) == []
    assert list(candidates(signatures(["a b c"]))) == []


def test_a_signature_is_the_same_in_every_process() -> None:
    assert signature("grind the beans finely").dtype == np.uint32
    assert signature("grind the beans finely")[:2].tolist() == signature("Grind, the beans finely.")[:2].tolist()

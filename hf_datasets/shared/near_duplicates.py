"""Near-duplicates among texts: shingles of words, MinHash, locality-sensitive hashing; then the exact measure.

Two texts are near-duplicates if the Jaccard index of their sets of three-word shingles reaches a threshold. Every
hundredth word changed costs about 6 points of a hundred: at 0.5 two texts may differ in up to 12 % of their words.
Signatures are datasketch's MinHash, bands and rows are those that its MinHashLSH chooses for the threshold. Buckets are
found here by sorting one band at a time, because a MinHashLSH of 62,000 texts keeps 1.5 million sets, over 0.6 GB.
"""

import functools
import hashlib
import itertools
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from hf_datasets.shared.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Signatures = npt.NDArray[np.uint32]

SHINGLE = 3
"""Words in a shingle."""
PERMUTATIONS = 128
"""Values in a signature; the estimate of a Jaccard index has a standard error of at most 0.044."""
THRESHOLD = 0.5
"""Jaccard index from which two texts are near-duplicates."""
MISSES = 0.9
"""How much more a missed pair weighs than a needless comparison when bands are chosen: 9 to 1. At the threshold of 0.5
the bands find 87 % of the pairs with an index of 0.5, 99 % with 0.6, 99.99 % with 0.7."""
MOST_COMPARED = 64
"""In a bucket of more different texts, each is compared with so many of the first."""
SEED = 1
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+")
_MIX = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)


def words(text: str) -> list[str]:
    """Return a text's words in lower case, without marks; each sign of a script without spaces is a word."""
    return _WORD.findall(text.lower())


def shingles(text: str) -> "npt.NDArray[np.uint32]":
    """Return the hashes of a text's different shingles, sorted: shape (n,), n = 0 if it has no words.

    A text of fewer than SHINGLE words has one shingle: all of them.
    """
    import numpy as np

    hashes = np.fromiter(map(_word_hash, words(text)), dtype=np.uint64)
    if not hashes.size:
        return hashes.astype(np.uint32)
    length = min(SHINGLE, hashes.size)
    mixed = np.zeros(hashes.size - length + 1, dtype=np.uint64)
    for offset in range(length):
        mixed += hashes[offset : offset + mixed.size] * np.uint64(_MIX[offset])
    mixed ^= mixed >> np.uint64(29)
    return np.unique((mixed * np.uint64(_MIX[0]) >> np.uint64(32)).astype(np.uint32))


@functools.lru_cache(maxsize=1 << 17)
def _word_hash(word: str) -> int:
    data = word.encode("utf-8", "surrogatepass")
    return zlib.crc32(data) << 32 | zlib.adler32(data)


def jaccard(a: "npt.NDArray[np.uint32]", b: "npt.NDArray[np.uint32]") -> float:
    """Return the share of shingles that two texts have in common, 0 to 1; 0 if one has none."""
    import numpy as np

    common = np.intersect1d(a, b, assume_unique=True).size
    return common / (a.size + b.size - common) if common else 0.0


def signatures(texts: Iterable[str]) -> "Signatures":
    """Return the MinHash signatures of texts: shape (texts, PERMUTATIONS).

    Raises:
        UserError: datasketch isn't installed.
    """
    import numpy as np

    rows = [signature(text) for text in texts]
    return np.stack(rows) if rows else np.empty((0, PERMUTATIONS), dtype=np.uint32)


def signature(text: str) -> "Signatures":
    """Return a text's MinHash signature: shape (PERMUTATIONS,), all bits set if it has no words."""
    empty = _empty().copy()
    empty.update_batch(shingles(text).tolist())
    return empty.hashvalues  # type: ignore[no-any-return]


@functools.cache
def _empty() -> Any:
    return _datasketch().MinHash(num_perm=PERMUTATIONS, seed=SEED, hashfunc=int, scheme="affine32")


def _datasketch() -> Any:
    try:
        import datasketch
    except ModuleNotFoundError as error:
        raise UserError("Finding near-duplicates needs datasketch: pip install 'mtbench-x[curate]'.") from error
    return datasketch


@functools.cache
def bands_and_rows(threshold: float) -> tuple[int, int]:
    """Return the number of bands, and of values in each, for a threshold (0 to 1)."""
    chosen = _datasketch().MinHashLSH(
        threshold=threshold, num_perm=PERMUTATIONS, weights=(round(1 - MISSES, 9), MISSES)
    )
    return chosen.b, chosen.r


def candidates(table: "Signatures", threshold: float = THRESHOLD) -> Iterator[tuple[int, int]]:
    """Return pairs of rows that share a bucket, each pair once, the smaller number first.

    Args:
        table: Signatures, shape (texts, PERMUTATIONS); texts without words never pair.
        threshold: Jaccard index from which a pair should be found.
    """
    keep: list[int] = []
    firsts: dict[bytes, int] = {}
    wordless = _digest(_empty().hashvalues)
    for number, row in enumerate(table):
        first = firsts.setdefault(digest := _digest(row), number)
        if digest != wordless and first != number:
            yield first, number
        elif digest != wordless:
            keep.append(number)
    yield from _alike(table, keep, threshold)


def _digest(row: "Signatures") -> bytes:
    return hashlib.blake2b(row.tobytes(), digest_size=16).digest()


def _alike(table: "Signatures", numbers: Sequence[int], threshold: float) -> Iterator[tuple[int, int]]:
    """Pairs of different rows that share a bucket."""
    seen: set[tuple[int, int]] = set()
    bands, rows = bands_and_rows(threshold)
    for band in range(bands if numbers else 0):
        for bucket in _buckets(table[numbers, band * rows : (band + 1) * rows]):
            for pair in _pairs([numbers[position] for position in bucket]):
                if pair not in seen:
                    seen.add(pair)
                    yield pair


def _buckets(band: "Signatures") -> Iterator[list[int]]:
    """Rows that are equal, two or more of them, ascending."""
    import numpy as np

    keys = np.ascontiguousarray(band).view(f"V{band.shape[1] * band.itemsize}").ravel()
    order = np.argsort(keys, kind="stable")
    ends = np.flatnonzero(keys[order[1:]] != keys[order[:-1]]) + 1
    for start, end in itertools.pairwise([0, *ends.tolist(), len(order)]):
        if end - start > 1:
            yield order[start:end].tolist()


def _pairs(members: Sequence[int]) -> Iterator[tuple[int, int]]:
    for position, later in enumerate(members):
        for earlier in members[: min(position, MOST_COMPARED)]:
            yield earlier, later

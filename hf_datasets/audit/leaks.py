"""Prompts that were seen before: across the splits of a dataset, and in the benchmark that will judge it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from hf_datasets.audit.facts import Facts, Prompt, prompts_of
from hf_datasets.instruct.reading.names import TEST
from hf_datasets.records import Sample
from hf_datasets.shared.near_duplicates import PERMUTATIONS, candidates

if TYPE_CHECKING:
    from hf_datasets.shared.near_duplicates import Signatures

Groups = Mapping[tuple[str, str, str], tuple[str, Sequence[Facts]]]
Leak = tuple[str, str, str, str, str, str]
"""The fields of a Finding."""


def leaks(groups: Groups, benchmarks: Mapping[str, Mapping[str, Sequence[Sample]]], threshold: float) -> Iterator[Leak]:
    """Yield every prompt that is a near-duplicate of one in another split, or (test splits apart) of a benchmark's.

    Only prompts of one language are compared. The Jaccard index is that of the signatures (standard error 0.044).

    Args:
        groups: (family, split, language) -> (config, facts).
        benchmarks: Benchmark -> language -> questions.
        threshold: Jaccard index from which two prompts are near-duplicates.
    """
    asked = {
        (name, language): prompts_of(by_language.get(language, ()))
        for language in dict.fromkeys(language for _, split, language in groups if split != TEST)
        for name, by_language in benchmarks.items()
    }
    for (family, split, language), (config, facts) in groups.items():
        for (other_family, other_split, other_language), (_, known) in groups.items():
            if (family, language) == (other_family, other_language) and split > other_split:
                yield from _found(facts, known, threshold, ("leak", config, split, language), other_split)
        for name in benchmarks if split != TEST else ():
            questions = asked[name, language]
            yield from _found(facts, questions, threshold, ("benchmark leak", config, split, language), name)


def _found(
    facts: Sequence[Prompt], known: Sequence[Prompt], threshold: float, place: tuple[str, str, str, str], name: str
) -> Iterator[Leak]:
    import numpy as np

    mine, theirs = ([sample for sample in some if sample.signature] for some in (facts, known))
    if not mine or not theirs:
        return
    table = np.concatenate([_table(theirs), _table(mine)])
    best: dict[int, tuple[float, int]] = {}
    for first, second in candidates(table, threshold):
        if first < len(theirs) <= second:
            index = float((table[first] == table[second]).mean())
            best[second] = max(best.get(second, (0.0, 0)), (index, -first))
    for second, (index, first) in sorted(best.items()):
        if index >= threshold:
            yield *place, mine[second - len(theirs)].id, f"{index:.2f} like {theirs[-first].id} in {name}"


def _table(facts: Sequence[Prompt]) -> "Signatures":
    import numpy as np

    return np.frombuffer(b"".join(sample.signature for sample in facts), dtype=np.uint32).reshape(-1, PERMUTATIONS)

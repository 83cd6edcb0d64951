"""What a family promises before it is written: the same ids in every language, splits apart, the published counts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from hf_datasets.instruct.collect import Collected
from hf_datasets.instruct.mixtures import held_out, natural, overlap
from hf_datasets.instruct.plan import WHOLE, BuildRequest, ConfigFamily
from hf_datasets.instruct.reading.names import TRAIN, VALIDATION
from hf_datasets.shared.errors import UserError

EMPTY = ("keep", "drop", "error")
SHOWN = 5
"""Ids that an error names."""


def splits(section: ConfigFamily, collected: Sequence[Collected], request: BuildRequest) -> dict[str, frozenset[str]]:
    """Return split -> the ids that every language has in it, after empty answers were dealt with.

    Raises:
        UserError: A language lacks ids; an id is in two splits; an answer is empty and must not be.
    """
    by_split = {split: [rows for rows in collected if rows.part.split == split] for split in _order(collected)}
    whole = {split: same_ids({rows.part.language: rows.ids for rows in parts}) for split, parts in by_split.items()}
    _check_apart(whole)
    empty = _empty(collected, request.empty)
    kept = {split: ids - empty for split, ids in whole.items()}
    if section.held_out is not None:
        validation = held_out(kept[WHOLE], section.held_out(len(kept[WHOLE])), request.seed)
        kept = {TRAIN: kept[WHOLE] - validation, VALIDATION: validation}
    for split, ids in kept.items():
        if not ids:
            raise UserError(f"No sample is left for {split}; name more rows, or keep those with empty answers.")
    return kept


def same_ids(by_language: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return the ids that every language has.

    Raises:
        UserError: A language lacks some that another has.
    """
    sets = {language: frozenset(ids) for language, ids in by_language.items()}
    union = frozenset().union(*sets.values())
    lacking = [
        f"{language} lacks {_some(union - ids)} of {len(union)}" for language, ids in sets.items() if union - ids
    ]
    if lacking:
        raise UserError(
            f"The languages don't hold the same ids: {'; '.join(lacking)}. Complete the files, or leave a language out "
            "by --languages."
        )
    return union


def remarks(section: ConfigFamily, collected: Sequence[Collected], request: BuildRequest) -> list[str]:
    """Return what a user should know of a section: other counts than the published ones, empty answers."""
    whole = {rows.part.split: rows.ids for rows in collected}
    said = _other_counts(section, whole)
    empty = frozenset().union(*(rows.empty for rows in collected))
    if empty:
        done = "were dropped in every language" if request.empty == "drop" else "were kept"
        said.append(f"{_some(empty)} with an empty answer in some language {done}.")
    return said


def _other_counts(section: ConfigFamily, found: Mapping[str, Sequence[str]]) -> list[str]:
    """Say which splits haven't as many rows as the paper's."""
    return [
        f"{len(found[split]):,} rows a language were found{f' for {split}' if split else ''}; the paper has {count:,}."
        for split, count in section.expected.items()
        if len(found[split]) != count
    ]


def _order(collected: Iterable[Collected]) -> list[str]:
    return list(Counter(rows.part.split for rows in collected))


def _check_apart(whole: Mapping[str, frozenset[str]]) -> None:
    if twice := overlap(whole):
        raise UserError(f"{_some(twice)} stand in train and in validation; take them out of one of the two.")


def _empty(collected: Sequence[Collected], rule: str) -> frozenset[str]:
    """Return the ids to drop."""
    first = next((rows for rows in collected if rows.empty), None)
    if rule == "keep" or first is None:
        return frozenset()
    if rule == "error":
        raise UserError(
            f"{first.part.language} has empty answers: {_some(first.empty)}; fill them, or say --empty keep (or drop)."
        )
    return frozenset().union(*(rows.empty for rows in collected))


def _some(ids: Iterable[str]) -> str:
    """`7 ids (a-1, a-2, a-3, a-4, a-5, ...)`."""
    ordered = sorted(ids, key=natural)
    shown = ", ".join(ordered[:SHOWN]) + (", ..." if len(ordered) > SHOWN else "")
    return f"{len(ordered)} {'id' if len(ordered) == 1 else 'ids'} ({shown})"

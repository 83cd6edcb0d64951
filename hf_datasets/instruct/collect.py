"""One part read, checked, put in order, and laid aside as an Arrow file, so that no more than it is in memory."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any

from hf_datasets.hub.folder import arrow_schema, columns_of
from hf_datasets.hub.parquet import ROW_GROUP
from hf_datasets.instruct.mixtures import natural
from hf_datasets.instruct.plan import WHOLE, LanguagePart
from hf_datasets.instruct.reading.layouts import UNKNOWN_LANGUAGE, PlacedSample, placed_samples
from hf_datasets.records import ASSISTANT, SYSTEM, USER, Message, Sample, storable
from hf_datasets.shared.errors import UserError

COLUMNS = columns_of(Sample)
Settle = Callable[[Sample], Sample]
"""Fills in what a row doesn't say."""


@dataclass(frozen=True)
class Collected:
    """A part that was laid aside."""

    part: LanguagePart
    """The part that was read."""
    file: Path
    """The Arrow file with its rows, by id."""
    ids: tuple[str, ...]
    """Their ids, in the file's order."""
    empty: frozenset[str]
    """The ids with an empty answer."""
    licenses: Mapping[str, int]
    """Rows by licence."""
    sha256: tuple[str, ...]
    """Of each of the part's files."""


def collect(part: LanguagePart, settle: Settle, folder: Path) -> Collected:
    """Read a part and lay it aside in a folder.

    Raises:
        UserError: As `read_part`.
    """
    file = folder / f"{part.language}-{part.split or 'whole'}.arrow"
    empty: set[str] = set()
    licenses: Counter[str] = Counter()

    def noted() -> Iterator[Sample]:
        for sample in read_part(part, settle):
            licenses[sample.license] += 1
            if has_empty_answer(sample):
                empty.add(sample.id)
            yield sample

    ids = _lay_aside(noted(), file)
    digests = tuple(_sha256(file.path) for file in part.files)
    return Collected(part, file, ids, frozenset(empty), licenses, digests)


def read_part(part: LanguagePart, settle: Settle) -> Iterator[Sample]:
    """Yield the samples of a part in the order of its files.

    Raises:
        UserError: A file is damaged; a row is in no or an unexpected language; an id stands twice; turns don't
            alternate; there is no row at all. File and row are named.
    """
    seen: set[str] = set()
    for placed in _placed(part):
        if placed.sample.language != part.language:
            _check_shared(part, placed)
            continue
        if placed.sample.id in seen:
            raise UserError(_twice(part, placed, settle))
        seen.add(placed.sample.id)
        _check_turns(placed)
        yield settle(_answered(placed.sample))
    if not seen:
        files = ", ".join(str(file.path) for file in part.files)
        raise UserError(f"There is no row in {part.language!r} in {files}; name other files or languages.")


def _placed(part: LanguagePart) -> Iterator[PlacedSample]:
    """Yield the part's samples, their ids made the same in every language and different in every split.

    Where the first id ends or begins with its language (`17_DE`, as in MT-Bench-X, or `de-17`), that is cut off all.
    Bare numbers, which count anew in each split's file, get the prefix of rows without an id.
    """
    found = placed_samples(list(part.files), language=part.language, id_prefix=part.id_prefix, named=part.shared)
    first = next(found, None)
    if first is None:
        return
    cut = _cut(first.sample.id, part.language)
    for placed in chain([first], found):
        identifier = cut(placed.sample.id)
        if part.split != WHOLE and identifier.isdecimal():
            identifier = part.id_prefix + identifier
        same = identifier == placed.sample.id
        yield placed if same else PlacedSample(replace(placed.sample, id=identifier), placed.row)


def _cut(first: str, language: str) -> Callable[[str], str]:
    """Return what takes the language off the ids of a part, by its first id."""
    codes = (language, language.upper())
    endings = tuple(mark + code for mark in "_-" for code in codes)
    beginnings = tuple(code + mark for mark in "_-" for code in codes)
    width = len(language) + 1
    if first.endswith(endings):
        return lambda identifier: identifier[:-width] if identifier.endswith(endings) else identifier
    if first.startswith(beginnings):
        return lambda identifier: identifier[width:] if identifier.startswith(beginnings) else identifier
    return lambda identifier: identifier


def has_empty_answer(sample: Sample) -> bool:
    """Tell whether an answer of the assistant has no text."""
    return any(message.role == ASSISTANT and not message.content.strip() for message in sample.messages)


def _check_shared(part: LanguagePart, placed: PlacedSample) -> None:
    """A row in another language is in order only where each row names its own."""
    if not part.shared:
        raise UserError(
            f"{placed.row.place} is in {placed.sample.language!r}, but its file is taken for {part.language!r}."
        )
    if placed.sample.language == UNKNOWN_LANGUAGE:
        raise UserError(
            f"{placed.row.place} doesn't say its language; add `language`, or give each language a file (de.jsonl)."
        )


def _twice(part: LanguagePart, second: PlacedSample, settle: Settle) -> str:
    """Say what is wrong with an id that came before; what it stood for is read again."""
    same_language = (placed for placed in _placed(part) if placed.sample.language == part.language)
    first = next(placed for placed in same_language if placed.sample.id == second.sample.id)
    what = f"The id {first.sample.id!r}"
    places = [placed.row.place for placed in (first, second)]
    origins = [settle(placed.sample).source or placed.row.file.name for placed in (first, second)]
    if first.sample.messages == second.sample.messages:
        return f"{what} stands twice, in {' and in '.join(places)}; remove one of the two equal rows."
    if origins[0] != origins[1]:
        both = " and ".join(f"{origin} ({place})" for origin, place in zip(origins, places, strict=True))
        return f"{what} collides: it stands for a row of {both}; put the origin before the number, like alpaca-1."
    return f"{what} stands for two different rows, in {' and in '.join(places)}; give each its own id."


def _check_turns(placed: PlacedSample) -> None:
    roles = [message.role for message in placed.sample.messages]
    talk = roles[1:] if roles[:1] == [SYSTEM] else roles
    in_turn = set(talk) <= {USER, ASSISTANT} and all(one != other for one, other in pairwise(talk))
    if talk[:1] != [USER] or not in_turn:
        found = ", ".join(roles) or "no turn"
        raise UserError(f"{placed.row.place}: user and assistant must take turns, the user first; found {found}.")


def _answered(sample: Sample) -> Sample:
    """Let a dialogue that ends with the user end with an empty answer, which `--empty` decides about."""
    if sample.messages[-1].role == ASSISTANT:
        return sample
    return replace(sample, messages=(*sample.messages, Message(ASSISTANT, "")))


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _lay_aside(samples: Iterable[Sample], file: Path) -> tuple[str, ...]:
    """Write samples in the order of their ids; return the ids."""
    import pyarrow as pa

    schema = arrow_schema(COLUMNS)
    ids: list[str] = []
    with pa.ipc.new_file(file, schema) as writer:
        for batch in in_order(record_batches(samples)):
            writer.write_batch(batch)
            ids += batch.column("id").to_pylist()
    return tuple(ids)


def read_aside(file: Path) -> Iterator[Sample]:
    """Yield the samples of a part that was laid aside."""
    import pyarrow as pa

    with pa.memory_map(str(file)) as opened, pa.ipc.open_file(opened) as reader:
        for at in range(reader.num_record_batches):
            yield from map(Sample.from_row, reader.get_batch(at).to_pylist())


def in_order(batches: Iterable[Any]) -> Iterator[Any]:
    """Yield rows in the order of their ids, as Arrow batches."""
    import pyarrow as pa

    whole = pa.Table.from_batches(batches, arrow_schema(COLUMNS)).combine_chunks()
    keys = [natural(identifier) for identifier in whole.column("id").to_pylist()]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    del keys
    for start in range(0, len(order), ROW_GROUP):
        yield from whole.take(order[start : start + ROW_GROUP]).combine_chunks().to_batches()


def record_batches(samples: Iterable[Sample]) -> Iterator[Any]:
    """Yield samples as Arrow batches, column by column (row by row takes five times as long)."""
    import pyarrow as pa

    schema = arrow_schema(COLUMNS)
    rest = iter(samples)
    while some := list(islice(rest, ROW_GROUP)):
        texts = [_strings([getattr(sample, name) for sample in some]) for name in schema.names[:-1]]
        messages = _messages([sample.messages for sample in some], schema)
        yield pa.RecordBatch.from_arrays([*texts, messages], schema=schema)


def _messages(dialogues: Iterable[Sequence[Message]], schema: Any) -> Any:
    import pyarrow as pa

    offsets, roles, contents = [0], [], []
    for said in dialogues:
        for message in said:
            roles.append(message.role)
            contents.append(message.content)
        offsets.append(len(roles))
    kind = schema.field("messages").type
    structs = pa.StructArray.from_arrays([_strings(roles), _strings(contents)], fields=list(kind.value_type))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), structs, type=kind)


def _strings(values: Sequence[str]) -> Any:
    """Return a string array; halves of surrogate pairs, which JSON can hold and UTF-8 can't, are replaced."""
    import pyarrow as pa

    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([storable(value) for value in values], pa.string())

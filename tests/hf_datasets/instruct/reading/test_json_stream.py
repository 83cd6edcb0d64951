"""The cursor reads what `json` reads, however the bytes come, and knows where a fault is."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_datasets.instruct.reading.json_stream import JsonError, JsonStream, array_items, values

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
rows = st.lists(st.dictionaries(st.text(max_size=5), scalars, max_size=4), max_size=6)
chunks = st.integers(1, 40)
indents = st.sampled_from([None, 0, 3])


def cursor(data: bytes, chunk: int) -> JsonStream:
    return JsonStream(io.BytesIO(data), chunk)


@given(st.lists(anything, max_size=4), chunks, indents, st.booleans())
def test_an_array_item_by_item(items: list[object], chunk: int, indent: int | None, ascii_only: bool) -> None:
    data = json.dumps(items, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert list(array_items(cursor(data, chunk))) == items


@given(rows, chunks, st.sampled_from(["", " ", "\n\n"]))
def test_values_one_after_another(items: list[object], chunk: int, between: str) -> None:
    data = between.join(json.dumps(item) for item in items).encode()
    assert list(values(cursor(data, chunk))) == items


@given(rows, chunks, st.data())
@settings(max_examples=40)
def test_an_array_that_breaks_off_gives_the_items_before_the_fault(
    items: list[object], chunk: int, data: st.DataObject
) -> None:
    whole = json.dumps(items).encode()
    cut = data.draw(st.integers(1, len(whole) - 1))
    found: list[object] = []
    with pytest.raises(JsonError) as caught:
        found.extend(array_items(cursor(whole[:cut], chunk)))  # extend keeps what came before the fault
    assert found == items[: len(found)]
    assert 0 <= caught.value.offset <= cut


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_the_offset_counts_bytes(chunk: int) -> None:
    data = '["äöü", "😀", x]'.encode()
    with pytest.raises(JsonError) as caught:
        list(array_items(cursor(data, chunk)))
    assert caught.value.offset == data.index(b"x")

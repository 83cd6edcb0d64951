"""Rows out of bytes: whatever the pieces, and past what is broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.curate.rows import RowReader
from hf_datasets.shared.errors import UserError
from tests.hf_datasets.curate.dump import HEAD, posts, row


def read(data: bytes, size: int = 1 << 20) -> tuple[list[dict[str, str]], RowReader]:
    found: list[dict[str, str]] = []
    reader = RowReader("Posts.xml", lambda values: found.append(dict(values)))
    for start in range(0, len(data), size):
        reader.feed(data[start : start + size])
    reader.close()
    return found, reader


ROWS = [row(Id=number, Body=f"<p>Zeile {number}\nmit “ü” & 𝄞</p>") for number in range(1, 6)]
IDS = ["1", "2", "3", "4", "5"]


@given(st.integers(1, 400), st.booleans())
def test_pieces_of_any_size_give_the_same_rows(size: int, bom: bool) -> None:
    found, reader = read(posts(*ROWS, bom=bom), size)
    assert [one["Id"] for one in found] == IDS
    assert found[2]["Body"] == "<p>Zeile 3\nmit “ü” & 𝄞</p>"
    assert reader.faults == []


@pytest.mark.parametrize("end", [b"\r\n", b"", b"\n\n"], ids=["CRLF", "one line", "blank lines"])
def test_lines_may_end_in_any_way(end: bytes) -> None:
    found, reader = read(posts(*ROWS).replace(b"\n", end))
    assert [one["Id"] for one in found] == IDS
    assert reader.faults == []


def test_a_row_may_go_over_several_lines() -> None:
    found, reader = read(posts('<row\n  Id="1"\n  Body="a"\n/>\n', ROWS[1]))
    assert [one["Id"] for one in found] == ["1", "2"]
    assert reader.faults == []


def test_blank_lines_don_t_move_the_place_of_a_fault() -> None:
    found, reader = read(posts(ROWS[0], "\n\n", '  <row Id="2" Body="&x;" />\n', ROWS[2]))
    assert [one["Id"] for one in found] == ["1", "3"]
    assert [fault.line for fault in reader.faults] == [6]  # head 2 lines, a row, 2 blank lines


def test_utf_16_is_read() -> None:
    data = posts(*ROWS, bom=False).decode().replace("utf-8", "utf-16").encode("utf-16")
    assert [one["Id"] for one in read(data)[0]] == IDS


BROKEN = {
    "unfinished value": b'  <row Id="3" Body="abc\n',
    "unfinished row": b'  <row Id="3" Body="abc"\n',
    "stray mark": b'  <row Id="3" Body="a < b" />\n',
    "unknown entity": b'  <row Id="3" Body="&nope;" />\n',
    "forbidden character": b'  <row Id="3" Body="&#x1;" />\n',
    "attribute twice": b'  <row Id="3" Id="3" />\n',
    "not UTF-8": b'  <row Id="3" Body="\xff\xfe" />\n',
    "wrong end": b"</row>\n",
    "noise": b"\x00\x01\x02\n",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("size", [7, 1 << 20])
def test_a_broken_row_is_named_and_the_others_are_read(broken: bytes, size: int) -> None:
    before, after = HEAD.encode() + "".join(ROWS[:2]).encode(), "".join(ROWS[3:]).encode() + b"</posts>\n"
    found, reader = read(before + broken + after, size)
    assert [one["Id"] for one in found] == ["1", "2", "4", "5"]
    assert [(fault.line, fault.byte) for fault in reader.faults] == [(5, len(before))]  # head 2 lines, 2 rows


@pytest.mark.parametrize("cut", [2, 10, 25, 70])
def test_a_cut_file_says_where(cut: int) -> None:
    data = posts(*ROWS)
    found, reader = read(data[:-cut])
    assert [one["Id"] for one in found] in (IDS, IDS[:4])
    assert len(reader.faults) == 1
    assert "ends early" in reader.faults[0].reason
    place = reader.faults[0].byte
    assert data[place:].startswith((b"  <row", b"</posts>")) or place >= len(data) - cut


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "not a Posts.xml"),
        (b"hello", "line 1, byte 0: not a Posts.xml"),
        (b'<users>\n  <row Id="1" />\n</users>\n', "holds <users>, not <posts>"),
        (b"<users>\n</users>\n", "holds <users>, not <posts>"),
        (b'<!DOCTYPE posts [<!ENTITY a "b">]>\n<posts>\n<row Id="&a;"/></posts>', "DOCTYPE"),
        (HEAD.encode() + b"\n".join([b"<row <"] * 3000), "more broken rows than whole ones"),
    ],
    ids=["empty", "text", "other table", "empty other table", "entities", "garbage"],
)
def test_what_is_no_posts_xml_is_refused(data: bytes, match: str) -> None:
    with pytest.raises(UserError, match=match):
        read(data)


def test_an_empty_posts_xml_has_no_rows() -> None:
    assert read(posts())[0] == []


@given(st.binary(max_size=300))
def test_any_bytes_between_rows_end_in_rows_or_a_user_error(noise: bytes) -> None:
    try:
        found, _ = read(HEAD.encode() + ROWS[0].encode() + noise + b"\n" + ROWS[1].encode() + b"</posts>")
    except UserError:
        return
    assert found[0]["Id"] == "1"

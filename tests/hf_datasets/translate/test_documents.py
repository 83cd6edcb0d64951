"""Which texts of which layouts are translated."""

import datetime
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_datasets.shared.errors import UserError
from hf_datasets.translate.documents import (
    ANSWERS,
    PROMPTS,
    QUESTIONS,
    SAMPLES,
    read_document,
    translated_rows,
)
from hf_datasets.translate.engines.engine import LanguagePair
from hf_datasets.translate.targets import target_files
from tests import mini


def write(path: Path, *rows: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_the_mini_benchmark() -> None:
    document = read_document("mini_en", "en")
    assert (document.kind, len(document.rows)) == (QUESTIONS, mini.QUESTIONS)
    # two turns each, and references for some
    assert len(document.fields) == mini.ANSWERS + mini.REFERENCES
    first, second, *_ = document.fields
    assert (first.id, first.name, second.name) == ("1", "turns[0]", "turns[1]")
    assert second.item.context == first.item.text


def test_native_prompts_need_no_source() -> None:
    document = read_document("native_en", "en")
    assert (document.kind, len(document.fields)) == (PROMPTS, 36)
    assert document.fields[0].id == "native/single-v1"


def test_a_reference_stands_under_its_question(tmp_path: Path) -> None:
    row = {"question_id": 81, "turns": ["a?", "b?"], "reference": ["A", "B"]}
    fields = read_document(write(tmp_path / "q.jsonl", row), "en").fields
    assert [(each.name, each.item.context) for each in fields] == [
        ("turns[0]", ""),
        ("turns[1]", "a?"),
        ("reference[0]", "a?"),
        ("reference[1]", "b?"),
    ]


def test_reference_answers(tmp_path: Path) -> None:
    row = {"question_id": "81_EN", "choices": [{"turns": ["one", "two"]}]}
    document = read_document(write(tmp_path / "a.jsonl", row), "en")
    assert (document.kind, document.fields[1].name) == (ANSWERS, "choices[0].turns[1]")


def test_a_gzipped_array_of_instructions(tmp_path: Path) -> None:
    rows = [{"instruction": "do", "input": "it", "id": "alpaca-1", "output": "done"}]
    (tmp_path / "en.json.gz").write_bytes(gzip.compress(json.dumps(rows).encode()))
    document = read_document(str(tmp_path / "en.json.gz"), "en")
    assert document.kind == SAMPLES
    assert [each.item.text for each in document.fields] == ["do\n\nit", "done"]
    (target,) = target_files([document], LanguagePair("en", "PT-PT"), None)
    assert target == Path("en.pt.jsonl")


def test_only_rows_in_the_source_language_are_taken(tmp_path: Path) -> None:
    said = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]
    rows = [{"id": str(n), "language": code, "messages": said} for n, code in enumerate(("en", "de", "en"))]
    assert [row["id"] for row in read_document(write(tmp_path / "x.jsonl", *rows), "en").rows] == ["0", "2"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question_id": 1, "turns": [3, 4]}, "row 1: a text is int, not a string"),
        ({"question_id": 1, "turns": None}, "row 1: not a row of questions"),
        ({"name": "x", "prompt_template": "y"}, "row 1: not a row of judge prompts"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_document(write(tmp_path / "x.jsonl", row), "en")


def test_half_a_surrogate_pair_does_not_stop_a_file(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text('{"question_id": 1, "turns": ["a \\ud800 b", "c"]}\n', encoding="utf-8")
    document = read_document(str(tmp_path / "q.jsonl"), "en")
    assert document.fields[0].item.text == "a \ufffd b"


def test_what_the_engine_said_stays_beside_what_people_made_of_it() -> None:
    document = read_document("mini_en", "en")
    machine = {(each.row, each.place): f"M{number}" for number, each in enumerate(document.fields)}
    final = {**machine, (0, ("turns", 1)): "by hand"}
    first, second, *_ = translated_rows(document, final, machine, "pt")
    assert (first["turns"], first["source_turns"], first["corrected_fields"]) == (
        ["M0", "by hand"],
        ["M0", "M1"],
        ["turns"],
    )
    assert (second["language"], second["corrected_fields"]) == ("pt", [])


def test_a_row_without_all_its_texts_is_left_out() -> None:
    document = read_document("mini_en", "en")
    texts = {(each.row, each.place): "x" for each in document.fields if (each.row, each.place) != (3, ("turns", 0))}
    assert [row["question_id"] for row in translated_rows(document, texts, texts, "pt")] == [
        1,
        2,
        3,
        *range(5, mini.FIRST_UNKNOWN),
    ]


def test_what_only_tables_hold_is_a_text_or_refused(tmp_path: Path) -> None:
    asked = {"question_id": 81, "turns": ["One?", "Two?"]}
    moment = datetime.datetime(2026, 11, 28, 7, 5)
    file = tmp_path / "questions.parquet"
    pq.write_table(pa.Table.from_pylist([{**asked, "at": moment, "of": datetime.time(1, 2)}]), file)
    (row,) = read_document(str(file), "en").rows
    assert (row["at"], row["of"]) == ("2026-11-28T07:05:00", "01:02:00")
    pq.write_table(pa.Table.from_pylist([{**asked, "image": b"\xff"}]), file)
    with pytest.raises(UserError, match=r"questions\.parquet holds a value of type bytes, which JSON hasn't"):
        read_document(str(file), "en")

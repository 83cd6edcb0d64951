"""The log of the blind readers, and the sheets that they read."""

import json
import re
from pathlib import Path

import pytest

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.meta_evaluation.exam import items as exam
from mtbenchx_tasks.meta_evaluation.exam import reviews
from mtbenchx_tasks.meta_evaluation.exam.items import drawn_items, exam_items
from tests import exam_sheets
from tests.exam_sheets import sheet

LANGUAGES = ("de", "en", "es", "fr", "it")
READ = [language for language in LANGUAGES if reviews.readings(language)]


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviews, "readings", lambda language: ())


@pytest.mark.parametrize("language", READ)
def test_every_item_was_read_in_both_orders_as_it_is_now(language: str) -> None:
    read = {(row["template"], row["sha256"], row["reading"]) for row in reviews.readings(language)}
    now = {
        (item.template, reviews.item_sha256(item), order)
        for item in drawn_items([language])
        if item.better != item.faulty
        for order in exam_sheets.ORDERS
    }
    assert read == now
    assert {row["reader"] for row in reviews.readings(language)} <= {"person", "model"}


@pytest.mark.parametrize("language", READ)
def test_an_item_on_which_a_reader_failed_is_left_out_in_every_form(language: str) -> None:
    failed = {row["template"] for row in reviews.readings(language) if not row["right"]}
    for drawn in (exam_items([language]), exam_items([language], form="fresh", seed="a")):
        assert {item.template for item in drawn_items([language])} - {item.template for item in drawn} == failed


def test_an_item_is_left_out_in_the_language_in_which_its_reading_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exam, "left_out", lambda language: {"null-02"} if language == "it" else set())
    assert [item.item.language for item in exam_items(kinds=["null"]) if item.template == "null-02"] == [
        language for language in LANGUAGES if language != "it"
    ]


def numbers_and_sides(text: str) -> list[str]:
    return re.findall(r"^######## (\d+)$", text, re.M)


@pytest.mark.usefixtures("unread")
def test_a_sheet_shows_each_item_once_and_the_second_one_with_its_sides_swapped() -> None:
    (first, key), (second, other) = sheet("fr", 1), sheet("fr", 2)
    assert numbers_and_sides(first) == numbers_and_sides(second) == [str(n) for n in range(1, 191)]
    sides, swapped = ({entry["template"]: entry["A"] for entry in k.values()} for k in (key, other))
    assert len(sides) == 190
    assert all(swapped[template] == exam_sheets.OTHER[side] for template, side in sides.items())
    assert 70 < list(sides.values()).count("better") < 120
    assert [entry["template"] for entry in key.values()] != [entry["template"] for entry in other.values()]


@pytest.mark.usefixtures("unread")
def test_a_sheet_tells_neither_template_nor_kind() -> None:
    text, _ = sheet("en", 1)
    assert not any(word in text for word in ("faulty", "null-", "cut_off", "dose", "lure"))


@pytest.mark.usefixtures("unread")
def test_what_readers_say_becomes_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exam_sheets.write(tmp_path / "sheets", tmp_path / "keys")
    (tmp_path / "answers").mkdir()
    for order in (1, 2):
        key = json.loads((tmp_path / "keys" / f"es.{order}.json").read_text())
        lines = []
        for number, asked in key.items():
            better = "A" if asked["A"] == "better" else "B"
            if asked["template"].startswith("null"):
                better = "tie"
            if asked["template"] == "cut_off-03" and order == 2:
                better = "tie"
            lines.append(json.dumps({"n": int(number), "better": better, "why": "seen"}))
        (tmp_path / "answers" / f"es.{order}.jsonl").write_text("\n".join(lines))
    capsys.readouterr()
    exam_sheets.read(tmp_path / "keys", tmp_path / "answers", "person", "reader_1", tmp_path / "log")
    assert capsys.readouterr().out == "es cut_off-03 (reading 2): tie, seen\n"
    rows = [json.loads(line) for line in (tmp_path / "log" / "es.jsonl").read_text().splitlines()]
    assert len(rows) == 380
    assert [row["template"] for row in rows if not row["right"]] == ["cut_off-03"]
    assert {(row["reader"], row["name"]) for row in rows} == {("person", "reader_1")}


def test_an_answer_that_is_missing_or_none_is_told(tmp_path: Path) -> None:
    key = {str(n): {"template": "cut_off-01", "sha256": "", "A": "better"} for n in (1, 2, 3)}
    answers = tmp_path / "de.1.jsonl"
    answers.write_text('{"n": 1, "better": "A"}\n{"n": 3, "better": "C"}\n')
    with pytest.raises(UserError, match=r"de.1.jsonl: number 2, 3 needs exactly one answer"):
        list(exam_sheets.rows(key, answers, 1, "model", "m"))

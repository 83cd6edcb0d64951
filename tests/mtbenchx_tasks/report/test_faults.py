"""Questions that translation changed: counted, shown beside the means of all, and left out on demand."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.cli import app
from mtbenchx_tasks.formats.content import Study
from mtbenchx_tasks.records import Conditions, Item, Rating
from mtbenchx_tasks.report.groups import grouped
from mtbenchx_tasks.report.sections import sections
from mtbenchx_tasks.report.tables.faults import faults_table, without_faults
from mtbenchx_tasks.tables import Cell
from tests.mtbenchx_tasks.studies import rated, samples

CORRECTED = Conditions("gpt-4", {"benchmark": "mtbench_x", "question_set": "corrected"})
RATINGS = [  # 84.2 asks for parables in German, nothing in question 83 is changed
    rated("m", 83, 6.0, language="en"),
    rated("m", 84, 8.0, language="en"),
    rated("m", 83, 6.0, language="de"),
    rated("m", 84, 2.0, language="de"),
]


def test_means_with_and_without() -> None:
    (section,) = sections(RATINGS)
    found = faults_table(section, grouped(["m"], {}))
    assert found is not None
    assert found.columns == ("Model", "en", "en without", "de", "de without")
    # English (6 + 8) / 2 and 6, German (6 + 2) / 2 and 6
    assert found.rows == (("m", Cell("7.00", "2/2"), Cell("6.00", "1/1"), Cell("4.00", "2/2"), Cell("6.00", "1/1")),)
    assert found.notes == (
        "English: 0 turns with another task, 2 with minor faults.",
        "German: 16 turns with another task, 19 with minor faults.",
    )


@pytest.mark.parametrize(
    "ratings",
    [
        [rating for rating in RATINGS if rating.item.language == "en"],
        [rating for rating in RATINGS if rating.item.question_id == 83],
        [replace(rating, conditions=CORRECTED) for rating in RATINGS],
    ],
    ids=["English alone", "a question without faults", "the corrected questions"],
)
def test_no_table_where_nothing_is_affected(ratings: list[Rating]) -> None:
    (section,) = sections(ratings)
    assert faults_table(section, grouped(["m"], {})) is None


def test_a_study_without_them_has_the_same_questions_in_every_language() -> None:
    other = Rating(**{**vars(RATINGS[1]), "item": Item("mini", "en", 84, 1)})
    mended = replace(RATINGS[3], conditions=CORRECTED)
    found = without_faults(Study(ratings=(*RATINGS, other, mended)))
    kept = [(rating.item.benchmark, rating.item.language, rating.item.question_id) for rating in found.ratings]
    assert kept == [("mtbench_x", "en", 83), ("mtbench_x", "de", 83), ("mini", "en", 84), ("mtbench_x", "de", 84)]
    (note,) = found.notes
    assert note.startswith("Left out by --questions-without-faults")
    assert " 84," in note  # of the 15 German ones


def test_nothing_left_is_told() -> None:
    with pytest.raises(UserError, match="changed every question that was rated; run it without --questions-without"):
        without_faults(Study(ratings=(RATINGS[3],)))


def test_the_command_leaves_them_out(tmp_path: Path) -> None:
    for language, value in (("en", 8.0), ("de", 2.0)):
        samples(tmp_path / language, "m", {83: 6.0, 84: value}, language=language)
    out, ran = tmp_path / "out", CliRunner().invoke
    told = ran(app, ["report", str(tmp_path), "--out", str(out), "--no-figures", "--questions-without-faults"])
    assert told.exit_code == 0, told.output
    assert "Left out by --questions-without-faults" in told.output
    rows = csv.DictReader((out / "tables" / "turn-1.csv").read_text(encoding="utf-8").splitlines())
    assert {row["language"]: float(row["average"]) for row in rows} == {"en": 6.0, "de": 6.0}
    assert not (out / "tables" / "question-faults.csv").exists()

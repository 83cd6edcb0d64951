"""`mtbenchx verify` of a report: it agrees with its records, and whatever is changed in either of them is named."""

import json
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmarks.report import make_study
from mtbenchx_tasks.cli import app
from mtbenchx_tasks.formats.excerpt import RECORDS
from mtbenchx_tasks.report.make import make_report
from mtbenchx_tasks.report.verify import verify_report

Change = Callable[[Path, random.Random], None]
EACH = 3


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of two made-up models in two languages on eight questions, with pairs, votes and figures."""
    folder = tmp_path_factory.mktemp("verify")
    make_study(folder / "results", models=2, languages=2, runs=1, questions=8)
    make_report([folder / "results"], folder / "report", questions="81")
    return folder / "report"


def test_a_report_agrees_with_its_records(original: Path) -> None:
    found = verify_report(original)
    assert found.differences == ()
    assert found.numbers.startswith("64 ratings, ")  # 2 models x 2 languages x 8 questions x 2 turns
    said = CliRunner().invoke(app, ["verify", str(original)])
    assert said.exit_code == 0
    assert "not where they come from" in said.output
    assert "mtbenchx verify" in (original / "index.html").read_text(encoding="utf-8")


def _digit(file: Path, chance: random.Random, pattern: str) -> None:
    text = file.read_text(encoding="utf-8")
    start, end = chance.choice(list(re.finditer(pattern, text))).span(1)
    place = chance.choice([n for n in range(start, end) if text[n].isdigit()])
    other = chance.choice([c for c in "0123456789" if c != text[place]])
    file.write_text(text[:place] + other + text[place + 1 :], encoding="utf-8")


def page_number(folder: Path, chance: random.Random) -> None:
    _digit(folder / "index.html", chance, r"<td>(\d+\.\d+)")


def table_number(folder: Path, chance: random.Random) -> None:
    tables = sorted(file for file in (folder / "tables").glob("*.csv") if re.search(r",\d", file.read_text()))
    _digit(chance.choice(tables), chance, r",(\d+(?:\.\d+)?)")


def answer_page(folder: Path, chance: random.Random) -> None:
    _digit(chance.choice(sorted((folder / "answers").glob("*-*.html"))), chance, r"<b>(\d+\.\d+) of 10</b>")


def figure(folder: Path, chance: random.Random) -> None:
    _digit(chance.choice(sorted((folder / "figures").glob("*.svg"))), chance, r"([0-9]+\.[0-9]+)")


def _row(folder: Path, chance: random.Random, name: str, change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads((folder / RECORDS).read_text(encoding="utf-8"))
    change(chance.choice(content[name]))
    (folder / RECORDS).write_text(json.dumps(content), encoding="utf-8")


def rating(folder: Path, chance: random.Random) -> None:
    _row(folder, chance, "ratings", lambda row: row.update(value=row["value"] % 10 + 1))


def answer(folder: Path, chance: random.Random) -> None:
    _row(folder, chance, "ratings", lambda row: row.update(answer="Another answer."))


def vote(folder: Path, chance: random.Random) -> None:
    _row(folder, chance, "preferences", lambda row: row.update(decision="skip", winner=None))


CHANGES: tuple[Change, ...] = (page_number, table_number, answer_page, figure, rating, answer, vote)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_whatever_is_changed_is_found(change: Change, original: Path, tmp_path: Path) -> None:
    for seed in range(EACH):
        folder = tmp_path / str(seed)
        shutil.copytree(original, folder)
        change(folder, random.Random(seed))
        found = verify_report(folder).differences
        assert found, seed
        assert (folder / found[0].file).is_file()
        assert found[0].told != found[0].recomputed


def test_without_answers_there_are_no_records(tmp_path: Path, original: Path) -> None:
    results = original.parent / "results"
    make_report([results], tmp_path / "out", figures=False)
    make_report([results], tmp_path / "out", figures=False, answers=False)
    assert not (tmp_path / "out" / RECORDS).exists()
    assert "mtbenchx verify" not in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    said = CliRunner().invoke(app, ["verify", str(tmp_path / "out")])
    assert said.exit_code == 1
    assert "no number can be recomputed" in str(said.exception)

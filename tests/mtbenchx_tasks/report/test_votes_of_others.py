"""Votes of public arenas, from their own files to the page: nothing of them is lost, doubled, or turned round."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from typer.testing import CliRunner

from mtbenchx_tasks.cli import app

SHORT, LONG = "Oui.", "<script>alert(1)</script> Non, car il pleut."


def mtbenchx(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def talk(question: str, answer: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def comparia(number: int, chosen: str | None) -> dict[str, Any]:
    """A vote of compar:IA; sides alternate, so that a name and not a side must win."""
    sides = [("org/a", SHORT), ("org/b", LONG)]
    (left, first), (right, second) = sides if number % 2 else reversed(sides)
    return {
        "id": f"c{number}", "model_a_name": left, "model_b_name": right, "chosen_model_name": chosen,
        "both_equal": chosen is None, "session_hash": f"s{number // 2}", "languages": ["fr"],
        "conversation_a": talk(f"Question {number} ?", first), "conversation_b": talk(f"Question {number} ?", second),
    }  # fmt: skip


def lmarena(number: int, winner: str) -> dict[str, Any]:
    """A vote of LMArena, whose messages are lists of parts."""
    parts = [
        {**message, "content": [{"type": "text", "text": message["content"], "image": None}]}
        for message in talk(f"Frage {number}?", "Ja.")
    ]
    return {
        "id": f"l{number}", "evaluation_session_id": f"e{number}", "model_a": "org/a", "model_b": "org/b",
        "winner": winner, "language": "de", "conversation_a": parts, "conversation_b": parts, "is_code": False,
    }  # fmt: skip


@pytest.fixture
def votes(tmp_path: Path) -> list[str]:
    chosen = ["org/b"] * 6 + ["org/a"] * 3 + [None]
    lines = [json.dumps(comparia(number, name)) for number, name in enumerate(chosen)]
    (tmp_path / "comparia.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    winners = ["model_a", "model_b", "model_a", "tie", "both_bad"]
    rows = [lmarena(number, winner) for number, winner in enumerate(winners)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "lmarena.parquet")
    return [str(tmp_path / "comparia.jsonl"), str(tmp_path / "lmarena.parquet")]


def test_votes_of_two_arenas_from_file_to_page(votes: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = mtbenchx("report", *votes, "--out", str(out), "--no-figures")
    assert said.exit_code == 0, said.output
    shares = {}
    for file in sorted((out / "tables").glob("rates-*.csv")):
        for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
            if row["category"] == "all":
                shares[row["language"]] = [
                    row[name] for name in ("model_1", "win", "loss", "tie", "both_bad", "n_valid")
                ]
    # org/b won 6 of the 10 French votes, 3 lost, 1 tie; of 5 German ones 1 won, 2 lost, 1 tie, 1 both bad
    assert shares == {
        "fr": ["org/a", "0.6", "0.3", "0.1", "0.0", "10"],
        "de": ["org/a", "0.2", "0.4", "0.2", "0.2", "5"],
    }
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "People" in page
    assert "no language is told" not in page
    every = page + "".join(file.read_text(encoding="utf-8") for file in (out / "answers").rglob("*.html"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Non, car il pleut." in every
    assert "question c9, turn 1. People: tie 1" in every
    assert "question l4, turn 1. People: both bad 1" in every
    assert "<script>alert" not in every
    assert mtbenchx("verify", str(out)).exit_code == 0


def test_a_vote_that_is_none_is_named_with_its_line(votes: list[str], tmp_path: Path) -> None:
    (tmp_path / "odd.jsonl").write_text(json.dumps(comparia(1, "org/c")) + "\n", encoding="utf-8")
    said = mtbenchx("report", str(tmp_path / "odd.jsonl"), "--out", str(tmp_path / "out"))
    assert said.exit_code == 1
    assert "odd.jsonl, line 1" in str(said.exception)
    assert "org/c" in str(said.exception)

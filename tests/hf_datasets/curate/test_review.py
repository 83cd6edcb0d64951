"""The review file: nobody's words are lost, and the next step does what it says."""

import json
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.records import Sample
from tests.hf_datasets.command import run
from tests.hf_datasets.curate.dump import HOST, answer, question, write

ROWS = [made for number in (1, 3, 5) for made in (question(number), answer(number + 1, number))]


@pytest.fixture
def review(tmp_path: Path) -> Path:
    write(tmp_path, *ROWS)
    assert run("curate", "--dump", tmp_path / HOST, "--out", tmp_path / "review.jsonl").code == 0
    return tmp_path / "review.jsonl"


def read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def decide(file: Path, *changes: dict[str, Any]) -> None:
    rows = [{**row, **change} for row, change in zip(read(file), changes, strict=True)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def finish(file: Path, *options: str) -> list[Sample]:
    out = file.with_name("validation.jsonl")
    ran = run("curate", "--review", file, "--out", out, *options)
    assert ran.code == 0, ran.error
    return [Sample.from_row(row) for row in read(out)]


def test_keep_rewrite_and_drop(review: Path) -> None:
    decide(review, {"decision": "keep"}, {"decision": "Rewrite ", "rewritten": "Better.\n"}, {"decision": "drop"})
    kept, rewritten = finish(review)
    assert kept.messages[1].content == read(review)[0]["messages"][1]["content"]
    assert (rewritten.messages[0].content, rewritten.messages[1].content) == (
        read(review)[1]["messages"][0]["content"],
        "Better.",
    )
    assert rewritten.attribution.endswith("links and images removed, rewritten by hand")
    assert (kept.id, kept.language, kept.license) == ("coffee-1-2", "en", "CC-BY-SA-3.0")


def test_a_question_may_be_rewritten_too(review: Path) -> None:
    decide(review, {"decision": "rewrite", "rewritten_question": "Short?"}, {"decision": "drop"}, {"decision": "drop"})
    (sample,) = finish(review)
    assert sample.messages[0].content == "Short?"
    assert sample.messages[1].content == read(review)[0]["messages"][1]["content"]


@pytest.mark.parametrize(("undecided", "count"), [("keep", 3), ("drop", 1)])
def test_undecided_lines_stop_the_step_unless_told(review: Path, undecided: str, count: int) -> None:
    decide(review, {"decision": "keep"}, {}, {})
    ran = run("curate", "--review", review, "--out", review.with_name("validation.jsonl"))
    assert (ran.code, f"{review}, line 2: no decision yet (2 of 3" in ran.error) == (1, True)
    assert not review.with_name("validation.jsonl").exists()
    assert len(finish(review, "--undecided", undecided)) == count


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"decision": "maybe"}, "the decision 'maybe' is none of keep, rewrite, drop"),
        ({"decision": "rewrite"}, "'rewritten' and 'rewritten_question' are empty"),
        ({"decision": "keep", "rewritten": "x"}, "there is a rewritten text"),
        ({"decision": None}, "no decision yet (1 of 3 lines have none)"),
        ({"id": "coffee-1-2"}, "'coffee-1-2' stands on line 1 already"),
        ({"messages": [{"role": "user", "content": "x"}]}, "isn't one question of the user and one answer"),
        ({"messages": "x"}, "(messages must be a list, not 'x')"),
        ({"messages": [{"role": "user"}]}, "(the key messages[0].content is missing)"),
        ({"attribution": 7}, "(attribution must be text, not 7)"),
    ],
)
def test_a_wrong_line_is_named(review: Path, change: dict[str, Any], message: str) -> None:
    decide(review, {"decision": "keep"}, change, {"decision": "keep"})
    ran = run("curate", "--review", review)
    assert ran.code == 1
    assert f"{review}, line 2: " in ran.error
    assert message in ran.error


def test_a_line_that_is_not_json_or_lacks_a_field_is_named(review: Path) -> None:
    good = review.read_text(encoding="utf-8")
    review.write_text(good + "\n\n{half", encoding="utf-8")
    assert "line 6: not JSON" in run("curate", "--review", review).error
    review.write_text('{"id": "x"}\n', encoding="utf-8")
    assert (
        "line 1: not a line of a review file, as `mtbenchx data curate --dump` writes it (the key "
        in run("curate", "--review", review).error
    )


def test_another_run_never_overwrites_what_people_wrote(review: Path, tmp_path: Path) -> None:
    decide(review, {"decision": "rewrite", "rewritten": "Mine."}, {"note": "look again"}, {})
    before = read(review)
    write(tmp_path, *ROWS[2:], question(7), answer(8, 7))  # the first question is gone, a new one is there
    ran = run("curate", "--dump", tmp_path / HOST, "--out", review)
    assert "2  (lines with a reviewer's words" in ran.out
    assert "1  (of these no candidates any more)" in ran.out
    after = read(review)
    assert [row["id"] for row in after] == ["coffee-3-4", "coffee-5-6", "coffee-7-8", "coffee-1-2"]
    assert (after[0], after[3]) == (before[1], before[0])


def test_a_damaged_review_file_is_never_replaced(review: Path, tmp_path: Path) -> None:
    review.write_text(review.read_text(encoding="utf-8")[:-5], encoding="utf-8")
    damaged = review.read_bytes()
    ran = run("curate", "--dump", tmp_path / HOST, "--out", review)
    assert (ran.code, "line 3: not JSON" in ran.error) == (1, True)
    assert review.read_bytes() == damaged


def test_the_result_never_replaces_the_review_file(review: Path) -> None:
    assert (
        "is the review file itself" in run("curate", "--review", review, "--out", review, "--undecided", "keep").error
    )

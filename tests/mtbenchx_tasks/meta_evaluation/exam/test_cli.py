"""`mtbenchx judges exam`, as a user types it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mtbenchx_tasks.cli import app
from mtbenchx_tasks.meta_evaluation.exam.ask import PUBLIC, ExamPart
from mtbenchx_tasks.meta_evaluation.exam.plan import power_lines
from mtbenchx_tasks.report.verify import verify_report
from tests.doubles.openai_api import Api, is_probe

SMALL = ("--languages", "de", "--kinds", "cut_off", "--mode", "pairwise")


@pytest.fixture
def judge(api: Api, tmp_path: Path) -> str:
    api.answer = lambda request: "[[A]]" if "[[A]]" in json.dumps(request) else "Rating: [[7]]"
    return json.dumps({"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "ledger.sqlite")})


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["judges", *arguments], env={"COLUMNS": "200"}, catch_exceptions=False)


def test_a_judge_sits_the_exam_once_and_is_told_what_it_misses(judge: str, api: Api, tmp_path: Path) -> None:
    done = run("exam", "--judge", judge, *SMALL, "--out", str(tmp_path / "out"))
    assert done.exit_code == 0
    assert "Exam of gpt-4 (de; prompts native): 0.0 % right of 20 pairs by comparisons" in done.stdout
    assert "misses answers that are cut off by comparisons: 20 of 20 (corrected p " in done.stdout
    assert len(api.judgments) == 40
    assert json.loads((tmp_path / "out" / "exam-gpt-4.json").read_text("utf-8"))["judge"] == "gpt-4"
    again = run("exam", "--judge", judge, *SMALL)
    assert len(api.judgments) == 40
    assert again.stdout.splitlines()[:5] == done.stdout.splitlines()[:5]


def test_the_plan_asks_nobody_and_says_what_can_be_found(judge: str, api: Api) -> None:
    done = run("exam", "--judge", judge, *SMALL, "--plan")
    assert done.exit_code == 0
    assert "0 of 40 judgments are in the ledger, 40 are left to ask." in " ".join(done.stdout.split())
    assert "Found with power 0.8" in done.stdout
    assert api.requests == []


def test_a_judge_that_fails_now_and_then_leaves_the_exam_partly_done(judge: str, api: Api) -> None:
    asked: list[Any] = []

    def answer(request: Any) -> Any:
        asked.append(request)
        return "[[A]]" if len(asked) != 10 else None

    api.answer = answer
    done = run("exam", "--judge", judge, *SMALL)
    assert done.exit_code in (0, 3)
    assert "without a result, in no number" in done.stdout


def test_presets_are_still_listed_and_wrong_names_told(judge: str) -> None:
    assert "hosted" in run().stdout
    assert "exam" in run("--help").stdout
    from hf_datasets.shared.errors import UserError

    with pytest.raises(UserError, match="no kind nonsense"):
        run("exam", "--judge", judge, "--kinds", "nonsense")


@pytest.mark.parametrize("option", ["--languages", "--kinds"])
@pytest.mark.parametrize("names", ["", " ", "de,"])
def test_an_empty_variable_of_a_shell_never_asks_the_whole_exam(judge: str, api: Api, option: str, names: str) -> None:
    from hf_datasets.shared.errors import UserError

    with pytest.raises(UserError, match=f"{option} needs names between its commas"):
        run("exam", "--judge", judge, option, names)
    assert api.requests == []


def test_languages_are_named_in_any_way_and_with_spaces(judge: str, api: Api) -> None:
    done = run("exam", "--judge", judge, "--languages", "DE, deu", "--kinds", "cut_off", "--mode", "pairwise", "--plan")
    assert "40 are left to ask." in " ".join(done.stdout.split())


def test_what_has_no_effect_on_an_exam_is_refused(judge: str, api: Api) -> None:
    from hf_datasets.shared.errors import UserError

    corrected = json.dumps({**json.loads(judge), "reference_set": "corrected"})
    for judges, options, told in (
        ((judge, "gpt-4o"), (), "One judge is asked at a time, not 2"),
        ((corrected,), (), "judge.reference_set would have no effect in an exam"),
        ((judge,), ("--compare-prompt-languages", "--prompt-language", "en"), "--prompt-language would have no effect"),
        ((judge,), ("--price", "gpt-4o=1,2"), "--price names 'gpt-4o', which isn't asked"),
    ):
        with pytest.raises(UserError, match=told):
            run("exam", *(word for one in judges for word in ("--judge", one)), *SMALL, *options)
    with pytest.raises(UserError, match="--base-url would have no effect before exam"):
        run("--base-url", "http://127.0.0.1:9/v1", "exam", "--judge", judge, *SMALL)
    assert api.requests == []


def test_an_exam_without_a_result_claims_nothing(judge: str, api: Api) -> None:
    api.answer = lambda request: "[[A]]" if is_probe(request) else "I'd rather not say."
    done = run("exam", "--judge", judge, *SMALL)
    assert done.exit_code == 3
    assert "nothing scored, nothing known." in done.stdout
    assert "no bias found" not in done.stdout


def test_what_an_exam_of_this_size_finds() -> None:
    items = ExamPart(("de", "en", "it"), ("cut_off", "null")).items(PUBLIC)
    lines = list(power_lines(items, ("pairwise",), simulations=40))
    # One kind: it, each of 3 languages in it and overall, and 3 preferences on null pairs.
    assert "all 10 tests" in lines[0]
    assert "below 75%" in lines[1]
    assert "null pairs" in lines[2]
    assert "a kind in one language (20 items)" in lines[3]


def test_a_later_run_tells_the_verdict_beside_the_scores(judge: str, tmp_path: Path) -> None:
    run("exam", "--judge", judge, *SMALL)
    answers = tmp_path / "answers.jsonl"
    row = {"question_id": 1, "model_id": "m", "choices": [{"index": 0, "turns": ["Erstens.", "Zweitens."]}]}
    answers.write_text(json.dumps(row) + "\n", encoding="utf-8")
    out = tmp_path / "results"
    command = ["judge", str(answers), "--judge", judge, "--language", "de", "--benchmark", "mini", "--out", str(out)]
    done = CliRunner().invoke(app, command, env={"COLUMNS": "200"}, catch_exceptions=False)
    assert done.exit_code == 0
    assert "Exam of gpt-4 (de; prompts native): 0.0 % right of 20 pairs by comparisons" in done.stdout
    assert json.loads((out / "exam-gpt-4.json").read_text("utf-8"))["languages"] == ["de"]
    alone = CliRunner().invoke(app, ["report", str(out), "--out", str(tmp_path / "alone"), "--no-figures"])
    assert alone.exit_code == 0
    assert "exam-gpt-4.json" not in alone.stdout  # no layout that nobody knows
    shown = CliRunner().invoke(
        app, ["report", str(tmp_path / "ledger.sqlite"), "--out", str(tmp_path / "report"), "--no-figures"]
    )
    assert shown.exit_code == 0
    page = (tmp_path / "report" / "index.html").read_text("utf-8")
    assert (
        page.count("Exam of gpt-4 (de; prompts native): 0.0 % right") == 2
    )  # beside the scores, and in its own chapter
    assert (tmp_path / "report" / "tables" / "exam-gpt-4-pairwise.csv").is_file()
    assert verify_report(tmp_path / "report").differences == ()


def test_a_report_of_an_exam_alone(judge: str, tmp_path: Path) -> None:
    run("exam", "--judge", judge, *SMALL)
    command = ["report", str(tmp_path / "ledger.sqlite"), "--out", str(tmp_path / "report"), "--no-figures"]
    assert CliRunner().invoke(app, command, catch_exceptions=False).exit_code == 0
    assert "Exam of the judge gpt-4" in (tmp_path / "report" / "index.html").read_text("utf-8")
    assert verify_report(tmp_path / "report").differences == ()


def test_a_damaged_exam_is_told_in_a_sentence(judge: str, tmp_path: Path) -> None:
    from hf_datasets.ledger.store import open_ledger
    from hf_datasets.shared.errors import UserError
    from mtbenchx_tasks.meta_evaluation.exam.run import exams_in

    run("exam", "--judge", judge, *SMALL)
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    ledger.execute("UPDATE exam SET settings = '[]'")
    with pytest.raises(UserError, match="damaged row"):
        exams_in(ledger)

"""`mtbenchx judge` and `mtbenchx compare` as a user types them."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hf_datasets.benchmark.questions import questions
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.cli import app
from tests.doubles.openai_api import Api, Reply, completion, error, is_probe
from tests.mini import ANSWERS, QUESTIONS


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Two models' answers to the German mini benchmark; `long` writes more."""
    paths = []
    for model, words in (("short", 3), ("long", 30)):
        rows = [
            {
                "question_id": q.question_id,
                "model_id": model,
                "choices": [{"turns": [f"{model} {'Wort ' * words}"] * 2}],
            }
            for q in questions("mini", "de")
        ]
        path = tmp_path / "mini_de" / f"{model}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        paths.append(str(path))
    return paths


@pytest.fixture
def judge(api: Api, tmp_path: Path) -> str:
    return json.dumps({"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "ledger.sqlite")})


def run(*arguments: str, env: dict[str, str] | None = None) -> Result:
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "120", **(env or {})})
    if isinstance(result.exception, UserError):
        raise result.exception
    return result


def prefers_long(request: dict[str, Any]) -> str:
    text = request["messages"][-1]["content"]
    return "[[A]]" if text.find("long Wort") < text.find("short Wort") else "[[B]]"


def test_compare_tells_who_won_and_what_length_has_to_do_with_it(
    api: Api, files: list[str], judge: str, tmp_path: Path
) -> None:
    api.answer = prefers_long
    arguments = ["compare", *files, "--judge", judge, "--language", "de", "--out", str(tmp_path / "pairs")]
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert len(api.judgments) == ANSWERS * 2  # questions, turns, orders
    assert "Of the decided votes 100.0 % prefer long" in result.output
    assert "The longer answer won 100.0 %" in result.output
    assert "the judge's noise isn't measured" in result.output
    pairs = (tmp_path / "pairs/mini_de/model_judgment/gpt-4_pair.jsonl").read_text(encoding="utf-8").splitlines()
    assert {(json.loads(row)["g1_winner"], json.loads(row)["g2_winner"]) for row in pairs} == {("model_2", "model_2")}
    run(*arguments)
    assert len(api.judgments) == ANSWERS * 2
    exported = run("ledger", "export", "--out", str(tmp_path / "all"), "--ledger", str(tmp_path / "ledger.sqlite"))
    assert exported.exit_code == 0, exported.output
    again = (tmp_path / "all/mini_de/model_judgment/gpt-4_pair.jsonl").read_text(encoding="utf-8").splitlines()
    # By name `long` comes before `short`, so there it is model_1 that wins.
    assert {(json.loads(row)["g1_winner"], json.loads(row)["g2_winner"]) for row in again} == {("model_1", "model_1")}


def test_saved_pairs_of_others_are_tabled(tmp_path: Path) -> None:
    def row(question_id: int, first: str, second: str) -> dict[str, Any]:
        models = {"model_1": "alpaca", "model_2": "vicuna", "g1_winner": first, "g2_winner": second}
        return {"question_id": question_id, "turn": 1, "judge": ["gpt-4", "pair-v2"], "tstamp": 0, **models}

    # Of four: vicuna wins once, a tie, one inconsistent (the first-shown wins twice), one error.
    rows = [
        row(81, "model_2", "model_2"),
        row(82, "tie", "tie"),
        row(101, "model_1", "model_2"),
        row(111, "error", "tie"),
    ]
    file = tmp_path / "gpt-4_pair.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    result = run("pairs", str(file))
    assert result.exit_code == 0, result.output
    lines = [[cell.strip() for cell in line.strip("│").split("│")] for line in result.output.splitlines()]
    assert ["all", "50.0", "0.0", "50.0", "0.0", "2/4"] in lines
    assert ["all", "33.3", "6.1 to 79.2", "1", "0", "0", "25.0"] in lines
    assert ["turn 1", "50.0", "0.0", "50.0", "0.0", "2/4"] in lines
    assert "the answers aren't at hand (pairs --answers)" in result.output
    assert "The longer answer won" not in result.output

    # vicuna's answer to question 81, which won, is the longer one; its counts go to a file
    for model, text in (("alpaca", "Short."), ("vicuna", "A longer one.")):
        answer = {"question_id": 81, "model_id": model, "choices": [{"index": 0, "turns": [text, text]}]}
        (tmp_path / f"{model}.jsonl").write_text(json.dumps(answer) + "\n", encoding="utf-8")
    answers = [word for model in ("alpaca", "vicuna") for word in ("--answers", str(tmp_path / f"{model}.jsonl"))]
    told = run("pairs", str(file), *answers, "--out", str(tmp_path / "out"), "--benchmark", "mtbench_x")
    assert told.exit_code == 0, told.output
    assert "The longer answer won 100.0 % of them" in told.output
    counts = list(csv.DictReader((tmp_path / "out" / "pairs.csv").read_text(encoding="utf-8").splitlines()))
    (whole,) = [row for row in counts if row["stratum"] == "all"]
    assert [whole[name] for name in ("model_1_wins", "model_2_wins", "ties", "inconsistent", "failed")] == list("01111")


def test_a_judge_that_always_says_a_is_biased_not_decided(api: Api, files: list[str], judge: str) -> None:
    api.answer = lambda request: "[[A]]"
    result = run("compare", *files, "--judge", judge, "--language", "de")
    _, bias = (line for line in result.output.splitlines() if line.startswith("│ turn 1"))  # the first of the rates
    assert [cell.strip() for cell in bias.strip("│").split("│")][1:] == [
        "100.0",
        f"{100 * QUESTIONS / (QUESTIONS + 1.96**2):.1f} to 100.0",  # Wilson's interval of all of them
        str(QUESTIONS),
        "0",
        "0",
        "0.0",
    ]
    assert f"0/{ANSWERS}" in result.output  # no valid vote


def test_a_jury_of_judges_votes(api: Api, files: list[str], judge: str) -> None:
    """Two of three judges prefer the long answer, the third always says A, so that its games disagree."""
    api.answer = lambda request: "[[A]]" if request["model"] == "third" else prefers_long(request)
    others = [json.dumps({**json.loads(judge), "model": name}) for name in ("second", "third")]
    judges = [word for one in (judge, *others) for word in ("--judge", one)]
    result = run("compare", *files, "--language", "de", *judges, "--quorum", "2")
    _, _, shown = result.output.partition("judged by jury")
    assert shown
    assert "Positional bias" not in shown.partition("judged by")[0]
    assert "100.0" in shown


def test_substitution_takes_one_run_more(api: Api, files: list[str], judge: str) -> None:
    api.answer = prefers_long
    result = run("compare", *files, "--judge", judge, "--language", "de", "--runs", "2", "--substitute", "next")
    assert len(api.judgments) == ANSWERS * 2 * 3
    assert "Votes of the next run" in result.output


@pytest.mark.parametrize("command", ["judge", "compare"])
def test_a_plan_sends_nothing_and_needs_no_key(
    api: Api, files: list[str], judge: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    result = run(command, *files, "--judge", judge, "--language", "de", "--plan")
    assert result.exit_code == 0, result.output
    assert f"0 of {2 * ANSWERS} judgments are in the ledger, {2 * ANSWERS} are left to ask." in result.output
    assert api.requests == []


def test_a_budget_is_kept_and_the_rest_asked_later(api: Api, files: list[str], judge: str) -> None:
    result = run("judge", *files, "--judge", judge, "--language", "de", "--max-cost", "0", "--price", "30,60")
    assert result.exit_code == 3
    assert "Spent $0.00 of $0.00" in result.output
    assert f"{2 * ANSWERS} without a result" in result.output
    assert api.judgments == []
    assert run("judge", *files, "--judge", judge, "--language", "de").exit_code == 0
    assert len(api.judgments) == ANSWERS * 2


def test_what_failed_is_exit_3_and_asked_again(api: Api, files: list[str], judge: str) -> None:
    good = api.answer
    api.answer = lambda request: "[[7]]" if is_probe(request) else error(400, "no")
    assert run("judge", files[0], "--judge", judge, "--language", "de").exit_code == 3
    api.answer = good
    assert run("judge", files[0], "--judge", judge, "--language", "de").exit_code == 0


def test_versions_of_a_judge_are_named_and_split(api: Api, files: list[str], judge: str) -> None:
    # Turn 1 (prompts without the first answer's section) is rated 4 by an old version, turn 2 is rated 8 by a new one.
    def say(request: dict[str, Any]) -> Reply:
        second = "zweiten Frage" in request["messages"][-1]["content"]
        return Reply(completion("[[8]]" if second else "[[4]]", "gpt-4-1106" if second else "gpt-4-0613"))

    api.answer = say
    together = run("judge", files[0], "--judge", judge, "--language", "de")
    assert "gpt-4-0613, gpt-4-1106 (--split-snapshots)" in together.output
    (sent,) = [line for line in together.output.splitlines() if line.startswith("Sent to the judge ")]
    assert f"at {api.url}: " in sent
    assert "max_tokens 2048" in sent
    apart = run("judge", files[0], "--judge", judge, "--language", "de", "--split-snapshots")
    score = next(line for line in apart.output.splitlines() if line.startswith("│ score"))
    assert "4.00" in score
    assert "8.00" in score


def test_prompt_languages_side_by_side(api: Api, files: list[str], judge: str) -> None:
    api.answer = lambda request: "[[9]]" if "impartial judge" in str(request) else "[[7]]"
    result = run("judge", files[0], "--judge", judge, "--language", "de", "--compare-prompt-languages")
    assert "+2.00" in result.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--judge", "gpt-4o", "--compare-prompts", "native,mtbench_x"], "one judge at a time"),
        (["--compare-prompts", "native"], "two different"),
        (["--prompt-language", "fr"], "prompt_language"),
        (["--compare-prompts", "native,native"], "two different"),
        (["--compare-prompts", "native,mtbench_x", "--out", "out"], "--out would have no effect where prompts"),
        (["--compare-prompt-languages", "--split-snapshots"], "--split-snapshots would have no effect"),
        (["--compare-prompt-languages", "--compare-prompts", "native,mtbench_x"], "--compare-prompts would have no"),
        (["--compare-prompt-languages", "--prompt-language", "en"], "--prompt-language would have no effect"),
        (
            ["--write-requests", "r.jsonl", "--out", "out", "--scale", "e.json"],
            "--out and --scale would have no effect",
        ),
        (["--price", "gpt-5=1,2"], "--price names 'gpt-5', which isn't asked; the judges are gpt-4"),
        (["--price", "1,2", "--price", "3,4"], "--price is given twice for every judge"),
        (["--max-cost", "inf"], "--max-cost must be dollars"),
        (["--quorum", "2"], "--quorum would have no effect with one judge"),
        (["--jury", "median"], "--jury median would have no effect without a jury"),
        (["--judge", "gpt-4o", "--quorum", "3"], "--quorum 3 is more than the 2 judges"),
    ],
)
def test_options_that_do_not_fit_are_told(
    api: Api, files: list[str], judge: str, options: list[str], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        run("judge", *files, "--judge", judge, "--language", "de", *options)
    assert api.requests == []


def test_a_local_judge_takes_no_batches(files: list[str], tmp_path: Path) -> None:
    local = json.dumps({"backend": "local", "model": "x", "ledger": str(tmp_path / "ledger.sqlite")})
    with pytest.raises(UserError, match="leave --batch out"):
        run("judge", *files, "--judge", local, "--language", "de", "--batch")


def test_imported_judgments_are_not_asked_again(
    files: list[str], tmp_path: Path, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = str(tmp_path / "other.sqlite")
    settings = json.dumps({"model": "gpt-4", "base_url": api.url, "ledger": ledger})
    assert run("judge", files[0], "--judge", settings, "--language", "de").exit_code == 0
    assert run("ledger", "export", "--out", str(tmp_path / "out"), "--ledger", ledger).exit_code == 0
    single = str(tmp_path / "out/mini_de/model_judgment/gpt-4_single.jsonl")
    mine = str(tmp_path / "mine.sqlite")
    told = run("ledger", "import", single, "--language", "de", "--prompt-set", "native", "--ledger", mine)
    assert f"{ANSWERS} judgments are new" in told.output
    with pytest.raises(
        UserError, match="If it was imported, name the imported file itself, or have the answers counted"
    ):
        run("report", mine, "--out", str(tmp_path / "report"), "--no-figures")
    # They are stored as OpenAI's own gpt-4, which is gone: what is known is read, without key and network ...
    monkeypatch.delenv("OPENAI_API_KEY")
    gone = json.dumps({"model": "gpt-4", "ledger": mine})
    result = run("judge", files[0], "--judge", gone, "--language", "de")
    assert result.exit_code == 0, result.output
    assert "7.00" in result.output
    with pytest.raises(UserError, match=r"shut the judge 'gpt-4' down on 2026-10-23"):  # ... and nothing is asked
        run("judge", files[1], "--judge", gone, "--language", "de")
    assert run("judge", files[0], "--judge", gone, "--language", "de", "--batch").exit_code == 0
    with pytest.raises(UserError, match="down on 2026-10-23"):
        run("judge", files[1], "--judge", gone, "--language", "de", "--batch")


def test_a_folder_that_cannot_be_written_is_told_before_anybody_is_asked(
    api: Api, files: list[str], judge: str, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    for command in ("judge", "compare"):
        with pytest.raises(UserError, match="Can't write"):
            run(command, *files, "--judge", judge, "--language", "de", "--out", str(tmp_path / "taken"))
    with pytest.raises(UserError, match="Can't write"):
        run("agreement", "--votes", str(tmp_path / "none.jsonl"), "--out", str(tmp_path / "taken"))
    assert not api.requests


def test_compare_says_that_of_several_answers_the_first_is_compared(
    judge: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths = []
    for model in ("a", "b"):
        row = {"question_id": 1, "model_id": model, "choices": [{"turns": [model, model]}] * 2}
        paths.append(tmp_path / f"{model}.jsonl")
        paths[-1].write_text(json.dumps(row) + "\n", encoding="utf-8")
    run("compare", *map(str, paths), "--judge", judge, "--language", "de", "--benchmark", "mini", "--plan")
    assert [message.split(": ")[1] for message in caplog.messages] == [
        "of 2 answers of a to each question the first is taken.",
        "of 2 answers of b to each question the first is taken.",
    ]

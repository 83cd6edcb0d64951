"""`mtbenchx judge --write-requests` and `--read-results`: files out, files in, and nobody asked."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hf_datasets.benchmark.questions import questions
from hf_datasets.ledger.store import open_ledger
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.cli import app
from tests.doubles.continuing_api import vllm
from tests.doubles.openai_api import Reply, completion

NOWHERE = "http://127.0.0.1:9/v1"
Said = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """Three answers to the German mini benchmark, of two turns each."""
    path = tmp_path / "answers.jsonl"
    rows = [
        {
            "question_id": one.question_id,
            "model_id": "m",
            "choices": [{"turns": [f"Antwort {one.question_id}", "Zwei"]}],
        }
        for one in questions("mini", "de")[:3]
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def judge(tmp_path: Path) -> dict[str, Any]:
    return {"model": "org/judge", "base_url": NOWHERE, "ledger": str(tmp_path / "ledger.sqlite")}


def run(answers: Path, judge: dict[str, Any], *arguments: str) -> Result:
    command = [
        "judge",
        str(answers),
        "--language",
        "de",
        "--benchmark",
        "mini",
        "--judge",
        json.dumps(judge),
        *arguments,
    ]
    result = CliRunner().invoke(app, command, env={"COLUMNS": "120"})
    if isinstance(result.exception, UserError):
        raise result.exception
    return result


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def written(answers: Path, judge: dict[str, Any], path: Path) -> list[dict[str, Any]]:
    result = run(answers, judge, "--write-requests", str(path))
    assert result.exit_code == 0, result.output
    return lines(path)


def ok(body: dict[str, Any]) -> Said:
    return lambda _: {"response": {"status_code": 200, "request_id": "r", "body": body}, "error": None}


def save(path: Path, requests: list[dict[str, Any]], say: Said) -> Path:
    rows = [{"id": f"vllm-{number}", "custom_id": one["custom_id"], **say(one)} for number, one in enumerate(requests)]
    path.write_text("".join(json.dumps(row) + "\n" for row in reversed(rows)), encoding="utf-8")  # in any order
    return path


def test_requests_are_those_that_would_be_sent(answers: Path, judge: dict[str, Any], tmp_path: Path) -> None:
    extra = {"chat_template_kwargs": {"enable_thinking": False}}
    rows = written(answers, {**judge, "extra_body": extra, "max_tokens": 99}, tmp_path / "requests.jsonl")
    assert len(rows) == 3 * 2
    assert {(row["method"], row["url"]) for row in rows} == {("POST", "/v1/chat/completions")}
    body = rows[0]["body"]
    assert body["model"] == "org/judge"
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert (body["max_tokens"], body["chat_template_kwargs"], "extra_body" in body) == (
        99,
        extra["chat_template_kwargs"],
        False,
    )


def test_results_are_judgments_like_any_other(answers: Path, judge: dict[str, Any], tmp_path: Path) -> None:
    requests = written(answers, judge, tmp_path / "requests.jsonl")
    results = save(tmp_path / "results.jsonl", requests, ok(completion("Gut. Bewertung: [[7]]", "org/judge")))
    read = run(answers, judge, "--read-results", str(results))
    assert read.exit_code == 0, read.output
    assert "6 judgments are new in the ledger, 0 failed; 0 lines belong to none" in read.output
    assert "7.00" in read.output
    held = open_ledger(Path(judge["ledger"])).judgment(requests[0]["custom_id"])
    assert held is not None
    assert held.details["batch"] == "results.jsonl"
    assert held.details["sent"]["parameters"]["max_tokens"] == requests[0]["body"]["max_tokens"]
    with pytest.raises(UserError, match="The ledger holds all of these judgments"):
        written(answers, judge, tmp_path / "again.jsonl")


def test_a_judge_of_one_token_takes_two_lines(answers: Path, judge: dict[str, Any], tmp_path: Path) -> None:
    # Of the mass 1.0 the 1 has 0.5, of which 0.8 goes on to 10: 0.1 x 1 + 0.4 x 10 + 0.5 x 4 = 6.1.
    server = vllm(lambda text: {"0": 0.8, "]]": 0.2} if text.endswith("[[1") else {"1": 0.5, "4": 0.5})

    def say(row: dict[str, Any]) -> dict[str, Any]:
        reply = server(row["body"])
        assert isinstance(reply, Reply)
        return ok(reply.body)(row)

    one_token = {**judge, "rating": "expected", "continuation": "vllm"}
    requests = written(answers, one_token, tmp_path / "requests.jsonl")
    assert len(requests) == 3 * 2 * 2
    assert [row["body"]["messages"][-1]["content"] for row in requests[:2]] == ["Bewertung: [[", "Bewertung: [[1"]
    read = run(answers, one_token, "--read-results", str(save(tmp_path / "results.jsonl", requests, say)))
    assert read.exit_code == 0, read.output
    assert "6.10" in read.output


def test_half_of_a_one_token_judgment_is_asked_again(answers: Path, judge: dict[str, Any], tmp_path: Path) -> None:
    server = vllm(lambda text: {"1": 1.0})
    one_token = {**judge, "rating": "expected", "continuation": "vllm"}
    requests = written(answers, one_token, tmp_path / "requests.jsonl")[::2]
    results = save(tmp_path / "results.jsonl", requests, lambda row: ok(server(row["body"]).body)(row))  # type: ignore[union-attr]
    read = run(answers, one_token, "--read-results", str(results))
    assert read.exit_code == 3
    assert "0 judgments are new in the ledger, 6 failed" in read.output
    assert len(written(answers, one_token, tmp_path / "again.jsonl")) == 12


def test_what_failed_is_told_by_line_and_written_again(
    answers: Path, judge: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    requests = written(answers, judge, tmp_path / "requests.jsonl")

    def say(row: dict[str, Any]) -> dict[str, Any]:
        if row is requests[0]:  # vLLM's form: no body, its own error object
            return {
                "response": {"status_code": 400, "body": None},
                "error": {"error": {"message": "maximum context length"}},
            }
        return ok(completion("Bewertung: [[3]]"))(row)

    read = run(answers, judge, "--read-results", str(save(tmp_path / "results.jsonl", requests, say)))
    assert read.exit_code == 3  # partly done
    assert "5 judgments are new in the ledger, 1 failed" in read.output
    assert "results.jsonl, line 6: failed (Error code: 400 - maximum context length)" in caplog.text
    assert [row["custom_id"] for row in written(answers, judge, tmp_path / "again.jsonl")] == [requests[0]["custom_id"]]


def test_foreign_and_broken_lines_are_told_and_the_others_read(
    answers: Path, judge: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    requests = written(answers, judge, tmp_path / "requests.jsonl")
    results = save(tmp_path / "results.jsonl", requests, ok(completion("Bewertung: [[3]]")))
    with results.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"custom_id": "f" * 64, **ok(completion("[[9]]"))({})}) + "\n")
        file.write('{"custom_id": "abc", "respon')
    with caplog.at_level(logging.WARNING, "lm_eval.mtbenchx"):
        read = run(answers, judge, "--read-results", str(results))
    assert "6 judgments are new in the ledger, 0 failed; 2 lines belong to none" in read.output
    assert "results.jsonl, line 7: no answer and judge of this command has the request ffffffffffff" in caplog.text
    assert "results.jsonl, line 8 is no line of results: it has no custom_id" in caplog.text


def test_several_files_of_results_are_read_together(answers: Path, judge: dict[str, Any], tmp_path: Path) -> None:
    requests = written(answers, judge, tmp_path / "requests.jsonl")
    parts = [
        str(save(tmp_path / f"part{part}.jsonl", requests[part::2], ok(completion("Bewertung: [[5]]"))))
        for part in (0, 1)
    ]
    read = run(answers, judge, "--read-results", parts[0], "--read-results", parts[1])
    assert read.exit_code == 0, read.output
    assert "6 judgments are new" in read.output


def test_each_judge_has_a_file_of_its_own(answers: Path, judge: dict[str, Any], tmp_path: Path) -> None:
    other = json.dumps({**judge, "model": "other"})
    run(answers, judge, "--judge", other, "--write-requests", str(tmp_path / "requests.jsonl"))
    for name in ("org-judge", "other"):
        rows = lines(tmp_path / f"requests.{name}.jsonl")
        assert {row["body"]["model"].replace("/", "-") for row in rows} == {name}


@pytest.mark.parametrize(
    ("change", "arguments", "says"),
    [
        ({"max_tokens": 7}, [], "No line of .*results.jsonl .*give the same answers, --judge and options"),
        ({"rating": "expected"}, [], "set judge.continuation of 'org/judge' to vllm"),
        ({}, ["--batch"], "--batch is for judges that are asked"),
        ({}, ["--max-cost", "1"], "--max-cost is for judges that are asked"),
        ({"backend": "vllm"}, [], "'vllm' judges in this process and reads no files"),
    ],
)
def test_what_cannot_be_read_is_told(
    answers: Path, judge: dict[str, Any], tmp_path: Path, *, change: dict[str, Any], arguments: list[str], says: str
) -> None:
    requests = written(answers, judge, tmp_path / "requests.jsonl")
    results = save(tmp_path / "results.jsonl", requests, ok(completion("Bewertung: [[5]]")))
    with pytest.raises(UserError, match=says):
        run(answers, {**judge, **change}, "--read-results", str(results), *arguments)


def test_the_file_of_requests_is_no_file_of_results(answers: Path, judge: dict[str, Any], tmp_path: Path) -> None:
    written(answers, judge, tmp_path / "requests.jsonl")
    with pytest.raises(UserError, match="and the file of results, not that of requests"):
        run(answers, judge, "--read-results", str(tmp_path / "requests.jsonl"))


def test_files_that_are_not_there_are_told(answers: Path, judge: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.jsonl can't be read"):
        run(answers, judge, "--read-results", str(tmp_path / "nowhere.jsonl"))
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="Can't write"):
        run(answers, judge, "--write-requests", str(tmp_path / "file" / "requests.jsonl"))

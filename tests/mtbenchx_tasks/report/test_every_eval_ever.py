"""Results in the schema of Every Eval Ever."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.cli import app
from mtbenchx_tasks.formats.content import Study
from mtbenchx_tasks.records import Conditions, Item, Model, Rater, Rating
from mtbenchx_tasks.report.every_eval_ever import Provider, exports

SOURCE = Provider("A lab", "third_party", "someone")
CONDITIONS = Conditions(
    "gpt",
    task={"benchmark": "mtbench_x", "question_set": "published"},
    prompt={"prompt_set": "native", "prompt_sha256": "ab"},
    rule={"parser": "robust"},
    sent={"endpoint": "http://127.0.0.1:8000/v1", "model": "org/judge", "temperature": 0, "max_tokens": 2048},
)


def rating(question: int, turn: int, value: float | None, model: str = "org/model", language: str = "de") -> Rating:
    item = Item("mtbench_x", language, question, turn, "math" if question < 91 else "stem")
    reason = "" if value is not None else "the judge refused"
    return Rating(item, Model(model), Rater("gpt"), CONDITIONS, value, reason, answer=f"answer {question}.{turn}")


RATINGS = (rating(81, 1, 8), rating(81, 2, 4), rating(91, 1, 3), rating(91, 2, None), rating(92, 1, None))
STUDY = Study(RATINGS, questions={("mtbench_x", "de", 81): ("First?", "Second?")})


def one(study: Study = STUDY, source: Provider = SOURCE) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    (found,) = exports(study, source, now=lambda: 1700000000.7)
    texts = found.files()
    aggregate, samples = (text for _, text in sorted(texts.items(), key=lambda file: file[0].endswith("l")))
    return json.loads(aggregate), [json.loads(line) for line in samples.splitlines()]


def test_the_aggregate_has_each_metric_by_hand() -> None:
    aggregate, _ = one()
    scores = {row["evaluation_result_id"]: row["score_details"]["score"] for row in aggregate["evaluation_results"]}
    # valid ratings 8, 4, 3: score 5; categories 6 and 3: 4.5; turn 1: (8 + 3) / 2; turn 2: 4
    assert scores == {
        "de/score": 5, "de/category_mean": 4.5, "de/turn_1": 5.5, "de/turn_2": 4, "de/math": 6, "de/stem": 3,
    }  # fmt: skip
    details = aggregate["evaluation_results"][0]["score_details"]["details"]
    assert details == {"answers_scored": "3", "answers": "5", "partial": "3 of 80 questions"}
    assert aggregate["retrieved_timestamp"] == "1700000000"


def test_the_judge_is_told_with_what_was_sent() -> None:
    aggregate, _ = one()
    scoring = aggregate["evaluation_results"][0]["metric_config"]["llm_scoring"]
    (judge,) = scoring["judges"]
    assert (judge["model_info"]["id"], judge["temperature"]) == ("org/judge", 0)
    assert judge["model_info"]["additional_details"]["deployment_type"] == "self_deployed"
    assert judge["additional_details"] == {"max_tokens": "2048", "model": "org/judge", "temperature": "0"}
    assert scoring["input_prompt"] == "prompt set: native; prompt sha256: ab"


def test_a_sample_is_a_conversation_and_a_question_without_a_rating_has_none() -> None:
    aggregate, samples = one()
    assert [sample["sample_id"] for sample in samples] == ["de/81", "de/91"]
    assert aggregate["detailed_evaluation_results"]["total_rows"] == 2
    first, second = samples
    assert [message["content"] for message in first["messages"]] == ["First?", "answer 81.1", "Second?", "answer 81.2"]
    assert (first["evaluation"]["score"], first["error"]) == (6, None)
    assert (second["evaluation"]["score"], second["error"]) == (3, "the judge refused")
    assert [place["is_terminal"] for place in first["answer_attribution"]] == [False, True]


def test_the_same_results_have_the_same_name_and_others_another() -> None:
    (found,), (again,) = exports(STUDY, SOURCE), exports(STUDY, SOURCE)
    (other,) = exports(Study((*RATINGS[:4], rating(92, 1, 2))), SOURCE)
    assert found.name == again.name != other.name
    assert found.folder == "data/mtbench_x/org/model"


@pytest.mark.parametrize(
    ("name", "folder"),
    [("plain", "someone/plain"), ("a/b", "a/b"), ("/home/me/runs/x", "runs/x"), ("../../etc/passwd", "etc/passwd")],
)
def test_a_model_s_name_never_leaves_the_folder(name: str, folder: str) -> None:
    (found,) = exports(Study((rating(81, 1, 5, model=name),)), SOURCE)
    assert found.folder == f"data/mtbench_x/{folder}"
    assert "/home" not in "".join(found.files().values())


def test_who_developed_a_model_must_be_told() -> None:
    with pytest.raises(UserError, match="Who developed 'plain'"):
        exports(Study((rating(81, 1, 5, model="plain"),)), Provider("A lab", "other"))


def test_without_a_rating_there_is_nothing_to_export() -> None:
    with pytest.raises(UserError, match="no answer with a rating"):
        exports(Study((rating(81, 1, None),)), SOURCE)


def judgments(folder: Path) -> Path:
    file = folder / "gpt-4_single.jsonl"
    rows = [
        {"question_id": number, "model": "m", "judge": ["gpt-4", "single-v1"], "user_prompt": "x", "judgment": "[[7]]",
         "score": 7, "turn": turn}
        for number in (81, 91) for turn in (1, 2)
    ]  # fmt: skip
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


@pytest.mark.slow
def test_their_own_validator_finds_nothing(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--ignore-requires-python"]
    subprocess.run([*line, "--target", tmp_path / "theirs", "every-eval-ever==0.3.0"], check=True)
    out, file = tmp_path / "out", judgments(tmp_path)
    written = CliRunner().invoke(
        app,
        [
            *("export", "eee", str(file), "--language", "en", "--benchmark", "mtbench_x", "--organization", "A lab"),
            *("--developer", "someone", "--out", str(out)),
        ],
    )
    assert written.exit_code == 0, written.output
    files = [str(path.relative_to(out)) for path in out.rglob("*.json*")]
    assert len(files) == 2
    code = "from every_eval_ever.validator.validate import main; raise SystemExit(main())"
    checked = subprocess.run(
        [sys.executable, "-c", code, *files],
        cwd=out,
        env={"PYTHONPATH": str(tmp_path / "theirs"), "PATH": "", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "2 passed, 0 warning-only, 0 failed" in checked.stdout

"""The probe: two bundled answers, asked as the run will be, and one sentence for whatever would fail every judgment."""

import json
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.records import Completion
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines.engine import Judged
from mtbenchx_tasks.judge.probe import tell_ratings, tell_votes, trial
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.rating.saved_answers import judge_files
from tests.doubles.openai_api import Api, is_probe

JUDGE = JudgeSettings(model="j", max_tokens=64)
ASKED = (ChatRequest("u", "j", ()),) * 2


def judged(*said: Completion | str) -> list[Judged]:
    return [Judged("k", one if isinstance(one, Completion) else Completion("answered", one)) for one in said]


@pytest.mark.parametrize("language", ["en", "de", "fr", "it", "es", "xx"])
def test_the_trial_is_a_question_with_a_right_and_a_wrong_answer(language: str) -> None:
    question, (right, wrong) = trial(language)
    assert (question.question_id, question.language) == (7, "en" if language == "xx" else language)
    assert "120" in right  # reduced tickets, see the mini benchmark's own check
    assert "120" not in wrong


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Completion("failed", details={"stop": "The quota is used up; add credit."}), r"^The quota is used up; add"),
        (Completion("failed", reason="Error code: 500"), r"'j' can't be asked: Error code: 500"),
        (Completion("refused", reason="I'd rather not."), r"gave no judgment in a trial: I'd rather not\."),
        ("It is good.", r"no verdict that can be read in a trial; it ends in 'It is good\.'"),
        (
            Completion("empty", details={"finish_reason": "length", "sent": {"parameters": {"max_tokens": 256}}}),
            r"cut off at max_tokens=256: raise judge\.max_tokens or lower judge\.reasoning_effort",
        ),
    ],
)
def test_what_would_fail_every_judgment_is_one_sentence(said: Completion | str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        tell_ratings(JUDGE, "de", ASKED, judged(said, said))


def test_expected_ratings_need_logprobs() -> None:
    judge = JudgeSettings(model="j", rating="expected", continuation="off")
    with pytest.raises(UserError, match=r"returns no logprobs, which judge\.rating 'expected' needs; set it to 'text'"):
        tell_ratings(judge, "de", ASKED, judged("[[8]]", "[[8]]"))


def test_half_a_problem_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    tell_ratings(JUDGE, "de", ASKED, judged("[[9]]", "It is bad."))
    assert "no verdict that can be read" in caplog.text


@pytest.mark.parametrize(("right", "wrong", "warned"), [(9, 2, False), (7, 7, False), (2, 9, True)])
def test_a_judge_that_prefers_the_wrong_answer_is_named(
    right: int, wrong: int, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    tell_ratings(JUDGE, "de", ASKED, judged(f"[[{right}]]", f"[[{wrong}]]"))
    assert (f"The judge j rates a right answer {right} and a wrong one {wrong}" in caplog.text) == warned


@pytest.mark.parametrize(("first", "second", "lost"), [("A", "B", 0), ("C", "B", 0), ("B", "B", 1), ("B", "A", 2)])
def test_a_judge_that_votes_for_the_wrong_answer_is_named(
    first: str, second: str, lost: int, caplog: pytest.LogCaptureFixture
) -> None:
    # the right answer is shown as A, then as B
    tell_votes(JUDGE, "de", 3, judged(f"[[{first}]]", f"[[{second}]]"))
    assert (f"prefers a wrong answer to a right one in {lost} of 2 games" in caplog.text) == bool(lost)


def test_more_room_is_told(caplog: pytest.LogCaptureFixture) -> None:
    said = Completion("answered", "[[8]]", details={"attempts": [{"max_tokens": 64}]})
    tell_ratings(JUDGE, "de", ASKED, judged(said, said))
    assert "was cut off at max_tokens=64 and is asked again with more room" in caplog.text


def test_a_run_tries_its_judge_once_with_its_own_parameters_and_a_repeat_asks_nothing(api: Api, tmp_path: Path) -> None:
    row: dict[str, Any] = {"question_id": 1, "model_id": "m", "choices": [{"turns": ["One.", "Two."]}]}
    file = tmp_path / "m.jsonl"
    file.write_text(json.dumps(row) + "\n", encoding="utf-8")
    judge = json.dumps({"model": "j", "base_url": api.url, "ledger": str(tmp_path / "l.sqlite"), "seed": 3})
    for _ in range(2):
        judge_files([file], judge, "de", benchmark="mini")
    probe = [request for request in api.requests if is_probe(request) and request["max_tokens"] > 1]
    assert len(probe) == 2
    parameters = [{k: v for k, v in request.items() if k != "messages"} for request in (*probe, *api.judgments)]
    assert parameters == [parameters[0]] * 4
    assert [request["messages"][0]["role"] for request in probe] == ["system"] * 2


def test_a_judge_that_cant_judge_costs_nothing_more(api: Api, tmp_path: Path) -> None:
    api.answer = lambda _: "I can't."
    file = tmp_path / "m.jsonl"
    file.write_text('{"question_id": 1, "model_id": "m", "choices": [{"turns": ["One.", "Two."]}]}\n', encoding="utf-8")
    judge = json.dumps({"model": "j", "base_url": api.url, "ledger": str(tmp_path / "l.sqlite")})
    with pytest.raises(UserError, match="no verdict that can be read"):
        judge_files([file], judge, "de", benchmark="mini")
    assert api.judgments == []

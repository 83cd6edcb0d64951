"""What of a candidate's answer is judged: no thought, no part that isn't text, and nothing where there is nothing."""

import json
import logging
import math
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.ledger.store import open_ledger
from mtbenchx_tasks.judge.answers import EMPTY, NOT_ASKED, ONLY_A_THOUGHT, Answer, answer_of
from mtbenchx_tasks.rating.saved_answers import judge_files
from tests.doubles.model import Model
from tests.doubles.openai_api import Api
from tests.harness import evaluate, metric

DE = "mtbench_x_mini_de"


@pytest.fixture
def judge(api: Api, tmp_path: Path) -> dict[str, Any]:
    return {"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "ledger.sqlite")}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Hello. ", Answer("Hello. ")),
        ("<think>Hm.</think>\n\nHello.", Answer("Hello.", thought=True)),
        ("Hm.</think>Hello.", Answer("Hello.", thought=True)),
        ("See `<think>`: <think>Hm.</think>", Answer("See `<think>`: <think>Hm.</think>")),
        ("<think>First I should", Answer("", ONLY_A_THOUGHT, thought=True)),
        ("[THINK]Hm.[/THINK]\n", Answer("", ONLY_A_THOUGHT, thought=True)),
        ("", Answer("", EMPTY)),
        (" \n", Answer("", EMPTY)),
        (None, Answer("", EMPTY)),
        (7, Answer("", EMPTY)),
        ([], Answer("", EMPTY)),
        ([{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo."}], Answer("Hello.")),
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"text": "Hello."}], Answer("Hello.")),
        ([{"type": "thinking", "thinking": "Hm."}], Answer("", EMPTY)),
        (["Hel", "lo.", None, {"type": "text", "text": None}, {"type": "image_url"}], Answer("Hello.")),
        ("half a pair: \ud83d", Answer("half a pair: \ufffd")),
    ],
)
def test_what_is_judged_of_an_answer(raw: object, expected: Answer) -> None:
    assert answer_of(raw) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hm.</think>Hello.", Answer("Hello.", thought=True)),
        ("Hm", Answer("", ONLY_A_THOUGHT, thought=True)),
        ("", Answer("", EMPTY)),
    ],
)
def test_a_thought_that_the_prompt_began_is_told_by_its_end(text: str, expected: Answer) -> None:
    assert answer_of(text, opened="<think>") == expected


def test_a_thought_is_neither_judged_nor_sent_again_and_stays_in_the_samples(
    api: Api, judge: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="lm_eval.mtbenchx")
    model = Model(lambda prompt: "<think>Hm, [[10]].</think>\n\nGuten Tag zusammen.")
    results = evaluate(model, DE, judge, limit=1)
    assert metric(results, DE, "score") == 7
    assert "Hm" not in json.dumps([request["messages"] for request in api.judgments]) + model.prompts[1][0]
    assert "<assistant>Guten Tag zusammen.<user>" in model.prompts[1][0]
    assert results["samples"][DE][0]["resps"][0] == ["<think>Hm, [[10]].</think>\n\nGuten Tag zusammen."]
    assert open_ledger(Path(judge["ledger"]))._rows("SELECT DISTINCT answer FROM use")[0][0] == "Guten Tag zusammen."
    assert "answers begin with a thought; what follows it is judged: questions [1]" in caplog.text


@pytest.mark.parametrize("raw", [None, "", "<think>First I should"])
def test_without_a_first_answer_the_rest_is_unscored_and_all_else_scored(
    api: Api, judge: dict[str, Any], caplog: pytest.LogCaptureFixture, raw: Any
) -> None:
    model = Model()
    empty = [model.answer]
    model.answer = lambda prompt: empty.pop() and raw if empty else "Guten Tag zusammen."
    results = evaluate(model, DE, judge, limit=3)
    assert [len(wave) for wave in model.prompts] == [3, 2]  # an endpoint that refuses an empty turn never sees one
    assert metric(results, DE, "unscored") == pytest.approx(2 / 6)
    assert metric(results, DE, "score") == 7
    reason = ONLY_A_THOUGHT if raw else EMPTY
    assert f"unscored ({reason}): questions [1]" in caplog.text
    assert f"unscored ({NOT_ASKED}): questions [1]" in caplog.text


def test_an_answer_in_parts_is_their_text(api: Api, judge: dict[str, Any]) -> None:
    parts: Any = [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Guten Tag zusammen."}]
    results = evaluate(Model(lambda prompt: parts), DE, judge, limit=1)
    assert metric(results, DE, "score") == 7
    assert results["samples"][DE][0]["resps"] == [["Guten Tag zusammen."], ["Guten Tag zusammen."]]


class Opener(Model):
    """Its template begins the thought."""

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        return super().apply_chat_template(chat_history, add_generation_prompt) + "<think>\n"


@pytest.mark.parametrize(("end", "unscored"), [(None, 1.0), ("</think>", 0.0)])
def test_a_cut_off_thought_that_the_template_began_is_no_answer(
    api: Api, judge: dict[str, Any], end: str | None, unscored: float
) -> None:
    model = Opener(lambda prompt: "First I should greet them")
    model.think_end_token = end  # type: ignore[attr-defined]  # the backend has cut what ends in it
    assert metric(evaluate(model, DE, judge, limit=1), DE, "unscored") == unscored


def test_saved_answers_are_read_alike(api: Api, judge: dict[str, Any], tmp_path: Path) -> None:
    turns = [["<think>Hm.</think>Good morning.", "<think>First I should"], ["", "Good evening."]]
    rows = [{"question_id": i, "model_id": "m", "choices": [{"turns": said}]} for i, said in enumerate(turns, start=1)]
    (file := tmp_path / "m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (scored,) = judge_files([file], json.dumps(judge), "en", benchmark="mini")
    assert scored.reasons == {ONLY_A_THOUGHT: 1, EMPTY: 1}
    assert scored.metrics["unscored"] == 0.5
    assert "Hm." not in json.dumps([request["messages"] for request in api.judgments])
    assert math.isclose(scored.metrics["answer_language"], 1.0)

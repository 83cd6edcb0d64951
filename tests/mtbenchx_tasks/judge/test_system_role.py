"""Whose words the judge's instructions are: as the user set it, in single and pairwise judgments, on the wire."""

from pathlib import Path
from typing import Any

import pytest

from hf_datasets.benchmark.questions import questions
from mtbenchx_tasks.formats.answers import Answers
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.pairwise.run import start
from mtbenchx_tasks.rating.scoring import score_answers
from tests.doubles.openai_api import Api


def roles(api: Api) -> set[tuple[str, ...]]:
    return {tuple(message["role"] for message in request["messages"]) for request in api.judgments}


ROLES = [("system", ("system", "user")), ("developer", ("developer", "user")), ("user", ("user",))]


@pytest.mark.parametrize(("role", "sent"), ROLES)
def test_ratings_are_asked_for_in_the_role(api: Api, tmp_path: Path, role: str, sent: tuple[str, ...]) -> None:
    api.answer = lambda _: "Rating: [[7]]"
    judge = {"model": "m", "base_url": api.url, "system_role": role, "ledger": str(tmp_path / "ledger.sqlite")}
    assert score_answers({1: ["One", "Two"]}, "en", judge, "mini")["score"] == 7.0
    assert roles(api) == {sent}
    if role == "user":  # the instructions stand before the question
        text = api.judgments[0]["messages"][0]["content"]
        assert 0 <= text.find("[[") < text.find(questions("mini", "en")[0].turns[0][:20])


@pytest.mark.parametrize(("role", "sent"), ROLES)
def test_comparisons_are_asked_for_in_the_role(api: Api, tmp_path: Path, role: str, sent: tuple[str, ...]) -> None:
    api.answer = lambda _: "[[A]]"
    given: dict[str, Any] = {"model": "m", "base_url": api.url, "system_role": role}
    settings = JudgeSettings.parse({**given, "ledger": str(tmp_path / "ledger.sqlite")})
    both = [Answers(model, "en", "mini", {1: ("One", f"Two {model}")}) for model in ("a", "b")]
    start(both, "en", settings).preferences()
    assert roles(api) == {sent}
